"""A sink that keeps what it is given."""

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
    """One try at delivering an event.

    Args:
        event_id: The same for all tries.
        type: What happened.
        payload: What the body says.
        body: The exact bytes.
        url: Where it was to go; None where the merchant has not said.
        at: The app's time, in UTC.
    """

    event_id: str
    type: str
    payload: Any
    body: bytes = field(repr=False)
    url: str | None
    at: datetime


class FakeSink:
    """Takes the place of the app's sinks: nothing is posted, everything is kept.

    Args:
        answers: One step for every try, or a list of them: a status such as 503, a
            ``DeliveryResult``, an exception, or a callable ``(event, endpoint)``.
        wants: Which event types it takes; None takes all, also of merchants that have
            not said where webhooks go.
        instead_of: The id of the only sink it stands in for; None stands in for all.
        id: Be a sink of this id beside the others.
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
            raise ValueError("it stands in for another, or it is one of its own: not both")
        self.instead_of = instead_of
        self.is_new = id is not None
        self.info = PluginInfo(id or instead_of or "fake_sink", "0")
        self.calls: list[Carried] = []
        self.problems: list[ScriptExhaustedError] = []
        self._wants = wants
        self._script: Script[DeliveryResult | int] = Script(
            f"FakeSink({self.info.id!r})", "deliveries", answers, self.problems
        )

    @property
    def types(self) -> list[str]:
        """What was carried, try by try."""
        return [call.type for call in self.calls]

    def wants(self, event_type: str, endpoint: Endpoint) -> bool:  # noqa: ARG002 - whatever the merchant has said
        """See ``EventSink.wants``."""
        return self._wants is None or self._wants(event_type)

    async def deliver(
        self, event: DeliverableEvent, endpoint: Endpoint, context: CallContext
    ) -> DeliveryResult:
        """See ``EventSink.deliver``."""
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
