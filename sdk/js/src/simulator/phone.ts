/** The simulated phone: collect requests and their answers. */

import { display, find } from "../page/dom.ts";
import { formatted } from "../page/money.ts";
import { leftOf, secondsLeft } from "../page/remaining.ts";
import {
  decide,
  merchantName,
  now,
  payment,
  sentenceOf,
  waiting,
  type Asked,
  type Credentials,
  type Decision,
} from "./gateway.ts";

const ASK_AGAIN_MS = 1500;
const DONE: Readonly<Record<Decision | "ignore", string>> = {
  approve: "Paid",
  decline: "Declined",
  wrong_pin: "Wrong PIN: refused",
  time_out: "Not answered in time",
  ignore: "Ignored: it expires",
};

const only = new URLSearchParams(location.search).get("payment_id");
const ignored = new Set<string>();
const shown = new Map<string, HTMLElement>();

function credentials(): Credentials {
  const readMeta = (name: string): string =>
    document.querySelector<HTMLMetaElement>(`meta[name="paygate-test-${name}"]`)?.content ?? "";
  return { key: readMeta("key"), secret: readMeta("secret") };
}

async function requests(): Promise<readonly Asked[]> {
  if (!only) return waiting(credentials());
  const asked = await payment(only);
  return asked.next_action ? [asked] : [];
}

function part(card: HTMLElement, name: string): HTMLElement {
  const found = card.querySelector<HTMLElement>(`[data-part="${name}"]`);
  if (!found) throw new Error(`a request has no ${name}`);
  return found;
}

function cardFor(asked: Asked, merchant: string): HTMLElement {
  const template = find<HTMLTemplateElement>("phone-request-template");
  const card = (template.content.cloneNode(true) as DocumentFragment).firstElementChild;
  if (!(card instanceof HTMLElement)) throw new Error("the page has no request to copy");
  card.dataset["paymentId"] = asked.id;
  part(card, "merchant").textContent = merchant;
  const amount = { minor: asked.amount, currency: asked.currency };
  part(card, "amount").textContent = formatted(amount, "en");
  part(card, "about").textContent = [asked.vpa, asked.id].filter(Boolean).join(" · ");
  for (const button of card.querySelectorAll<HTMLButtonElement>("[data-decision]")) {
    const decision = button.dataset["decision"] as Decision | "ignore";
    // With several requests, the label of "Approve" must name one.
    button.setAttribute("aria-label", `${button.textContent ?? ""} ${part(card, "amount").textContent}`);
    button.addEventListener("click", () => void answer(asked.id, card, decision));
  }
  return card;
}

async function answer(id: string, card: HTMLElement, decision: Decision | "ignore"): Promise<void> {
  for (const button of card.querySelectorAll("button")) button.disabled = true;
  try {
    if (decision === "ignore") ignored.add(id);
    else await decide(id, decision);
    say(`${DONE[decision]}: ${part(card, "amount").textContent}`);
  } catch (error) {
    say(sentenceOf(error));
  }
  drop(id);
}

function say(sentence: string): void {
  find("phone-result").textContent = sentence;
}

function drop(id: string): void {
  shown.get(id)?.remove();
  shown.delete(id);
  display(find("phone-none"), shown.size === 0);
}

/** Existing cards are not moved: a button must not move while it is pressed. */
function draw(asked: readonly Asked[], merchant: string, nowMs: number): void {
  const wanted = asked.filter((one) => !ignored.has(one.id));
  for (const id of shown.keys()) if (!wanted.some((one) => one.id === id)) drop(id);
  for (const one of wanted) {
    const card = shown.get(one.id) ?? cardFor(one, merchant);
    if (!card.isConnected) find("phone-requests").append(card);
    shown.set(one.id, card);
    const left = secondsLeft(Date.parse(one.next_action?.expires_at ?? ""), nowMs);
    part(card, "left").textContent = left > 0 ? `${leftOf(left)} left` : "";
  }
  display(find("phone-none"), shown.size === 0);
}

async function watch(): Promise<never> {
  const merchant = await merchantName();
  for (;;) {
    try {
      const [asked, nowMs] = await Promise.all([requests(), now()]);
      draw(asked, merchant, nowMs);
    } catch (error) {
      say(sentenceOf(error));
    }
    await new Promise((resume) => setTimeout(resume, ASK_AGAIN_MS));
  }
}

watch().catch((error: unknown) => say(sentenceOf(error)));
