/** Minor units and a currency to what people read, and back. */

/** Whole minor units. */
export interface Money {
  amount: number;
  currency: string;
}

// ISO 4217. Intl's own numbers follow usage and differ from it for some currencies,
// which would move the decimal point of what the gateway means.
const NO_MINOR_UNIT = new Set("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(" "));
const THOUSANDTHS = new Set("BHD IQD JOD KWD LYD OMR TND".split(" "));

/** How many decimals the currency's major unit has. */
export function decimalsOf(currency: string): number {
  if (NO_MINOR_UNIT.has(currency)) return 0;
  return THOUSANDTHS.has(currency) ? 3 : 2;
}

/** `₹1,00,000.00`, `¥500`, `US$12.50`. */
export function formatMoney({ amount, currency }: Money): string {
  return formatter(currency).format(major(amount, currency) as Intl.StringNumericLiteral);
}

/** Minor units as a decimal for a form: `499.00`. */
export function toMajor({ amount, currency }: Money): string {
  return major(amount, currency);
}

/** What somebody typed as minor units; null when it is no amount of that currency. */
export function toMinor(typed: string, currency: string): number | null {
  const decimals = decimalsOf(currency);
  const match = /^(\d{1,12})(?:\.(\d*))?$/.exec(typed.replaceAll(/[\s,]/g, ""));
  if (!match) return null;
  const [, whole = "", fraction = ""] = match;
  if (fraction.length > decimals) return null;
  return Number(whole + fraction.padEnd(decimals, "0"));
}

// Through text, because a division would make a float of it.
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
