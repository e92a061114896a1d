"""A processor that answers from a script."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Any

from ... import (
    Approved,
    AuthorizeRequest,
    CallContext,
    Capabilities,
    DeclineCode,
    Declined,
    FollowUp,
    Instrument,
    Money,
    OperationKind,
    Outcome,
    PluginInfo,
)
from .script import Script, ScriptExhaustedError

FLOW = "any"
DEFINITE = (Approved, Declined)


@dataclass(slots=True)
class Call:
    """One request to a fake processor.

    Args:
        what: ``authorize``, ``capture``, ``void``, ``refund`` or ``query``.
        operation_id: The operation, which is also the processor's idempotency key.
        payment_id: The payment of the operation.
        amount: The amount of the operation.
        instrument: Contains its secret only in ``authorize``.
        request: The whole request.
        context: The call context.
        answer: The answer; None until it answers, and if it raised an exception.
    """

    what: str
    operation_id: str
    payment_id: str
    amount: Money
    instrument: Instrument
    request: AuthorizeRequest | FollowUp
    context: CallContext = field(repr=False)
    answer: Outcome | None = None


class FakeProcessor:
    """Replaces processors of a running app: ``with app.use(FakeProcessor(…))``.

    Without a script it approves. A step of a script is an outcome, an exception to raise
    (``NotSentError`` means that nothing was sent; with any other the outcome is unknown), or a
    callable ``(request, context) -> outcome``, which may be async. Callables run in the app's
    thread. A definite answer about an operation is repeated if the app asks again, as a
    processor with idempotency keys does; the script continues only while the outcome is not
    definite.

    Args:
        answers: For charges and their status queries: one step for all, or a list of steps.
        decline: Short for ``answers=Declined(…)``: a code such as ``insufficient_funds``.
        captures, voids, refunds: The same for these operations.
        instead_of: The id of the processor to replace; None replaces all.
        id: Add a processor with this id, which is preferred to the others.
        methods: With ``id``: method code → flows it carries out; None is every method.
        capabilities: Replaces the default: all capabilities of the replaced processor, and
            captures, voids, partial refunds and queries.
    """

    def __init__(
        self,
        *,
        answers: Any = None,
        decline: DeclineCode | str | None = None,
        captures: Any = None,
        voids: Any = None,
        refunds: Any = None,
        instead_of: str | None = None,
        id: str | None = None,
        methods: Mapping[str, frozenset[str]] | None = None,
        capabilities: Capabilities | None = None,
    ) -> None:
        if decline is not None and answers is not None:
            raise ValueError("give either decline or answers, not both")
        if id is not None and instead_of is not None:
            raise ValueError("give either instead_of or id, not both")
        declined = None if decline is None else Declined(_code(decline))
        self.instead_of = instead_of
        self.is_new = id is not None
        self.methods = methods
        self.given = capabilities
        self.info = PluginInfo(id or instead_of or "fake", "0")
        self.capabilities = capabilities or full_capabilities(methods or {"fake": {FLOW}})
        self.calls: list[Call] = []
        self.problems: list[ScriptExhaustedError] = []
        self._decided: dict[str, Outcome] = {}
        self._scripts: dict[str, Script[Outcome]] = {
            kind: Script(f"FakeProcessor({self.info.id!r})", about, steps, self.problems)
            for kind, about, steps in (
                ("charge", "charges", _approve_by_default(declined or answers)),
                ("capture", "captures", _approve_by_default(captures)),
                ("void", "voids", _approve_by_default(voids)),
                ("refund", "refunds", _approve_by_default(refunds)),
            )
        }

    def __repr__(self) -> str:
        return f"<FakeProcessor {self.info.id}, asked {len(self.calls)} times>"

    async def authorize(self, request: AuthorizeRequest, context: CallContext) -> Outcome:
        return await self._asked("authorize", "charge", context.operation_id, request, context)

    async def capture(self, request: FollowUp, context: CallContext) -> Outcome:
        return await self._asked("capture", "capture", context.operation_id, request, context)

    async def void(self, request: FollowUp, context: CallContext) -> Outcome:
        return await self._asked("void", "void", context.operation_id, request, context)

    async def refund(self, request: FollowUp, context: CallContext) -> Outcome:
        return await self._asked("refund", "refund", context.operation_id, request, context)

    async def query(self, kind: OperationKind, request: FollowUp, context: CallContext) -> Outcome:
        return await self._asked("query", kind.value, request.operation_id, request, context)

    async def _asked(
        self,
        what: str,
        kind: str,
        operation_id: str,
        request: AuthorizeRequest | FollowUp,
        context: CallContext,
    ) -> Outcome:
        call = Call(
            what,
            operation_id,
            request.payment_id,
            request.amount,
            request.instrument,
            request,
            context,
        )
        self.calls.append(call)
        call.answer = self._decided.get(operation_id)
        if call.answer is None:
            asked = f"to {what} {request.amount} of {request.payment_id}"
            call.answer = _worded(await self._scripts[kind].next(asked, request, context))
            if isinstance(call.answer, DEFINITE):
                self._decided[operation_id] = call.answer
        return call.answer


def full_capabilities(methods: Mapping[str, Any], like: Capabilities | None = None) -> Capabilities:
    """Return the capabilities of a processor that can do everything except callbacks.

    Args:
        methods: Method code → flows.
        like: Capabilities whose limits on currencies and amounts are copied.
    """
    bounds = like or Capabilities(methods={})
    return Capabilities(
        methods={code: frozenset(flows) for code, flows in methods.items()},
        currencies=bounds.currencies,
        amount_minor_min=bounds.amount_minor_min,
        amount_minor_max=bounds.amount_minor_max,
        capture="multiple",
        void=True,
        refund="multiple",
        query=True,
        idempotent_operations=True,
    )


def approve(request: AuthorizeRequest | FollowUp, context: CallContext) -> Outcome:
    """Return a step that approves the whole amount."""
    return Approved(f"fake_{context.operation_id}", request.amount)


def _worded(answer: Outcome) -> Outcome:
    """Convert a decline's code from a plain string.

    Raises:
        ValueError: There is no such code.
    """
    if not isinstance(answer, Declined):
        return answer
    return replace(answer, code=_code(answer.code))


def _code(word: str) -> DeclineCode:
    """Return the decline code with that name.

    Raises:
        ValueError: There is no such code; the message lists them.
    """
    if word not in set(DeclineCode):
        near = get_close_matches(word, list(DeclineCode), n=1)
        hint = f"did you mean {str(near[0])!r}? " if near else ""
        raise ValueError(
            f"{word!r} is not a decline code; {hint}the codes are {', '.join(DeclineCode)}"
        )
    return DeclineCode(word)


def _approve_by_default(steps: Any) -> Any:
    return approve if steps is None else steps
