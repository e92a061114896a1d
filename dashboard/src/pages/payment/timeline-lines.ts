/** Converts the API's timeline to lines with its sentence, a colour and stored data. */

import type { TimelineEntry } from "../../api/schema";

export type Tone = "good" | "bad" | "busy" | "calm";

/** Stored data of an entry, with a name. */
export interface Evidence {
  name: string;
  facts: unknown;
}

/** One line; all attempts of a delivery are one line. */
export interface Step {
  id: string;
  kind: TimelineEntry["kind"];
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

const STATUS_TONES: Record<string, Tone> = { failed: "bad", success: "good", processed: "good" };

const ANSWER_TONES: Record<string, Tone> = {
  Approved: "good",
  Declined: "bad",
  Pending: "calm",
  ActionRequired: "calm",
};

const EFFECT_TONES: Record<string, Tone> = {
  refused: "bad",
  quarantined: "bad",
  conflict: "bad",
  received: "busy",
};

/** Returns the lines; each delivery is one line with its last result. */
export function toLines(entries: TimelineEntry[]): Step[] {
  const steps: Step[] = [];
  const attempts = new Map<string, { step: Step; ordinal: number }>();
  for (const entry of entries) {
    // Its attempts are shown instead.
    if (entry.kind === "delivery" && entry.data["attempts"] !== 0) continue;
    const step = stepOf(entry);
    const { deliveryId } = step;
    const before = deliveryId ? attempts.get(deliveryId) : undefined;
    const ordinal = Number(entry.data["ordinal"]);
    // A manual retry starts counting again: it is a new line.
    if (entry.kind === "attempt" && before && ordinal > before.ordinal) {
      const { title, note, tone, evidence } = step;
      Object.assign(before.step, { title, note, tone, until: entry.at });
      before.step.evidence.push(...evidence);
      before.ordinal = ordinal;
      continue;
    }
    steps.push(step);
    if (entry.kind === "attempt" && deliveryId) attempts.set(deliveryId, { step, ordinal });
  }
  return steps;
}

function stepOf(entry: TimelineEntry): Step {
  const { at, kind, id, what, note, data } = entry;
  const isDelivery = kind === "attempt" || kind === "delivery";
  return {
    id,
    kind,
    at,
    until: at,
    title: what,
    note,
    tone: toneOf(entry),
    evidence: evidenceOf(entry),
    deliveryId: isDelivery ? text(data["delivery_id"] ?? id) : null,
  };
}

function toneOf({ kind, data }: TimelineEntry): Tone {
  switch (kind) {
    case "transition":
      return STATUS_TONES[text(data["to"])] ?? "calm";
    case "refund":
      return STATUS_TONES[text(data["status"])] ?? "calm";
    case "plugin_call":
      return ANSWER_TONES[text((data["answer"] as Facts | undefined)?.["class"])] ?? "busy";
    case "callback":
      return EFFECT_TONES[text(data["effect"])] ?? "calm";
    case "decision":
      return data["chosen"] === "block" ? "bad" : "calm";
    case "attempt":
      return isConfirmed(data["status_code"]) ? "good" : "bad";
    case "operation":
      return data["state"] === "needs_review" ? "bad" : "calm";
    default:
      return "calm";
  }
}

function isConfirmed(status: unknown): boolean {
  return typeof status === "number" && status >= 200 && status < 300;
}

/** Returns the stored data of an entry; a change of status has none, and an event only that of its request. */
function evidenceOf({ kind, what, data }: TimelineEntry): Evidence[] {
  if (kind === "transition" || kind === "delivery") return [];
  if (kind === "event" && !data["request_id"]) return [];
  if (kind === "plugin_call") {
    const { given, answer, ...rest } = data as Facts;
    return [
      { name: "Request to the plugin", facts: given },
      { name: "Response", facts: answer },
      { name: "Call", facts: rest },
    ];
  }
  if (kind === "attempt") return [{ name: `Attempt ${text(data["ordinal"])}`, facts: data }];
  return [{ name: what, facts: data }];
}

function text(value: unknown): string {
  return value === null || value === undefined ? "" : String(value);
}
