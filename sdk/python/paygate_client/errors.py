"""Errors of this library.

PaygateError
├── ConfigurationError          a client or a verifier cannot work with what it was given
├── ConnectionFailedError       no response
├── UnexpectedResponseError     a response that is not paygate's
├── WebhookVerificationError    a webhook that must not be believed
└── ApiError                    an error response
    ├── BadRequestError             400, and every 4xx without a class of its own
    ├── AuthenticationError         401
    ├── ForbiddenError              403
    ├── NotFoundError               404
    ├── IdempotencyInProgressError  409, another request with the key is in progress
    ├── IdempotencyKeyReusedError   422, the key belongs to another request
    ├── RateLimitError              429
    └── ServerError                 5xx
        └── UnavailableError            503

None of them contains an API key, a secret or the body of a request.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class PaygateError(Exception):
    """Base of all errors of this library."""


class ConfigurationError(PaygateError):
    """A key, a secret or an address is missing or unusable."""


class ConnectionFailedError(PaygateError):
    """No response came, after all retries.

    The request may have been executed. Send it again with the same ``idempotency_key``, or read
    what became of the order.

    Args:
        sentence: What failed.
        idempotency_key: Of the request; None if it had none.
    """

    def __init__(self, sentence: str, idempotency_key: str | None = None) -> None:
        super().__init__(sentence)
        self.idempotency_key = idempotency_key


class UnexpectedResponseError(PaygateError):
    """The response is not what the API describes, for example a page of a proxy."""


class WebhookVerificationError(PaygateError):
    """The webhook is not paygate's, was changed, or is too old."""


class ApiError(PaygateError):
    """An error response.

    Args:
        status: HTTP status.
        code: For programs: ``BAD_REQUEST_ERROR``. Empty if the response is not paygate's.
        description: For people; its words may change.
        reason: The reason, more precise than ``code``; None if the server names none.
        field: The wrong field of the request; None if it is not about one field.
        request_id: The header ``X-Request-Id`` of the response; None without one.
        idempotency_key: Of the request; None if it had none.
        retry_after_s: Seconds after which the server expects the request again; None if it names
            no time.
    """

    def __init__(
        self,
        *,
        status: int,
        code: str,
        description: str,
        reason: str | None = None,
        field: str | None = None,
        request_id: str | None = None,
        idempotency_key: str | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(f"{status} {code}: {description}" if code else f"{status}: {description}")
        self.status = status
        self.code = code
        self.description = description
        self.reason = reason
        self.field = field
        self.request_id = request_id
        self.idempotency_key = idempotency_key
        self.retry_after_s = retry_after_s


class BadRequestError(ApiError):
    """The request is wrong, or the state of the payment or order does not allow it."""


class AuthenticationError(ApiError):
    """The keys are missing, wrong, revoked or expired."""


class ForbiddenError(ApiError):
    """The keys do not allow this, or the merchant is suspended."""


class NotFoundError(ApiError):
    """There is no such object of this merchant."""


class IdempotencyInProgressError(ApiError):
    """Another request with the same idempotency key is still in progress."""


class IdempotencyKeyReusedError(ApiError):
    """The idempotency key was used for another request."""


class RateLimitError(ApiError):
    """The keys have used up a rate limit."""


class ServerError(ApiError):
    """The server failed. The request may have been executed."""


class UnavailableError(ServerError):
    """The server is temporarily unavailable."""


BY_STATUS: Mapping[int, type[ApiError]] = {
    401: AuthenticationError,
    403: ForbiddenError,
    404: NotFoundError,
    429: RateLimitError,
    503: UnavailableError,
}
BY_CODE: Mapping[str, type[ApiError]] = {
    "IDEMPOTENCY_IN_PROGRESS": IdempotencyInProgressError,
    "IDEMPOTENCY_KEY_REUSED": IdempotencyKeyReusedError,
}


def error_of_response(
    status: int, body: object, *, reason: str | None = None, **known: Any
) -> ApiError:
    """Return the error that a response describes.

    Args:
        status: HTTP status.
        body: Parsed JSON; None if it is none.
        reason: The header ``Paygate-Reason``, for a body without a reason.
        known: Further arguments of the error.
    """
    detail = body.get("error") if isinstance(body, dict) else None
    given: Mapping[str, Any] = detail if isinstance(detail, dict) else {}
    code = str(given.get("code") or "")
    kind = BY_CODE.get(code) or BY_STATUS.get(status)
    if kind is None:
        kind = ServerError if status >= 500 else BadRequestError
    return kind(
        status=status,
        code=code,
        description=str(given.get("description") or "the response has no description"),
        reason=given.get("reason") or reason,
        field=given.get("field"),
        **known,
    )
