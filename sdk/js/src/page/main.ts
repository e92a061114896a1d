/** The hosted checkout page. */

import { originOf } from "../shared/protocol.ts";
import { readAddress } from "./address.ts";
import { Api } from "./api.ts";
import { display, find } from "./dom.ts";
import { Journey } from "./journey.ts";
import { Parent } from "./parent.ts";
import { SHOPPER_IS_BACK } from "./retrying.ts";
import { View } from "./view.ts";
import { languageOf, localeOf, wordsIn } from "./words.ts";

const address = readAddress(window.location);
const language = languageOf(address.language, navigator.languages);
const words = wordsIn(language);
const root = document.documentElement;
root.lang = language;
root.classList.toggle("embedded", address.isEmbedded);
display(find("test-mode"), address.isTest);

// Only the server of this page may set the API's URL: otherwise a link could send card numbers
// to another server.
const named = document.querySelector<HTMLMetaElement>('meta[name="paygate-api"]')?.content;
const base = originOf(named) ?? window.location.origin;
const api = new Api(base, address.clientSecret, address.amount);
// Empty in production.
const pages = document.querySelector<HTMLMetaElement>('meta[name="paygate-simulator"]')?.content;
const simulator = { base: pages ? new URL(pages, base).href : null, isEmbedded: address.isEmbedded };
const view = new View(words, localeOf(language, navigator.languages), simulator);
const parent = new Parent(address.handshake);

parent.listen(() => view.focus());
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !event.isComposing) parent.post({ type: "close_modal" });
});
if (address.isEmbedded) {
  const page = find("page");
  new ResizeObserver(() => {
    parent.post({ type: "checkout_resized", data: { height: page.scrollHeight } });
  }).observe(page);
}
parent.post({ type: "checkout_ready", data: { apiBase: api.base } });
// Poll at once when a shopper returns from the bank or app.
const tellBack = (): void => {
  if (!document.hidden) window.dispatchEvent(new Event(SHOPPER_IS_BACK));
};
document.addEventListener("visibilitychange", tellBack);
window.addEventListener("focus", tellBack);
window.addEventListener("pageshow", tellBack);
const journey = new Journey(api, view, parent, words, simulator.base !== null);
journey.begin(address).catch(journey.giveUp);
