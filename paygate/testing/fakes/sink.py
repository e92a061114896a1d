"""A sink that records events."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ... import CallContext, DeliverableEvent, DeliveryResult, Endpoint, PluginInfo
from .script import Script, ScriptExhaustedError


@dataclass(frozen=True, slots=True)
class Carried:
    """One delivery attempt of an event.

    Args:
        event_id: The same for all attempts.
        type: Event type.
        payload: The parsed body.
        body: The exact bytes.
        url: The endpoint's URL; None if the merchant has set none.
        at: The app's time, in UTC.
    """

    event_id: str
    type: str
    payload: Any
    body: bytes = field(repr=False)
    url: str | None
    at: datetime


class FakeSink:
    """Replaces the app's sinks: it sends nothing and records everything.

    Args:
        answers: One step for every attempt, or a list of steps: a status such as 503, a
            ``DeliveryResult``, an exception, or a callable ``(event, endpoint)``.
        wants: The event types it accepts; None accepts all, also of merchants without a
            webhook URL.
        instead_of: The id of the sink to replace; None replaces all that deliver to any
            endpoint.
        id: Add a sink with this id.
    """

    def __init__(
        self,
        *,
        answers: Any = 200,
        wants: Callable[[str], bool] | None = None,
        instead_of: str | None = None,
        id: str | None = None,
    ) -> None:
        if id is not None and instead_of is not None:
            raise ValueError("give either instead_of or id, not both")
        self.instead_of = instead_of
        self.is_new = id is not None
        self.only_if_named = False
        self.info = PluginInfo(id or instead_of or "fake_sink", "0")
        self.calls: list[Carried] = []
        self.problems: list[ScriptExhaustedError] = []
        self._wants = wants
        self._script: Script[DeliveryResult | int] = Script(
            f"FakeSink({self.info.id!r})", "deliveries", answers, self.problems
        )

    @property
    def types(self) -> list[str]:
        """The event types of all attempts, in order."""
        return [call.type for call in self.calls]

    def wants(self, event_type: str, endpoint: Endpoint) -> bool:  # noqa: ARG002 - the endpoint has no influence
        return self._wants is None or self._wants(event_type)

    async def deliver(
        self, event: DeliverableEvent, endpoint: Endpoint, context: CallContext
    ) -> DeliveryResult:
        self.calls.append(
            Carried(
                event.id,
                event.type,
                json.loads(event.body),
                event.body,
                endpoint.url,
                context.clock.now(),
            )
        )
        answer = await self._script.next(f"to deliver {event.type}", event, endpoint)
        if isinstance(answer, DeliveryResult):
            return answer
        return DeliveryResult(delivered=200 <= answer < 300, status_code=answer)
