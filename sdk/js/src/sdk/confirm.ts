/** Asking the API itself: a message in a browser is no proof that money moved. */

import type { PaymentResult } from "./checkout.d.ts";

const PAUSE_MS = 1000;
const ANSWER_WITHIN_MS = 15_000;
/** After so many questions without an answer the merchant is told. */
const UNANSWERED_TRIES = 5;

/** The shopper's part is done in both; `authorized` waits for the merchant to capture. */
const PAID = new Set<unknown>(["success", "authorized"]);

export interface Question {
  readonly apiBase: string;
  readonly paymentId: string;
  readonly orderId: string;
  readonly clientSecret: string | null;
  /** Asked between tries. */
  readonly isWorthwhile: () => boolean;
  /** Called once, when the API has not answered for some tries. */
  readonly unanswered: () => void;
}

/** The payment once the API says it succeeded; null when it says otherwise. */
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
 * Pages replace theirs, for tracing for example, and a header that is added to each
 * request makes browsers refuse ours.
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
    // A header, never the address: servers and proxies write addresses into their logs.
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
  // Not enumerable: what a merchant logs or sends on is the data alone.
  return Object.defineProperty(result, "toString", { value: () => paymentId });
}
