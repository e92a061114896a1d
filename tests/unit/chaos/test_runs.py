"""What is reported of handlers with and without mistakes. The handlers are in this process."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree

import pytest

from paygate.chaos.books import PlayedPayment
from paygate.chaos.check import ChaosQuestion
from paygate.chaos.handler import Answer, tampered
from paygate.chaos.plan import Group, PlanOptions
from paygate.chaos.report import ChaosReport, Quality
from paygate.chaos.report_files import report_to_html, report_to_junit
from paygate.chaos.run import ChaosOptions, ChaosRun
from paygate.chaos.sequence import FORGED, Fault, parse_steps, steps_to_text
from paygate.core.plugin_api.sink import DeliverableEvent
from tests.unit.chaos.test_sequences_and_plan import EVENTS

SMALL = PlanOptions(orders_max=120, mixed=10)


@dataclass
class Payments:
    """Makes the events of payments of 500, of which 200 are refunded."""

    numbers: Any = field(default_factory=itertools.count)

    async def next(self) -> PlayedPayment:
        id = f"pay_{next(self.numbers)}"
        events = {
            type: DeliverableEvent(
                f"evt_{id}_{type}",
                type,
                json.dumps(
                    {
                        "event": type,
                        "data": {
                            "payment_id": id,
                            "amount": 200 if type.startswith("refund.") else 500,
                        },
                    }
                ).encode(),
                datetime(2030, 1, 1, tzinfo=UTC),
            )
            for type in EVENTS
        }
        return PlayedPayment(id, f"order_{id}", "INR", events)


@dataclass
class Shop:
    """A shop, its handler and its check.

    Args:
        dedupes: Counts an event once.
        is_forward: A status only moves forward.
        refuses: The forgeries that it recognizes.
        answers: Returns the status for a genuine event; 200 if it is None.
    """

    dedupes: bool = True
    is_forward: bool = True
    refuses: frozenset[Fault] = FORGED
    answers: Callable[[Shop, str, str], int | None] | None = None
    books: dict[str, dict[str, Any]] = field(default_factory=dict)
    received: set[str] = field(default_factory=set)
    attempts: int = 0

    async def send(self, event: DeliverableEvent, fault: Fault | None) -> Answer:
        if fault is Fault.LOST:
            return Answer(False, "not sent", is_answered=False)
        if fault in self.refuses:
            return Answer(False, "401")
        self.attempts += 1
        body = tampered(event.body) if fault is Fault.TAMPERED else event.body
        data = json.loads(body)["data"]
        status = self.answers(self, event.type, data["payment_id"]) if self.answers else None
        if status is not None:
            return Answer(200 <= status < 300, str(status or "timeout"), is_answered=status > 0)
        self.count(event.id, event.type, data)
        if fault is Fault.ANSWER_LOST:
            return Answer(False, "timeout", is_answered=False)
        return Answer(True, "200")

    def count(self, id: str, type: str, data: dict[str, Any]) -> None:
        if self.dedupes and id in self.received:
            return
        self.received.add(id)
        books = self.of(data["payment_id"])
        if type == "payment.success":
            books["amount_paid"] += data["amount"]
            books["status"] = "success"
        elif type == "refund.processed":
            books["amount_refunded"] += data["amount"]
        elif type.startswith("payment.") and not self.is_forward:
            books["status"] = "pending"

    def of(self, payment_id: str) -> dict[str, Any]:
        empty = {"status": "pending", "amount_paid": 0, "amount_refunded": 0}
        return self.books.setdefault(payment_id, empty)

    async def ask(self, question: ChaosQuestion) -> str | None:
        return ", ".join(question.expected.differences(self.of(question.payment_id))) or None


async def play(shop: Shop, **options: Any) -> ChaosReport:
    given = ChaosOptions(**{"plan": SMALL, **options})
    return await ChaosRun(Payments(), shop, shop, given).run()


def smallest(report: ChaosReport) -> dict[str, str]:
    return {
        str(each.found.group): steps_to_text(each.smallest.sequence) for each in report.failures
    }


async def test_a_right_handler_passes_every_order():
    lines: list[str] = []

    report = await play(Shop(), progress=lines.append)

    assert report.is_right
    assert (report.orders_played, report.orders_possible) == (120, 120)
    assert [report.verdict(quality) for quality in Quality] == [True, True, True]
    assert [line.split("  ")[0].strip() for line in lines] == [
        "good day", "duplicates", "orders", "signatures", "mixed",
    ]  # fmt: skip
    assert "120 of 120 orders of 5 events" in report.as_text()


async def test_a_double_credit_is_named_with_two_events():
    lines: list[str] = []

    report = await play(Shop(dedupes=False), progress=lines.append)

    # Before the other groups are played.
    named = "amount_paid is 1000 instead of 500: payment.success payment.success"
    assert lines.index(named) < lines.index(report.line_of(Group.ORDERS))
    assert [report.verdict(quality) for quality in Quality] == [False, True, True]
    # What fails when it is mixed is explained by this.
    assert smallest(report) == {"duplicates": "payment.success payment.success"}
    assert report.of(Group.MIXED)[1] > 0
    text = report.as_text(["again"])
    assert "duplicates: amount_paid is 1000 instead of 500\n  1. payment.success" in text
    assert text.endswith("  repeat: again")


async def test_a_status_that_goes_back_is_named_with_two_events():
    report = await play(Shop(is_forward=False))

    assert report.verdict(Quality.ORDER_PROOF) is False
    assert smallest(report)["orders"] in {
        "payment.success payment.created",
        "payment.success payment.pending",
    }


@pytest.mark.parametrize("fault", sorted(FORGED))
async def test_each_forgery_that_is_accepted_is_named(fault: Fault):
    report = await play(Shop(refuses=FORGED - {fault}))

    assert [report.verdict(quality) for quality in Quality] == [True, True, False]
    (text,) = smallest(report).values()
    assert text.endswith(f":{fault}")
    assert " " not in text
    assert f"{fault} is accepted (200)" in report.failures[0].text


def in_order_only(shop: Shop, type: str, payment_id: str) -> int | None:
    before = EVENTS[: EVENTS.index(type)]
    known = {f"evt_{payment_id}_{each}" for each in before}
    return None if known <= shop.received else 409


async def test_a_handler_may_refuse_an_event_until_the_earlier_ones_have_come():
    report = await play(Shop(answers=in_order_only))

    assert report.is_right, report.as_text()


async def test_an_event_that_is_never_accepted_is_named():
    def refuses_refunds(_shop: Shop, type: str, _payment_id: str) -> int | None:
        return 500 if type == "refund.created" else None

    report = await play(Shop(answers=refuses_refunds))

    assert smallest(report) == {"good day": " ".join(EVENTS)}
    assert report.failures[0].text == "refund.created is not accepted in 5 attempts (500)"
    assert [report.verdict(quality) for quality in Quality] == [None, None, None]
    assert [str(group) for group in report.groups] == ["good day"]


async def test_a_delivery_without_an_answer_is_not_blamed_on_the_sequence():
    def is_busy_once(shop: Shop, _type: str, _payment_id: str) -> int | None:
        return 0 if shop.attempts == 3 else None

    # It counts twice, and a retry of what was not answered would be a duplicate.
    report = await play(
        Shop(dedupes=False, answers=is_busy_once),
        only=parse_steps("payment.created refund.created"),
    )

    assert report.is_right, report.as_text()


async def test_a_handler_that_never_answers_fails():
    report = await play(Shop(answers=lambda *_: 0))

    assert "not accepted in 5 attempts (timeout)" in report.failures[0].text


async def test_one_sequence_is_played_alone():
    shop = Shop(dedupes=False)

    report = await play(shop, only=parse_steps("payment.success payment.success"))

    assert [(str(each.group), each.problem is None) for each in report.played] == [
        ("good day", True),
        ("requested", False),
    ]
    assert report.failures[0].quality(report.events) is Quality.IDEMPOTENT
    assert report.as_json(["again"])["failures"] == [
        {
            "group": "requested",
            "quality": "idempotent",
            "problem": "amount_paid is 1000 instead of 500",
            "sequence": ["payment.success", "payment.success"],
            "payment_id": report.failures[0].smallest.payment_id,
            "found_in": "payment.success payment.success",
            "repeat": "again",
        }
    ]


async def test_only_the_wanted_events_are_sent_and_expected():
    report = await play(Shop(), events=("payment.*",))

    assert report.is_right
    assert report.events == EVENTS[:3]
    assert (report.orders_played, report.orders_possible) == (6, 6)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"events": ("payout.*",)}, "the filters match none"),
        ({"only": parse_steps("payment.failed")}, "there is no event 'payment.failed'"),
    ],
)
async def test_a_run_without_anything_to_play_is_explained(options: dict[str, Any], message: str):
    with pytest.raises(ValueError, match=message):
        await play(Shop(), **options)


async def test_two_runs_play_and_find_the_same():
    first, second = [await play(Shop(dedupes=False, is_forward=False)) for _ in range(2)]

    assert [each.sequence for each in first.played] == [each.sequence for each in second.played]
    assert smallest(first) == smallest(second)


async def test_the_report_files_have_every_sequence_and_escape_texts():
    report = await play(Shop(dedupes=False))
    repeats = ["paygate chaos --check '<b>'"]
    junit = ElementTree.fromstring(report_to_junit(report, repeats))
    page = report_to_html(report, repeats)

    cases = junit.findall(".//testcase")
    failed = [case.get("name") for case in cases if case.find("failure") is not None]
    wrong = [steps_to_text(each.sequence) for each in report.played if each.problem]
    assert len(cases) == len(report.played)
    assert failed == wrong
    assert "smallest: payment.success payment.success" in "".join(junit.itertext())
    assert repeats[0] in "".join(junit.itertext())
    assert "--check &#x27;&lt;b&gt;&#x27;" in page
    assert "<b>" not in page
    assert page.count("<tr>") == len(report.played) + len(Quality) + 2
