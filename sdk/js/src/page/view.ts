/** The view of the page: one state at a time. */

import { Action, type Simulator } from "./action.ts";
import type { Method, NextAction, Order, Payment } from "./api.ts";
import { display, find, icon, make } from "./dom.ts";
import { formFor, type MethodForm, type Now } from "./forms.ts";
import { brief, formatted, type Money } from "./money.ts";
import type { Network } from "./retrying.ts";
import type { Words } from "./words.ts";

export type Notice =
  | "missing"
  | "unknown"
  | "mismatch"
  | "paid"
  | "expired"
  | "closed"
  | "linkCancelled"
  | "linkExpired"
  | "elsewhere"
  | "noPayment";

/** States without an order. */
const WITHOUT_ORDER: readonly Notice[] = ["missing", "unknown", "mismatch", "elsewhere", "noPayment"];

type State = "loading" | "methods" | "processing" | "action" | "success" | "error" | "notice";

/** Alternatives to the payment's action: leave it waiting, or cancel it. */
export interface Instead {
  readonly otherWay: () => void;
  readonly cancel: () => void;
}

/** The arguments of the forms. */
export interface Offer {
  readonly submit: (method: string) => void;
  readonly now: Now;
}

const ICONS: Readonly<Record<string, readonly string[]>> = {
  upi: ["M8 3h8a2 2 0 0 1 2 2v14a2 2 0 0 1-2 2H8a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2Z", "M11 17.5h2"],
  card: ["M4 6h16a1.5 1.5 0 0 1 1.5 1.5v9A1.5 1.5 0 0 1 20 18H4a1.5 1.5 0 0 1-1.5-1.5v-9A1.5 1.5 0 0 1 4 6Z", "M2.5 10h19M6 14.5h4"],
};
const OTHER_ICON = ["M4 8.5A2.5 2.5 0 0 1 6.5 6H19v12H6.5A2.5 2.5 0 0 1 4 15.5v-7Z", "M15.5 12h.01"];

export class View implements Network {
  readonly #forms = new Map<string, MethodForm>();
  #chosen: string | null = null;
  #state: State = "loading";
  readonly #action: Action;
  #amount = "";

  constructor(
    private readonly words: Words,
    private readonly locale: string,
    simulator: Simulator,
  ) {
    translate(words);
    this.#action = new Action(words, simulator);
  }

  /** The form in use. */
  get form(): MethodForm | null {
    return this.#forms.get(this.#chosen ?? "") ?? null;
  }

  order(order: Order): void {
    const amount: Money = { minor: order.amount, currency: order.currency };
    this.#amount = formatted(amount, this.locale);
    find("order-amount").textContent = this.#amount;
    find("order-id").textContent = order.id;
    const description = order.payment_link?.description ?? "";
    find("order-description").textContent = description;
    display(find("order-description"), description !== "");
    document.title = `${this.words.title} · ${this.#amount}`;
    const pay = this.words.pay.replace("{amount}", brief(amount, this.locale));
    for (const button of document.querySelectorAll('[data-test-id="pay-button"]')) {
      button.textContent = pay;
    }
  }

  /** Show the payment methods. Called once, before `order`. */
  methods(methods: readonly Method[], { submit, now }: Offer): void {
    const list = find("payment-methods");
    for (const button of list.querySelectorAll("button")) {
      if (!methods.some((method) => method.name === button.dataset["method"])) button.remove();
    }
    for (const method of [...methods].sort((one, other) => rank(one) - rank(other))) {
      const form = formFor(method, this.words, now);
      this.#forms.set(method.name, form);
      if (!form.element.isConnected) find("processing-state").before(form.element);
      display(form.element, false);
      form.element.addEventListener("submit", (event) => {
        event.preventDefault();
        submit(method.name);
      });
      const button = this.#methodButton(method);
      list.append(button);
      button.addEventListener("click", () => this.choose(method.name));
    }
    if (methods.length === 1 && methods[0]) this.#chosen = methods[0].name;
  }

  choose(name: string): void {
    this.#chosen = name;
    this.#show("methods");
    this.form?.element.querySelector<HTMLElement>("input, select")?.focus();
  }

  ask(): void {
    if (this.#forms.size === 0) return this.notice("closed");
    this.#show("methods");
  }

  processing(sentence: string = this.words.processingHint): void {
    find("processing-hint").textContent = sentence;
    if (this.#state !== "processing") this.#show("processing");
  }

  /**
   * Show the action that the shopper must do.
   *
   * @param hint Text below it, if any.
   * @param asked Alternatives for the shopper.
   */
  action(payment: Payment, action: NextAction, hint: string | null, asked: Instead): void {
    this.#action.show(payment, action, this.#amount);
    const line = find("action-hint");
    if (hint) line.textContent = hint;
    if (hint) display(line, true);
    find<HTMLButtonElement>("cancel-button").onclick = asked.otherWay;
    find<HTMLButtonElement>("cancel-payment-button").onclick = asked.cancel;
    if (this.#state !== "action") this.#show("action");
  }

  /** How far the gateway's clock is ahead of this browser's. */
  clockIsAhead(ms: number): void {
    this.#action.clockIsAhead(ms);
  }

  succeeded(payment: Payment): void {
    find("payment-id").textContent = payment.id;
    this.#show("success");
  }

  failed(sentence: string, retry: () => void): void {
    find("error-message").textContent = sentence;
    find<HTMLButtonElement>("retry-button").onclick = retry;
    this.#show("error");
  }

  notice(notice: Notice): void {
    find("notice-title").textContent = this.words[`${notice}Title`];
    find("notice-message").textContent = this.words[notice];
    display(find("order-summary"), !WITHOUT_ORDER.includes(notice));
    this.#show("notice");
  }

  /** Show the URL of a checkout. */
  howToOpen(address: string): void {
    find("example-address").textContent = address;
    display(find("how-to-open"), true);
  }

  /** Offer an order to try the checkout with. */
  offerTestOrder(create: () => void): void {
    const button = find<HTMLButtonElement>("create-test-order");
    button.onclick = create;
    display(button, true);
  }

  testOrderFailed(): void {
    const line = find("test-order-error");
    line.textContent = this.words.testOrderFailed;
    display(line, true);
  }

  lost(): void {
    const { offline, unreachable } = this.words;
    const banner = find("network-notice");
    banner.textContent = navigator.onLine ? unreachable : offline;
    display(banner, true);
  }

  back(): void {
    display(find("network-notice"), false);
  }

  /** Set the focus to the first field. */
  focus(): void {
    const stops = "button, input, select, [tabindex]";
    const all = [...find("checkout-container").querySelectorAll<HTMLElement>(stops)];
    all.find((stop) => stop.checkVisibility())?.focus({ preventScroll: true });
  }

  #show(state: State): void {
    const isNew = state !== this.#state;
    this.#state = state;
    document.documentElement.dataset["state"] = state;
    display(find("loading-state"), false);
    display(find("payment-methods"), state === "methods");
    display(find("methods-title"), state === "methods");
    for (const [name, form] of this.#forms) {
      display(form.element, state === "methods" && name === this.#chosen);
    }
    for (const button of document.querySelectorAll<HTMLElement>("[data-method]")) {
      button.setAttribute("aria-pressed", String(button.dataset["method"] === this.#chosen));
    }
    for (const other of ["processing", "action", "success", "error", "notice"] as const) {
      display(find(`${other}-state`), state === other);
    }
    if (state !== "action") this.#action.stop();
    if (isNew) this.#announce(state);
  }

  /** Screen readers follow the focus; no outline is visible there. */
  #announce(state: State): void {
    if (state === "methods" || state === "loading") this.focus();
    else find(`${state}-state`).querySelector<HTMLElement>("[tabindex]")?.focus();
  }

  #methodButton(method: Method): HTMLButtonElement {
    const own = document.querySelector<HTMLButtonElement>(`[data-test-id="method-${method.name}"]`);
    const button =
      own ??
      make("button", { "data-test-id": `method-${method.name}`, "data-method": method.name, type: "button" });
    const known: Readonly<Record<string, string>> = { upi: this.words.upi, card: this.words.card };
    button.textContent = known[method.name] ?? method.title;
    button.prepend(icon(...(ICONS[method.name] ?? OTHER_ICON)));
    return button;
  }
}

/** The well-known methods come first. */
function rank(method: Method): number {
  const place = ["upi", "card"].indexOf(method.name);
  return place < 0 ? 2 : place;
}

function translate(words: Words): void {
  for (const element of document.querySelectorAll<HTMLElement>("[data-words]")) {
    const name = element.dataset["words"] as keyof Words;
    element.textContent = words[name];
  }
  for (const field of document.querySelectorAll<HTMLInputElement>("[data-inside]")) {
    field.placeholder = words[field.dataset["inside"] as keyof Words];
  }
}
