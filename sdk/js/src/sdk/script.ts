/** The URL of this script, which is also the checkout page's origin. */

let source: string | null = null;

/** Store the script's URL. It is only known during the first run. */
export function remember(address: string | null | undefined): void {
  source = address || null;
}

/**
 * Returns the URL of the script's checkout page.
 *
 * @throws TypeError The script has no URL, and none is given.
 */
export function pageAddress(given: string | undefined): URL {
  if (given) return new URL(given, document.baseURI);
  if (!source) throw new TypeError("PaymentGateway: checkoutUrl is required for a bundled script");
  const script = new URL(source);
  const isUnderSdk = script.pathname.endsWith("/sdk/checkout.js");
  return new URL(isUnderSdk ? "/sdk/checkout.html" : "/checkout", script.origin);
}
