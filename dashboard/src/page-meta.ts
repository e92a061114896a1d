/** Reads the values that the server writes into the page's `<meta>` elements. */

/** Returns the value with that name; empty if it is missing. */
export function readMeta(name: string): string {
  return document.querySelector<HTMLMetaElement>(`meta[name="${name}"]`)?.content ?? "";
}

/** Returns the API's origin: given by the page, or the page's own. */
export function apiOrigin(): string {
  return origin("paygate-api") || location.origin;
}

/** Returns the origin of the checkout and its script: given by the page, or the API's. */
export function checkoutOrigin(): string {
  return origin("paygate-checkout") || apiOrigin();
}

function origin(name: string): string {
  return readMeta(name).replace(/\/+$/, "");
}
