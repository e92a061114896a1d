/** The steps of a shopper from an order to a paid order. */

import { forget, recall, remember } from "../shared/memory.ts";
import { addressOf, type Address } from "./address.ts";
import { Mismatch, pays, Refused, Unreachable, type Api, type Method, type Offered, type Order, type Payment } from "./api.ts";
import type { Parent } from "./parent.ts";
import { untilAnswered, pause, SHOPPER_IS_BACK } from "./retrying.ts";
import type { Notice, View } from "./view.ts";
import type { Words } from "./words.ts";

const FIRST_POLL_MS = 700;
const POLL_MS = 2000;
/** After so many polls the page says that it takes longer than usual. */
const POLLS_USUAL = 20;

/** The methods of a gateway that is too old to list them. */
const USUAL_METHODS: readonly Method[] = [
  { name: "upi", title: "UPI" },
  { name: "card", title: "Card" },
];

export class Journey {
  /** The shopper was away, perhaps at their bank. */
  #isBack = true;
  /** The pending payment that the shopper has left. */
  #setAside: string | null = null;
  /** Why it is shown again. */
  #reminder: string | null = null;
  /** The payment that the shopper has cancelled. */
  #cancelled: string | null = null;

  constructor(
    private readonly api: Api,
    private readonly view: View,
    private readonly parent: Parent,
    private readonly words: Words,
    private readonly isDevelopment: boolean,
  ) {
    window.addEventListener(SHOPPER_IS_BACK, () => {
      this.#isBack = true;
    });
  }

  async begin({ orderId, paymentId, pendingPayment, isRoot }: Address): Promise<void> {
    if (paymentId) return this.#revisit(paymentId);
    if (!orderId) return this.#explain(isRoot);
    const order = await this.#order(orderId);
    if (!order) return this.view.notice("unknown");
    if (!this.parent.isAllowed(order.allowed_origins)) return this.view.notice("elsewhere");
    await this.#offer(order);
    const recalled = recall(orderId);
    const known = pendingPayment ?? recalled;
    const found = known ? await this.#payment(known) : null;
    const payment = found && pays(found, orderId) ? found : null;
    if (payment && !hasFailed(payment) && !(await this.#isOver(payment, orderId))) {
      return this.#follow(payment, order);
    }
    forget(orderId);
    const obstacle = obstacleOf(order);
    if (obstacle) this.view.notice(obstacle);
    // It failed while the shopper was away, at their bank perhaps: they have not seen it.
    else if (payment && hasFailed(payment) && payment.id === recalled) this.#failed(payment, order);
    else this.view.ask();
  }

  /**
   * Whether the payment succeeded and another may be made all the same: a gateway that knows no
   * orders takes each payment for one of its own, however often the same name is used.
   */
  async #isOver(payment: Payment, orderId: string): Promise<boolean> {
    if (payment.status !== "success") return false;
    const now = await this.#order(orderId);
    return now !== null && obstacleOf(now) === null;
  }

  /** No order is given: show an error, with a hint for developers. */
  #explain(isRoot: boolean): void {
    this.view.notice("missing");
    if (isRoot || this.isDevelopment) this.view.howToOpen(`${location.origin}/checkout?order_id=order_123`);
    if (this.isDevelopment) this.view.offerTestOrder(() => void this.#openTestOrder());
  }

  async #openTestOrder(): Promise<void> {
    try {
      const { id, client_secret: secret } = await this.api.testOrder();
      location.assign(addressOf(id, secret ?? null, location).href);
    } catch (error) {
      if (!(error instanceof Refused || error instanceof Unreachable)) throw error;
      this.view.testOrderFailed();
    }
  }

  /** `/success` and `/failure`: show the real result, whatever the path is. */
  async #revisit(paymentId: string): Promise<void> {
    const payment = await this.#payment(paymentId);
    const order = payment && (await this.#order(payment.order_id));
    if (!payment || !order) return this.view.notice("noPayment");
    if (!this.parent.isAllowed(order.allowed_origins)) return this.view.notice("elsewhere");
    await this.#offer(order);
    await this.#follow(payment, order);
  }

  async #offer(order: Order): Promise<void> {
    const { data, now } = await this.#methods(order.id);
    const ahead = now ? Date.parse(now) - Date.now() : 0;
    this.view.methods(data, {
      submit: (name) => void this.#pay(order, name).catch(this.giveUp),
      now: () => new Date(Date.now() + ahead),
    });
    this.view.order(order);
  }

  /** Show an error instead of loading forever. */
  readonly giveUp = (error: unknown): void => {
    const isMismatch = error instanceof Mismatch;
    this.view.notice(isMismatch ? "mismatch" : "closed");
    if (!isMismatch) throw error;
  };

  async #pay(order: Order, method: string): Promise<void> {
    const { form } = this.view;
    const details = form?.read();
    if (!form || !details) return;
    this.view.processing();
    form.forget();
    // One idempotency key for one click: however often the request is repeated, the
    // gateway creates one payment.
    const key = crypto.getRandomValues(new Uint32Array(4)).join("-");
    try {
      const payment = await this.#asked(() => this.api.pay(order.id, method, details, key));
      remember(order.id, payment.id);
      this.parent.post({ type: "payment_started", data: { paymentId: payment.id } });
      await this.#follow(payment, order);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      await this.#refused(error, order);
    }
  }

  /** The gateway rejected the payment: show the reason, or find it out. */
  async #refused(refusal: Refused, order: Order): Promise<void> {
    const { form } = this.view;
    if (isFieldsFault(refusal)) {
      this.view.ask();
      if (form?.showError(refusal.field, refusal.code, refusal.message)) return;
    }
    const now = await this.#order(order.id);
    const obstacle = now ? obstacleOf(now) : "unknown";
    if (obstacle) return this.view.notice(obstacle);
    if (/in progress/i.test(refusal.message)) {
      return this.#setAside ? this.#resume() : this.#awaitOther(order);
    }
    this.view.failed(refusal.message || this.words.failedMessage, () => this.view.ask());
  }

  /** The payment that was left is still pending; its own loop shows it again. */
  #resume(): void {
    this.#setAside = null;
    this.#reminder = this.words.stillWaiting;
    window.dispatchEvent(new Event(SHOPPER_IS_BACK));
  }

  /** Another window pays, or the response was lost: the order has the result. */
  async #awaitOther(order: Order): Promise<void> {
    this.view.processing(this.words.waitingForOther);
    for (let polls = 0; polls < POLLS_USUAL; polls += 1) {
      await pause(POLL_MS);
      const now = await this.#order(order.id);
      const obstacle = now ? obstacleOf(now) : "unknown";
      if (obstacle) return this.view.notice(obstacle);
    }
    this.view.ask();
  }

  /** Poll a payment until its final status. */
  async #follow(first: Payment, order: Order): Promise<void> {
    let payment = first;
    for (let polls = 0; !isDecided(payment); polls += 1) {
      await this.#readClock(payment);
      if (this.#setAside !== payment.id) this.#pending(payment, polls);
      await pause(polls === 0 ? FIRST_POLL_MS : POLL_MS);
      payment = await this.#asked(() => this.#now(payment));
    }
    this.#reminder = null;
    const wasSetAside = this.#setAside === payment.id;
    if (wasSetAside) this.#setAside = null;
    if (!hasFailed(payment)) this.#succeeded(payment);
    else if (wasSetAside) this.#dropped(payment, order);
    else this.#failed(payment, order);
  }

  /** The payment now; asked of the bank itself when its shopper has just come back. */
  async #now(payment: Payment): Promise<Payment> {
    const isWorthIt = this.#isBack && payment.next_action !== undefined;
    this.#isBack = false;
    try {
      if (isWorthIt) return await this.api.complete(payment.id);
    } catch (error) {
      // It no longer waits for its shopper.
      if (!(error instanceof Refused)) throw error;
    }
    return this.api.payment(payment.id);
  }

  /** The remaining time uses the gateway's clock, not this device's. */
  async #readClock({ next_action: action }: Payment): Promise<void> {
    if (!action || !this.isDevelopment) return;
    try {
      this.view.clockIsAhead((await this.api.now()) - Date.now());
    } catch (error) {
      if (!(error instanceof Refused || error instanceof Unreachable)) throw error;
    }
  }

  /** Show a pending payment and its action. */
  #pending(payment: Payment, polls: number): void {
    const { next_action: action } = payment;
    if (action && action.type !== "wait") {
      return this.view.action(payment, action, this.#reminder, {
        otherWay: () => this.#leave(payment),
        cancel: () => void this.#cancel(payment).catch(this.giveUp),
      });
    }
    this.view.processing(polls > POLLS_USUAL ? this.words.takesLonger : undefined);
  }

  /** Back to the payment methods. The payment stays pending until it is answered or expires. */
  #leave(payment: Payment): void {
    this.#setAside = payment.id;
    this.view.ask();
  }

  /** Cancel it. Its polling loop shows the result: the shopper's answer may arrive first. */
  async #cancel(payment: Payment): Promise<void> {
    if (this.#cancelled === payment.id) return;
    this.#cancelled = payment.id;
    try {
      await this.#asked(() => this.api.cancel(payment.id));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.#cancelled = null;
      this.#reminder = this.words.cannotCancel;
    }
    window.dispatchEvent(new Event(SHOPPER_IS_BACK));
  }

  /** The payment is cancelled, and the order can be paid again. */
  #dropped(payment: Payment, order: Order): void {
    if (recall(order.id) === payment.id) forget(order.id);
  }

  #succeeded(payment: Payment): void {
    this.view.succeeded(payment);
    this.parent.succeeded(payment);
  }

  #failed(payment: Payment, order: Order): void {
    forget(order.id);
    // The gateway explains in English; other readers get a sentence of their own.
    const isEnglish = document.documentElement.lang === "en";
    const explained = isEnglish ? payment.error_description : undefined;
    const wasOurs = this.#cancelled === payment.id;
    const sentence = wasOurs ? this.words.cancelled : explained || this.words.failedMessage;
    this.view.failed(sentence, () => this.view.ask());
    this.parent.failed(payment, sentence);
  }

  async #methods(orderId: string): Promise<Offered> {
    try {
      return await this.#asked(() => this.api.methods(orderId));
    } catch (error) {
      if (error instanceof Refused) return { data: USUAL_METHODS };
      throw error;
    }
  }

  #order(id: string): Promise<Order | null> {
    return this.#known(() => this.api.order(id));
  }

  #payment(id: string): Promise<Payment | null> {
    return this.#known(() => this.api.payment(id));
  }

  async #known<Thing>(ask: () => Promise<Thing>): Promise<Thing | null> {
    try {
      return await this.#asked(ask);
    } catch (error) {
      if (error instanceof Refused) return null;
      throw error;
    }
  }

  #asked<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    return untilAnswered(ask, this.view);
  }
}

function isDecided(payment: Payment): boolean {
  return payment.status !== "pending";
}

function hasFailed(payment: Payment): boolean {
  return payment.status === "failed" || payment.status === "cancelled";
}

/** Why an order cannot be paid; null if it can. */
function obstacleOf(order: Order): Notice | null {
  if (order.status === "created" || order.status === "attempted") {
    const link = order.payment_link?.status;
    return link === "cancelled" ? "linkCancelled" : link === "expired" ? "linkExpired" : null;
  }
  return order.status === "paid" || order.status === "expired" ? order.status : "closed";
}

function isFieldsFault(refusal: Refused): boolean {
  return refusal.field !== null || /^(INVALID|EXPIRED)_/.test(refusal.code);
}
