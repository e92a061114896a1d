/** Converts minor units and a currency to text, and back. */

import { readMeta } from "../page-meta";

/** Whole minor units. */
export interface Money {
  amount: number;
  currency: string;
}

// The API's list of the currencies that do not have two decimals. Intl's numbers follow
// usage and differ from ISO 4217 for some, which would move the decimal point.
const EXPONENTS = new Map(
  readMeta("paygate-exponents")
    .split(" ")
    .map((pair) => [pair.slice(0, 3), Number(pair.slice(4))]),
);

/** How many decimals the currency's major unit has. */
export function decimalsOf(currency: string): number {
  return EXPONENTS.get(currency) ?? 2;
}

/** `₹1,00,000.00`, `¥500`, `US$12.50`. */
export function formatMoney({ amount, currency }: Money): string {
  return formatter(currency).format(major(amount, currency) as Intl.StringNumericLiteral);
}

/** Minor units as a decimal for a form: `499.00`. */
export function toMajor({ amount, currency }: Money): string {
  return major(amount, currency);
}

/** Parses an input as minor units; null if it is not an amount of that currency. */
export function toMinor(typed: string, currency: string): number | null {
  const decimals = decimalsOf(currency);
  const match = /^(\d{1,12})(?:\.(\d*))?$/.exec(typed.replaceAll(/[\s,]/g, ""));
  if (!match) return null;
  const [, whole = "", fraction = ""] = match;
  if (fraction.length > decimals) return null;
  return Number(whole + fraction.padEnd(decimals, "0"));
}

// As text, because a division returns a float.
function major(amount: number, currency: string): string {
  const decimals = decimalsOf(currency);
  if (decimals === 0) return String(amount);
  const digits = String(amount).padStart(decimals + 1, "0");
  return `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}

function formatter(currency: string): Intl.NumberFormat {
  const decimals = decimalsOf(currency);
  return new Intl.NumberFormat("en-IN", {
    style: "currency",
    currency,
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
  });
}
