/** Texts for what a plugin provides. */

import type { Offers, ProcessorCapabilities } from "../../api/schema";
import { formatMoney } from "../../format/money";
import { count } from "../../format/words";

/** A one-line summary, in the order of payment processing. */
export function inShort({ methods, ...rest }: Offers): string {
  const counted: [things: unknown[], one: string, many?: string][] = [
    [rest.processors, "processor"],
    [rest.sinks, "sink"],
    [rest.routers, "router"],
    [rest.risk_checks, "risk check"],
    [rest.retry_policies, "retry policy", "retry policies"],
    [rest.scenarios, "scenario"],
    [rest.routes, "route"],
    [rest.commands, "verb"],
    [rest.panels, "panel"],
  ];
  const numbers = counted
    .filter(([things]) => things.length > 0)
    .map(([{ length }, one, many]) => (length > 1 && many ? `${length} ${many}` : count(length, one)));
  return [...methods.map(({ label }) => label), ...numbers].join(" · ") || "nothing";
}

const CAPTURES: Record<string, string> = {
  none: "automatic only",
  full: "authorization and full capture",
  partial: "authorization and one partial capture",
  multiple: "authorization and several partial captures",
};

const REFUNDS: Record<string, string> = {
  none: "none",
  full: "whole",
  partial: "one full or partial refund",
  multiple: "several partial refunds",
};

/** The capabilities of a processor, in the order of payment processing. */
export function canDo(can: ProcessorCapabilities): [name: string, words: string][] {
  return [
    ["Currencies", can.currencies.length > 0 ? can.currencies.join(", ") : "all"],
    ["Amounts", amountsOf(can)],
    ["Capture", CAPTURES[can.capture] ?? can.capture],
    ["Void", can.void ? "yes" : "no"],
    ["Refunds", REFUNDS[can.refund] ?? can.refund],
    ["Query", can.query ? "yes" : "no"],
    ["Callbacks", can.callbacks ? "yes" : "no"],
  ];
}

function amountsOf({ amount_minor_min: least, amount_minor_max: most, currencies }: ProcessorCapabilities): string {
  const [currency] = currencies.length === 1 ? currencies : [];
  const words = (amount: number) =>
    currency ? formatMoney({ amount, currency }) : `${amount.toLocaleString("en-IN")} minor units`;
  if (most === null) return least > 0 ? `from ${words(least)}` : "any";
  return least > 0 ? `${words(least)} to ${words(most)}` : `up to ${words(most)}`;
}
