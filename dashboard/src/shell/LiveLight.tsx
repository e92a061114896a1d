import { useLiveState } from "../live/use-live";
import type { LiveState } from "../live/stream";

const WORDS: Record<LiveState, [short: string, long: string]> = {
  connecting: ["Connecting", "Connecting to the gateway’s events"],
  live: ["Live", "Everything here follows the gateway’s events"],
  polling: ["Polling", "The live connection is down; the page asks every few seconds instead"],
};

/** Whether the page hears of things as they happen. */
export function LiveLight() {
  const state = useLiveState();
  const [short, long] = WORDS[state];
  return (
    <span className={`live live--${state}`} title={long} role="status" data-test-id="live-state">
      <span className="live__dot" aria-hidden />
      <span className="live__word">{short}</span>
    </span>
  );
}
