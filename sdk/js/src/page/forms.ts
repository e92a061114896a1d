/** A form for each payment method. */

import type { Method } from "./api.ts";
import { CardForm } from "./form-card.ts";
import { SchemaForm } from "./form-schema.ts";
import { UpiForm } from "./form-upi.ts";
import type { Words } from "./words.ts";

export interface MethodForm {
  readonly element: HTMLFormElement;
  /** The method's fields of the request; null if one is invalid, which is then shown. */
  read(): Readonly<Record<string, unknown>> | null;
  /** Show an error of the gateway at its field; false if it has no field. */
  showError(field: string | null, code: string, sentence: string): boolean;
  /** Clear what must not be kept after an attempt. */
  forget(): void;
}

/** Returns the gateway's time. */
export type Now = () => Date;

/** Forms for known methods; all others are created from the schema. */
const KNOWN: Readonly<Record<string, new (words: Words, method: Method, now: Now) => MethodForm>> = {
  upi: UpiForm,
  card: CardForm,
};

export function formFor(method: Method, words: Words, now: Now): MethodForm {
  const Known = KNOWN[method.name];
  return Known ? new Known(words, method, now) : new SchemaForm(method, words);
}
