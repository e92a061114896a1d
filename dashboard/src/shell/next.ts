/** Where somebody wanted to go before they had to sign in. */

const HOME = "/dashboard";

/** The login page, which leads back to that place. */
export function loginPath(wanted: string): string {
  return wanted === HOME ? "/login" : `/login?next=${encodeURIComponent(wanted)}`;
}

/** The place a login leads to: one of our own pages, whatever the address says. */
export function nextPlace(query: URLSearchParams): string {
  const next = query.get("next") ?? HOME;
  // `//host` and `/\host` are other people's pages to a browser.
  return /^\/dashboard(?:[/?#][\w\-./?=&%#:+~]*)?$/.test(next) && !next.includes("//") ? next : HOME;
}
