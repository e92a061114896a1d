"""The bank: it executes each operation once, and its book says what it has executed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from ..core.money import Money
from ..core.outcome import (
    ActionRequired,
    Approved,
    Declined,
    Outcome,
    Pending,
    Released,
)
from ..core.payments.operation import OperationKind
from ..core.plugin_api.http_client import Http
from ..core.plugin_api.plugin import CallContext
from ..logs import logger
from ..simulator.scenario import Catalogue, Scenario, built_in
from ..simulator.simulated_operation import SimulatedOperation
from .callbacks import BankClock, Callback, Callbacks
from .operation import KINDS, BankOperation, BankSettings, Moves
from .wire import BankError, ChargeBody, FollowUpBody, operation_to_json

SCENARIO_CARDS = "400001000000"
"""The first twelve digits of a test card; three digits of the scenario and a check digit follow."""
ALL_SCENARIOS = Catalogue.of(built_in()).by_name
DECISIONS = {
    "approve": "approved",
    "decline": "declined:payer_rejected",
    "wrong_pin": "declined:authentication_failed",
    "time_out": "declined:payer_timed_out",
}
HOLD = timedelta(days=7)
"""How long money is held."""
# The bank serves one caller.
CALLER = UUID(int=0)


class Bank:
    """The bank.

    Args:
        clock: Its time.
        http: Sends its callbacks.
        callback_secret: Signs them.
        settings: What it does unless a request says otherwise.
        seed: The same seed gives the same random latencies.
    """

    def __init__(
        self,
        clock: BankClock,
        http: Http,
        *,
        callback_secret: str,
        settings: BankSettings,
        seed: int = 1,
    ) -> None:
        self.clock = clock
        self.callbacks = Callbacks(clock, http, callback_secret)
        self.settings = settings
        self._http = http
        self._seed = seed
        self._operations: dict[str, BankOperation] = {}
        # Of operations whose connection was closed before anything was done.
        self._first_asked: dict[str, datetime] = {}
        self.change(settings)

    def change(self, settings: BankSettings) -> None:
        """Replace the settings.

        Raises:
            BankError: There is no such scenario.
        """
        _scenario(settings.scenario)
        self.settings = settings
        self.callbacks.url = settings.callback_url

    def advance(self, by: timedelta) -> None:
        """Move the bank's clock ahead: what is due until then happens now."""
        self.clock.advance(by)
        self.callbacks.look()

    async def run(self) -> None:
        """Send callbacks until cancelled."""
        await self.callbacks.run(self._is_wanted, self._accepted)

    async def until_sent(self) -> None:
        """Wait until every callback that is due was sent once."""
        await self.callbacks.sent()

    async def execute(self, kind: OperationKind, reference: str, body: Moves) -> object:
        """Execute an operation, or return the result of the earlier request with its reference.

        Returns:
            The outcome, as the scenario answers the call; something else if it answers junk.

        Raises:
            BankError: The request is refused.
            NotSentError: The scenario breaks the connection, and nothing was executed.
            ConnectionError: The scenario breaks the connection after the execution.
            RuntimeError: The scenario is an internal error of the bank.
        """
        latency_s = self.settings.latency_ms / 1000
        known = self._operations.get(reference)
        if known is not None:
            if (known.kind, known.body) != (kind, body):
                raise BankError(422, "key_reused", "The key belongs to another request")
            known.requests += 1
            await asyncio.sleep(latency_s)
            return self.outcome_of(known)
        operation = self._open(kind, reference, body)
        simulated = self._simulated(operation)
        if simulated.is_received:
            # From here on it is executed, whatever becomes of the answer.
            self._store(operation, simulated)
        else:
            self._first_asked[reference] = operation.asked_at
        await asyncio.sleep(latency_s)
        answer: object = await simulated.call()
        if simulated.timeline.call in {"hang", "late"}:
            return self.outcome_of(operation)
        return answer

    def find(self, reference: str) -> BankOperation:
        """Return an operation.

        Raises:
            BankError: The bank has not executed it.
        """
        operation = self._operations.get(reference)
        if operation is None:
            raise BankError(404, "not_found", "The bank has no operation with this reference")
        return operation

    def outcome_of(self, operation: BankOperation) -> Outcome:
        """Return how an operation has ended, or that it has not yet."""
        simulated = self._simulated(operation)
        if operation.settled == "expired":
            return Released("the authorization has expired")
        if operation.settled is not None:
            return simulated.outcome(operation.settled)
        return simulated.query_result()

    def decide(self, reference: str, decision: str) -> BankOperation:
        """Let the payer of a charge decide, and report it in a callback.

        Raises:
            BankError: There is no such charge, or it does not wait for its payer.
        """
        operation = self.find(reference)
        if not isinstance(self.outcome_of(operation), ActionRequired | Pending):
            raise BankError(409, "not_waiting", "The operation does not wait for a payer")
        operation.settled = DECISIONS[decision]
        self._report(operation, f"payer:{decision}", DECISIONS[decision])
        return operation

    def book(self) -> dict[str, list[dict[str, Any]]]:
        """Return everything that the bank has executed, in order."""
        pages: dict[str, list[dict[str, Any]]] = {f"{kind}s": [] for kind in KINDS}
        for operation in self._operations.values():
            pages[f"{operation.kind.value}s"].append(self._entry(operation))
        return pages

    def _entry(self, operation: BankOperation) -> dict[str, Any]:
        money, outcome = operation.body.money, self.outcome_of(operation)
        entry = {
            **operation_to_json(operation.kind, operation.reference, money, outcome),
            "payment": operation.payment,
            "requests": operation.requests,
            "callbacks_accepted": operation.callbacks,
        }
        if operation.charge is not None:
            return {**entry, "charge": operation.charge.reference}
        taken, returned = self._captured(operation), self._sum(operation, OperationKind.REFUND)
        return {**entry, "captured": taken, "refunded": returned}

    def _open(self, kind: OperationKind, reference: str, body: Moves) -> BankOperation:
        asked_at = self._first_asked.get(reference, self.clock.now())
        if isinstance(body, ChargeBody):
            return BankOperation(kind, reference, body, self._chosen(body), asked_at)
        charge = self._operations.get(body.charge)
        if charge is None or charge.kind is not OperationKind.CHARGE:
            raise BankError(422, "no_charge", "There is no such charge", "charge")
        self._refuse_excess(kind, body, charge)
        return BankOperation(kind, reference, body, charge.scenario, asked_at, charge)

    def _chosen(self, body: ChargeBody) -> Scenario:
        if body.scenario is not None:
            return _scenario(body.scenario)
        number, vpa = body.instrument.get("number", ""), body.instrument.get("vpa", "")
        if len(number) == 16 and number.startswith(SCENARIO_CARDS):
            for each in ALL_SCENARIOS.values():
                if f"{each.number:03}" == number[12:15]:
                    return each
        name, at, _ = vpa.rpartition("@sim")
        return ALL_SCENARIOS.get(name if at else "") or _scenario(self.settings.scenario)

    def _refuse_excess(
        self, kind: OperationKind, body: FollowUpBody, charge: BankOperation
    ) -> None:
        """Refuse to move more money than the charge has."""
        approved = self.outcome_of(charge)
        if not isinstance(approved, Approved):
            raise BankError(422, "not_approved", "The charge is not approved", "charge")
        if body.currency != approved.amount.currency:
            raise BankError(422, "wrong_currency", "The charge has another currency", "currency")
        captured = self._captured(charge)
        if kind is OperationKind.REFUND:
            left = captured - self._sum(charge, OperationKind.REFUND)
        elif self._is_released(charge):
            left = 0
        else:
            left = approved.amount.minor - captured
        if body.amount > left or (kind is OperationKind.VOID and captured):
            message = f"At most {Money(left, body.currency)} is left"
            raise BankError(422, "amount_too_large", message, "amount")

    def _captured(self, charge: BankOperation) -> int:
        assert isinstance(charge.body, ChargeBody), "only a charge is captured"
        if not charge.body.capture:
            return self._sum(charge, OperationKind.CAPTURE)
        outcome = self.outcome_of(charge)
        return outcome.amount.minor if isinstance(outcome, Approved) else 0

    def _is_released(self, charge: BankOperation) -> bool:
        return any(
            each.kind is OperationKind.VOID or each.is_final_capture for each in self._moved(charge)
        )

    def _sum(self, charge: BankOperation, kind: OperationKind) -> int:
        return sum(each.body.amount for each in self._moved(charge) if each.kind is kind)

    def _moved(self, charge: BankOperation) -> Iterator[BankOperation]:
        """Yield what was done or may still be done with a charge."""
        for each in charge.follow_ups:
            if not isinstance(self.outcome_of(each), Declined):
                yield each

    def _store(self, operation: BankOperation, simulated: SimulatedOperation) -> None:
        self._operations[operation.reference] = operation
        self._first_asked.pop(operation.reference, None)
        if operation.charge is not None:
            operation.charge.follow_ups.append(operation)
        for each in simulated.callbacks():
            content, now = each.state["content"], self.clock.now()
            self.callbacks.add(
                Callback(
                    due_at=now + each.after,
                    reference=operation.reference,
                    content=self._content(operation, content),
                    is_signed=each.state["signed"],
                    times=each.state["times"],
                )
            )
        if isinstance(operation.body, ChargeBody) and not operation.body.capture:
            self._report(operation, "expired", "expired", after=HOLD)

    def _report(
        self,
        operation: BankOperation,
        id: str,
        word: str,
        *,
        after: timedelta = timedelta(),
    ) -> None:
        content = {
            "id": f"{operation.reference}:{id}",
            "operation_id": operation.reference,
            "status": word,
            "amount": operation.body.amount,
            "currency": operation.body.currency,
        }
        due_at = self.clock.now() + after
        self.callbacks.add(Callback(due_at, operation.reference, self._content(operation, content)))

    def _content(self, operation: BankOperation, simulated: Mapping[str, Any]) -> dict[str, Any]:
        """Return the body of a callback: the simulator's, in the words of the bank's API."""
        word, reference = simulated["status"], simulated["operation_id"]
        outcome: Outcome = Released("the authorization has expired")
        if word != "expired":
            outcome = self._simulated(operation).outcome(word)
        shown = operation_to_json(operation.kind, reference, operation.body.money, outcome)
        # The scenario may report another amount, or another operation.
        wrong = {"amount": simulated["amount"], "reference": reference, "id": f"bank_{reference}"}
        return {"id": simulated["id"], "operation": {**shown, **wrong}}

    def _is_wanted(self, callback: Callback) -> bool:
        """Change what a callback reports as changed; return whether to send it."""
        operation = self._operations[callback.reference]
        outcome, status = self.outcome_of(operation), callback.content["operation"]["status"]
        if status == "expired":
            is_held = isinstance(outcome, Approved) and not self._captured(operation)
            if not is_held or self._is_released(operation):
                return False
            operation.settled = "expired"
        elif status == "approved" and isinstance(outcome, Declined):
            operation.settled = "approved"
        return True

    def _accepted(self, callback: Callback) -> None:
        self._operations[callback.reference].callbacks += 1

    def _simulated(self, operation: BankOperation) -> SimulatedOperation:
        reference = operation.reference
        context = CallContext(
            merchant_id=CALLER,
            operation_id=reference,
            deadline=timedelta(milliseconds=self.settings.patience_ms),
            clock=self.clock,
            rng=Random(f"{self._seed}:{reference}"),
            http=self._http,
            logger=logger("paygate.bank"),
            asked_at=operation.asked_at,
        )
        timeline = operation.scenario.timeline(operation.kind)
        money = operation.body.money
        return SimulatedOperation("bank", timeline, operation.kind, money, context, reference)


def _scenario(name: str) -> Scenario:
    scenario = ALL_SCENARIOS.get(name)
    if scenario is None:
        problem = f"There is no scenario {name[:64]!r}; `paygate scenarios` lists them"
        raise BankError(400, "invalid_request", problem, "scenario")
    return scenario
