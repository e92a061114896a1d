/** Where a shopper may be sent when the bank is done with them. */

const PAGES = new Set(["/checkout", "/success", "/failure", "/sdk/checkout.html"]);

/**
 * The address, if it is one of the checkout's own pages on our own origin; else null.
 *
 * Anybody can write a link to the bank page: one that sent people wherever its author
 * likes would lend our name to them.
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
