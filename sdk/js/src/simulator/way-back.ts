/** Where the bank page may redirect a shopper to. */

const PAGES = new Set(["/checkout", "/success", "/failure", "/sdk/checkout.html"]);

/**
 * Returns the URL if it is a checkout page of the same origin; else null.
 *
 * Anyone can create a link to the bank page: an unchecked redirect would let others use this
 * origin for phishing.
 */
export function wayBack(asked: string | null, origin: string): string | null {
  if (!asked) return null;
  try {
    const address = new URL(asked, origin);
    const isOurs = address.origin === origin && !address.username && !address.password;
    return isOurs && PAGES.has(address.pathname) ? address.href : null;
  } catch {
    return null;
  }
}
