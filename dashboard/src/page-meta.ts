/** What the server wrote into the page's `<meta>` elements. */

/** The value under that name; empty where there is none. */
export function told(name: string): string {
  return document.querySelector<HTMLMetaElement>(`meta[name="${name}"]`)?.content ?? "";
}

/** Where the API is: named by the page, or the page's own origin. */
export function apiOrigin(): string {
  return origin("paygate-api") || location.origin;
}

/** Where the checkout and its script are: named by the page, or the API, which serves them too. */
export function checkoutOrigin(): string {
  return origin("paygate-checkout") || apiOrigin();
}

function origin(name: string): string {
  return told(name).replace(/\/+$/, "");
}
