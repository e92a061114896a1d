/** Confirms a payment with the API: a message in a browser is no proof. */

import type { PaymentResult } from "./checkout.d.ts";

const PAUSE_MS = 1000;
const ANSWER_WITHIN_MS = 15_000;
/** After so many requests without a response `onUnconfirmed` is called. */
const UNANSWERED_TRIES = 5;

/** The shopper has paid in both; `authorized` waits for a capture. */
const PAID = new Set<unknown>(["success", "authorized"]);

export interface Question {
  readonly apiBase: string;
  readonly paymentId: string;
  readonly orderId: string;
  readonly clientSecret: string | null;
  /** Checked between attempts. */
  readonly isWorthwhile: () => boolean;
  /** Called once, if the API has not responded to some attempts. */
  readonly unanswered: () => void;
}

/** Returns the payment when the API reports its success; null if it reports a failure. */
export async function confirm(question: Question): Promise<PaymentResult | null> {
  const browser = unpatchedFetch();
  try {
    return await confirmWith(browser.fetch, question);
  } finally {
    browser.release();
  }
}

async function confirmWith(ask: typeof fetch, question: Question): Promise<PaymentResult | null> {
  for (let tries = 1; ; tries += 1) {
    const payment = await answerTo(ask, question);
    if (payment === "refused") return null;
    if (payment !== "unknown") {
      if (payment["id"] !== question.paymentId) return null;
      if (![payment["order_id"], payment["order_receipt"]].includes(question.orderId)) return null;
      if (PAID.has(payment["status"])) return resultOf(payment);
      if (payment["status"] !== "pending") return null;
    } else if (tries === UNANSWERED_TRIES) {
      question.unanswered();
    }
    if (!question.isWorthwhile()) return null;
    await new Promise((resume) => setTimeout(resume, PAUSE_MS));
  }
}

/**
 * The browser's own `fetch`, from an empty frame.
 *
 * Pages may replace theirs, for example for tracing, and browsers block our requests if a
 * header is added.
 */
function unpatchedFetch(): { readonly fetch: typeof fetch; readonly release: () => void } {
  const frame = document.createElement("iframe");
  frame.hidden = true;
  frame.style.display = "none";
  document.body.append(frame);
  const own = frame.contentWindow as (Window & typeof globalThis) | null;
  return {
    fetch: own ? own.fetch.bind(own) : fetch,
    release: () => frame.remove(),
  };
}

async function answerTo(
  ask: typeof fetch,
  { apiBase, paymentId, clientSecret }: Question,
): Promise<Readonly<Record<string, unknown>> | "refused" | "unknown"> {
  try {
    const address = new URL(`/api/v1/payments/${encodeURIComponent(paymentId)}/public`, apiBase);
    // A header, never the URL: servers and proxies log URLs.
    const headers: HeadersInit = clientSecret ? { "X-Client-Secret": clientSecret } : {};
    const answer = await ask(address.href, {
      headers,
      credentials: "omit",
      cache: "no-store",
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
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
  // Not enumerable: logs and copies of the result only contain data.
  return Object.defineProperty(result, "toString", { value: () => paymentId });
}
