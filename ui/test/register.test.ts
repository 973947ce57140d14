import { describe, expect, it } from "vitest";
import { answerFault, reportFault } from "../src/app/register/answer.ts";
import { classAbove, type Scale } from "../src/app/register/api.ts";
import {
  arcPath,
  distance,
  fieldOfView,
  reachOf,
  scaleLength,
  shifted,
  spaced,
  toMetres,
  toPoint,
  towards,
  turned,
  type Point,
} from "../src/app/register/geometry.ts";
import {
  answered,
  demanded,
  fitting,
  fullLabel,
  questionOf,
  questionsFor,
} from "../src/app/register/questions.ts";
import { valueText } from "../src/app/register/Review.tsx";
import {
  fromUnits,
  idFrom,
  linesOf,
  parsePosition,
  positionText,
  sha256Hex,
  toUnits,
  valueAt,
  withValue,
} from "../src/app/register/values.ts";
import { parseRoute } from "../src/app/router.ts";
import { registerTexts } from "../src/messages/register.ts";

const BELGRADE: Point = [44_816_000, 20_460_000];

describe("values by path", () => {
  it("are put in and taken out, and empty parts go with them", () => {
    const record = withValue({ name: "Bridge" }, "dpia.hash", "ab");
    expect(record).toEqual({ name: "Bridge", dpia: { hash: "ab" } });
    expect(valueAt(record, "dpia.hash")).toBe("ab");
    expect(withValue(record, "dpia.hash", undefined)).toEqual({ name: "Bridge" });
    expect(withValue({ recipients: ["x"] }, "recipients", [])).toEqual({ recipients: [] });
  });

  it("replace a text that stands where a part should", () => {
    expect(withValue({ dpia: "old" }, "dpia.hash", "ab")).toEqual({ dpia: { hash: "ab" } });
    expect(valueAt({ dpia: "old" }, "dpia.hash")).toBeUndefined();
  });

  it("keep small units whole", () => {
    expect(toUnits("4.2", 100)).toBe(420);
    expect(toUnits("4,2", 100)).toBe(420);
    expect(toUnits("0.07", 100)).toBe(7);
    expect(toUnits("0.125", 86_400)).toBe(10_800);
    expect(toUnits("4.", 1)).toBe(4);
    expect(toUnits("150 000", 1)).toBe(150_000);
    expect(["", "x", ".", "1e3", "0x10", "15 00"].map((one) => toUnits(one, 1))).toEqual(
      Array(6).fill(undefined),
    );
    expect(fromUnits(420, 100)).toBe("4.2");
  });

  it("round nothing in silence, nor take a thousand for one", () => {
    for (const [typed, scale] of [
      ["1,920", 1],
      ["4200.50", 1],
      ["1.005", 100],
      ["1,000", 100],
      ["1,000", 86_400],
      ["1.000", 86_400],
      ["0.5", 1],
    ] as const)
      expect(toUnits(typed, scale)).toBeUndefined();
  });

  it("never keep where a moving camera was", () => {
    const hung = { name: "Eye", position: BELGRADE, field_of_view: [BELGRADE], unit: "Traffic" };
    expect(fitting({ ...hung, kind: "pole" })).toEqual({ ...hung, kind: "pole" });
    expect(fitting(hung)).toEqual(hung);
    expect(fitting({ ...hung, kind: "bodycam" })).toEqual({
      name: "Eye",
      unit: "Traffic",
      kind: "bodycam",
    });
  });

  it("read places as people write them", () => {
    expect(parsePosition("44.816, 20.46")).toEqual(BELGRADE);
    expect(parsePosition(positionText(BELGRADE))).toEqual(BELGRADE);
    expect(parsePosition("-33.9 18.4")).toEqual([-33_900_000, 18_400_000]);
    for (const wrong of ["", "44", "91, 0", "0, 181", "a, b", "1, 2, 3"])
      expect(parsePosition(wrong)).toBeUndefined();
  });

  it("make ids and lines", () => {
    expect(idFrom("Žabljak: Mill Bridge 2 ")).toBe("zabljak-mill-bridge-2");
    expect(linesOf(" a \n\n b")).toEqual(["a", "b"]);
  });

  it("hash documents as sha256sum does", async () => {
    expect(await sha256Hex(new Blob(["abc"]))).toBe(
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    );
  });
});

describe("the plan", () => {
  it("leads back to the same place", () => {
    const far: Point = [44_817_000, 20_461_500];
    expect(toPoint(toMetres(far, BELGRADE), BELGRADE)).toEqual(far);
    expect(toMetres(far, BELGRADE).x).toBeGreaterThan(0);
    expect(toMetres(far, BELGRADE).y).toBeLessThan(0); // north is up
  });

  it("knows how long a thousandth of a degree is", () => {
    const north = toMetres([44_817_000, 20_460_000], BELGRADE);
    expect(distance({ x: 0, y: 0 }, north)).toBeCloseTo(111.2, 1);
  });

  it("looks where the numbers say", () => {
    const east = towards({ x: 0, y: 0 }, 90, 10);
    expect(east.x).toBeCloseTo(10);
    expect(east.y).toBeCloseTo(0);
    expect(turned(350, 15)).toBe(5);
    expect(turned(5, -15)).toBe(350);
  });

  it.each([1, 60, 180, 359, 360])("draws a view of %i degrees that the log takes", (angle) => {
    const polygon = fieldOfView(BELGRADE, 270, angle, 40);
    expect(polygon.length).toBeGreaterThanOrEqual(3);
    expect(polygon.length).toBeLessThanOrEqual(64);
    expect(polygon.flat().every(Number.isSafeInteger)).toBe(true);
    expect(reachOf(polygon, BELGRADE)).toBe(40);
  });

  it("takes a view along when the camera moves", () => {
    const polygon = fieldOfView(BELGRADE, 45, 90, 30);
    const there: Point = [44_900_000, 20_500_000];
    const along = shifted(polygon, BELGRADE, there);
    expect(along[0]).toEqual(there);
    expect(reachOf(along, there)).toBe(30);
  });

  it("says large arcs by SVG's flag", () => {
    expect(arcPath({ x: 0, y: 0 }, 0, 90, 10)).toContain("A 10 10 0 0 1");
    expect(arcPath({ x: 0, y: 0 }, 0, 270, 10)).toContain("A 10 10 0 1 1");
  });

  it("has a scale of round length", () => {
    expect([25, 50, 100, 200, 400, 800].map(scaleLength)).toEqual([5, 10, 20, 50, 100, 200]);
  });

  it("labels only rings that lie apart", () => {
    expect(spaced([100, 98, 50, 1], 5)).toEqual(new Set([100, 50]));
  });

  it("marks the class above what the purpose allows", () => {
    const scale: Scale = {
      scale: "dori_2014",
      met: "observe",
      cap: "detect",
      allowed: false,
      from: { monitor: 125, detect: 250, observe: 625 },
      reaches_cm: {},
    };
    expect(classAbove(scale)).toBe("observe");
    expect(classAbove({ ...scale, cap: null })).toBeUndefined();
    expect(classAbove({ ...scale, cap: "observe" })).toBeUndefined();
  });
});

describe("questions", () => {
  const pole = questionsFor("camera", { kind: "pole" }, []);
  const body = questionsFor("camera", { kind: "bodycam" }, []);

  it("ask a moving camera for its area and never for a position", () => {
    expect(pole.map(({ id }) => id)).toContain("where");
    expect(body.map(({ id }) => id)).not.toContain("where");
    expect(body.map(({ id }) => id)).toContain("area");
  });

  it.each([
    ["legal_basis.law", "basis"],
    ["legal_basis", "basis"],
    ["density.dori_2014", "view"],
    ["position.0", "where"],
    ["places", "sensitive"],
    ["set.k", "keys"],
    ["legal-basis/law_enforcement", "rests"],
    ["rests_on.2", "rests"],
    ["sign.photo_hash", "sign"],
  ])("%s is mended at %s", (field, question) => {
    expect(questionOf(field, pole)?.id).toBe(question);
  });

  it("know what no question mends", () => {
    expect(questionOf("log.notice_seconds", pole)).toBeUndefined();
    expect(questionOf("", pole)).toBeUndefined();
  });

  it("have a title each, and tell what is not answered", () => {
    expect(pole.every(({ id, title }) => title !== id)).toBe(true);
    const name = pole.find(({ id }) => id === "name");
    expect(name && answered(name, { name: "A" })).toBe(false);
    expect(name && answered(name, { name: "A", place: "B" })).toBe(true);
    const hours = pole.find(({ id }) => id === "hours");
    expect(hours && answered(hours, {})).toBe(false);
  });

  it("call nothing optional that the law demands", () => {
    const view = pole.find(({ id }) => id === "view");
    if (view === undefined) throw new Error("no question about the view");
    const left = demanded(view, ["density.dori_2014", "field_of_view"]).fields;
    expect(left.filter(({ optional }) => optional === false).map(({ path }) => path)).toEqual([
      "density.nearest_cm",
      "field_of_view",
    ]);
  });

  it("name a field with the part that it belongs to", () => {
    expect(fullLabel("contract.valid_to")).toBe("Contract: ends on");
    expect(fullLabel("dpia")).toBe("Impact assessment");
    expect(fullLabel("hours")).toBe("Hours");
  });

  it("of other records are their fields", () => {
    const fields = [
      { field: "title", type: "text", required: true, choices: [], help: "" },
      { field: "outcome", type: "choice", required: true, choices: ["refused"], help: "what" },
    ] as const;
    const asked = questionsFor(
      "dpia",
      {},
      fields.map((one) => ({ ...one, choices: [...one.choices] })),
    );
    expect(asked.map(({ id, title }) => [id, title])).toEqual([
      ["title", "Title"],
      ["outcome", "Outcome"],
    ]);
    expect(asked[1]?.text).toBe("what");
  });
});

describe("what people read", () => {
  it("are words, metres and days", () => {
    expect(valueText("profile", "people")).toBe("Whole people, and number plates");
    expect(valueText("retention.seconds", 259_200)).toBe("3 days");
    expect(valueText("height_cm", 420)).toBe("4.2 m");
    expect(valueText("recipients", [])).toBe("None");
    expect(valueText("legal_basis.valid_to", "2028-12-01T00:00:00Z")).toBe("2028-12-01");
    expect(valueText("hours", null)).toBe("not said");
  });
});

describe("addresses", () => {
  it("of the register name a draft or a proposal", () => {
    expect(parseRoute("/app/register", "")).toEqual({ page: "register", step: "" });
    expect(parseRoute("/app/register/draft/d1", "question=name")).toEqual({
      page: "register",
      draft: "d1",
      step: "name",
    });
    expect(parseRoute("/app/register/proposal/ab", "")).toMatchObject({ proposal: "ab" });
    expect(parseRoute("/app/register/__proto__/x", "")).toEqual({ page: "register", step: "" });
  });
});

describe("an answer to an objection", () => {
  const words = registerTexts.answer;

  it("has a decision and reasons, in which spaces around them do not count", () => {
    expect(answerFault("", "Doors are hidden.")).toBe(words.noOutcome);
    expect(answerFault("perhaps", "Doors are hidden.")).toBe(words.noOutcome);
    for (const empty of ["", "   ", " \n\t  ", "  no  "])
      expect(answerFault("rejected", empty)).toBe(words.tooShort);
    expect(answerFault("rejected", " yes ")).toBeNull();
    expect(answerFault("upheld", "\u{1F3E0}".repeat(4000))).toBeNull();
    expect(answerFault("upheld", "a".repeat(4001))).toBe(words.tooLong);
  });

  it("of a report is as short as the server wants it", () => {
    const own = registerTexts.report;
    expect(reportFault("", "Found it.")).toBe(own.noOutcome);
    expect(reportFault("received", "Found it.")).toBe(own.noOutcome);
    expect(reportFault("not_ours", "  no ")).toBe(own.tooShort);
    expect(reportFault("not_ours", "a".repeat(2001))).toBe(own.tooLong);
    for (const [state] of own.outcomes) expect(reportFault(state, "a".repeat(2000))).toBeNull();
  });

  it("says of each decision whether the version begins", () => {
    const says = Object.fromEntries(words.outcomes);
    expect(says.upheld).toContain("never begins");
    for (const outcome of ["rejected", "partly"] as const) {
      expect(says[outcome]).toContain("begins as it is");
      expect(says[outcome]).not.toContain("never");
    }
  });
});
