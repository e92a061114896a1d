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
  "stopped clock": "held",
  "dead-letter": "bad",
  overdue: "busy",
  "restart needed": "busy",
};

/** A status as the API names it. The colour adds no information. */
export function Badge({ status }: { status: string }) {
  return <span className={`badge badge--${TONES[status] ?? "calm"}`}>{status}</span>;
}
