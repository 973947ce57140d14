// Reads pictures back from a canvas: which numbered frame of the street is shown, and how much of each
// face that this very frame holds is under the grey of a mask. A picture shown again counts once,
// and is judged again. Runs in the page, installed by a test.
(truth) => {
  const BITS = 12;
  const CELL = 20;
  const FILL = truth.fill;
  const NEAR = truth.near;
  const results = { pictures: 0, unread: 0, faces: 0, open: [] };
  const seen = new Set();

  function luma(r, g, b) {
    return 0.299 * r + 0.587 * g + 0.114 * b;
  }

  function number(context, scale) {
    const size = CELL * scale;
    const width = Math.round(BITS * size);
    const data = context.getImageData(0, 0, width, Math.round(2 * size)).data;
    let value = 0;
    for (let bit = 0; bit < BITS; bit += 1) {
      const at = (row) => {
        const x = Math.round((bit + 0.5) * size);
        const y = Math.round((row + 0.5) * size);
        const index = (y * width + x) * 4;
        return luma(data[index], data[index + 1], data[index + 2]);
      };
      const [one, turned] = [at(0), at(1)];
      if (Math.abs(one - turned) < 90) return null;
      if (one > turned) value |= 1 << bit;
    }
    return value;
  }

  function covered(context, scale, face, canvas) {
    const x0 = Math.max(0, Math.floor(face[0] * scale));
    const y0 = Math.max(0, Math.floor(face[1] * scale));
    const x1 = Math.min(canvas.width, Math.ceil((face[0] + face[2]) * scale));
    const y1 = Math.min(canvas.height, Math.ceil((face[1] + face[3]) * scale));
    if (x1 <= x0 || y1 <= y0) return 1;
    const data = context.getImageData(x0, y0, x1 - x0, y1 - y0).data;
    let under = 0;
    for (let i = 0; i < data.length; i += 4) {
      const distance = Math.max(
        Math.abs(data[i] - FILL[0]), Math.abs(data[i + 1] - FILL[1]), Math.abs(data[i + 2] - FILL[2]),
      );
      if (distance <= NEAR) under += 1;
    }
    return under / (data.length / 4);
  }

  function look(canvas, again) {
    const context = canvas.getContext("2d");
    const scale = canvas.width / truth.width;
    const shown = number(context, scale);
    if (shown === null || !truth.frames[shown]) {
      results.unread += again ? 0 : 1;
      return;
    }
    results.pictures += again ? 0 : 1;
    for (const face of truth.frames[shown]) {
      const share = covered(context, scale, face.box, canvas);
      results.faces += again ? 0 : 1;
      if (share < face.need) results.open.push({ frame: shown, box: face.box, share });
    }
  }

  let last = -1;
  function loop() {
    const drawn = window.__plainview?.frames.get(truth.camera);
    const canvas = document.querySelector(`[data-testid="picture-${truth.camera}"]`);
    if (drawn && canvas && canvas.width > 0 && drawn.drawn !== last) {
      last = drawn.drawn;
      look(canvas, seen.has(drawn.wall_ms));
      seen.add(drawn.wall_ms);
    }
    requestAnimationFrame(loop);
  }
  requestAnimationFrame(loop);
  window.__readback = results;
}
