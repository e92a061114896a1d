/** The remaining time as text. */

/** Whole seconds, rounded up: 0 only when the time is over. */
export function secondsLeft(expiresAtMs: number, nowMs: number): number {
  return Math.max(0, Math.ceil((expiresAtMs - nowMs) / 1000));
}

/** `4:05`, and `1:02:03` above an hour. */
export function leftOf(seconds: number): string {
  if (!Number.isFinite(seconds)) return "";
  const two = (count: number): string => String(count).padStart(2, "0");
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const start = hours > 0 ? `${hours}:${two(minutes)}` : String(minutes);
  return `${start}:${two(seconds % 60)}`;
}
