/**
 * How many decimals a currency has: what the API says, which wrote it into this page.
 *
 * Browsers have numbers of their own, which follow usage rather than ISO 4217 and would
 * move the decimal point of what the gateway means.
 */

const USUAL = 2;

/** `CLF=4 JPY=0 KWD=3` → code and decimals of the currencies that do not have two. */
export function readExponents(listed: string): ReadonlyMap<string, number> {
  const pairs = listed.split(" ").map((pair) => pair.split("="));
  return new Map(pairs.map(([code = "", digits = ""]) => [code, Number(digits)]));
}

let exponents: ReadonlyMap<string, number> | null = null;

/** Decimals of the currency's major unit. */
export function exponentOf(currency: string): number {
  const page = (): HTMLMetaElement | null =>
    document.querySelector<HTMLMetaElement>('meta[name="paygate-exponents"]');
  exponents ??= readExponents(page()?.content ?? "");
  return exponents.get(currency) ?? USUAL;
}
