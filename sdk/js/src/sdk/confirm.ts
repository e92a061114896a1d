/** Asking the API itself: a message in a browser is no proof that money moved. */

import type { PaymentResult } from "./checkout.d.ts";

const PAUSE_MS = 1000;

/** The shopper's part is done in both; `authorized` waits for the merchant to capture. */
const PAID = new Set<unknown>(["success", "authorized"]);

export interface Question {
  readonly apiBase: string;
  readonly paymentId: string;
  readonly orderId: string;
  readonly clientSecret: string | null;
  /** Asked between tries. */
  readonly isWorthwhile: () => boolean;
}

/** The payment once the API says it succeeded; null when it says otherwise. */
export async function confirm(question: Question): Promise<PaymentResult | null> {
  for (;;) {
    const payment = await ask(question);
    if (payment === "refused") return null;
    if (payment !== "unknown") {
      if (payment["order_id"] !== question.orderId) return null;
      if (PAID.has(payment["status"])) return resultOf(payment);
      if (payment["status"] !== "pending") return null;
    }
    if (!question.isWorthwhile()) return null;
    await new Promise((resume) => setTimeout(resume, PAUSE_MS));
  }
}

async function ask(
  question: Question,
): Promise<Readonly<Record<string, unknown>> | "refused" | "unknown"> {
  const { apiBase, paymentId, clientSecret } = question;
  const address = new URL(`/api/v1/payments/${encodeURIComponent(paymentId)}/public`, apiBase);
  if (clientSecret) address.searchParams.set("client_secret", clientSecret);
  try {
    const answer = await fetch(address, { credentials: "omit", cache: "no-store" });
    if (answer.ok) return (await answer.json()) as Record<string, unknown>;
    return answer.status < 500 && answer.status !== 429 ? "refused" : "unknown";
  } catch {
    return "unknown";
  }
}

function resultOf(payment: Readonly<Record<string, unknown>>): PaymentResult {
  const paymentId = String(payment["id"]);
  const result = {
    paymentId,
    id: paymentId,
    status: String(payment["status"]),
    orderId: String(payment["order_id"]),
    amount: Number(payment["amount"]),
    currency: String(payment["currency"]),
  };
  // Not enumerable: what a merchant logs or sends on is the data alone.
  return Object.defineProperty(result, "toString", { value: () => paymentId });
}
