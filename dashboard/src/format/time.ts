/** Times in local time, to the second, with a fixed width. */

const CLOCK: Intl.DateTimeFormatOptions = {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
};

/** `2026-01-15 10:31:11`, in the reader's time zone. */
export function formatTime(iso: string): string {
  // The Swedish locale uses the ISO 8601 format.
  return new Date(iso).toLocaleString("sv-SE", { dateStyle: "short", timeStyle: "medium" });
}

/** `10:31:11`. */
export function formatClock(iso: string): string {
  return new Date(iso).toLocaleTimeString("en-GB", CLOCK);
}

/** `just now`, `4 min ago`, `in 12 s`; the difference of two instants in ms. */
export function formatDistance(from: number, to: number): string {
  const past = from <= to;
  const seconds = Math.floor(Math.abs(to - from) / 1000);
  if (past && seconds < 5) return "just now";
  const [count, unit] = largest(seconds);
  return past ? `${count} ${unit} ago` : `in ${count} ${unit}`;
}

/** `1.2 s`, `340 ms`, `2 min 5 s`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const minutes = Math.floor(ms / 60_000);
  return `${minutes} min ${Math.round((ms % 60_000) / 1000)} s`;
}

/** `3 d ahead of the real time`. Small differences of seconds are not shown. */
export function formatShift(seconds: number): string {
  const whole = Math.round(Math.abs(seconds));
  const [count, unit] = largest(whole < 60 ? whole : Math.round(whole / 60) * 60);
  return `${count} ${unit} ${seconds < 0 ? "behind" : "ahead of"} the real time`;
}

function largest(seconds: number): [number, string] {
  if (seconds < 60) return [seconds, "s"];
  if (seconds < 3600) return [Math.floor(seconds / 60), "min"];
  if (seconds < 86_400) return [Math.floor(seconds / 3600), "h"];
  return [Math.floor(seconds / 86_400), "d"];
}
