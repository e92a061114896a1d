/** Groups of scenarios. Names without a rule are simple outcomes. */

export type Kind = "endings" | "faults" | "callbacks" | "later";

export const KINDS: [Kind, string][] = [
  ["endings", "Endings"],
  ["faults", "Faults"],
  ["callbacks", "Callbacks"],
  ["later", "Captures and refunds"],
];

const RULES: [Kind, RegExp][] = [
  ["callbacks", /callback/],
  ["later", /refund|capture|void|chargeback|dispute|settle/],
  ["faults", /unknown|hang|crash|late|flaky|down|junk|wrong|raise|slow_processor|fault|reversed|twice/],
];

export function kindOf(name: string): Kind {
  return RULES.find(([, pattern]) => pattern.test(name))?.[0] ?? "endings";
}
