// PaygateError
// ├── ConfigurationError          a client or a verifier cannot work with what it was given
// ├── ConnectionFailedError       no response
// ├── UnexpectedResponseError     a response that is not paygate's
// ├── WebhookVerificationError    a webhook that must not be believed
// └── ApiError                    an error response
//     ├── BadRequestError             400, and every 4xx without a class of its own
//     ├── AuthenticationError         401
//     ├── ForbiddenError              403
//     ├── NotFoundError               404
//     ├── IdempotencyInProgressError  409, another request with the key is in progress
//     ├── IdempotencyKeyReusedError   422, the key belongs to another request
//     ├── RateLimitError              429
//     └── ServerError                 5xx
//         └── UnavailableError            503
//
// None of them contains an API key, a secret or the body of a request.
/** Base of all errors of this library. */
export class PaygateError extends Error {
    constructor(sentence, options) {
        super(sentence, options);
        this.name = new.target.name;
    }
}
/** A key, a secret or an address is missing or unusable. */
export class ConfigurationError extends PaygateError {
}
/**
 * No response came, after all retries.
 *
 * The request may have been executed. Send it again with the same `idempotencyKey`, or read the
 * order.
 */
export class ConnectionFailedError extends PaygateError {
    /** Of the request; null if it had none. */
    idempotencyKey;
    constructor(sentence, idempotencyKey, cause) {
        super(sentence, { cause });
        this.idempotencyKey = idempotencyKey;
    }
}
/** The response is not what the API describes, for example a page of a proxy. */
export class UnexpectedResponseError extends PaygateError {
}
/** The webhook is not paygate's, was changed, or is too old. */
export class WebhookVerificationError extends PaygateError {
}
/** An error response. */
export class ApiError extends PaygateError {
    status;
    code;
    description;
    reason;
    field;
    requestId;
    idempotencyKey;
    retryAfterMs;
    constructor(detail) {
        super(`${detail.status}${detail.code && ` ${detail.code}`}: ${detail.description}`);
        this.status = detail.status;
        this.code = detail.code;
        this.description = detail.description;
        this.reason = detail.reason;
        this.field = detail.field;
        this.requestId = detail.requestId;
        this.idempotencyKey = detail.idempotencyKey;
        this.retryAfterMs = detail.retryAfterMs;
    }
}
/** The request is wrong, or the state of the payment or order does not allow it. */
export class BadRequestError extends ApiError {
}
/** The keys are missing, wrong, revoked or expired. */
export class AuthenticationError extends ApiError {
}
/** The keys do not allow this, or the merchant is suspended. */
export class ForbiddenError extends ApiError {
}
/** There is no such object of this merchant. */
export class NotFoundError extends ApiError {
}
/** Another request with the same idempotency key is still in progress. */
export class IdempotencyInProgressError extends ApiError {
}
/** The idempotency key was used for another request. */
export class IdempotencyKeyReusedError extends ApiError {
}
/** The keys have used up a rate limit. */
export class RateLimitError extends ApiError {
}
/** The server failed. The request may have been executed. */
export class ServerError extends ApiError {
}
/** The server is temporarily unavailable. */
export class UnavailableError extends ServerError {
}
const BY_CODE = new Map([
    ["IDEMPOTENCY_IN_PROGRESS", IdempotencyInProgressError],
    ["IDEMPOTENCY_KEY_REUSED", IdempotencyKeyReusedError],
]);
const BY_STATUS = {
    401: AuthenticationError,
    403: ForbiddenError,
    404: NotFoundError,
    429: RateLimitError,
    503: UnavailableError,
};
/** Return the error that a response describes. */
export function errorOfResponse(status, body, known) {
    const given = (isObject(body) && isObject(body["error"]) ? body["error"] : {});
    const code = String(given.code ?? "");
    const Kind = BY_CODE.get(code) ?? BY_STATUS[status] ?? (status >= 500 ? ServerError : BadRequestError);
    return new Kind({
        status,
        code,
        description: String(given.description ?? "the response has no description"),
        field: given.field ?? null,
        ...known,
        // Known from the header, for a body without a reason.
        reason: given.reason ?? known.reason,
    });
}
export function isObject(value) {
    return typeof value === "object" && value !== null && !Array.isArray(value);
}
