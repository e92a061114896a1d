/**
 * The number of decimals of a currency: the API writes it into this page.
 *
 * Browsers have their own numbers, which differ from ISO 4217 for some currencies and would
 * move the decimal point.
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
