import {
  groupedExpiry,
  groupedNumber,
  digitsOf,
  isCardNumber,
  isCvv,
  isGood,
  networkOf,
  readExpiry,
  type Network,
} from "./card.ts";
import { find } from "./dom.ts";
import { Field, judge } from "./field.ts";
import type { MethodForm } from "./forms.ts";
import type { Words } from "./words.ts";

const MARKS: Readonly<Record<Network, string>> = {
  visa: "VISA",
  mastercard: "Mastercard",
  amex: "AMEX",
  rupay: "RuPay",
  unknown: "",
};

export class CardForm implements MethodForm {
  readonly element = find<HTMLFormElement>("card-form");
  readonly #number = new Field(find<HTMLInputElement>("card-number-input"));
  readonly #expiry = new Field(find<HTMLInputElement>("expiry-input"));
  readonly #cvv = new Field(find<HTMLInputElement>("cvv-input"));
  readonly #holder = new Field(find<HTMLInputElement>("cardholder-name-input"));
  readonly #mark = find("card-network");

  constructor(private readonly words: Words) {
    keepGrouped(this.#number.control as HTMLInputElement, groupedNumber);
    keepGrouped(this.#expiry.control as HTMLInputElement, groupedExpiry);
    this.#number.control.addEventListener("input", () => this.#showNetwork());
  }

  read(): Readonly<Record<string, unknown>> | null {
    const expiry = readExpiry(this.#expiry.value);
    const isRight = judge([
      [this.#number, isCardNumber(this.#number.value) ? null : this.words.cardNumberWrong],
      [this.#expiry, this.#wrongWithExpiry()],
      [this.#cvv, isCvv(this.#cvv.value.trim(), this.#network) ? null : this.#cvvWrong],
    ]);
    if (!isRight || !expiry) return null;
    const holder = this.#holder.value.trim();
    return {
      card: {
        number: digitsOf(this.#number.value),
        expiry_month: expiry.month,
        expiry_year: expiry.year,
        cvv: this.#cvv.value.trim(),
        ...(holder ? { holder_name: holder } : {}),
      },
    };
  }

  complain(field: string | null, code: string): boolean {
    const { words } = this;
    if (field === "card.cvv") return !judge([[this.#cvv, this.#cvvWrong]]);
    if (code === "EXPIRED_CARD") return !judge([[this.#expiry, words.expiryPast]]);
    if (code !== "INVALID_CARD") return false;
    return !judge([[this.#number, words.cardNumberWrong]]);
  }

  forget(): void {
    this.#cvv.value = "";
  }

  get #network(): Network {
    return networkOf(digitsOf(this.#number.value));
  }

  get #cvvWrong(): string {
    return this.#network === "amex" ? this.words.cvvWrongAmex : this.words.cvvWrong;
  }

  #wrongWithExpiry(): string | null {
    const expiry = readExpiry(this.#expiry.value);
    if (!expiry) return this.words.expiryWrong;
    return isGood(expiry, new Date()) ? null : this.words.expiryPast;
  }

  #showNetwork(): void {
    const network = this.#network;
    this.#mark.textContent = MARKS[network];
    this.#mark.dataset["network"] = network;
    this.#cvv.control.setAttribute("maxlength", network === "amex" ? "4" : "3");
    if (network === "unknown") this.#cvv.control.setAttribute("maxlength", "4");
  }
}

/**
 * Regroup while somebody types, and leave the caret after the same digit.
 *
 * Not while they delete: a separator that came back at once could not be got past.
 */
function keepGrouped(input: HTMLInputElement, grouped: (text: string) => string): void {
  input.addEventListener("input", (event) => {
    const isDeleting = event instanceof InputEvent && event.inputType.startsWith("delete");
    const caret = input.selectionStart ?? input.value.length;
    const isAtEnd = caret === input.value.length;
    if (isDeleting && isAtEnd) return;
    const before = input.value.slice(0, caret).replace(/\D/g, "").length;
    const text = grouped(input.value);
    if (text === input.value) return;
    input.value = text;
    const place = isAtEnd ? text.length : afterDigits(text, before);
    input.setSelectionRange(place, place);
  });
}

function afterDigits(text: string, count: number): number {
  let seen = 0;
  let place = 0;
  while (place < text.length && seen < count) {
    if (/\d/.test(text.charAt(place))) seen += 1;
    place += 1;
  }
  return place;
}
