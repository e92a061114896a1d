import { useLiveState } from "../live/use-live";
import type { LiveState } from "../live/stream";

const WORDS: Record<LiveState, [short: string, long: string]> = {
  connecting: ["Connecting", "Connecting to the event stream"],
  live: ["Live", "The page updates when events arrive"],
  polling: ["Polling", "The event stream is disconnected; the page polls every few seconds"],
};

/** Shows whether the event stream is connected. */
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
