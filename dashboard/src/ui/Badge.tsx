type Tone = "good" | "bad" | "busy" | "held" | "calm";

const TONES: Record<string, Tone> = {
  success: "good",
  paid: "good",
  active: "good",
  enabled: "good",
  applied: "good",
  processed: "good",
  running: "good",
  healthy: "good",
  connected: "good",
  failed: "bad",
  disabled: "bad",
  conflict: "bad",
  quarantined: "bad",
  refused: "bad",
  stopped: "bad",
  unhealthy: "bad",
  disconnected: "bad",
  pending: "busy",
  processing: "busy",
  authorized: "held",
  "standing still": "held",
  "set aside": "bad",
  overdue: "busy",
  "restart needed": "busy",
};

/** A status in the wire's own word. The colour repeats the word and adds nothing to it. */
export function Badge({ status }: { status: string }) {
  return <span className={`badge badge--${TONES[status] ?? "calm"}`}>{status}</span>;
}
