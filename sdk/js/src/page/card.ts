/**
 * Checks of a card before it is sent. The gateway publishes the rules with the method's schema;
 * this page has none of its own.
 */

import type { Schema } from "./schema.ts";

export interface CardNetwork {
  readonly name: string;
  readonly title: string;
  /** First and last prefix of its numbers, with the same length. */
  readonly ranges: readonly (readonly [string, string])[];
  /** How its numbers are grouped. */
  readonly groups: readonly number[];
  readonly security_code: { readonly digits: readonly number[]; readonly usual: number };
}

/** `x-card` of the schema. */
export interface CardRules {
  readonly number: { readonly digits_min: number; readonly digits_max: number };
  readonly expiry: { readonly utc_offset_hours: number; readonly years_ahead_max: number };
  /** Rules of cards of an unknown network. */
  readonly security_code: { readonly digits: readonly number[] };
  readonly networks: readonly CardNetwork[];
}

/** The published rules; null if the gateway publishes none and validates alone. */
export function cardRulesOf(schema: Schema | undefined): CardRules | null {
  return schema?.["x-card"] ?? null;
}

const GROUPS_USUAL = [4, 4, 4, 4] as const;
const HOUR_MS = 3_600_000;

/** The same text with the decimal digits of every script written as 0 to 9. */
export function withAsciiDigits(text: string): string {
  return text.replace(/\p{Nd}/gu, (digit) => String(valueOf(digit)));
}

/** Unicode keeps the ten digits of a script together, from zero to nine. */
function valueOf(digit: string): number {
  const code = digit.codePointAt(0) ?? 0;
  let before = 0;
  while (/\p{Nd}/u.test(String.fromCodePoint(code - before - 1))) before += 1;
  return before % 10;
}

export function digitsIn(text: string): string {
  return withAsciiDigits(text).replace(/\D/g, "");
}

/** Removes separators of a card number; other characters stay and are invalid. */
export function numberIn(text: string): string {
  return withAsciiDigits(text).replace(/[\s-]/g, "");
}

export function networkOf(digits: string, rules: CardRules | null): CardNetwork | null {
  const isIn = ([first, last]: readonly [string, string]): boolean => {
    const begin = digits.slice(0, first.length);
    return begin.length === first.length && first <= begin && begin <= last;
  };
  return rules?.networks.find(({ ranges }) => ranges.some(isIn)) ?? null;
}

/** As printed on the card. */
export function groupedNumber(text: string, rules: CardRules | null): string {
  const digits = digitsIn(text).slice(0, rules?.number.digits_max);
  const parts: string[] = [];
  let rest = digits;
  for (const size of networkOf(digits, rules)?.groups ?? GROUPS_USUAL) {
    if (rest) parts.push(rest.slice(0, size));
    rest = rest.slice(size);
  }
  return [...parts, ...(rest ? [rest] : [])].join(" ");
}

export function isCardNumber(text: string, rules: CardRules | null): boolean {
  const digits = numberIn(text);
  if (!/^[0-9]+$/.test(digits)) return false;
  if (!rules) return true;
  const { digits_min: min, digits_max: max } = rules.number;
  return digits.length >= min && digits.length <= max && passesLuhn(digits);
}

/** ISO/IEC 7812-1, annex B. */
function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (let place = 0; place < digits.length; place += 1) {
    const digit = Number(digits[digits.length - 1 - place]);
    const doubled = place % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

// Separators between month and year.
const SEPARATOR = String.raw`\s*[/.⁄∕／\-–\s]\s*`;
const MONTH_FIRST = new RegExp(String.raw`^\s*(\d{1,2})${SEPARATOR}(\d*)`);
const YEAR_FIRST = new RegExp(String.raw`^\s*(20\d{2})(?:${SEPARATOR})?(0?[1-9]|1[0-2])\s*$`);

/**
 * Formats an input as `MM/YY`: the slash is added, and `1/` and `7` can only be January and
 * July. Text that is not a date is not changed.
 */
export function groupedExpiry(text: string): string {
  const typed = withAsciiDigits(text);
  const [, yearFirst, itsMonth] = YEAR_FIRST.exec(typed) ?? [];
  if (yearFirst && itsMonth) return `${itsMonth.padStart(2, "0")}/${yearFirst}`;
  const [, month, year] = MONTH_FIRST.exec(typed) ?? [];
  if (month !== undefined) return `${monthOf(month)}/${yearIn(year ?? "")}`;
  const digits = typed.trim();
  if (/\D/.test(digits)) return typed;
  const whole = /^[2-9]/.test(digits) ? `0${digits}` : digits;
  return whole.length > 2 ? `${whole.slice(0, 2)}/${yearIn(whole.slice(2))}` : whole;
}

function monthOf(digits: string): string {
  return /^[1-9]$/.test(digits) ? `0${digits}` : digits;
}

/** Two digits, or four that begin with 20. */
function yearIn(digits: string): string {
  return digits.slice(0, digits.length > 2 && digits.startsWith("20") ? 4 : 2);
}

export interface Expiry {
  readonly month: string;
  readonly year: string;
}

/** Month and year of two and four digits; null if it is not a date. */
export function readExpiry(text: string): Expiry | null {
  const match = /^(0[1-9]|1[0-2])\/((?:20)?[0-9]{2})$/.exec(groupedExpiry(text));
  if (!match?.[1] || !match[2]) return null;
  return { month: match[1], year: match[2].length === 2 ? `20${match[2]}` : match[2] };
}

/**
 * Whether the card is valid: until its month has ended in the last time zone.
 *
 * @param now The gateway's time.
 */
export function isGood({ month, year }: Expiry, rules: CardRules | null, now: Date): boolean {
  if (!rules) return true;
  const { utc_offset_hours: hours, years_ahead_max: years } = rules.expiry;
  const there = new Date(now.getTime() + hours * HOUR_MS);
  const thisMonth = there.getUTCFullYear() * 12 + there.getUTCMonth() + 1;
  const isPast = Number(year) * 12 + Number(month) < thisMonth;
  return !isPast && Number(year) <= now.getUTCFullYear() + years;
}

/** How many digits the security code may have; null where no rules say. */
export function codeDigitsOf(
  network: CardNetwork | null,
  rules: CardRules | null,
): readonly number[] | null {
  return (network ?? rules)?.security_code.digits ?? null;
}

export function isCode(text: string, digits: readonly number[] | null): boolean {
  return /^[0-9]+$/.test(text) && (digits?.includes(text.length) ?? true);
}
