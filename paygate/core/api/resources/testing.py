"""Scenarios, payer simulation and other tools of tests. Not served in production."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Literal

from pydantic import Field
from quart import Blueprint, Response, request
from typing_extensions import TypedDict

from ...accounts.model import Merchant, Role
from ...deps import Deps
from ...errors import InvalidInputError, NotFoundError
from ...payments.create import client_secret, create_order
from ...payments.queries import find_test_merchant, work_status
from ...payments.scenarios import AMOUNT_MARK, SimulatePayer, simulate_payer
from ...payments.store import StoredCallback
from ...queue.store import WorkCounts
from ...registry import ScenarioInfo
from ..auth import merchant_of_request
from ..bodies import body_of_request
from ..context import deps_of_app
from ..documented import MERCHANT_ID, PAID_AT, PAYMENT_ID, Audited, documented
from ..errors import json_response
from ..fields import Body, Request, Text, checked
from ..idempotency import changed
from ..shapes import At, Uuid, timestamp
from .orders import ORDER_IN_FULL_EXAMPLE, OrderInFullJson, order_in_full_to_json, parse_order
from .payments import PAYMENT_EXAMPLE, PaymentJson, payment_to_json


class TestMerchantJson(TypedDict):
    """The seeded merchant."""

    id: Uuid
    email: str
    api_key: str
    seeded: bool


class WorkJson(TypedDict):
    """Counts of work, and whether a worker is alive."""

    pending: int
    processing: int
    completed: int
    failed: int
    worker_status: Literal["running", "stopped"]


class PayerRequest(Request):
    """Body of ``POST /test/payments/{id}/payer``."""

    decision: Literal["approve", "decline", "wrong_pin", "time_out"]


class ScenarioRequest(Request):
    """Body of ``PUT /test/scenario``."""

    scenario: Text | None = Field(description="a scenario's name; null chooses at random")


class CallbacksQuery(Request):
    """Query ``?effect=``."""

    effect: (
        Literal[
            "received", "applied", "duplicate", "no_effect", "refused", "quarantined", "conflict"
        ]
        | None
    ) = None


class ScenarioListedJson(TypedDict):
    """A scenario of simulated processors."""

    name: str
    number: int
    description: str
    methods: list[str]
    vpa: Annotated[str | None, Field(description="an address that selects it")]
    card: Annotated[str | None, Field(description="a card number that selects it")]
    amount: Annotated[
        int, Field(description="an amount that selects it, if amounts select scenarios")
    ]


class ScenariosJson(TypedDict):
    """All scenarios."""

    data: list[ScenarioListedJson]


class ScenarioChosenJson(TypedDict):
    """The default scenario of payments."""

    scenario: str | None


class CallbackListedJson(TypedDict):
    """A processor callback and its effect."""

    id: int
    processor: str
    received_at: At
    key: str | None
    operation_id: str | None
    payment_id: str | None
    effect: str
    reason: str | None


class CallbacksJson(TypedDict):
    """Callbacks, the newest first."""

    data: list[CallbackListedJson]


def parse_callbacks(query: Mapping[str, str]) -> str | None:
    """Parse ``?effect=`` of ``GET /test/callbacks``."""
    given = {"effect": query["effect"]} if query.get("effect") else {}
    return checked(CallbacksQuery, given).effect


def parse_decision(body: Body) -> str:
    """Parse the body of ``POST /test/payments/{id}/payer``."""
    return checked(PayerRequest, body).decision


def parse_scenario(body: Body) -> str | None:
    """Parse the body of ``PUT /test/scenario``."""
    return checked(ScenarioRequest, body).scenario


def test_merchant_to_json(merchant: Merchant) -> TestMerchantJson:
    """Return the response of ``GET /test/merchant``."""
    return {
        "id": str(merchant.id),
        "email": merchant.email,
        "api_key": merchant.api_key,
        "seeded": True,
    }


def work_to_json(counts: WorkCounts, *, is_worked_on: bool) -> WorkJson:
    """Return the response of ``GET /test/jobs/status``."""
    return {
        "pending": counts.waiting,
        "processing": counts.leased,
        "completed": counts.done,
        "failed": counts.failed,
        "worker_status": "running" if is_worked_on else "stopped",
    }


def scenarios_to_json(known: Iterable[ScenarioInfo]) -> ScenariosJson:
    """Return the response of ``GET /test/scenarios``, ordered by number."""
    return {"data": [_scenario(each) for each in sorted(known, key=lambda each: each.number)]}


def _scenario(scenario: ScenarioInfo) -> ScenarioListedJson:
    methods = scenario.methods
    return {
        "name": scenario.name,
        "number": scenario.number,
        "description": scenario.description,
        "methods": sorted(methods),
        "vpa": f"{scenario.name}@sim" if not methods or "upi" in methods else None,
        "card": test_card(scenario.number) if not methods or "card" in methods else None,
        "amount": 10_000 + AMOUNT_MARK * 1000 + scenario.number,
    }


def test_card(number: int) -> str:
    """Return a card number that selects the scenario, with a valid Luhn digit."""
    digits = f"400001000000{number:03}"
    places = (int(digit) for digit in reversed(digits))
    total = sum(
        digit if place % 2 else sum(divmod(digit * 2, 10)) for place, digit in enumerate(places)
    )
    return f"{digits}{-total % 10}"


def callbacks_to_json(kept: Iterable[StoredCallback]) -> CallbacksJson:
    """Return the response of ``GET /test/callbacks``."""
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


SCENARIOS_EXAMPLE: ScenariosJson = {
    "data": [
        {
            "name": "late_success",
            "number": 50,
            "description": "Declined, and approved ten minutes later after all.",
            "methods": [],
            "vpa": "late_success@sim",
            "card": "4000010000000506",
            "amount": 19_050,
        }
    ]
}
CALLBACKS_EXAMPLE: CallbacksJson = {
    "data": [
        {
            "id": 1,
            "processor": "upi_sim",
            "received_at": PAID_AT,
            "key": "op_T5vX2wYz8AbC1dEf:0",
            "operation_id": "op_T5vX2wYz8AbC1dEf",
            "payment_id": PAYMENT_ID,
            "effect": "applied",
            "reason": None,
        }
    ]
}
TEST_MERCHANT_EXAMPLE: TestMerchantJson = {
    "id": MERCHANT_ID,
    "email": "test@example.com",
    "api_key": "key_test_abc123",
    "seeded": True,
}
WORK_EXAMPLE: WorkJson = {
    "pending": 2,
    "processing": 1,
    "completed": 145,
    "failed": 0,
    "worker_status": "running",
}
CALLBACKS_SHOWN_MAX = 200
TEST_ORDER_MINOR = 50_000


routes = Blueprint("testing", __name__)


@routes.get("/merchant")
@documented(
    "Show the test merchant",
    TestMerchantJson,
    TEST_MERCHANT_EXAMPLE,
    access="anyone",
    refuses=frozenset({404}),
)
async def merchant() -> Response:
    deps = deps_of_app()
    found = await find_test_merchant(deps)
    if found is None:
        raise NotFoundError("Test merchant")
    return json_response(test_merchant_to_json(found))


@routes.post("/orders")
@documented(
    "Create a test order",
    OrderInFullJson,
    ORDER_IN_FULL_EXAMPLE,
    status=201,
    access="anyone",
    about="An order of 500.00 INR of the test merchant, for a checkout that is opened without "
    "an order. Needs no keys and no body.",
    refuses=frozenset({404}),
)
async def create_order_to_try() -> Response:
    deps = deps_of_app()
    found = await find_test_merchant(deps)
    if found is None:
        raise NotFoundError("Test merchant")
    command = parse_order({"amount": TEST_ORDER_MINOR}, found)

    async def do(bound: Deps) -> tuple[object, int]:
        order = await create_order(command, bound)
        return order_in_full_to_json(order, client_secret(order.id, bound)), 201

    return await changed(deps, do)


@routes.get("/jobs/status")
@documented(
    "Show counts of work", WorkJson, WORK_EXAMPLE, access="anyone", operation_id="countWork"
)
async def jobs() -> Response:
    deps = deps_of_app()
    counts, is_worked_on = await work_status(deps)
    return json_response(work_to_json(counts, is_worked_on=is_worked_on))


@routes.get("/scenarios")
@documented("List scenarios", ScenariosJson, SCENARIOS_EXAMPLE, access="anyone")
async def scenarios() -> Response:
    deps = deps_of_app()
    return json_response(scenarios_to_json(deps.registry.scenarios.values()))


@routes.get("/scenario")
@documented(
    "Show the default scenario",
    ScenarioChosenJson,
    {"scenario": None},
)
async def chosen() -> Response:
    deps = deps_of_app()
    merchant = await merchant_of_request(deps)
    return json_response({"scenario": merchant.default_scenario})


@routes.put("/scenario")
@documented(
    "Choose the default scenario",
    ScenarioChosenJson,
    {"scenario": "late_success"},
    needs=Role.DEVELOPER,
    audit=Audited("scenario.choose", shows=("scenario",)),
    body=ScenarioRequest,
    body_examples={"example": {"scenario": "late_success"}, "none": {"scenario": None}},
)
async def choose() -> Response:
    deps = deps_of_app()
    merchant = await merchant_of_request(deps)
    name = parse_scenario(await body_of_request())
    if name is not None and name not in deps.registry.scenarios:
        raise InvalidInputError(f"There is no scenario {name[:64]!r}", field="scenario")

    async def do(bound: Deps) -> tuple[object, int]:
        await bound.storage.merchants.set_scenario(merchant.id, name)
        return {"scenario": name}, 200

    return await changed(deps, do)


@routes.get("/callbacks")
@documented(
    "List processor callbacks",
    CallbacksJson,
    CALLBACKS_EXAMPLE,
    access="anyone",
    query=CallbacksQuery,
)
async def callbacks() -> Response:
    deps = deps_of_app()
    effect = parse_callbacks(request.args)
    kept = await deps.storage.callbacks.recent(effect=effect, limit=CALLBACKS_SHOWN_MAX)
    return json_response(callbacks_to_json(kept))


@routes.post("/payments/<payment_id>/payer")
@documented(
    "Simulate the payer",
    PaymentJson,
    PAYMENT_EXAMPLE,
    access="anyone",
    body=PayerRequest,
    body_examples={"example": {"decision": "approve"}},
    about="The payer's decision is sent as a callback of the simulated processor.",
    refuses=frozenset({422}),
)
async def payer(payment_id: str) -> Response:
    deps = deps_of_app()
    decision = parse_decision(await body_of_request())
    return json_response(
        payment_to_json(await simulate_payer(SimulatePayer(payment_id, decision), deps))
    )
