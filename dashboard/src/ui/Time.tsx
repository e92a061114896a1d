import { useEffect, useState } from "react";

import { formatDistance, formatTime } from "../format/time";

/** The time now, updated every second while the page is in view. */
export function useNow(): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => document.hidden || setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  return now;
}

/** A time, to the second. */
export function Time({ at }: { at: string }) {
  return (
    <time dateTime={at} className="time">
      {formatTime(at)}
    </time>
  );
}

/** The time since something happened. */
export function Ago({ at }: { at: string }) {
  const now = useNow();
  return (
    <time dateTime={at} title={formatTime(at)} className="time">
      {formatDistance(Date.parse(at), now)}
    </time>
  );
}

/** The time until something happens; `due now` after that. */
export function Countdown({ to }: { to: string }) {
  const now = useNow();
  const due = Date.parse(to);
  return (
    <time dateTime={to} title={formatTime(to)} className="time">
      {due - now < 1_000 ? "due now" : formatDistance(due, now)}
    </time>
  );
}
