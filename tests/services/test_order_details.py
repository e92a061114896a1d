"""What a processor gets to know about the order of a charge."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from paygate import (
    Approved,
    AuthorizeRequest,
    CallContext,
    Capabilities,
    Outcome,
    PaymentMethod,
    PluginInfo,
    Processor,
    hookimpl,
)
from paygate.plugins.host import Found
from tests.harness.apps import running_app
from tests.harness.fakes import CoinMethod

ORDER: dict[str, Any] = {"receipt": "tea-1", "notes": {"table": 7, "friends": ["Asha", "Ravi"]}}


@dataclass
class Curious:
    """A processor that keeps the requests it gets."""

    order_details: bool
    requests: list[AuthorizeRequest] = field(default_factory=list)

    @property
    def info(self) -> PluginInfo:
        return PluginInfo(id="curious", version="1", requires_api=6)

    @property
    def capabilities(self) -> Capabilities:
        methods = {"coin": frozenset({"toss"})}
        return Capabilities(methods, order_details=self.order_details)

    async def authorize(self, request: AuthorizeRequest, context: CallContext) -> Outcome:
        self.requests.append(request)
        return Approved(f"c-{context.operation_id}", request.amount)


@dataclass
class Plugin:
    processor: Curious

    @hookimpl
    def paygate_methods(self) -> Iterable[PaymentMethod]:
        return [CoinMethod()]

    @hookimpl
    def paygate_processors(self) -> Iterable[Processor]:
        return [self.processor]


@pytest.mark.parametrize(
    ("is_needed", "expected"), [(True, ORDER), (False, {"receipt": None, "notes": {}})]
)
async def test_a_processor_that_needs_the_details_gets_them(
    is_needed: bool, expected: dict[str, Any], database_url: str, tmp_path: Path
):
    processor = Curious(is_needed)
    plugins = [Found("curious", Plugin(processor), "1")]
    environ = {"PAYGATE_API_URL": "https://pay.example/"}
    async with running_app(database_url, tmp_path, plugins=plugins, environ=environ) as app:
        order_id = await app.order(**ORDER)
        payment_id = await app.paid(order_id=order_id)
        async with app.working():
            await app.until(payment_id, "success")

    (request,) = processor.requests
    assert {"receipt": request.receipt, "notes": dict(request.notes)} == expected
    assert request.order_id == order_id
    assert request.callback_url == "https://pay.example/api/v1/callbacks/curious"
    assert "Asha" not in repr(request)
