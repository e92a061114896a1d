"""The fixture ``chaos``, and what really arrives at a handler."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

import pytest

from paygate.testing import Chaos, ChaosQuestion, PaygateApp, PaygateServer
from paygate_client import WebhookVerificationError, verify_legacy_webhook, verify_webhook


class Shop:
    """A shop that verifies, and counts each event once if it is right."""

    def __init__(self, secret: str, *, is_right: bool = True, is_plain: bool = False) -> None:
        self.secret = secret
        self.is_right = is_right
        self.verify = verify_legacy_webhook if is_plain else verify_webhook
        self.received: dict[str, list[tuple[str, int]]] = defaultdict(list)
        self.ids: set[str] = set()
        self.paid: Counter[str] = Counter()

    def handle(self, body: bytes, headers: Mapping[str, str]) -> int:
        try:
            event = self.verify(body, headers, self.secret)
        except WebhookVerificationError as error:
            self.received["refused"].append((str(error), 401))
            return 401
        id = event.data["payment_id"]
        self.received[id].append((event.type, 200))
        if event.type == "payment.success" and not (
            self.is_right and headers["webhook-id"] in self.ids
        ):
            self.paid[id] += event.data["amount"]
        self.ids.add(headers["webhook-id"])
        return 200

    def books(self, question: ChaosQuestion) -> dict[str, Any]:
        return {"amount_paid": self.paid[question.payment_id]}


def test_a_double_credit_fails_the_test_with_the_smallest_sequence(
    chaos: Chaos, paygate_server: PaygateServer
):
    shop = Shop(paygate_server.webhook_secret, is_right=False)

    with pytest.raises(AssertionError, match="amount_paid is 100000 instead of 50000") as raised:
        chaos(shop.handle, shop.books, orders=2, mixed=0)

    assert "repeat: sequence='payment.success payment.success'" in str(raised.value)


def test_a_handler_receives_exactly_the_steps_of_the_sequence(
    chaos: Chaos, paygate_server: PaygateServer
):
    shop = Shop(paygate_server.webhook_secret)
    sequence = (
        "refund.created payment.success:lost payment.pending:answer-lost payment.created:tampered "
        "payment.created:wrong-key payment.created:unsigned payment.created:stale"
    )

    report = chaos(shop.handle, shop.books, sequence=sequence)

    played = report.played[-1]
    assert [type for type, _ in shop.received[played.payment_id]] == [
        "refund.created",
        "payment.pending",
        # What was not answered is sent again, in the order in which it happened.
        "payment.pending",
        "payment.success",
    ]
    of_another = "webhook-signature is not of this secret and this body"
    refused = [text for text, _ in shop.received["refused"]]
    assert refused[:2] == [of_another, of_another]
    assert "no header" in refused[2]
    assert "too far" in refused[3] or "time" in refused[3]
    assert len(refused) == 4


def test_a_handler_that_verifies_the_plain_signature_gets_no_stale_event(
    chaos: Chaos, paygate_server: PaygateServer
):
    shop = Shop(paygate_server.webhook_secret, is_plain=True)

    report = chaos(shop.handle, shop.books, orders=2, mixed=5, signature="plain")

    assert report.is_right
    assert not any(":stale" in answer for each in report.played for answer in each.answers)


async def test_async_tests_await_it_and_checks_may_be_async(paygate_app: PaygateApp):
    shop = Shop(paygate_app.webhook_secret)

    async def handle(body: bytes, headers: Mapping[str, str]) -> int:
        await asyncio.sleep(0)
        return shop.handle(body, headers)

    async def check(question: ChaosQuestion) -> None:
        assert shop.paid[question.payment_id] == question.expected.amount_paid

    report = await paygate_app.chaos.run(handle, check, events=("payment.*",), mixed=0)

    assert report.is_right
    assert report.orders_played == 6


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (False, "the check says no"),
        ("two rows", "two rows"),
        ({"amount_paid": 1}, "amount_paid is 1 instead of 50000"),
        (AssertionError("one row too many"), "one row too many"),
    ],
)
def test_a_check_says_in_several_ways_what_is_wrong(
    chaos: Chaos, paygate_server: PaygateServer, answer: Any, problem: str
):
    shop = Shop(paygate_server.webhook_secret)

    def check(_question: ChaosQuestion) -> Any:
        if isinstance(answer, AssertionError):
            raise answer
        return answer

    with pytest.raises(AssertionError, match=problem):
        chaos(shop.handle, check, sequence="payment.success")


def test_an_error_of_the_handler_is_the_error_of_the_test(chaos: Chaos):
    def handle(_body: bytes, _headers: Mapping[str, str]) -> int:
        raise KeyError("amount")

    with pytest.raises(KeyError, match="amount"):
        chaos(handle, lambda _question: None, sequence="payment.success")


def test_a_handler_that_the_gateway_delivers_to_is_refused(
    chaos: Chaos, paygate_server: PaygateServer
):
    paygate_server.send_webhooks_to("http://127.0.0.1:9/webhook")

    with pytest.raises(ValueError, match="the gateway itself delivers"):
        chaos("http://127.0.0.1:9/webhook", lambda _question: None)
