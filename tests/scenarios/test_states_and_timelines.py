"""Outcomes, callbacks, queries, shoppers, captures, voids and refunds in every order.

Hypothesis drives the real app: real rows, real worker, a clock it moves. Run more of
them with ``PAYGATE_STORIES=10000``.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections import Counter
from collections.abc import Awaitable
from datetime import timedelta
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from paygate.simulator.calling_back import write
from paygate.simulator.scenario import built_in
from tests.harness.playing import CALLBACK_SECRET, PlayedApp

Answer = TypeVar("Answer")

STORIES = int(os.environ.get("PAYGATE_STORIES", "60"))
AMOUNT = 50_000
# These cost real time and say nothing that the others do not.
SLOW = {"hang_then_approved", "hang_then_declined", "late_answer", "latency_lognormal"}
UPI = [
    scenario.name
    for scenario in built_in()
    if scenario.name not in SLOW and (not scenario.methods or "upi" in scenario.methods)
]
WORDS = ["approved", "declined", "declined:insufficient_funds", "pending"]
TELLS = {
    "payment.success": {"success"},
    "payment.failed": {"failed"},
    "payment.cancelled": {"cancelled"},
    "payment.authorized": {"authorized"},
    "payment.captured": {"authorized"},
    "payment.capture_failed": {"authorized"},
    "payment.cancel_failed": {"authorized"},
    "payment.created": {"pending"},
    "payment.pending": {"pending"},
}
WRONG = """
SELECT 'paid twice' WHERE 1 < (SELECT count(*) FROM payments WHERE order_id = $1
    AND status = 'success')
UNION ALL SELECT 'money' FROM payments WHERE order_id = $1 AND NOT (
    0 <= amount_refunded AND amount_refunded <= amount_captured
    AND amount_captured <= amount_authorized AND amount_authorized <= amount)
UNION ALL SELECT 'refunds' FROM payments p WHERE order_id = $1 AND amount_refunded <> (
    SELECT coalesce(sum(amount), 0) FROM refunds r
    WHERE r.payment_id = p.id AND r.status <> 'failed')
UNION ALL SELECT 'events' FROM payments p WHERE order_id = $1 AND last_seq <> (
    SELECT count(*) FROM events e WHERE e.payment_id = p.id AND e.seq BETWEEN 1 AND p.last_seq)
UNION ALL SELECT 'endings' FROM payments p JOIN payment_transitions t ON t.payment_id = p.id
    WHERE p.order_id = $1 AND t.to_status IN ('success', 'failed', 'cancelled')
    GROUP BY p.id, t.to_status HAVING count(*) > 1
UNION ALL SELECT 'order' FROM orders o WHERE o.id = $1 AND (o.status = 'paid') <> EXISTS (
    SELECT 1 FROM payments p WHERE p.order_id = o.id AND p.status = 'success')
UNION ALL SELECT 'lease' FROM operations o JOIN payments p ON p.id = o.payment_id
    WHERE p.order_id = $1 AND o.lease_token IS NOT NULL
"""


class Story(RuleBasedStateMachine):
    """One order, and all actions on it."""

    def __init__(self, stage: PlayedApp, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self.stage, self.loop = stage, loop
        self.order_id = ""
        self.payments: list[str] = []
        self.sent: list[dict[str, Any]] = []

    def wait(self, doing: Awaitable[Answer]) -> Answer:
        async def run() -> Answer:
            return await doing

        return asyncio.run_coroutine_threadsafe(run(), self.loop).result(60)

    @property
    def payment_id(self) -> str:
        return self.payments[-1]

    @initialize(capture=st.sampled_from(["automatic", "manual"]), scenario=st.sampled_from(UPI))
    def open(self, capture: str, scenario: str) -> None:
        self.order_id = self.wait(self.stage.order(AMOUNT, capture=capture))
        self.pay(scenario)

    @rule(scenario=st.sampled_from(UPI))
    def pay(self, scenario: str) -> None:
        """A shopper tries, perhaps once more."""
        body = {"order_id": self.order_id, "method": "upi", "vpa": "asha@paytm"}
        headers = {"Paygate-Scenario": scenario}
        answer = self.wait(self.stage.call("POST", "/payments", json=body, headers=headers))
        assert answer.status in {201, 400}
        if answer.status == 201:
            self.payments.append(answer.json["id"])
        self.wait(self.stage.idle())

    @rule(seconds=st.sampled_from([0, 1, 6, 20, 70, 700, 90_000]))
    def time_passes(self, seconds: int) -> None:
        self.wait(self.stage.play_on(timedelta(seconds=seconds)))

    @rule(word=st.sampled_from(WORDS), off=st.sampled_from([0, 0, 0, 1]))
    def the_processor_calls_back(self, word: str, off: int) -> None:
        find = "SELECT id, amount FROM operations WHERE payment_id = $1 ORDER BY created_at, id"
        rows = self.wait(self.stage.rows(find, self.payment_id))
        row = rows[len(self.sent) % len(rows)]
        content = {
            "id": f"{self.payment_id}:{len(self.sent)}",
            "operation_id": row["id"],
            "status": word,
            "amount": row["amount"] + off,
            "currency": "INR",
        }
        self.sent.append(content)
        self._send(content)

    @precondition(lambda self: self.sent)
    @rule(which=st.integers(0, 100), times=st.integers(1, 3))
    def an_old_callback_comes_again(self, which: int, times: int) -> None:
        for _ in range(times):
            self._send(self.sent[which % len(self.sent)])

    def _send(self, content: dict[str, Any]) -> None:
        raw = write(content, secret=CALLBACK_SECRET)
        path = "/api/v1/callbacks/upi_sim"
        response = self.wait(self.stage.client.post(path, data=raw.body, headers=raw.headers))
        assert response.status_code == 200

    @rule(decision=st.sampled_from(["approve", "decline", "wrong_pin", "time_out"]))
    def the_payer_decides(self, decision: str) -> None:
        self._act(f"/test/payments/{self.payment_id}/payer", {"decision": decision})

    @rule()
    def the_shopper_returns(self) -> None:
        self._act(f"/payments/{self.payment_id}/complete", {})

    @rule(amount=st.sampled_from([None, 1, 20_000, AMOUNT]), final=st.booleans())
    def the_merchant_captures(self, amount: int | None, final: bool) -> None:
        body = {"final": final} if amount is None else {"amount": amount, "final": final}
        self._act(f"/payments/{self.payment_id}/capture", body)

    @rule()
    def the_merchant_cancels(self) -> None:
        self._act(f"/payments/{self.payment_id}/cancel", {})

    @rule(amount=st.sampled_from([1, 20_000, 30_000, AMOUNT]), which=st.integers(0, 9))
    def the_merchant_refunds(self, amount: int, which: int) -> None:
        payment_id = self.payments[which % len(self.payments)]
        self._act(f"/payments/{payment_id}/refunds", {"amount": amount})

    @rule()
    def a_person_settles(self) -> None:
        listed = self.wait(self.stage.call("GET", "/operations/review")).json["data"]
        for review in listed[:1]:
            body = {"verdict": "approved", "reason": "seen"}
            self._act(f"/operations/{review['id']}/settle", body)

    def _act(self, path: str, body: dict[str, Any]) -> None:
        answer = self.wait(self.stage.call("POST", path, json=body))
        assert answer.status in {200, 201, 400, 422}, answer
        self.wait(self.stage.idle())

    def teardown(self) -> None:
        if not self.payments:
            return
        self.wait(self.stage.play_on(timedelta(days=12)))
        assert self.wait(self.stage.rows(WRONG, self.order_id)) == []
        for payment_id in self.payments:
            self._check_what_was_told(payment_id)

    def _check_what_was_told(self, payment_id: str) -> None:
        rows = self.wait(
            self.stage.rows(
                "SELECT type, seq, payload::text AS body FROM events "
                "WHERE payment_id = $1 ORDER BY seq",
                payment_id,
            )
        )
        counts = Counter(row["type"] for row in rows)
        assert all(counts[ending] <= 1 for ending in ("payment.success", "payment.failed"))
        for row in rows:
            data = json.loads(row["body"])["data"]
            if row["type"] in TELLS:
                # The payment as it was at that moment, whatever has become of it since.
                assert data["payment"]["substatus"] in TELLS[row["type"]]
            else:
                assert data["refund"]["payment_id"] == payment_id


async def test_any_sequence_of_operations_keeps_amounts_consistent(stage: PlayedApp):
    loop = asyncio.get_running_loop()
    how = settings(
        max_examples=STORIES,
        stateful_step_count=8,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )
    await asyncio.to_thread(run_state_machine_as_test, lambda: Story(stage, loop), settings=how)


async def test_the_order_of_outcomes_does_not_change_the_final_state(stage: PlayedApp):
    """A final word and any number of undecided ones, permuted and doubled."""
    from itertools import permutations

    words = ["pending", "approved", "pending"]
    ends = set()
    for order in permutations(range(3)):
        payment_id = await stage.begin("decline_slowly")
        find = "SELECT id FROM operations WHERE payment_id = $1 AND kind = 'charge'"
        operation_id = await stage.value(find, payment_id)
        for place in (*order, *order[::-1]):
            content = {
                "id": f"{payment_id}:{place}",
                "operation_id": operation_id,
                "status": words[place],
                "amount": AMOUNT,
                "currency": "INR",
            }
            raw = write(content, secret=CALLBACK_SECRET)
            path = "/api/v1/callbacks/upi_sim"
            await stage.client.post(path, data=raw.body, headers=raw.headers)
        await stage.play_on()
        payment = await stage.payment(payment_id)
        ends.add((payment["status"], payment["amount_captured"], *await stage.events(payment_id)))

    assert len(ends) == 1
