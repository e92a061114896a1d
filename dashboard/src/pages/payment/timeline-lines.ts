/** Converts the API's timeline to lines with a text, a colour and stored data. */

import type { Moment } from "../../api/schema";

export type Tone = "good" | "bad" | "busy" | "calm";

/** Stored data of an entry, with a name. */
export interface Evidence {
  name: string;
  facts: unknown;
}

/** One line; all attempts of a delivery are one line. */
export interface Step {
  id: string;
  kind: Moment["kind"];
  title: string;
  note: string | null;
  tone: Tone;
  at: string;
  /** The time of the last attempt; else the same as `at`. */
  until: string;
  evidence: Evidence[];
  /** The delivery of the line, if any. */
  deliveryId: string | null;
}

type Facts = Record<string, unknown>;
type Read = Pick<Step, "title" | "note" | "tone">;

const STATUSES: Record<string, string> = {
  pending: "Payment accepted",
  processing: "Sent to the processor",
  unknown: "Outcome unknown; the processor is queried",
  authorized: "Authorized",
  capturing: "Capture started",
  voiding: "Void started",
  success: "Payment succeeded",
  failed: "Payment failed",
  cancelled: "Authorization voided",
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
  authorize: "asked to authorize",
  charge: "asked to charge",
  capture: "asked to capture",
  void: "asked to void",
  refund: "asked to refund",
  query: "queried",
};

/** Returns the lines; each delivery is one line with its last result. */
export function toLines(moments: Moment[]): Step[] {
  const steps: Step[] = [];
  const tries = new Map<string, { step: Step; ordinal: number }>();
  for (const moment of moments) {
    // Its attempts are shown instead.
    if (moment.kind === "delivery" && moment.data["attempts"] !== 0) continue;
    const step = stepOf(moment);
    const { deliveryId } = step;
    const before = deliveryId ? tries.get(deliveryId) : undefined;
    const ordinal = Number(moment.data["ordinal"]);
    // A manual retry starts counting again: it is a new line.
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
      return { title: `${text(data["event"])} is queued`, note: null, tone: "calm" };
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
  const kind = text(answer["class"] ?? "no response");
  const asked = CALL_NAMES[text(data["name"])] ?? `asked for ${text(data["name"])}`;
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
  if (data["decision"] === "route") return { title: `${chosen} was chosen`, note, tone: "calm" };
  const isBlocked = chosen === "block";
  return {
    title: isBlocked ? "Blocked by a risk check" : "Allowed by the risk checks",
    note,
    tone: isBlocked ? "bad" : "calm",
  };
}

const EFFECTS: Record<string, [string, Tone]> = {
  applied: ["(applied)", "good"],
  duplicate: ["(duplicate)", "calm"],
  no_effect: ["(no effect)", "calm"],
  refused: ["(rejected)", "bad"],
  quarantined: ["(quarantined)", "bad"],
  conflict: ["(conflict)", "bad"],
  received: ["(received)", "busy"],
};

function readCallback(data: Facts): Read {
  const [came, tone] = EFFECTS[text(data["effect"])] ?? [text(data["effect"]), "calm"];
  const note = data["reason"] ? text(data["reason"]) : null;
  return { title: `${text(data["processor"])} sent a callback ${came}`, note, tone: tone === "good" ? "calm" : tone };
}

function readTry(data: Facts): Read {
  const status = data["status_code"];
  const isTaken = typeof status === "number" && status >= 200 && status < 300;
  const response = status ? `your server responded with ${text(status)}` : `no response: ${text(data["error"] ?? "timeout")}`;
  const ordinal = Number(data["ordinal"]);
  return {
    title: `${text(data["event"])} sent`,
    note: ordinal > 1 ? `${ordinal} attempts; ${response}` : response,
    tone: isTaken ? "good" : "bad",
  };
}

/** Returns the stored data of an entry; a change of status has none. */
function evidenceOf({ kind, what, data }: Moment): Evidence[] {
  if (kind === "transition" || kind === "event" || kind === "delivery") return [];
  if (kind === "plugin_call") {
    const { given, answer, ...rest } = data as Facts;
    return [
      { name: "Request to the plugin", facts: given },
      { name: "Response", facts: answer },
      { name: "Call", facts: rest },
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
