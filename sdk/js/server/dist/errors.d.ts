/** Base of all errors of this library. */
export declare class PaygateError extends Error {
    constructor(sentence: string, options?: {
        cause?: unknown;
    });
}
/** A key, a secret or an address is missing or unusable. */
export declare class ConfigurationError extends PaygateError {
}
/**
 * No response came, after all retries.
 *
 * The request may have been executed. Send it again with the same `idempotencyKey`, or read the
 * order.
 */
export declare class ConnectionFailedError extends PaygateError {
    /** Of the request; null if it had none. */
    readonly idempotencyKey: string | null;
    constructor(sentence: string, idempotencyKey: string | null, cause?: unknown);
}
/** The response is not what the API describes, for example a page of a proxy. */
export declare class UnexpectedResponseError extends PaygateError {
}
/** The webhook is not paygate's, was changed, or is too old. */
export declare class WebhookVerificationError extends PaygateError {
}
/** What an error response says. */
export interface ApiErrorDetail {
    /** HTTP status. */
    status: number;
    /** For programs: `BAD_REQUEST_ERROR`. Empty if the response is not paygate's. */
    code: string;
    /** For people; its words may change. */
    description: string;
    /** The reason, more precise than `code`; null if the server names none. */
    reason: string | null;
    /** The wrong field of the request; null if it is not about one field. */
    field: string | null;
    /** The header `X-Request-Id` of the response; null without one. */
    requestId: string | null;
    /** Of the request; null if it had none. */
    idempotencyKey: string | null;
    /** Milliseconds after which the server expects the request again; null if it names no time. */
    retryAfterMs: number | null;
}
/** An error response. */
export declare class ApiError extends PaygateError implements ApiErrorDetail {
    readonly status: number;
    readonly code: string;
    readonly description: string;
    readonly reason: string | null;
    readonly field: string | null;
    readonly requestId: string | null;
    readonly idempotencyKey: string | null;
    readonly retryAfterMs: number | null;
    constructor(detail: ApiErrorDetail);
}
/** The request is wrong, or the state of the payment or order does not allow it. */
export declare class BadRequestError extends ApiError {
}
/** The keys are missing, wrong, revoked or expired. */
export declare class AuthenticationError extends ApiError {
}
/** The keys do not allow this, or the merchant is suspended. */
export declare class ForbiddenError extends ApiError {
}
/** There is no such object of this merchant. */
export declare class NotFoundError extends ApiError {
}
/** Another request with the same idempotency key is still in progress. */
export declare class IdempotencyInProgressError extends ApiError {
}
/** The idempotency key was used for another request. */
export declare class IdempotencyKeyReusedError extends ApiError {
}
/** The keys have used up a rate limit. */
export declare class RateLimitError extends ApiError {
}
/** The server failed. The request may have been executed. */
export declare class ServerError extends ApiError {
}
/** The server is temporarily unavailable. */
export declare class UnavailableError extends ServerError {
}
/** Return the error that a response describes. */
export declare function errorOfResponse(status: number, body: unknown, known: Pick<ApiErrorDetail, "reason" | "requestId" | "idempotencyKey" | "retryAfterMs">): ApiError;
export declare function isObject(value: unknown): value is Record<string, unknown>;
