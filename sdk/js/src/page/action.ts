/** The action of a payment: the bank's page, an app, a code to scan. */

import type { NextAction, Payment } from "./api.ts";
import { display, find, icon } from "./dom.ts";
import { rememberFragment } from "../shared/memory.ts";
import { leftOf, secondsLeft } from "./remaining.ts";
import type { Words } from "./words.ts";

export interface Simulator {
  /** The URL of the simulator's pages; null in production. */
  readonly base: string | null;
  readonly isEmbedded: boolean;
}

const BANK = ["M12 3.5 3.5 8.5v1.5h17V8.5L12 3.5Z", "M5.5 12.5v5M10 12.5v5M14 12.5v5M18.5 12.5v5M3.5 20.5h17"];
const PHONE = ["M8 3h8a2 2 0 0 1 2 2v14a2 2 0 0 1-2 2H8a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2Z", "M11 17.5h2"];
const TICK_MS = 1000;
const ALARM_S = 60;

export class Action {
  readonly #link = find<HTMLAnchorElement>("action-link");
  #aheadMs = 0;
  #timer: ReturnType<typeof setInterval> | undefined;
  #expiresAt = 0;
  #shown = "";

  constructor(
    private readonly words: Words,
    private readonly simulator: Simulator,
  ) {}

  /** Show the action; shown again, only the countdown changes, so that it is announced once. */
  show(payment: Payment, action: NextAction, amount: string): void {
    this.#expiresAt = Date.parse(action.expires_at);
    const name = `${payment.id} ${action.type}`;
    if (name !== this.#shown) {
      this.#shown = name;
      this.#clear();
      this.#fill(payment, action, amount);
    }
    this.#timer ??= setInterval(() => this.#tick(), TICK_MS);
    this.#tick();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#shown = "";
  }

  clockIsAhead(ms: number): void {
    this.#aheadMs = ms;
  }

  #clear(): void {
    for (const part of ["action-code", "action-link", "action-hint", "simulator-link"]) {
      display(find(part), false);
    }
    find("action-alarm").textContent = "";
    find<HTMLImageElement>("qr-image").removeAttribute("src");
  }

  #fill(payment: Payment, action: NextAction, amount: string): void {
    switch (action.type) {
      case "three_ds":
      case "redirect":
      case "otp":
        return this.#fillBank(payment, action);
      case "upi_collect":
        this.#showText("collect", amount);
        return this.#offerPhone(payment);
      case "qr":
        this.#showText("qr", amount);
        this.#fillCode(action, amount);
        return this.#offerPhone(payment);
      default:
        this.#showText("intent", amount);
        this.#fillCode(action, amount);
        this.#linkTo(action.data["upi_uri"], /^upi:/i, this.words.intentOpen);
        this.#offerPhone(payment);
    }
  }

  #showText(kind: "bank" | "collect" | "qr" | "intent", amount: string): void {
    display(find("action-emblem"), true);
    find("action-emblem").replaceChildren(icon(...(kind === "bank" ? BANK : PHONE)));
    find("action-title").textContent = this.words[`${kind}Title`];
    find("action-message").textContent = this.words[`${kind}Message`].replace("{amount}", amount);
  }

  /** A bank's page must not be embedded: from a frame it opens in a new tab. */
  #fillBank(payment: Payment, action: NextAction): void {
    this.#showText("bank", "");
    const simulated = this.#simulated("bank", payment);
    this.#linkTo(action.data["url"] ?? simulated?.href, /^https?:/i, this.words.bankOpen);
    const isOutside = this.simulator.isEmbedded || !(action.data["url"] ?? comesBack(simulated));
    this.#link.target = isOutside ? "_blank" : "";
    this.#link.rel = "noopener";
    if (!isOutside) this.#link.onclick = () => rememberFragment(ownPath(), location.hash);
    if (!isOutside || this.#link.hidden) return;
    find("action-hint").textContent = this.words.bankOpensTab;
    display(find("action-hint"), true);
  }

  /** As an image and not as markup: scripts in it cannot run. */
  #fillCode(action: NextAction, amount: string): void {
    const svg = action.data["qr_svg"];
    if (!svg) return;
    const image = find<HTMLImageElement>("qr-image");
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
    image.alt = this.words.qrAlt.replace("{amount}", amount);
    find("action-amount").textContent = amount;
    display(find("action-code"), true);
    // The code replaces the icon.
    display(find("action-emblem"), false);
  }

  #linkTo(address: string | undefined, allowed: RegExp, text: string): void {
    this.#link.onclick = null;
    this.#link.removeAttribute("target");
    if (!address || !allowed.test(address)) return;
    this.#link.href = address;
    this.#link.textContent = text;
    display(this.#link, true);
  }

  #offerPhone(payment: Payment): void {
    const phone = this.#simulated("upi", payment);
    if (!phone) return;
    const link = find<HTMLAnchorElement>("simulator-link");
    link.href = phone.href;
    display(link, true);
  }

  #simulated(page: "bank" | "upi", payment: Payment): URL | null {
    const { base, isEmbedded } = this.simulator;
    if (!base) return null;
    const address = new URL(`${base}/${page}`);
    address.searchParams.set("payment_id", payment.id);
    if (page === "bank" && !isEmbedded && address.origin === location.origin) {
      address.searchParams.set("return_url", ownPath());
    }
    return address;
  }

  #tick(): void {
    const left = secondsLeft(this.#expiresAt, Date.now() + this.#aheadMs);
    display(find("action-countdown"), Number.isFinite(left));
    find("time-left").textContent = leftOf(left);
    const { minuteLeft, timeUp } = this.words;
    this.#warn(left <= 0 ? timeUp : left <= ALARM_S ? minuteLeft : "");
    if (left > 0) return;
    find("action-hint").textContent = timeUp;
    display(find("action-hint"), true);
  }

  /** Screen readers announce it once, not every second. */
  #warn(sentence: string): void {
    const alarm = find("action-alarm");
    if (alarm.textContent !== sentence) alarm.textContent = sentence;
  }
}

/** Without the fragment, which may contain secrets. */
function ownPath(): string {
  return location.pathname + location.search;
}

function comesBack(address: URL | null): boolean {
  return address?.searchParams.has("return_url") ?? false;
}
