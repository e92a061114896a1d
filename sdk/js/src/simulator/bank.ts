/** The simulated bank: authenticates the payer. */

import { display, find } from "../page/dom.ts";
import { formatted } from "../page/money.ts";
import { decide, merchantName, payment, sentenceOf, type Asked, type Decision } from "./gateway.ts";
import { wayBack } from "./way-back.ts";

const LEAVES_AFTER_MS = 900;
const ASK_AGAIN_MS = 2000;

const DONE: Readonly<Record<Decision, string>> = {
  approve: "Approved. Thank you.",
  decline: "Declined.",
  wrong_pin: "Wrong password. The payment was declined.",
  time_out: "No response in time. The payment was declined.",
};

const query = new URLSearchParams(location.search);
const id = query.get("payment_id") ?? "";
const back = wayBack(query.get("return_url"), location.origin);
let isAnswered = false;

function say(sentence: string): void {
  find("bank-result").textContent = sentence;
}

/** Show the final text. */
function end(sentence: string): void {
  display(find("bank-choices"), false);
  say(back ? sentence : `${sentence} You can close this window and go back to the shop.`);
  const link = find<HTMLAnchorElement>("bank-back");
  if (back) link.href = back;
  display(link, back !== null);
  find("bank-title").focus();
}

function leave(): void {
  if (back) location.assign(back);
  // Only works if the checkout opened this tab; else the text says what to do.
  else window.close();
}

async function answer(decision: Decision): Promise<void> {
  if (isAnswered) return;
  isAnswered = true;
  for (const button of find("bank-choices").querySelectorAll("button")) button.disabled = true;
  try {
    await decide(id, decision);
  } catch (error) {
    end(sentenceOf(error));
    return;
  }
  end(DONE[decision]);
  setTimeout(leave, LEAVES_AFTER_MS);
}

function show(asked: Asked, merchant: string): void {
  const amount = { minor: asked.amount, currency: asked.currency };
  find("bank-merchant").textContent = merchant;
  find("bank-amount").textContent = formatted(amount, "en");
  find("bank-payment").textContent = asked.id;
}

function isOver(asked: Asked): boolean {
  return !asked.next_action && asked.status !== "pending";
}

/** Poll until the action is answered or expires. */
async function watch(): Promise<void> {
  while (!isAnswered) {
    const asked = await payment(id);
    if (isAnswered) return;
    if (isOver(asked)) return end("This payment is no longer waiting for you.");
    display(find("bank-choices"), Boolean(asked.next_action));
    await new Promise((resume) => setTimeout(resume, ASK_AGAIN_MS));
  }
}

for (const button of document.querySelectorAll<HTMLElement>("[data-decision]")) {
  button.addEventListener("click", () => void answer(button.dataset["decision"] as Decision));
}
find("bank-abandon").addEventListener("click", () => {
  isAnswered = true;
  end("You left without a decision.");
  leave();
});

async function begin(): Promise<void> {
  if (!id) return end("This URL has no payment id.");
  const [asked, merchant] = await Promise.all([payment(id), merchantName()]);
  show(asked, merchant);
  await watch();
}

begin().catch((error: unknown) => end(sentenceOf(error)));
