/** Sums of money as people read them. */

export interface Money {
  /** Whole minor units. */
  readonly minor: number;
  readonly currency: string;
}

/** `₹500.00` */
export function formatted(money: Money, locale: string): string {
  return written(money, locale, false);
}

/** `₹500`, and `₹500.50` where there are paise to show: for buttons. */
export function brief(money: Money, locale: string): string {
  return written(money, locale, true);
}

function written({ minor, currency }: Money, locale: string, isBrief: boolean): string {
  const digits = exponentOf(currency);
  const unit = 10 ** digits;
  const shown = isBrief && minor % unit === 0 ? 0 : digits;
  return new Intl.NumberFormat(localeFor(locale, currency), {
    style: "currency",
    currency,
    currencyDisplay: "narrowSymbol",
    minimumFractionDigits: shown,
    maximumFractionDigits: digits,
  }).format(minor / unit);
}

function exponentOf(currency: string): number {
  const format = new Intl.NumberFormat("en", { style: "currency", currency });
  return format.resolvedOptions().maximumFractionDigits ?? 2;
}

/** Rupees are grouped in lakhs and crores wherever the reader is. */
function localeFor(locale: string, currency: string): string {
  return locale.startsWith("en") && currency === "INR" ? "en-IN" : locale;
}
