/** The part of JSON Schema that payment forms support. */

import type { CardRules } from "./card.ts";

export interface Schema {
  readonly type?: string | readonly string[];
  readonly title?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly format?: string;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly writeOnly?: boolean;
  readonly anyOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Schema>>;
  /** The card rules of a card method. */
  readonly "x-card"?: CardRules;
}

export type Kind = "text" | "whole" | "number" | "yesno" | "choice";

/** One field of the form. */
export interface Question {
  /** Where the answer goes, for example `["card", "number"]`. */
  readonly path: readonly string[];
  readonly label: string;
  readonly hint: string | null;
  readonly kind: Kind;
  readonly isRequired: boolean;
  readonly schema: Schema;
}

const DEPTH_MAX = 4;

/** The fields of a schema, in order; constants are omitted. */
export function questionsOf(schema: Schema): readonly Question[] {
  return walk(schema, schema, [], DEPTH_MAX);
}

function walk(
  root: Schema,
  given: Schema,
  path: readonly string[],
  depth: number,
): readonly Question[] {
  const schema = resolved(root, given);
  const required = new Set(schema.required ?? []);
  const questions: Question[] = [];
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const inner = resolved(root, property);
    const here = [...path, name];
    if (inner.const !== undefined) continue;
    if (inner.properties && depth > 0) questions.push(...walk(root, inner, here, depth - 1));
    else questions.push(question(here, inner, required.has(name)));
  }
  return questions;
}

function question(path: readonly string[], schema: Schema, isRequired: boolean): Question {
  return {
    path,
    label: schema.title ?? titled(path.at(-1) ?? ""),
    hint: schema.description ?? null,
    kind: kindOf(schema),
    isRequired,
    schema,
  };
}

/** Follow references into `$defs`, and take the first of several that is not null. */
function resolved(root: Schema, schema: Schema): Schema {
  const name = /^#\/\$defs\/(.+)$/.exec(schema.$ref ?? "")?.[1];
  const referred = name === undefined ? undefined : root.$defs?.[name];
  const inner = referred ?? schema.allOf?.[0] ?? schema.anyOf?.find((one) => one.type !== "null");
  if (!inner) return schema;
  const { $ref: _ref, allOf: _all, anyOf: _any, ...own } = schema;
  return { ...resolved(root, inner), ...own };
}

function kindOf(schema: Schema): Kind {
  if (schema.enum) return "choice";
  const types = typeof schema.type === "string" ? [schema.type] : (schema.type ?? ["string"]);
  if (types.includes("string")) return "text";
  if (types.includes("boolean")) return "yesno";
  if (types.includes("integer")) return "whole";
  return types.includes("number") ? "number" : "text";
}

/** `account_number` → `Account number` */
function titled(name: string): string {
  const words = name.replace(/_/g, " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** The input as JSON; undefined if empty, null if invalid. */
export function answerTo(question: Question, typed: string): unknown {
  const text = typed.trim();
  const { schema, kind } = question;
  if (text === "") return undefined;
  if (kind === "choice") return schema.enum?.find((one) => String(one) === text) ?? null;
  if (kind === "yesno") return text === "true";
  if (kind === "whole" || kind === "number") return numberIn(schema, text, kind === "whole");
  const isLong = text.length >= (schema.minLength ?? 0);
  const isShort = text.length <= (schema.maxLength ?? Infinity);
  return isLong && isShort && matches(schema.pattern, text) ? text : null;
}

function numberIn(schema: Schema, text: string, isWhole: boolean): number | null {
  const value = Number(text);
  const isRight =
    Number.isFinite(value) &&
    (!isWhole || Number.isInteger(value)) &&
    value >= (schema.minimum ?? -Infinity) &&
    value <= (schema.maximum ?? Infinity);
  return isRight ? value : null;
}

/** A pattern in another regular expression syntax is only checked by the gateway. */
function matches(pattern: string | undefined, text: string): boolean {
  if (!pattern) return true;
  try {
    return new RegExp(pattern, "u").test(text);
  } catch {
    return true;
  }
}

/** Set a value at a path. */
export function place(into: Record<string, unknown>, path: readonly string[], answer: unknown): void {
  const [first, ...rest] = path;
  if (first === undefined) return;
  if (rest.length === 0) {
    into[first] = answer;
    return;
  }
  const inner = (into[first] ??= {}) as Record<string, unknown>;
  place(inner, rest, answer);
}
