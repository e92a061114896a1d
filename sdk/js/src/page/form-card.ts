import type { Method } from "./api.ts";
import {
  cardRulesOf,
  codeDigitsOf,
  digitsIn,
  groupedExpiry,
  groupedNumber,
  isCardNumber,
  isCode,
  isGood,
  networkOf,
  numberIn,
  readExpiry,
  withAsciiDigits,
  type CardNetwork,
  type CardRules,
} from "./card.ts";
import { find } from "./dom.ts";
import { Field, judge } from "./field.ts";
import type { MethodForm } from "./forms.ts";
import type { Words } from "./words.ts";

/** A security code with this number of digits is on the front of the card. */
const CODE_DIGITS_ON_FRONT = 4;

export class CardForm implements MethodForm {
  readonly element = find<HTMLFormElement>("card-form");
  readonly #number = new Field(find<HTMLInputElement>("card-number-input"));
  readonly #expiry = new Field(find<HTMLInputElement>("expiry-input"));
  readonly #cvv = new Field(find<HTMLInputElement>("cvv-input"));
  readonly #holder = new Field(find<HTMLInputElement>("cardholder-name-input"));
  readonly #mark = find("card-network");
  readonly #rules: CardRules | null;

  /** @param now The gateway's time. */
  constructor(
    private readonly words: Words,
    method: Method,
    private readonly now: () => Date,
  ) {
    this.#rules = cardRulesOf(method.schema);
    keepGrouped(this.#number, (text) => groupedNumber(text, this.#rules));
    keepGrouped(this.#expiry, groupedExpiry, { whileDeleting: false });
    keepGrouped(this.#cvv, (text) => digitsIn(text).slice(0, this.#codeDigitsMax));
    this.#number.control.addEventListener("input", () => this.#showNetwork());
  }

  read(): Readonly<Record<string, unknown>> | null {
    const expiry = readExpiry(this.#expiry.value);
    const code = withAsciiDigits(this.#cvv.value.trim());
    const isNumber = isCardNumber(this.#number.value, this.#rules);
    const isRight = judge([
      [this.#number, isNumber ? null : this.words.cardNumberWrong],
      [this.#expiry, this.#wrongWithExpiry()],
      [this.#cvv, isCode(code, codeDigitsOf(this.#network, this.#rules)) ? null : this.#cvvWrong],
    ]);
    if (!isRight || !expiry) return null;
    const holder = this.#holder.value.trim();
    return {
      card: {
        number: numberIn(this.#number.value),
        expiry_month: expiry.month,
        expiry_year: expiry.year,
        cvv: code,
        ...(holder ? { holder_name: holder } : {}),
      },
    };
  }

  showError(field: string | null, code: string): boolean {
    const { words } = this;
    if (field === "card.cvv") return !judge([[this.#cvv, this.#cvvWrong]]);
    if (code === "EXPIRED_CARD") return !judge([[this.#expiry, words.expiryPast]]);
    if (code !== "INVALID_CARD") return false;
    return !judge([[this.#number, words.cardNumberWrong]]);
  }

  forget(): void {
    this.#cvv.value = "";
  }

  get #network(): CardNetwork | null {
    return networkOf(numberIn(this.#number.value), this.#rules);
  }

  get #codeDigitsMax(): number {
    return Math.max(...(codeDigitsOf(this.#network, this.#rules) ?? [Infinity]));
  }

  get #cvvWrong(): string {
    const isOnFront = this.#network?.security_code.usual === CODE_DIGITS_ON_FRONT;
    return isOnFront ? this.words.cvvWrongFront : this.words.cvvWrong;
  }

  #wrongWithExpiry(): string | null {
    const expiry = readExpiry(this.#expiry.value);
    if (!expiry) return this.words.expiryWrong;
    return isGood(expiry, this.#rules, this.now()) ? null : this.words.expiryPast;
  }

  #showNetwork(): void {
    const network = this.#network;
    this.#mark.textContent = network?.title ?? "";
    this.#mark.dataset["network"] = network?.name ?? "unknown";
  }
}

/**
 * Regroup the digits on input, and keep the caret after the same digit.
 *
 * Not while deleting at the end: a restored separator could never be deleted.
 */
function keepGrouped(
  { control }: Field,
  grouped: (text: string) => string,
  { whileDeleting = true } = {},
): void {
  const input = control as HTMLInputElement;
  const regroup = (event: Event): void => {
    const typing = event instanceof InputEvent ? event : null;
    // Text that is being composed belongs to the input method.
    if (typing?.isComposing) return;
    const isDeleting = typing?.inputType.startsWith("delete") ?? false;
    const caret = input.selectionStart ?? input.value.length;
    const isAtEnd = caret === input.value.length;
    if (isDeleting && (isAtEnd || !whileDeleting)) return;
    const before = digitsIn(input.value.slice(0, caret)).length;
    const text = grouped(input.value);
    if (text === input.value) return;
    input.value = text;
    const place = isAtEnd ? text.length : afterDigits(text, before);
    input.setSelectionRange(place, place);
  };
  input.addEventListener("input", regroup);
  input.addEventListener("compositionend", regroup);
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
