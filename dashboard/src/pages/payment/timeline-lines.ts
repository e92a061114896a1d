/** The time line's moments as a story: what is said, in which colour, and what can be looked into. */

import type { Moment } from "../../api/schema";

export type Tone = "good" | "bad" | "busy" | "calm";

/** A moment's facts, as the API keeps them, under a name. */
export interface Evidence {
  name: string;
  facts: unknown;
}

/** One line of the story; a delivery's tries are one. */
export interface Step {
  id: string;
  kind: Moment["kind"];
  title: string;
  note: string | null;
  tone: Tone;
  at: string;
  /** When the last of its tries was; the same as `at` for everything that happens once. */
  until: string;
  evidence: Evidence[];
  /** The delivery it is about, if it is about one. */
  deliveryId: string | null;
}

type Facts = Record<string, unknown>;
type Read = Pick<Step, "title" | "note" | "tone">;

const STATUSES: Record<string, string> = {
  pending: "Payment accepted",
  processing: "With the processor",
  unknown: "Outcome unknown; the processor is asked",
  authorized: "Money is held",
  capturing: "Being captured",
  voiding: "Hold being released",
  success: "Payment succeeded",
  failed: "Payment failed",
  cancelled: "Hold released",
};

const ANSWER_TONES: Record<string, Tone> = {
  Approved: "good",
  Declined: "bad",
  Unknown: "busy",
  NotSent: "busy",
  Pending: "calm",
  ActionRequired: "calm",
};

const CALL_NAMES: Record<string, string> = {
  authorize: "asked for the money",
  charge: "asked for the money",
  capture: "asked to capture",
  void: "asked to release the hold",
  refund: "asked to give back",
  query: "asked how it ended",
};

/** The story, each delivery told where it began, with what came of it in the end. */
export function tell(moments: Moment[]): Step[] {
  const steps: Step[] = [];
  const tries = new Map<string, { step: Step; ordinal: number }>();
  for (const moment of moments) {
    // Its tries say it.
    if (moment.kind === "delivery" && moment.data["attempts"] !== 0) continue;
    const step = stepOf(moment);
    const { deliveryId } = step;
    const before = deliveryId ? tries.get(deliveryId) : undefined;
    const ordinal = Number(moment.data["ordinal"]);
    // Counting starts again when somebody asks for it once more: that is another line.
    if (moment.kind === "attempt" && before && ordinal > before.ordinal) {
      const { title, note, tone, evidence } = step;
      Object.assign(before.step, { title, note, tone, until: moment.at });
      before.step.evidence.push(...evidence);
      before.ordinal = ordinal;
      continue;
    }
    steps.push(step);
    if (moment.kind === "attempt" && deliveryId) tries.set(deliveryId, { step, ordinal });
  }
  return steps;
}

function stepOf(moment: Moment): Step {
  const { at, kind, id, data } = moment;
  const isDelivery = kind === "attempt" || kind === "delivery";
  return {
    id,
    kind,
    at,
    until: at,
    ...read(moment),
    evidence: evidenceOf(moment),
    deliveryId: isDelivery ? text(data["delivery_id"] ?? id) : null,
  };
}

function read({ kind, what, data, id }: Moment): Read {
  switch (kind) {
    case "transition":
      return { title: STATUSES[text(data["to"])] ?? what, note: null, tone: toneOf(text(data["to"])) };
    case "event":
      return { title: text(data["type"]), note: "event recorded", tone: "calm" };
    case "plugin_call":
      return readCall(data);
    case "callback":
      return readCallback(data);
    case "decision":
      return readDecision(data);
    case "attempt":
      return readTry(data);
    case "delivery":
      return { title: `${text(data["event"])} waits to be sent`, note: null, tone: "calm" };
    case "refund":
      return { title: `Refund ${text(data["status"])}`, note: id, tone: toneOf(text(data["status"])) };
    case "operation":
      return {
        title: `${text(data["processor"])}: ${text(data["kind"])} ${text(data["state"])}`,
        note: data["note"] ? text(data["note"]) : null,
        tone: data["state"] === "review" ? "bad" : "calm",
      };
    default:
      return { title: what, note: null, tone: "calm" };
  }
}

function readCall(data: Facts): Read {
  const answer = (data["answer"] ?? {}) as Facts;
  const kind = text(answer["class"] ?? "no answer");
  const asked = CALL_NAMES[text(data["name"])] ?? `asked to ${text(data["name"])}`;
  const why = text(answer["decline_code"] ?? answer["code"] ?? answer["message"] ?? answer["reason"] ?? "");
  return {
    title: `${text(data["processor"])} was ${asked}: ${words(kind)}`,
    note: [why, `${text(data["took_ms"])} ms`].filter(Boolean).join(" · "),
    tone: ANSWER_TONES[kind] ?? "busy",
  };
}

function readDecision(data: Facts): Read {
  const chosen = text(data["chosen"]);
  const note = `${text(data["took_ms"])} ms`;
  if (data["decision"] === "route") return { title: `${chosen} was chosen to be asked`, note, tone: "calm" };
  const isBlocked = chosen === "block";
  return {
    title: isBlocked ? "A risk check blocked it" : "Risk checks let it pass",
    note,
    tone: isBlocked ? "bad" : "calm",
  };
}

const EFFECTS: Record<string, [string, Tone]> = {
  applied: ["and was believed", "good"],
  duplicate: ["a second time", "calm"],
  no_effect: ["and changed nothing", "calm"],
  refused: ["and was refused", "bad"],
  quarantined: ["and was set aside", "bad"],
  conflict: ["and contradicts what is known", "bad"],
  received: ["and waits", "busy"],
};

function readCallback(data: Facts): Read {
  const [came, tone] = EFFECTS[text(data["effect"])] ?? [text(data["effect"]), "calm"];
  const note = data["reason"] ? text(data["reason"]) : null;
  return { title: `${text(data["processor"])} called back ${came}`, note, tone: tone === "good" ? "calm" : tone };
}

function readTry(data: Facts): Read {
  const status = data["status_code"];
  const isTaken = typeof status === "number" && status >= 200 && status < 300;
  const said = status ? `your server answered ${text(status)}` : `nobody answered: ${text(data["error"] ?? "silence")}`;
  const ordinal = Number(data["ordinal"]);
  return {
    title: `${text(data["event"])} sent`,
    note: ordinal > 1 ? `${ordinal} tries; ${said}` : said,
    tone: isTaken ? "good" : "bad",
  };
}

/** What is worth looking into; a change of status has said all there is. */
function evidenceOf({ kind, what, data }: Moment): Evidence[] {
  if (kind === "transition" || kind === "event" || kind === "delivery") return [];
  if (kind === "plugin_call") {
    const { given, answer, ...rest } = data as Facts;
    return [
      { name: "Given to the plugin", facts: given },
      { name: "What it answered", facts: answer },
      { name: "The call", facts: rest },
    ];
  }
  if (kind === "attempt") return [{ name: `Try ${text(data["ordinal"])}`, facts: data }];
  return [{ name: what, facts: data }];
}

function toneOf(status: string): Tone {
  if (status === "failed") return "bad";
  return status === "success" || status === "processed" ? "good" : "calm";
}

/** `ActionRequired` as `action required`. */
function words(name: string): string {
  return name.replaceAll(/([a-z])([A-Z])/g, "$1 $2").toLowerCase();
}

function text(value: unknown): string {
  return value === null || value === undefined ? "" : String(value);
}
