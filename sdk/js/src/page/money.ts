/** Amounts as text. */

import { exponentOf } from "../shared/currencies.ts";

export interface Money {
  /** Whole minor units. */
  readonly minor: number;
  readonly currency: string;
}

/** `₹500.00` */
export function formatted(money: Money, locale: string, digits = exponentOf(money.currency)): string {
  return written(money, locale, digits, false);
}

/** `₹500`, and `₹500.50` where there are paise to show: for buttons. */
export function brief(money: Money, locale: string, digits = exponentOf(money.currency)): string {
  return written(money, locale, digits, true);
}

function written(
  { minor, currency }: Money,
  locale: string,
  digits: number,
  isBrief: boolean,
): string {
  const shown = isBrief && minor % 10 ** digits === 0 ? 0 : digits;
  return new Intl.NumberFormat(localeFor(locale, currency), {
    style: "currency",
    currency,
    currencyDisplay: "narrowSymbol",
    minimumFractionDigits: shown,
    maximumFractionDigits: digits,
  }).format(decimal(minor, digits));
}

/** As text, which browsers format exactly: a division returns a float. */
function decimal(minor: number, digits: number): number {
  const text = String(minor).padStart(digits + 1, "0");
  const whole = text.slice(0, text.length - digits);
  return `${whole}.${text.slice(whole.length) || "0"}` as unknown as number;
}

/** Rupees are grouped in lakhs and crores wherever the reader is. */
function localeFor(locale: string, currency: string): string {
  return locale.startsWith("en") && currency === "INR" ? "en-IN" : locale;
}
