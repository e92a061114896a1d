"""Send an event with an event sink, outside of the queue of deliveries."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from uuid import UUID

from ..core.clock import Clock
from ..core.errors import OperatorError
from ..core.limits import PLUGIN_CALL
from ..core.plugin_api.http_client import Http
from ..core.plugin_api.plugin import CallContext, Logger
from ..core.plugin_api.sink import DeliverableEvent, EventSink
from ..core.webhooks.model import DeliveryResult, Endpoint
from . import folder
from .host import installed_plugins, load_plugins

NO_MERCHANT = UUID(int=0)


def find_sink(name: str, environ: Mapping[str, str]) -> EventSink:
    """Return an event sink of the plugins that are here.

    Args:
        name: Its name.
        environ: The settings of plugins.

    Raises:
        OperatorError: No plugin has it.
    """
    found = installed_plugins(folder=environ.get(folder.SETTING, ""))
    sinks = load_plugins(found, environ=environ).registry.sinks
    if name not in sinks:
        raise OperatorError(
            setting="--sink",
            problem=f"no installed plugin has the event sink {name!r}",
            remedy=f"Choose one of: {', '.join(sorted(sinks)) or 'none is installed'}",
        )
    return sinks[name]


class Forwarder:
    """Sends events to one URL with an event sink, as a worker does.

    Args:
        sink: The event sink.
        url: The handler.
        http: Its HTTP client.
        clock: The time that is signed.
        logger: Its log.
    """

    def __init__(
        self, sink: EventSink, url: str, *, http: Http, clock: Clock, logger: Logger
    ) -> None:
        self._sink = sink
        self._url = url
        self._http = http
        self._clock = clock
        self._logger = logger

    async def forward(
        self,
        event: DeliverableEvent,
        secret: str | None,
        *,
        http: Http | None = None,
        clock: Clock | None = None,
    ) -> DeliveryResult:
        """Send an event once.

        Args:
            event: The event.
            secret: Signs it; None sends it unsigned.
            http: Replaces the HTTP client this time.
            clock: Replaces the clock this time.
        """
        endpoint = Endpoint(NO_MERCHANT, NO_MERCHANT, self._url, secret)
        context = CallContext(
            merchant_id=NO_MERCHANT,
            operation_id=event.id,
            deadline=PLUGIN_CALL,
            clock=clock or self._clock,
            rng=Random(event.id),
            http=http or self._http,
            logger=self._logger,
        )
        return await self._sink.deliver(event, endpoint, context)
