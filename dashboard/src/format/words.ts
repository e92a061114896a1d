/** The wire's words in people's. */

import type { Payment } from "../api/schema";

const SUBSTATUS: Record<string, string> = {
  pending: "waiting for a worker",
  processing: "with the processor",
  unknown: "outcome unknown, being asked for",
  authorized: "held, to be captured",
  capturing: "being captured",
  voiding: "being released",
  cancelled: "the hold was released",
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
    advice: "They pressed “decline” in their UPI app. A new try is safe.",
  },
  payer_timed_out: {
    title: "The payer did not answer",
    advice: "Nothing was approved in their UPI app in time. A new try is safe.",
  },
  expired_instrument: { title: "The card has expired", advice: "Another card is needed." },
  invalid_instrument: {
    title: "Unknown to the bank",
    advice: "The bank does not know this instrument. The payer should check what they typed.",
  },
  blocked_instrument: { title: "The card is blocked", advice: "Another card is needed." },
  limit_exceeded: {
    title: "Above the payer’s limit",
    advice: "A smaller amount or another method may work.",
  },
  authentication_failed: {
    title: "The payer was not authenticated",
    advice: "They failed to prove who they are. A new try is safe.",
  },
  suspected_fraud: {
    title: "Suspected fraud",
    advice: "The bank suspects fraud. Do not try this instrument again.",
  },
  issuer_unavailable: {
    title: "The payer’s bank cannot be reached",
    advice: "Later, or another method, may work.",
  },
  processing_error: {
    title: "Fault at the processor",
    advice: "The processor had a fault of its own. A new try is safe.",
  },
};

/** Where an undecided payment stands; null for a decided one. */
export function detailOf(payment: Payment): string | null {
  return SUBSTATUS[payment.substatus] ?? null;
}

/** What of the instrument may be shown: a VPA, or a card's network and last digits. */
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

/** Why a payment failed, in a few words; a plugin's own codes come as the API described them. */
export function reasonOf(payment: Payment): string {
  const known = payment.decline_code ? DECLINES[payment.decline_code] : undefined;
  return known?.title ?? payment.error_description ?? "Declined";
}

/** A decline code in a few words; a code only a plugin knows stays as it is. */
export function declineName(code: string): string {
  return DECLINES[code]?.title ?? code;
}

/** What a merchant can do about it; null for codes that only a plugin knows. */
export function adviceOn(payment: Payment): string | null {
  return (payment.decline_code && DECLINES[payment.decline_code]?.advice) || null;
}

/** `3 payments`, `1 payment`. */
export function count(number: number, thing: string): string {
  return `${number.toLocaleString("en-IN")} ${thing}${number === 1 ? "" : "s"}`;
}
