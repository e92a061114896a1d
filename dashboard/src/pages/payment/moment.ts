/** The time line's sentences, taken apart so that each kind can look its own way.
 *
 * They are written for people and may change: one that is not recognised is shown
 * as it stands.
 */

import type { Moment } from "../../api/types";

export type Kind = "status" | "event" | "processor" | "delivery";

export interface ReadMoment {
  kind: Kind;
  title: string;
  note: string | null;
  tone: "good" | "bad" | "calm";
}

/** One line of the story; a delivery's tries are one. */
export interface Step extends ReadMoment {
  at: string;
  /** When the last of its tries was; the same as `at` for everything that happens once. */
  until: string;
}

interface Try {
  event: string;
  ordinal: number;
  answer: string;
}

/** The story, each delivery told where it began, with what came of it in the end. */
export function tell(moments: Moment[]): Step[] {
  const steps: Step[] = [];
  const deliveries = new Map<string, { step: Step; ordinal: number }>();
  for (const { at, what } of moments) {
    const attempt = readTry(what);
    const before = attempt && deliveries.get(attempt.event);
    // Counting starts again when somebody asks for it once more: that is another line.
    if (attempt && before && attempt.ordinal > before.ordinal) {
      Object.assign(before.step, readDelivery(attempt), { until: at });
      before.ordinal = attempt.ordinal;
      continue;
    }
    const step = { ...readMoment(what), at, until: at };
    steps.push(step);
    if (attempt) deliveries.set(attempt.event, { step, ordinal: attempt.ordinal });
  }
  return steps;
}

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

function readMoment(what: string): ReadMoment {
  const status = /^payment is (\w+)$/.exec(what)?.[1];
  if (status) return { kind: "status", title: STATUSES[status] ?? what, note: null, tone: toneOf(status) };

  const event = /^event ([\w.]+)$/.exec(what)?.[1];
  if (event) return { kind: "event", title: event, note: "event recorded", tone: "calm" };

  const attempt = readTry(what);
  if (attempt) return readDelivery(attempt);

  const operation = /^(\w+) (op_\w+) at ([\w-]+): (.*)$/s.exec(what);
  if (operation) {
    const [, kind = "", id = "", processor = "", note = ""] = operation;
    return { kind: "processor", title: `${processor}: ${kind} ${note}`, note: id, tone: "calm" };
  }
  return { kind: "status", title: what, note: null, tone: "calm" };
}

function toneOf(status: string): ReadMoment["tone"] {
  if (status === "failed") return "bad";
  return status === "success" ? "good" : "calm";
}

function readTry(what: string): Try | null {
  const found = /^delivery of ([\w.]+), try (\d+): (.*)$/s.exec(what);
  return found && { event: found[1] ?? "", ordinal: Number(found[2]), answer: found[3] ?? "" };
}

function readDelivery({ event, ordinal, answer }: Try): ReadMoment {
  const isTaken = /^2\d\d$/.test(answer);
  const said = /^\d{3}$/.test(answer) ? `your server answered ${answer}` : `nobody answered: ${answer}`;
  return {
    kind: "delivery",
    title: `${event} sent`,
    note: ordinal > 1 ? `${ordinal} tries; ${said}` : said,
    tone: isTaken ? "good" : "bad",
  };
}
