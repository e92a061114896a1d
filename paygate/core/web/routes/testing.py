"""What test suites ask. Not served in production."""

from __future__ import annotations

from quart import Blueprint, Response, request

from ...accounts.model import Role
from ...deps import Deps
from ...errors import InvalidInputError, NotFoundError
from ...payments.create import client_secret, create_order
from ...payments.queries import find_test_merchant, work_status
from ...payments.scenarios import PlayPayer, play_payer
from .. import parse, present
from ..auth import merchant_of_request
from ..body import body_of_request
from ..errors import json_response
from ..idempotency import changed
from ..openapi import Audited, documented, examples
from ..wire import answers as wire
from ..wire import request_bodies, stories

CALLBACKS_SHOWN_MAX = 200
TEST_ORDER_MINOR = 50_000


def blueprint(deps: Deps) -> Blueprint:
    """``/test``."""
    routes = Blueprint("testing", __name__)

    @routes.get("/merchant")
    @documented(
        "Show the test merchant",
        wire.TestMerchant,
        examples.TEST_MERCHANT,
        access="anyone",
        refuses=frozenset({404}),
    )
    async def merchant() -> Response:
        found = await find_test_merchant(deps)
        if found is None:
            raise NotFoundError("Test merchant")
        return json_response(present.test_merchant(found))

    @routes.post("/orders")
    @documented(
        "Create a test order",
        wire.OrderInFull,
        examples.ORDER_IN_FULL,
        status=201,
        access="anyone",
        about="An order of 500.00 INR of the test merchant, for whoever opens the checkout without "
        "one. Needs no keys and no body.",
        refuses=frozenset({404}),
    )
    async def create_order_to_try() -> Response:
        found = await find_test_merchant(deps)
        if found is None:
            raise NotFoundError("Test merchant")
        command = parse.order({"amount": TEST_ORDER_MINOR}, found)

        async def do(bound: Deps) -> tuple[object, int]:
            order = await create_order(command, bound)
            return present.order_in_full(order, client_secret(order.id, bound)), 201

        return await changed(deps, do)

    @routes.get("/jobs/status")
    @documented("Count the work", wire.Work, examples.WORK, access="anyone")
    async def jobs() -> Response:
        counts, is_worked_on = await work_status(deps)
        return json_response(present.work(counts, is_worked_on=is_worked_on))

    @routes.get("/scenarios")
    @documented("List scenarios", stories.Scenarios, examples.SCENARIOS, access="anyone")
    async def scenarios() -> Response:
        return json_response(present.scenarios(deps.registry.scenarios.values()))

    @routes.get("/scenario")
    @documented(
        "Show what payments play that name nothing",
        stories.ScenarioChosen,
        {"scenario": None},
    )
    async def chosen() -> Response:
        merchant = await merchant_of_request(deps)
        return json_response({"scenario": merchant.default_scenario})

    @routes.put("/scenario")
    @documented(
        "Choose what payments play that name nothing",
        stories.ScenarioChosen,
        {"scenario": "late_success"},
        needs=Role.DEVELOPER,
        audit=Audited("scenario.choose", shows=("scenario",)),
        body=request_bodies.ScenarioRequest,
        body_examples={"example": {"scenario": "late_success"}, "none": {"scenario": None}},
    )
    async def choose() -> Response:
        merchant = await merchant_of_request(deps)
        name = parse.scenario(await body_of_request())
        if name is not None and name not in deps.registry.scenarios:
            raise InvalidInputError(f"There is no scenario {name[:64]!r}", field="scenario")

        async def do(bound: Deps) -> tuple[object, int]:
            await bound.storage.merchants.set_scenario(merchant.id, name)
            return {"scenario": name}, 200

        return await changed(deps, do)

    @routes.get("/callbacks")
    @documented(
        "List processors' callbacks",
        stories.Callbacks,
        examples.CALLBACKS,
        access="anyone",
        query=request_bodies.CallbacksQuery,
    )
    async def callbacks() -> Response:
        effect = parse.callbacks(request.args)
        kept = await deps.storage.callbacks.recent(effect=effect, limit=CALLBACKS_SHOWN_MAX)
        return json_response(present.callbacks(kept))

    @routes.post("/payments/<payment_id>/payer")
    @documented(
        "Play the payer",
        wire.Payment,
        examples.PAYMENT,
        access="anyone",
        body=request_bodies.PayerRequest,
        body_examples={"example": {"decision": "approve"}},
        about="What the payer decides reaches us as the simulated processor's callback.",
        refuses=frozenset({422}),
    )
    async def payer(payment_id: str) -> Response:
        decision = parse.decision(await body_of_request())
        return json_response(
            present.payment(await play_payer(PlayPayer(payment_id, decision), deps))
        )

    return routes
