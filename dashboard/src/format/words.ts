/** Texts for the API's codes. */

import type { Payment } from "../api/schema";

const SUBSTATUS: Record<string, string> = {
  pending: "waiting for a worker",
  processing: "with the processor",
  unknown: "outcome unknown, being queried",
  authorized: "authorized, to be captured",
  capturing: "being captured",
  voiding: "being voided",
  cancelled: "voided",
};

const NETWORKS: Record<string, string> = {
  visa: "Visa",
  mastercard: "Mastercard",
  amex: "American Express",
  rupay: "RuPay",
  discover: "Discover",
  diners: "Diners Club",
  jcb: "JCB",
  unionpay: "UnionPay",
  maestro: "Maestro",
  unknown: "Card",
};

const METHODS: Record<string, string> = { upi: "UPI", card: "Card" };

interface Decline {
  title: string;
  advice: string;
}

const DECLINES: Record<string, Decline> = {
  declined: {
    title: "Declined by the bank",
    advice: "The bank gave no reason. The payer may try again, or use another method.",
  },
  insufficient_funds: {
    title: "Insufficient funds",
    advice: "The payer’s balance is too low. Later, or another method, may work.",
  },
  payer_rejected: {
    title: "Rejected by the payer",
    advice: "They declined in their UPI app. A new attempt is safe.",
  },
  payer_timed_out: {
    title: "The payer did not respond",
    advice: "Nothing was approved in their UPI app in time. A new attempt is safe.",
  },
  expired_instrument: { title: "The card has expired", advice: "Another card is needed." },
  invalid_instrument: {
    title: "Unknown to the bank",
    advice: "The bank does not know this instrument. The payer should check their input.",
  },
  blocked_instrument: { title: "The card is blocked", advice: "Another card is needed." },
  limit_exceeded: {
    title: "Above the payer’s limit",
    advice: "A smaller amount or another method may work.",
  },
  authentication_failed: {
    title: "The payer was not authenticated",
    advice: "Authentication failed. A new attempt is safe.",
  },
  suspected_fraud: {
    title: "Suspected fraud",
    advice: "The bank suspects fraud. Do not try this instrument again.",
  },
  issuer_unavailable: {
    title: "The payer’s bank is unavailable",
    advice: "Later, or another method, may work.",
  },
  processing_error: {
    title: "Processor error",
    advice: "The processor had an internal error. A new attempt is safe.",
  },
};

/** The state of a pending payment; null for a final one. */
export function detailOf(payment: Payment): string | null {
  return SUBSTATUS[payment.substatus] ?? null;
}

/** The part of the instrument that may be shown: a VPA, or a card's network and last digits. */
export function instrumentOf(payment: Payment): string {
  if (payment.vpa) return payment.vpa;
  if (payment.card_last4) {
    const network = payment.card_network ?? "unknown";
    return `${NETWORKS[network] ?? network} •••• ${payment.card_last4}`;
  }
  return methodName(payment.method);
}

export function methodName(method: string): string {
  return METHODS[method] ?? method;
}

/** Why a payment failed, in a few words; codes of plugins have the API's description. */
export function reasonOf(payment: Payment): string {
  const known = payment.decline_code ? DECLINES[payment.decline_code] : undefined;
  return known?.title ?? payment.error_description ?? "Declined";
}

/** A decline code in a few words; a code of a plugin is not changed. */
export function declineName(code: string): string {
  return DECLINES[code]?.title ?? code;
}

/** Advice for the merchant; null for codes of plugins. */
export function adviceOn(payment: Payment): string | null {
  return (payment.decline_code && DECLINES[payment.decline_code]?.advice) || null;
}

/** `3 payments`, `1 payment`. */
export function count(number: number, thing: string): string {
  return `${number.toLocaleString("en-IN")} ${thing}${number === 1 ? "" : "s"}`;
}
