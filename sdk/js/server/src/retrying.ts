import { type Call, mayRepeat } from "./calls.js";
import {
  type ApiError,
  ConnectionFailedError,
  UnexpectedResponseError,
  errorOfResponse,
} from "./errors.js";

/**
 * When a failed request is sent again.
 *
 * A request is sent again if that is safe: it was never sent, a rate limit refused it (429), or it
 * is a GET or has an idempotency key and met a broken connection, 408, 409 (the key is in
 * progress), or 5xx. The pause doubles from retry to retry, and is at least the response's
 * `Retry-After`.
 */
export interface RetryPolicy {
  /** Attempts after the first; 0 sends everything once. */
  retriesMax: number;
  /**
   * Pause before the first retry. Each is shortened at random by up to a half, so that many
   * clients do not return at once.
   */
  firstPauseMs: number;
  /** No pause is longer, unless `Retry-After` asks for it. */
  longestPauseMs: number;
  /**
   * No retry begins later than this after the first attempt. A `Retry-After` beyond it raises the
   * error at once.
   */
  totalMs: number;
}

export const RETRY_POLICY: RetryPolicy = {
  retriesMax: 4,
  firstPauseMs: 500,
  longestPauseMs: 8_000,
  totalMs: 60_000,
};

// The request was not sent: there was no connection.
const NEVER_SENT = new Set([
  "ECONNREFUSED",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "UND_ERR_CONNECT_TIMEOUT",
]);

/** An error response. */
export interface Refusal {
  status: number;
  headers: { get(name: string): string | null };
  text: string;
}

/** The attempts of one request. */
export class Attempts {
  readonly #call: Call;
  readonly #policy: RetryPolicy;
  readonly #beganMs = performance.now();
  #retries = 0;

  constructor(call: Call, policy: RetryPolicy) {
    this.#call = call;
    this.#policy = policy;
  }

  /** Return the pause before the next attempt; without one, throw the error of the response. */
  pauseAfterResponse(response: Refusal): number {
    if (response.status < 400) {
      throw new UnexpectedResponseError(
        `${this.#call.verb} ${this.#call.path}: answered ${response.status}; ` +
          "baseUrl may be that of another server",
      );
    }
    const error = errorOfResponse(response.status, parsed(response.text), {
      reason: response.headers.get("Paygate-Reason"),
      requestId: response.headers.get("X-Request-Id"),
      idempotencyKey: this.#call.idempotencyKey ?? null,
      retryAfterMs: millisecondsOf(response.headers.get("Retry-After")),
    });
    const pauseMs = this.#mayFollow(error) ? this.#pauseMs(error.retryAfterMs) : null;
    if (pauseMs === null) throw error;
    return pauseMs;
  }

  /** Return the pause before the next attempt; without one, throw that no response came. */
  pauseAfterFailure(failure: unknown): number {
    const name = codeOf(failure);
    const isSafe = NEVER_SENT.has(name) || mayRepeat(this.#call);
    const pauseMs = isSafe ? this.#pauseMs(null) : null;
    if (pauseMs === null) {
      const times = this.#retries + 1;
      throw new ConnectionFailedError(
        `${this.#call.verb} ${this.#call.path}: no response after ${times} ` +
          `${times === 1 ? "attempt" : "attempts"} (${name})`,
        this.#call.idempotencyKey ?? null,
        failure,
      );
    }
    return pauseMs;
  }

  #mayFollow(error: ApiError): boolean {
    // Refused before anything was done.
    if (error.status === 429) return true;
    if (error.status === 409) return error.code === "IDEMPOTENCY_IN_PROGRESS";
    return (error.status === 408 || error.status >= 500) && mayRepeat(this.#call);
  }

  #pauseMs(askedMs: number | null): number | null {
    const policy = this.#policy;
    if (this.#retries >= policy.retriesMax) return null;
    const grownMs = Math.min(policy.firstPauseMs * 2 ** this.#retries, policy.longestPauseMs);
    const pauseMs = Math.max(grownMs * (0.5 + Math.random() / 2), askedMs ?? 0);
    if (performance.now() - this.#beganMs + pauseMs > policy.totalMs) return null;
    this.#retries += 1;
    return pauseMs;
  }
}

/** Return the milliseconds that a `Retry-After` header asks for; null if it is not one. */
export function millisecondsOf(retryAfter: string | null): number | null {
  if (retryAfter === null) return null;
  if (/^\s*[0-9]+\s*$/.test(retryAfter)) return Number(retryAfter) * 1000;
  const at = Date.parse(retryAfter);
  return Number.isNaN(at) ? null : Math.max(at - Date.now(), 0);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function codeOf(failure: unknown): string {
  const { cause, name } = failure as { cause?: { code?: unknown }; name?: unknown };
  return String(cause?.code ?? name ?? "unknown");
}
