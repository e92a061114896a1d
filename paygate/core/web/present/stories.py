"""Scenarios, callbacks, reviews and the test clock to the wire's words."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from ...accounts.namespaces import Namespace
from ...clock import MovableClock
from ...payments.scenarios import AMOUNT_MARK
from ...payments.store import InReview, KeptCallback
from ...registry import ScenarioInfo
from ..wire import stories
from .entities import timestamp


def reviews(found: Iterable[InReview]) -> stories.Reviews:
    """``GET /operations/review``."""
    return {
        "data": [
            {
                "id": each.id,
                "payment_id": each.payment_id,
                "kind": each.kind,
                "amount": each.amount_minor,
                "currency": each.currency,
                "processor": each.processor,
                "note": each.note,
                "since": timestamp(each.since),
            }
            for each in found
        ]
    }


def scenarios(known: Iterable[ScenarioInfo]) -> stories.Scenarios:
    """``GET /test/scenarios``, by number."""
    return {"data": [_scenario(each) for each in sorted(known, key=lambda each: each.number)]}


def _scenario(scenario: ScenarioInfo) -> stories.ScenarioListed:
    methods = scenario.methods
    return {
        "name": scenario.name,
        "number": scenario.number,
        "says": scenario.says,
        "methods": sorted(methods),
        "vpa": f"{scenario.name}@sim" if not methods or "upi" in methods else None,
        "card": test_card(scenario.number) if not methods or "card" in methods else None,
        "amount": 10_000 + AMOUNT_MARK * 1000 + scenario.number,
    }


def test_card(number: int) -> str:
    """A card number that plays the scenario: its last digit makes it pass Luhn's check."""
    digits = f"400001000000{number:03}"
    places = (int(digit) for digit in reversed(digits))
    total = sum(
        digit if place % 2 else sum(divmod(digit * 2, 10)) for place, digit in enumerate(places)
    )
    return f"{digits}{-total % 10}"


def namespace(made: Namespace) -> stories.Namespace:
    """``POST /test/namespaces``."""
    merchant = made.merchant
    return {
        "id": str(merchant.id),
        "name": merchant.name,
        "api_key": merchant.api_key,
        "api_secret": made.api_secret,
        "webhook_url": merchant.webhook_url,
        "webhook_secret": made.webhook_secret,
        "scenario": merchant.default_scenario,
        "created_at": timestamp(merchant.created_at),
    }


def callbacks(kept: Iterable[KeptCallback]) -> stories.Callbacks:
    """``GET /test/callbacks``."""
    return {
        "data": [
            {
                "id": each.id,
                "processor": each.processor,
                "received_at": timestamp(each.received_at),
                "key": each.dedupe_key,
                "operation_id": each.operation_id,
                "payment_id": each.payment_id,
                "effect": each.effect,
                "reason": each.reason,
            }
            for each in kept
        ]
    }


def clock(shown: MovableClock) -> stories.ClockShown:
    """``GET /test/clock``."""
    return {
        "now": timestamp(shown.now()),
        "held": shown.is_held,
        "shift_seconds": seconds(shown.shift),
    }


def seconds(length: timedelta) -> float:
    """With milliseconds, as in timestamps."""
    return round(length.total_seconds(), 3)
