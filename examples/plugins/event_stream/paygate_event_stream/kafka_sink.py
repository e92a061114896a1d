"""Writes events to Kafka with aiokafka."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Protocol

from paygate import (
    CallContext,
    DeliverableEvent,
    DeliveryResult,
    Endpoint,
    OperatorError,
    PluginInfo,
)

from .records import is_for_stream, ordered_by


class Producer(Protocol):
    """The part of a Kafka client that is used."""

    async def send_and_wait(
        self, topic: str, value: bytes, key: bytes, headers: Sequence[tuple[str, bytes]]
    ) -> Any:
        """Write a record; return when enough brokers have it."""
        ...

    async def stop(self) -> None:
        """Close its connections."""
        ...


StartProducer = Callable[[], Awaitable[Producer]]


class KafkaSink:
    """Writes an event again if it may not have been written.

    The key of a record is the payment: all its events are in one partition, in order. The header
    ``event-id`` identifies duplicates: it is the same for every attempt.
    """

    info = PluginInfo(id="event_kafka", version="0.1.0", requires_api=3)
    concerns_endpoint = False
    own_client = "Kafka does not use HTTP; aiokafka connects to the operator's brokers"

    def __init__(self, topic: str, start: StartProducer) -> None:
        self._topic = topic
        self._start = start
        self._producer: Producer | None = None
        self._starting = asyncio.Lock()

    def wants(self, event_type: str, endpoint: Endpoint) -> bool:
        """Return True for every event, once."""
        return is_for_stream(endpoint)

    async def deliver(
        self, event: DeliverableEvent, endpoint: Endpoint, context: CallContext
    ) -> DeliveryResult:
        """Write a record. After any error the host retries later."""
        headers = [("event-id", event.id.encode()), ("event-type", event.type.encode())]
        key = ordered_by(event).encode()
        try:
            # Less than the deadline of the host: a result is better than a timeout.
            async with asyncio.timeout(context.deadline.total_seconds() * 0.9):
                producer = await self._started()
                await producer.send_and_wait(self._topic, event.body, key, headers)
        except Exception as error:  # noqa: BLE001 - a client's errors have no common base
            kind = type(error).__name__
            context.logger.warning("kafka", problem=kind)
            return DeliveryResult(delivered=False, error=f"kafka_{kind}"[:64])
        return DeliveryResult(delivered=True)

    async def close(self) -> None:
        """Close the producer when the host shuts down."""
        if self._producer is not None:
            await self._producer.stop()

    async def _started(self) -> Producer:
        """Return the producer of this process; the first event waits for its connections."""
        async with self._starting:
            if self._producer is None:
                self._producer = await self._start()
            return self._producer


def aiokafka_producer(brokers: str) -> StartProducer:
    """Return a function that connects; the library is imported only when needed.

    Raises:
        OperatorError: It is not installed; paygate does not start.
    """
    if find_spec("aiokafka") is None:
        raise OperatorError(
            setting="PAYGATE_EVENT_STREAM_KAFKA",
            problem="aiokafka is not installed",
            remedy="Install paygate-event-stream[kafka], or remove the setting",
        )

    async def start() -> Producer:
        # Its own retries write a record once; "all" waits for every in-sync replica.
        producer = import_module("aiokafka").AIOKafkaProducer(
            bootstrap_servers=brokers, acks="all", enable_idempotence=True
        )
        try:
            await producer.start()
        except BaseException:
            await producer.stop()
            raise
        started: Producer = producer
        return started

    return start
