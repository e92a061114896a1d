/** A form for each way to pay. */

import type { Method } from "./api.ts";
import { CardForm } from "./form-card.ts";
import { SchemaForm } from "./form-schema.ts";
import { UpiForm } from "./form-upi.ts";
import type { Words } from "./words.ts";

export interface MethodForm {
  readonly element: HTMLFormElement;
  /** The method's part of the request; null when something is wrong, which it then shows. */
  read(): Readonly<Record<string, unknown>> | null;
  /** Show at its field what the gateway refused; false when it belongs to none. */
  complain(field: string | null, code: string, sentence: string): boolean;
  /** Forget what must not outlive a try. */
  forget(): void;
}

/** Tells the gateway's time. */
export type Now = () => Date;

/** The forms that know their method; every other one is drawn from its schema. */
const KNOWN: Readonly<Record<string, new (words: Words, method: Method, now: Now) => MethodForm>> = {
  upi: UpiForm,
  card: CardForm,
};

export function formFor(method: Method, words: Words, now: Now): MethodForm {
  const Known = KNOWN[method.name];
  return Known ? new Known(words, method, now) : new SchemaForm(method, words);
}
