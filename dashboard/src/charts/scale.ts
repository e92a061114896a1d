/** Round steps for an axis from zero: at most `count` of them, the last at or above `most`. */
export function ticks(most: number, count = 4): number[] {
  const rough = Math.max(most, 1) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((times) => times * power).find((one) => one >= rough) ?? rough;
  // Counts are whole numbers.
  const whole = Math.max(1, step);
  return Array.from({ length: Math.ceil(Math.max(most, 1) / whole) + 1 }, (_, place) => place * whole);
}

/** The positions of `length` that get a label, so that labels are at least `apart` px away from each other. */
export function labelled(length: number, width: number, apart: number): Set<number> {
  const every = Math.max(1, Math.ceil((apart * length) / Math.max(width, 1)));
  return new Set(Array.from({ length }, (_, place) => place).filter((place) => place % every === 0));
}
