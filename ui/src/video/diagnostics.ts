// Read-only figures for tests: what was drawn when, how long a first picture and a seek took. No secrets.

export interface Drawn {
  wall_ms: number;
  sequence: number;
  /** Milliseconds since the epoch. */
  drawnAt: number;
  drawn: number;
}

interface Diagnostics {
  frames: Map<string, Drawn>;
  firstPictureMs: Map<string, number>;
  seeksMs: number[];
  path: Map<string, string>;
}

declare global {
  interface Window {
    readonly __plainview?: Diagnostics;
  }
}

const diagnostics: Diagnostics = {
  frames: new Map(),
  firstPictureMs: new Map(),
  seeksMs: [],
  path: new Map(),
};

export function publishDiagnostics(): void {
  Object.defineProperty(window, "__plainview", { value: Object.freeze(diagnostics) });
}

export function noteDrawn(camera: string, wallMs: number, sequence: number): void {
  const before = diagnostics.frames.get(camera)?.drawn ?? 0;
  const drawnAt = performance.timeOrigin + performance.now();
  diagnostics.frames.set(camera, { wall_ms: wallMs, sequence, drawnAt, drawn: before + 1 });
}

export const noteFirstPicture = (camera: string, ms: number): void =>
  void diagnostics.firstPictureMs.set(camera, ms);

export function noteSeek(ms: number): void {
  diagnostics.seeksMs.push(ms);
  if (diagnostics.seeksMs.length > 1000) diagnostics.seeksMs.shift();
}

export const notePath = (camera: string, path: string): void =>
  void diagnostics.path.set(camera, path);
