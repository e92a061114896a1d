/** A form created from a method's JSON Schema, so that a new method needs no change here. */

import type { Method } from "./api.ts";
import { make } from "./dom.ts";
import { Field, judge, type Control } from "./field.ts";
import type { MethodForm } from "./forms.ts";
import { answerTo, place, questionsOf, type Question } from "./schema.ts";
import type { Words } from "./words.ts";

interface Asked {
  readonly question: Question;
  readonly field: Field;
}

export class SchemaForm implements MethodForm {
  readonly element: HTMLFormElement;
  readonly #asked: readonly Asked[];

  constructor(
    method: Method,
    private readonly words: Words,
  ) {
    const questions = questionsOf(method.schema ?? {});
    const controls = questions.map((question) => controlFor(question, method.name));
    const button = make("button", { "data-test-id": "pay-button", class: "pay", type: "submit" });
    const rows = questions.map((question, at) => row(question, controls[at] as Control));
    this.element = make(
      "form",
      { "data-test-id": `${method.name}-form`, class: "form", novalidate: true },
      [...rows, button],
    );
    this.#asked = questions.map((question, at) => ({
      question,
      field: new Field(controls[at] as Control),
    }));
  }

  read(): Readonly<Record<string, unknown>> | null {
    const details: Record<string, unknown> = {};
    const errors = this.#asked.map(({ question, field }): readonly [Field, string | null] => {
      const answer = answerTo(question, typedIn(field.control));
      if (answer === undefined) {
        return [field, question.isRequired ? this.words.fieldMissing : null];
      }
      if (answer === null) return [field, this.words.fieldWrong];
      place(details, question.path, answer);
      return [field, null];
    });
    return judge(errors) ? details : null;
  }

  showError(field: string | null, _code: string, sentence: string): boolean {
    const asked = this.#asked.find(({ question }) => question.path.join(".") === field);
    return asked !== undefined && !judge([[asked.field, sentence || this.words.fieldWrong]]);
  }

  forget(): void {
    for (const { question, field } of this.#asked) {
      if (question.schema.writeOnly) field.value = "";
    }
  }
}

function row(question: Question, control: Control): HTMLElement {
  const label = make("label", { for: control.id }, [question.label]);
  if (question.kind === "yesno") return make("div", { class: "field check" }, [control, label]);
  const parts = [label, control];
  if (!question.hint) return make("div", { class: "field" }, parts);
  const hint = make("p", { class: "hint", id: `${control.id}-hint` }, [question.hint]);
  control.setAttribute("aria-describedby", hint.id);
  return make("div", { class: "field" }, [...parts, hint]);
}

function controlFor(question: Question, method: string): Control {
  const name = question.path.join("-");
  const shared = {
    id: `${method}-${name}`,
    "data-test-id": `${method}-${name}-input`,
    required: question.isRequired,
  };
  const { schema, kind } = question;
  const given = schema.default === undefined ? "" : String(schema.default);
  if (kind === "choice") return choice(schema.enum ?? [], given, question.isRequired, shared);
  if (kind === "yesno") {
    return make("input", { ...shared, type: "checkbox", checked: given === "true" });
  }
  const example = schema.examples?.[0];
  return make("input", {
    ...shared,
    type: typeFor(schema.format, schema.writeOnly ?? false),
    inputmode: kind === "text" ? undefined : kind === "whole" ? "numeric" : "decimal",
    maxlength: schema.maxLength === undefined ? undefined : String(schema.maxLength),
    placeholder: example === undefined ? undefined : String(example),
    value: given,
    autocomplete: schema.writeOnly ? "off" : undefined,
  });
}

function choice(
  answers: readonly unknown[],
  given: string,
  isRequired: boolean,
  attributes: Readonly<Record<string, string | boolean>>,
): HTMLSelectElement {
  const none = isRequired && given ? [] : [make("option", { value: "" }, ["–"])];
  const options = answers.map((answer) => {
    const text = String(answer);
    return make("option", { value: text, selected: text === given }, [text]);
  });
  return make("select", attributes, [...none, ...options]);
}

function typeFor(format: string | undefined, isSecret: boolean): string {
  if (isSecret || format === "password") return "password";
  const types: Readonly<Record<string, string>> = { email: "email", date: "date", uri: "url" };
  return types[format ?? ""] ?? "text";
}

function typedIn(control: Control): string {
  const isBox = control instanceof HTMLInputElement && control.type === "checkbox";
  return isBox ? String(control.checked) : control.value;
}
