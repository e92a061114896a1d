"""What can go wrong, as classes: what was wrong in the class, with what in the fields.

::

    PaygateError
    ├── ClientError            the caller can mend it (4xx)
    │   ├── InvalidInputError      a field of the request is not acceptable
    │   │   ├── InvalidInstrumentError   a payment method refused what it was given
    │   │   └── UnsupportedError         no processor here can do this
    │   ├── AuthenticationError    the credentials name nobody
    │   ├── ForbiddenError         the caller is known and may not (403)
    │   │   ├── ForeignPageError         a page of another origin, or without the CSRF token
    │   │   └── SuspendedMerchantError   shoppers cannot pay its orders
    │   ├── NotFoundError          no such thing, or not yours
    │   ├── TooManyError           the caller has as much at a time as it may (429)
    │   └── ConflictError          the thing is in a state that does not allow this
    │       ├── InvalidTransitionError
    │       ├── OrderNotPayableError
    │       ├── NotCapturableError
    │       ├── CaptureExceedsAuthorizationError
    │       ├── NotCancellableError
    │       ├── NotRefundableError
    │       ├── NotInReviewError
    │       ├── NoActionError
    │       ├── LastOwnerError
    │       ├── EmailTakenError
    │       ├── RefundExceedsCaptureError
    │       └── NotExecutedError       refused for reasons of its timing; may be repeated
    │           ├── IdempotencyKeyReusedError
    │           └── IdempotencyInProgressError
    ├── PluginError            a plugin failed; the cause is kept
    │   ├── PluginContractError    it answered something that is no answer
    │   ├── NotSentError           it knows that nothing left: safe to send again
    │   └── BadSignatureError      a callback that nobody signed
    ├── InfrastructureError    ours to mend, retryable (503)
    │   ├── TransactionConflictError  the database ended a transaction; nothing was stored
    │   ├── RowLockedError            another transaction holds a row for too long
    │   └── StaleWriteError        a locked row was not what had been read: roll back, read again
    ├── RowRefusedError        the database does not accept the values of a row
    ├── WorkerEndedError       a part that a process cannot do without has ended (exit code 1)
    └── OperatorError          whoever starts the process can mend it (exit code 2)

A decline is not in the tree (it is an answer, see ``outcome``), nor is a broken
invariant (an ``assert``).
"""

from __future__ import annotations


class PaygateError(Exception):
    """Everything paygate raises on purpose."""

    code = "error"


class ClientError(PaygateError):
    """The caller can mend it. The sentence is shown to them."""

    code = "bad_request"


class InvalidInputError(ClientError):
    """A field of the request is not acceptable."""

    def __init__(self, reason: str, *, field: str | None = None) -> None:
        self.field = field
        self.reason = reason
        super().__init__(reason)


class InvalidInstrumentError(InvalidInputError):
    """A payment method refused the details it was given.

    Args:
        reason: The sentence shown to the caller; never a value they sent.
        field: The field that was refused.
        code: What the caller's program can switch on, for example ``invalid_vpa``.
    """

    def __init__(self, reason: str, *, field: str, code: str = "bad_request") -> None:
        self.code = code
        super().__init__(reason, field=field)


class UnsupportedError(InvalidInputError):
    """Nothing that is installed here can do what was asked."""


class AuthenticationError(ClientError):
    """The credentials name no active merchant, or a browser's secret no order."""

    code = "authentication"

    def __init__(self, reason: str = "Invalid API credentials") -> None:
        super().__init__(reason)


class ForbiddenError(ClientError):
    """We know who calls, and they may not do this."""

    code = "forbidden"


class ForeignPageError(ForbiddenError):
    """A page of another origin asks, or one that does not know the session's CSRF token."""


class SuspendedMerchantError(ForbiddenError):
    """The merchant is suspended: shoppers cannot pay its orders."""

    def __init__(self) -> None:
        super().__init__("This merchant does not take payments at present")


class NotFoundError(ClientError):
    """There is no such thing, or it is another merchant's; the caller cannot tell which."""

    code = "not_found"

    def __init__(self, thing: str) -> None:
        self.thing = thing
        super().__init__(f"{thing} not found")


class TooManyError(ClientError):
    """The caller has as much of something at a time as it may."""

    code = "too_many"


class ConflictError(ClientError):
    """The thing is in a state that does not allow this."""


class InvalidTransitionError(ConflictError):
    """An action was asked that the present status does not know.

    Reached by a program only through a mistake of ours or a race it lost, so
    the sentence names both words.
    """

    def __init__(self, *, thing: str, status: str, action: str) -> None:
        self.thing = thing
        self.status = status
        self.action = action
        super().__init__(f"a {status} {thing} cannot {action}")


class OrderNotPayableError(ConflictError):
    """The order is paid, or a payment of it is still under way."""


class NotCapturableError(ConflictError):
    """There is no held money of this payment to take, or it was taken already."""


class CaptureExceedsAuthorizationError(ConflictError):
    """A capture asked for more than is held."""

    def __init__(self, *, asked_minor: int, held_minor: int) -> None:
        self.asked_minor = asked_minor
        self.held_minor = held_minor
        super().__init__("Capture amount exceeds authorized amount")


class NotCancellableError(ConflictError):
    """There is no held money of this payment to let go."""

    def __init__(self) -> None:
        super().__init__("Payment not in cancellable state")


class NotRefundableError(ConflictError):
    """There is no captured money of this payment to give back."""

    def __init__(self) -> None:
        super().__init__("Payment not in refundable state")


class NotInReviewError(ConflictError):
    """Nobody asked a person about this operation."""

    def __init__(self) -> None:
        super().__init__("Operation does not need review")


class NoActionError(ConflictError):
    """The shopper has nothing to do for this payment, or not any more."""

    def __init__(self) -> None:
        super().__init__("Payment does not wait for its shopper")


class LastOwnerError(ConflictError):
    """Without this owner nobody could manage the team any more."""

    def __init__(self) -> None:
        super().__init__("The last active owner must stay")


class EmailTakenError(ConflictError):
    """Another user of the merchant signs in with that address."""

    def __init__(self) -> None:
        super().__init__("There is a user with that email already")


class RefundExceedsCaptureError(ConflictError):
    """A refund asked for more than is left of the captured amount.

    Refunds under way count as spent, so that two that race each other cannot both
    take the last rupee.
    """

    def __init__(self, *, asked_minor: int, left_minor: int) -> None:
        self.asked_minor = asked_minor
        self.left_minor = left_minor
        super().__init__("Refund amount exceeds available amount")


class NotExecutedError(ConflictError):
    """The request was not carried out, and nothing was remembered of it."""


class IdempotencyKeyReusedError(NotExecutedError):
    """The key was used for a request that asked for something else."""

    code = "idempotency_key_reused"

    def __init__(self) -> None:
        super().__init__("Idempotency-Key was already used with a different request")


class IdempotencyInProgressError(NotExecutedError):
    """A request with this key is still being carried out."""

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
    """A plugin answered something that is no answer to what it was asked."""


class NotSentError(PluginError):
    """Raised by a processor that knows the request never left.

    The one failure after which the host may send the same operation again,
    under the same id. From ``query`` it means "I have never seen this id".
    """


class BadSignatureError(PluginError):
    """Raised by a processor for a callback that its counterpart did not sign."""


class InfrastructureError(PaygateError):
    """The database or another machine of ours is away. Safe to try again."""

    code = "unavailable"


class TransactionConflictError(InfrastructureError):
    """The database ended a transaction for the sake of another one, and stored nothing of it.

    The same transaction may be run again at once, unless it had effects outside the database.
    """


class RowLockedError(InfrastructureError):
    """Another transaction holds a row that is needed, for longer than we wait.

    The database itself works: other rows can be stored.
    """


class WorkerEndedError(PaygateError):
    """The worker of a process has ended by itself, so the process ends too."""

    code = "worker_ended"


class StaleWriteError(InfrastructureError):
    """A row was not what had been read after it was locked; nothing was stored."""

    def __init__(self) -> None:
        super().__init__("a row changed while it was locked; nothing was stored")


class RowRefusedError(PaygateError):
    """The database does not accept the values of a row; nothing of its set was stored."""

    code = "row_refused"


class OperatorError(PaygateError):
    """Whoever starts the process can mend it.

    Args:
        setting: The setting, file or option to look at.
        problem: What is wrong with it, as half a sentence.
        remedy: What to do about it, as an imperative.
    """

    code = "operator"

    def __init__(self, *, setting: str, problem: str, remedy: str) -> None:
        self.setting = setting
        self.problem = problem
        self.remedy = remedy
        super().__init__(f"{setting}: {problem}. {remedy}.")
