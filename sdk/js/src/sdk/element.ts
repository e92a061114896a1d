/** `<paygate-checkout>`: a button in the page that opens the checkout. */

import { PaymentGateway } from "./gateway.ts";

export class PaygateCheckoutElement extends HTMLElement {
  #gateway: PaymentGateway | null = null;

  connectedCallback(): void {
    if (!this.shadowRoot) this.#draw();
  }

  disconnectedCallback(): void {
    this.close();
  }

  open(): void {
    this.close();
    const optional = {
      ...this.#given("api-base", "apiBase"),
      ...this.#given("checkout-url", "checkoutUrl"),
      ...this.#given("client-secret", "clientSecret"),
    };
    this.#gateway = new PaymentGateway({
      key: this.getAttribute("key") ?? "",
      orderId: this.getAttribute("order-id") ?? "",
      onSuccess: (result) => this.#dispatch("paygate-success", result),
      onFailure: (failure) => this.#dispatch("paygate-failure", failure),
      onClose: () => this.#dispatch("paygate-close", null),
      onUnconfirmed: (payment) => this.#dispatch("paygate-unconfirmed", payment),
      ...optional,
    });
    this.#gateway.open();
  }

  close(): void {
    this.#gateway?.close();
    this.#gateway = null;
  }

  #draw(): void {
    const root = this.attachShadow({ mode: "open", delegatesFocus: true });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(
      "button{font:600 1rem/1.2 system-ui,sans-serif;padding:.8em 1.4em;border:0;border-radius:.6em;color:#fff;background:#3b5bdb;cursor:pointer}button:focus-visible{outline:2px solid #3b5bdb;outline-offset:2px}",
    );
    root.adoptedStyleSheets = [sheet];
    const button = document.createElement("button");
    button.type = "button";
    button.part.add("button");
    const slot = document.createElement("slot");
    slot.textContent = "Pay now";
    button.append(slot);
    button.addEventListener("click", () => this.open());
    root.append(button);
  }

  #given<Name extends string>(attribute: string, name: Name): Partial<Record<Name, string>> {
    const value = this.getAttribute(attribute);
    return value ? ({ [name]: value } as Record<Name, string>) : {};
  }

  #dispatch(type: string, detail: unknown): void {
    this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true }));
  }
}

export function define(): void {
  if (!customElements.get("paygate-checkout")) {
    customElements.define("paygate-checkout", PaygateCheckoutElement);
  }
}
