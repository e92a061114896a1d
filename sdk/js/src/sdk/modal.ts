/** The modal: its elements and its focus handling. */

import { isOnTop, push, remove } from "./stack.ts";
import { install } from "./styles.ts";

/** Enough space for the usual forms: the modal should not grow during input. */
const HEIGHT_PX_MIN = 640;

export class Modal {
  readonly #root = element("dialog", "payment-modal");
  readonly #content = element("div");
  readonly #frame = element("iframe", "payment-iframe");
  readonly #close = element("button", "close-modal-button");
  readonly #returnTo = document.activeElement;
  readonly #onKey = (event: KeyboardEvent): void => this.#key(event);

  /**
   * @param address URL of the page in the frame.
   * @param leave Called when the shopper wants to close; the caller closes the modal.
   * @param enter Called when the focus returns to the frame.
   * @param arrive Called each time a page has loaded in the frame.
   */
  constructor(
    address: URL,
    private readonly leave: () => void,
    private readonly enter: () => void,
    arrive: () => void,
  ) {
    this.#root.id = "payment-gateway-modal";
    this.#root.setAttribute("role", "dialog");
    this.#root.setAttribute("aria-modal", "true");
    this.#root.setAttribute("aria-label", "Payment");
    const overlay = element("div");
    overlay.className = "modal-overlay";
    this.#content.className = "modal-content";
    this.#frame.title = "Checkout";
    this.#frame.src = address.href;
    this.#frame.addEventListener("load", arrive);
    this.#close.className = "close-button";
    this.#close.type = "button";
    this.#close.textContent = "×";
    this.#close.setAttribute("aria-label", "Close");
    this.#close.addEventListener("click", leave);
    this.#content.append(this.#frame, this.#close);
    overlay.append(this.#content);
    this.#root.append(overlay);
    // The browser's own ways to close a dialog: a phone's back gesture, for example.
    this.#root.addEventListener("cancel", (event) => {
      event.preventDefault();
      if (event.target === this.#root) leave();
    });
    this.#root.addEventListener("close", leave);
  }

  /** The window in the frame; null while the modal is not shown. */
  get window(): Window | null {
    return this.#frame.contentWindow;
  }

  /** Show it in the top layer: above, and not blocked by, any dialog that the page has open. */
  show(): void {
    install();
    document.body.append(this.#root);
    push(this.#root);
    document.addEventListener("keydown", this.#onKey, true);
    this.#root.showModal();
    // Its page has not loaded: it cannot receive messages yet.
    this.#frame.focus({ preventScroll: true });
  }

  hide(): void {
    document.removeEventListener("keydown", this.#onKey, true);
    remove(this.#root);
    if (this.#returnTo instanceof HTMLElement) this.#returnTo.focus({ preventScroll: true });
  }

  focus(): void {
    this.#frame.focus({ preventScroll: true });
    this.enter();
  }

  /** Fit the page in the frame, within the window. */
  resize(height: number): void {
    const fitting = Math.max(HEIGHT_PX_MIN, Math.ceil(height));
    this.#content.style.setProperty("--paygate-height", `${fitting}px`);
  }

  #key(event: KeyboardEvent): void {
    if (!isOnTop(this.#root)) return;
    if (event.key === "Escape") {
      // Otherwise the browser would close the page's own dialog, the next in the stack.
      event.preventDefault();
      event.stopPropagation();
      this.leave();
    } else if (event.key === "Tab" && !event.shiftKey && event.target === this.#close) {
      // The last stop: continue with the first instead of the browser's toolbar.
      event.preventDefault();
      this.focus();
    }
  }
}

function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  testId?: string,
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  if (testId) made.setAttribute("data-test-id", testId);
  return made;
}
