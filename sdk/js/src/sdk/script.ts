/** Where this script came from, which is where the checkout page is. */

let source: string | null = null;

/** Remember the script's address. It is known only while the script is first run. */
export function remember(address: string | null | undefined): void {
  source = address || null;
}

/**
 * The checkout page that belongs to the script.
 *
 * @throws TypeError The script has no address of its own and none was given.
 */
export function pageAddress(given: string | undefined): URL {
  if (given) return new URL(given, document.baseURI);
  if (!source) throw new TypeError("PaymentGateway: checkoutUrl is required for a bundled script");
  const script = new URL(source);
  const isUnderSdk = script.pathname.endsWith("/sdk/checkout.js");
  return new URL(isUnderSdk ? "/sdk/checkout.html" : "/checkout", script.origin);
}
