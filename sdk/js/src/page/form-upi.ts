import type { Method } from "./api.ts";
import { display, find } from "./dom.ts";
import { Field, judge } from "./field.ts";
import type { MethodForm } from "./forms.ts";
import { answerTo, questionsOf } from "./schema.ts";
import type { Words } from "./words.ts";

export class UpiForm implements MethodForm {
  readonly element = find<HTMLFormElement>("upi-form");
  readonly #vpa = new Field(find<HTMLInputElement>("vpa-input"));

  /** Chosen by its own button for one payment; else the form asks for the UPI ID. */
  #flow: "qr" | "intent" | null = null;

  constructor(
    private readonly words: Words,
    private readonly method: Method,
  ) {
    const { flows = [] } = method;
    // A link to an app is only useful on a phone.
    const isPhone = window.matchMedia("(pointer: coarse)").matches;
    const offers = { qr: flows.includes("qr"), intent: flows.includes("intent") && isPhone };
    display(find("upi-other"), offers.qr || offers.intent);
    this.#offer("open-app-button", "intent", offers.intent);
    this.#offer("show-qr-button", "qr", offers.qr);
  }

  read(): Readonly<Record<string, unknown>> | null {
    const flow = this.#flow;
    this.#flow = null;
    if (flow) return { flow };
    const vpa = this.#vpa.value.trim();
    return judge([[this.#vpa, this.#isRight(vpa) ? null : this.words.vpaWrong]]) ? { vpa } : null;
  }

  showError(field: string | null, code: string): boolean {
    const isMine = field === "vpa" || code === "INVALID_VPA";
    return isMine && !judge([[this.#vpa, this.words.vpaWrong]]);
  }

  /** By the rule that the gateway publishes with the method's schema. */
  #isRight(vpa: string): boolean {
    const questions = questionsOf(this.method.schema ?? {});
    const question = questions.find(({ path }) => path.join(".") === "vpa");
    return vpa !== "" && (!question || answerTo(question, vpa) !== null);
  }

  #offer(testId: string, flow: "qr" | "intent", isOffered: boolean): void {
    const button = find<HTMLButtonElement>(testId);
    display(button, isOffered);
    button.addEventListener("click", () => {
      this.#flow = flow;
      this.#vpa.clear();
      this.element.requestSubmit();
    });
  }

  forget(): void {
    // A UPI ID is no secret, and stays for the next attempt.
  }
}
