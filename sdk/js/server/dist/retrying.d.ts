import { type Call } from "./calls.js";
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
export declare const RETRY_POLICY: RetryPolicy;
/** An error response. */
export interface Refusal {
    status: number;
    headers: {
        get(name: string): string | null;
    };
    text: string;
}
/** The attempts of one request. */
export declare class Attempts {
    #private;
    constructor(call: Call, policy: RetryPolicy);
    /** Return the pause before the next attempt; without one, throw the error of the response. */
    pauseAfterResponse(response: Refusal): number;
    /** Return the pause before the next attempt; without one, throw that no response came. */
    pauseAfterFailure(failure: unknown): number;
}
/** Return the milliseconds that a `Retry-After` header asks for; null if it is not one. */
export declare function millisecondsOf(retryAfter: string | null): number | null;
