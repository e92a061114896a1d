/** What is to know about cards before one is sent: the same rules as the gateway's. */

export type Network = "visa" | "mastercard" | "amex" | "rupay" | "unknown";

const DIGITS_MIN = 13;
const DIGITS_MAX = 19;
const YEARS_AHEAD_MAX = 50;

export function digitsOf(text: string): string {
  return text.replace(/[\s-]/g, "");
}

export function networkOf(digits: string): Network {
  const two = Number(digits.slice(0, 2));
  if (digits.startsWith("4")) return "visa";
  if (digits.length < 2) return "unknown";
  if (two >= 51 && two <= 55) return "mastercard";
  if (two === 34 || two === 37) return "amex";
  if (two === 60 || two === 65 || (two >= 81 && two <= 89)) return "rupay";
  return "unknown";
}

/** As printed on the card: 4-4-4-4, American Express 4-6-5. */
export function groupedNumber(text: string): string {
  const digits = text.replace(/\D/g, "").slice(0, DIGITS_MAX);
  const groups =
    networkOf(digits) === "amex" ? [4, 6, 5, 4] : Array.from({ length: 5 }, () => 4);
  const parts: string[] = [];
  let start = 0;
  for (const size of groups) {
    if (start < digits.length) parts.push(digits.slice(start, start + size));
    start += size;
  }
  return parts.join(" ");
}

export function isCardNumber(text: string): boolean {
  const digits = digitsOf(text);
  const hasLength = digits.length >= DIGITS_MIN && digits.length <= DIGITS_MAX;
  return hasLength && /^[0-9]+$/.test(digits) && passesLuhn(digits);
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

/** Put the slash in while a date is typed; `7` can only be July. */
export function groupedExpiry(text: string): string {
  const typed = text.replace(/\D/g, "");
  const digits = /^[2-9]/.test(typed) ? `0${typed}` : typed;
  const year = digits.slice(2, digits.length > 4 && digits.slice(2, 4) === "20" ? 6 : 4);
  return digits.length > 2 || /^\d{2}\s*\//.test(text) ? `${digits.slice(0, 2)}/${year}` : digits;
}

export interface Expiry {
  readonly month: string;
  readonly year: string;
}

/** `MM/YY` or `MM/YYYY`; null for what is no date. */
export function readExpiry(text: string): Expiry | null {
  const match = /^\s*(0?[1-9]|1[0-2])\s*\/\s*((?:[0-9]{2})?[0-9]{2})\s*$/.exec(text);
  if (!match?.[1] || !match[2]) return null;
  return { month: match[1].padStart(2, "0"), year: match[2].length === 2 ? `20${match[2]}` : match[2] };
}

/** A card is good through the last moment of its month. */
export function isGood({ month, year }: Expiry, now: Date): boolean {
  const months = Number(year) * 12 + Number(month);
  const thisMonth = now.getFullYear() * 12 + now.getMonth() + 1;
  return months >= thisMonth && Number(year) <= now.getFullYear() + YEARS_AHEAD_MAX;
}

export function isCvv(text: string, network: Network): boolean {
  if (network === "unknown") return /^[0-9]{3,4}$/.test(text);
  return new RegExp(`^[0-9]{${network === "amex" ? 4 : 3}}$`).test(text);
}
