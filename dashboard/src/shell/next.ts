/** The page that a user requested before signing in. */

const HOME = "/dashboard";

/** Returns the login page's path, which leads back to that page. */
export function loginPath(wanted: string): string {
  return wanted === HOME ? "/login" : `/login?next=${encodeURIComponent(wanted)}`;
}

/** Returns the page to open after a login: always a page of the dashboard. */
export function nextPlace(query: URLSearchParams): string {
  const next = query.get("next") ?? HOME;
  // `//host` and `/\host` are pages of other sites.
  return /^\/dashboard(?:[/?#][\w\-./?=&%#:+~]*)?$/.test(next) && !next.includes("//") ? next : HOME;
}
