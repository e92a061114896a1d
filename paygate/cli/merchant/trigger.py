"""``paygate trigger``: make real objects that produce an event."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from ...adapters.http.api_client import Access, Api, open_api
from ...chaos.payments import PaymentWish, create_payment
from ...core.errors import OperatorError

AMOUNT_MINOR = 50_000
WAIT_S = 60.0
POLL_S = 0.1


@dataclass(frozen=True, slots=True)
class Recipe:
    """How an event is made.

    Args:
        scenario: What the simulated processor does.
        capture: The capture mode of the order.
        then: What the merchant does when the payment is authorized: a path below the payment.
        is_partial: Whether only a half is captured, and the rest is still held.
        refunds: Whether the whole payment is refunded at the end.
    """

    scenario: str = "approve"
    capture: str = "automatic"
    then: str | None = None
    is_partial: bool = False
    refunds: bool = False


RECIPES: Mapping[str, Recipe] = {
    "payment.created": Recipe(),
    "payment.pending": Recipe(),
    "payment.success": Recipe(),
    "payment.failed": Recipe("decline"),
    "payment.authorized": Recipe(capture="manual"),
    "payment.captured": Recipe(capture="manual", then="capture", is_partial=True),
    "payment.cancelled": Recipe(capture="manual", then="cancel"),
    "refund.created": Recipe(refunds=True),
    "refund.processed": Recipe(refunds=True),
    "refund.failed": Recipe("refund_declined", refunds=True),
}

# What the payment or the refund is when the event has happened.
STATUSES: Mapping[str, str] = {
    "payment.success": "success",
    "payment.failed": "failed",
    "payment.authorized": "authorized",
    "payment.captured": "authorized",
    "payment.cancelled": "cancelled",
    "refund.processed": "processed",
    "refund.failed": "failed",
}


@dataclass(frozen=True, slots=True)
class Trigger:
    """What to make.

    Args:
        access: The API.
        wanted: An event type, or the name of a scenario.
        amount_minor: The amount, in minor units.
        method: The payment method.
        as_json: Prints one JSON object.
    """

    access: Access
    wanted: str
    amount_minor: int = AMOUNT_MINOR
    method: str = "upi"
    as_json: bool = False


@dataclass(slots=True)
class Made:
    """The ids of what was made, in the order of their making."""

    ids: dict[str, str] = field(default_factory=dict)
    status: str = ""

    def printed(self, *, as_json: bool) -> str:
        """Return what is printed."""
        if as_json:
            return json.dumps({**self.ids, "status": self.status})
        return "\n".join([*(f"{name:8} {id}" for name, id in self.ids.items()), self.status])


async def trigger(command: Trigger) -> Made:
    """Make an order and a payment, and what else the event needs.

    Raises:
        OperatorError: The event or scenario does not exist, the API refuses a request, or the
            event has not happened in time.
    """
    async with open_api(command.access) as api:
        recipe = RECIPES.get(command.wanted) or await _scenario(command, api)
        made = Made()
        await _pay(command, recipe, api, made)
        if recipe.then is not None:
            await _until(api, made, {"authorized"})
            half = {"amount": command.amount_minor // 2, "final": False}
            path = f"/payments/{made.ids['payment']}/{recipe.then}"
            await api.call("POST", path, half if recipe.is_partial else {})
            await _follow(api, made, recipe)
        elif recipe.refunds:
            await _until(api, made, {"success"})
            await _refund(command, api, made)
        elif command.wanted not in {"payment.created", "payment.pending"}:
            await _until(api, made, {"success", "failed", "authorized"}, is_required=False)
        if STATUSES.get(command.wanted, made.status) != made.status:
            raise _not_happened(made)
        return made


async def _scenario(command: Trigger, api: Api) -> Recipe:
    known = (await api.call("GET", "/test/scenarios"))["data"]
    names = [each["name"] for each in known]
    if command.wanted not in names:
        raise OperatorError(
            setting="paygate trigger",
            problem=f"{command.wanted!r} is no event that can be triggered, and no scenario",
            remedy=f"Choose one of: {', '.join(RECIPES)}; or of `paygate scenarios`",
        )
    return Recipe(command.wanted)


async def _pay(command: Trigger, recipe: Recipe, api: Api, made: Made) -> None:
    wish = PaymentWish(command.amount_minor, command.method, recipe.scenario, recipe.capture)
    order, payment = await create_payment(api, wish)
    made.ids["order"] = order["id"]
    made.ids["payment"], made.status = payment["id"], payment["status"]


async def _refund(command: Trigger, api: Api, made: Made) -> None:
    path = f"/payments/{made.ids['payment']}/refunds"
    refund = await api.call("POST", path, {"amount": command.amount_minor, "reason": "triggered"})
    made.ids["refund"], made.status = refund["id"], refund["status"]
    ends_s = time.monotonic() + WAIT_S
    while made.status == "pending" and time.monotonic() < ends_s:
        await asyncio.sleep(POLL_S)
        made.status = (await api.call("GET", f"/refunds/{refund['id']}"))["status"]


async def _follow(api: Api, made: Made, recipe: Recipe) -> None:
    """Wait until a capture or a cancellation has ended."""
    ends_s = time.monotonic() + WAIT_S
    while time.monotonic() < ends_s:
        payment = await api.call("GET", f"/payments/{made.ids['payment']}")
        made.status = payment["status"]
        if made.status != "authorized" or (recipe.is_partial and payment["amount_captured"]):
            return
        await asyncio.sleep(POLL_S)
    raise _not_happened(made)


async def _until(api: Api, made: Made, wanted: set[str], *, is_required: bool = True) -> None:
    """Wait until the payment has one of the statuses, or will not have it soon."""
    ends_s = time.monotonic() + WAIT_S
    while time.monotonic() < ends_s:
        payment = await api.call("GET", f"/payments/{made.ids['payment']}")
        made.status = payment["status"]
        if made.status in wanted:
            return
        if payment.get("next_action") is not None:
            made.status = f"{made.status}: waits for the payer ({payment['next_action']['type']})"
            break
        await asyncio.sleep(POLL_S)
    if is_required:
        raise _not_happened(made)


def _not_happened(made: Made) -> OperatorError:
    kind, id = list(made.ids.items())[-1]
    return OperatorError(
        setting="paygate trigger",
        problem=f"the {kind} {id} is {made.status}",
        remedy="Start a worker with `paygate work`, or see its timeline in the dashboard",
    )
