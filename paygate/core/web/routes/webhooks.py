"""Webhooks: where they go, what became of them, sending them again."""

from __future__ import annotations

from quart import Blueprint, Response, request

from ...services.configure_endpoint import configure_endpoint, regenerate_secret
from ...services.deps import Deps
from ...services.retry_delivery import retry_delivery
from ...services.send_test_event import send_test_event
from .. import parse, present
from ..auth import merchant_of_request
from ..body import body_of_request
from ..errors import json_response
from . import dialects


def blueprint(deps: Deps) -> Blueprint:
    """``/webhooks`` and ``/merchant``."""
    routes = Blueprint("webhooks", __name__)

    @routes.get("/merchant/config")
    async def config() -> Response:
        return json_response(present.endpoint(await merchant_of_request(deps)))

    @routes.put("/webhooks")
    @routes.patch("/merchant/webhook")
    async def configure() -> Response:
        merchant = await merchant_of_request(deps)
        command = parse.endpoint(dialects.endpoint(await body_of_request()), merchant)
        return json_response(present.endpoint(await configure_endpoint(command, deps)))

    @routes.post("/merchant/webhook/regenerate")
    async def regenerate() -> Response:
        merchant = await merchant_of_request(deps)
        return json_response(present.endpoint(await regenerate_secret(merchant, deps)))

    @routes.post("/webhooks/test")
    @routes.post("/merchant/webhook/test")
    async def send_test() -> Response:
        merchant = await merchant_of_request(deps)
        command = parse.test_event(await body_of_request(), merchant)
        return json_response(present.test_event_sent(await send_test_event(command, deps)))

    @routes.get("/webhooks")
    async def index() -> Response:
        merchant = await merchant_of_request(deps)
        limit, offset = parse.page(request.args)
        page = await deps.storage.deliveries.page(merchant.id, limit=limit, offset=offset)
        return json_response(present.page(page, present.delivery))

    @routes.post("/webhooks/<delivery_id>/retry")
    async def retry(delivery_id: str) -> Response:
        merchant = await merchant_of_request(deps)
        found = parse.delivery_id(delivery_id)
        await retry_delivery(merchant, found, deps)
        return json_response(present.delivery_retried(found))

    return routes
