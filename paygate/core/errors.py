"""Errors, as classes: the class says what was wrong, its fields with what.

::

    PaygateError
    ├── ClientError            the caller can correct it (4xx)
    │   ├── InvalidInputError      a field of the request is not acceptable
    │   │   ├── InvalidInstrumentError   a payment method refused its details
    │   │   └── UnsupportedError         no installed processor can do this
    │   ├── AuthenticationError    the credentials are invalid
    │   │   ├── CredentialsMissingError  there are none
    │   │   ├── SessionMissingError      there is no session
    │   │   ├── LoginRefusedError        a wrong password, or a locked account
    │   │   └── ClientSecretError        a browser's secret of an order
    │   ├── ForbiddenError         the caller is not allowed to do this (403)
    │   │   ├── ForeignPageError         a page of another origin, or without the CSRF token
    │   │   └── SuspendedMerchantError   shoppers cannot pay its orders
    │   ├── NotFoundError          no such resource, or another merchant's
    │   ├── TooManyError           too many concurrent requests or streams (429)
    │   │   └── TooManyRequestsError     the sender has used up its rate limit
    │   └── ConflictError          the state of the resource does not allow this
    │       ├── InvalidTransitionError
    │       ├── OrderNotPayableError
    │       ├── LinkEndedError
    │       ├── LinkInUseError
    │       ├── NotCapturableError
    │       ├── CaptureExceedsAuthorizationError
    │       ├── NotCancellableError
    │       ├── NotRefundableError
    │       ├── NotInReviewError
    │       ├── NoActionError
    │       ├── LastOwnerError
    │       ├── EmailTakenError
    │       ├── RefundExceedsCaptureError
    │       └── NotExecutedError       refused because of another request; may be repeated
    │           ├── IdempotencyKeyReusedError
    │           └── IdempotencyInProgressError
    ├── PluginError            a plugin failed; the cause is attached
    │   ├── PluginContractError    it returned an invalid result
    │   ├── NotSentError           the request was never sent: safe to send again
    │   └── BadSignatureError      a callback without a valid signature
    ├── InfrastructureError    a fault of the installation, retryable (503)
    │   ├── TransactionConflictError  the database ended a transaction; nothing was stored
    │   ├── RowLockedError            another transaction holds a row for too long
    │   └── StaleWriteError        a locked row differs from what was read: retry
    ├── RowRefusedError        the database does not accept the values of a row
    ├── WorkerEndedError       the worker of the process has ended (exit code 1)
    └── OperatorError          the operator can correct it (exit code 2)

A decline is not in the tree: it is an outcome, see ``outcome``. Nor is a broken
invariant: it is an ``assert``.
"""

from __future__ import annotations

from typing import Literal

INVALID_CREDENTIALS = "Invalid API credentials"
"""The message for every cause: a caller cannot tell a wrong key from a wrong secret."""


class PaygateError(Exception):
    """The base class of every error that paygate raises on purpose.

    ``code`` is a stable word for programs. Responses show it as ``reason``; their ``code`` is
    coarser, because clients of other gateways know it. ``hint`` says what to do.
    """

    code = "error"
    hint: str | None = None


class ClientError(PaygateError):
    """An error that the caller can correct. Its message is sent to the caller."""

    code = "bad_request"


class InvalidInputError(ClientError):
    """A field of the request is not acceptable."""

    code = "invalid_request"

    def __init__(self, reason: str, *, field: str | None = None, hint: str | None = None) -> None:
        self.field = field
        self.hint = hint
        self.reason = reason
        super().__init__(reason)


class InvalidInstrumentError(InvalidInputError):
    """A payment method refused the details of a request.

    Args:
        reason: The message for the caller; it never contains a value of the request.
        field: The field that was refused.
        code: A code for the caller's program, for example ``invalid_vpa``.
    """

    def __init__(self, reason: str, *, field: str, code: str = "invalid_request") -> None:
        self.code = code
        super().__init__(reason, field=field)


class UnsupportedError(InvalidInputError):
    """No installed plugin supports what the request asks for."""

    code = "not_supported"


class AuthenticationError(ClientError):
    """The credentials match no active merchant, or a browser's secret no order."""

    code = "credentials_invalid"

    def __init__(self, reason: str = INVALID_CREDENTIALS) -> None:
        super().__init__(reason)


class CredentialsMissingError(AuthenticationError):
    """The request has no credentials, or only a part of them."""

    code = "credentials_missing"


class SessionMissingError(AuthenticationError):
    """The route needs a session, and the request has none."""

    code = "session_missing"

    def __init__(self) -> None:
        super().__init__("There is no session")


class LoginRefusedError(AuthenticationError):
    """The email address or the password is wrong, or the account is locked."""

    code = "login_refused"


class ClientSecretError(AuthenticationError):
    """The ``client_secret`` of an order is missing or wrong."""

    code = "client_secret_invalid"


class ForbiddenError(ClientError):
    """The caller is authenticated, and not allowed to do this."""

    code = "not_allowed"


class ForeignPageError(ForbiddenError):
    """The request comes from a page of another origin, or lacks the session's CSRF token."""

    code = "foreign_page"


class SuspendedMerchantError(ForbiddenError):
    """The merchant is suspended: shoppers cannot pay its orders."""

    code = "merchant_suspended"

    def __init__(self) -> None:
        super().__init__("This merchant does not accept payments at the moment")


class NotFoundError(ClientError):
    """No such resource, or another merchant's; the caller cannot tell which."""

    code = "not_found"

    def __init__(self, thing: str) -> None:
        self.thing = thing
        self.code = f"{thing.lower().replace(' ', '_')}_not_found"
        super().__init__(f"{thing} not found")


class TooManyError(ClientError):
    """The caller has reached a limit on concurrent requests or streams."""

    code = "too_many"
    retry_after_s = 1


class TooManyRequestsError(TooManyError):
    """The sender has sent as many requests as its rate limit allows.

    Args:
        retry_after_s: Seconds until a request is allowed again.
    """

    code = "rate_limited"

    def __init__(self, retry_after_s: int) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(f"Too many requests: try again in {retry_after_s} s")


class ConflictError(ClientError):
    """The state of the resource does not allow this."""

    code = "conflict"


class InvalidTransitionError(ConflictError):
    """The current status does not allow the action.

    A program sees this error only after a bug in paygate or a lost race, so the
    message names the status and the action.
    """

    code = "status_changed"

    def __init__(self, *, thing: str, status: str, action: str) -> None:
        self.thing = thing
        self.status = status
        self.action = action
        super().__init__(f"a {status} {thing} cannot {action}")


class OrderNotPayableError(ConflictError):
    """The order is paid, or a payment of it is in progress."""

    code = "order_not_payable"


class LinkEndedError(ConflictError):
    """The payment link is paid, cancelled or expired."""

    code = "payment_link_ended"

    def __init__(self, status: Literal["paid", "cancelled", "expired"]) -> None:
        self.status = status
        sentences = {
            "paid": "Payment link is already paid",
            "cancelled": "Payment link was cancelled",
            "expired": "Payment link has expired",
        }
        super().__init__(sentences[status])


class LinkInUseError(ConflictError):
    """A payment of the payment link has begun and not ended, so it is not cancelled."""

    code = "payment_link_in_use"

    def __init__(self) -> None:
        super().__init__("A payment of the payment link is in progress")


class NotCapturableError(ConflictError):
    """The payment holds no money to capture, or is captured already."""

    code = "payment_not_capturable"


class CaptureExceedsAuthorizationError(ConflictError):
    """The capture amount exceeds the amount that is held."""

    code = "capture_exceeds_authorization"

    def __init__(self, *, asked_minor: int, held_minor: int) -> None:
        self.asked_minor = asked_minor
        self.held_minor = held_minor
        super().__init__("Capture amount exceeds authorized amount")


class NotCancellableError(ConflictError):
    """The payment holds no money to release."""

    code = "payment_not_cancellable"

    def __init__(self) -> None:
        super().__init__("Payment not in cancellable state")


class NotRefundableError(ConflictError):
    """The payment has no captured money to refund."""

    code = "payment_not_refundable"

    def __init__(self) -> None:
        super().__init__("Payment not in refundable state")


class NotInReviewError(ConflictError):
    """The operation is not in manual review."""

    code = "operation_not_in_review"

    def __init__(self) -> None:
        super().__init__("Operation does not need review")


class NoActionError(ConflictError):
    """The payment does not wait for an action of the shopper."""

    code = "no_action_required"

    def __init__(self) -> None:
        super().__init__("Payment does not wait for an action of the shopper")


class LastOwnerError(ConflictError):
    """Without this owner no user could manage the team."""

    code = "last_owner"

    def __init__(self) -> None:
        super().__init__("The merchant needs at least one active owner")


class EmailTakenError(ConflictError):
    """Another user of the merchant has that email address."""

    code = "email_taken"

    def __init__(self) -> None:
        super().__init__("A user with this email address already exists")


class RefundExceedsCaptureError(ConflictError):
    """The refund amount exceeds what is left of the captured amount.

    Refunds in progress count as spent, so that two concurrent refunds cannot refund
    the same money.
    """

    code = "refund_exceeds_captured_amount"

    def __init__(self, *, asked_minor: int, left_minor: int) -> None:
        self.asked_minor = asked_minor
        self.left_minor = left_minor
        super().__init__("Refund amount exceeds available amount")


class NotExecutedError(ConflictError):
    """The request was not executed, and no response is stored for it."""


class IdempotencyKeyReusedError(NotExecutedError):
    """The key was used for a request with other content."""

    code = "idempotency_key_reused"

    def __init__(self) -> None:
        super().__init__("Idempotency-Key was already used with a different request")


class IdempotencyInProgressError(NotExecutedError):
    """A request with this key is still in progress."""

    code = "idempotency_in_progress"

    def __init__(self) -> None:
        super().__init__("A request with this Idempotency-Key is still in progress")


class PluginError(PaygateError):
    """A plugin failed. What it raised is the ``__cause__``."""

    code = "plugin_error"

    def __init__(self, reason: str, *, plugin: str = "") -> None:
        self.plugin = plugin
        self.reason = reason
        super().__init__(f"plugin {plugin}: {reason}" if plugin else reason)


class PluginContractError(PluginError):
    """A plugin returned an invalid result."""


class NotSentError(PluginError):
    """Raised by a processor when the request was certainly never sent.

    It is the only failure after which paygate sends the same operation again, with
    the same id. Raised by ``query``, it means that the processor does not know the id.
    """


class BadSignatureError(PluginError):
    """Raised by a processor for a callback whose signature is missing or invalid."""


class InfrastructureError(PaygateError):
    """The database or another service is unavailable. Safe to retry."""

    code = "unavailable"


class TransactionConflictError(InfrastructureError):
    """The database aborted a transaction because of another one, and stored nothing of it.

    You may run the same transaction again at once, unless it had effects outside the database.
    """


class RowLockedError(InfrastructureError):
    """Another transaction locks a needed row for too long.

    The database itself works: other rows can be stored.
    """


class WorkerEndedError(PaygateError):
    """The worker of a process has ended unexpectedly, so the process ends too."""

    code = "worker_ended"


class StaleWriteError(InfrastructureError):
    """A locked row differs from what was read before; nothing was stored."""

    def __init__(self) -> None:
        super().__init__("a row changed while it was locked; nothing was stored")


class RowRefusedError(PaygateError):
    """The database does not accept the values of a row; nothing of its batch was stored."""

    code = "row_refused"


class OperatorError(PaygateError):
    """An error that the operator who starts the process can correct.

    Args:
        setting: The setting, file or option to look at.
        problem: What is wrong with it, as the second half of a sentence.
        remedy: What to do about it, as an imperative.
    """

    code = "operator"

    def __init__(self, *, setting: str, problem: str, remedy: str) -> None:
        self.setting = setting
        self.problem = problem
        self.remedy = remedy
        super().__init__(f"{setting}: {problem}. {remedy}.")
