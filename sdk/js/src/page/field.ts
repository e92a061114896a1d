/** An input with its label and its error. */

import { make } from "./dom.ts";

export type Control = HTMLInputElement | HTMLSelectElement;

let lastNumber = 0;

export class Field {
  readonly #error: HTMLElement;

  constructor(readonly control: Control) {
    lastNumber += 1;
    this.#error = make("p", { class: "field-error", id: `error-${lastNumber}`, hidden: true });
    (control.closest(".field") ?? control).append(this.#error);
    control.addEventListener("input", () => this.clear());
  }

  get value(): string {
    return this.control.value;
  }

  set value(text: string) {
    this.control.value = text;
  }

  fail(sentence: string): void {
    this.#error.textContent = sentence;
    this.#error.hidden = false;
    this.control.setAttribute("aria-invalid", "true");
    this.#describe(true);
  }

  clear(): void {
    this.#error.hidden = true;
    this.control.removeAttribute("aria-invalid");
    this.#describe(false);
  }

  #describe(isWrong: boolean): void {
    const ids = new Set((this.control.getAttribute("aria-describedby") ?? "").split(" "));
    ids.delete("");
    if (isWrong) ids.add(this.#error.id);
    else ids.delete(this.#error.id);
    if (ids.size > 0) this.control.setAttribute("aria-describedby", [...ids].join(" "));
    else this.control.removeAttribute("aria-describedby");
  }
}

/** Show the errors and focus the first; true if there are none. */
export function judge(errors: readonly (readonly [Field, string | null])[]): boolean {
  let first: Field | null = null;
  for (const [field, sentence] of errors) {
    if (sentence === null) {
      field.clear();
    } else {
      field.fail(sentence);
      first ??= field;
    }
  }
  first?.control.focus();
  return first === null;
}
