"""Events as records in Kafka, by aiokafka."""

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
    """As much of a Kafka client as is needed."""

    async def send_and_wait(
        self, topic: str, value: bytes, key: bytes, headers: Sequence[tuple[str, bytes]]
    ) -> Any:
        """Write a record, and return when enough brokers have it."""
        ...

    async def stop(self) -> None:
        """Close its connections."""
        ...


StartProducer = Callable[[], Awaitable[Producer]]


class KafkaSink:
    """Writes each event once more where it is not sure that it was written.

    The key of a record is the payment: all events of one are in one partition, in order. A
    copy is known by the header ``event-id``, which is the same for every attempt.
    """

    info = PluginInfo(id="event_kafka", version="0.1.0", requires_api=3)
    concerns_endpoint = False
    own_client = "Kafka is not spoken over HTTP; aiokafka connects to the operator's brokers"

    def __init__(self, topic: str, start: StartProducer) -> None:
        self._topic = topic
        self._start = start
        self._producer: Producer | None = None
        self._starting = asyncio.Lock()

    def wants(self, event_type: str, endpoint: Endpoint) -> bool:
        """Every event, once."""
        return is_for_stream(endpoint)

    async def deliver(
        self, event: DeliverableEvent, endpoint: Endpoint, context: CallContext
    ) -> DeliveryResult:
        """Write a record. Whatever goes wrong, the host tries again later."""
        headers = [("event-id", event.id.encode()), ("event-type", event.type.encode())]
        key = ordered_by(event).encode()
        try:
            # Less than the host gives: a result says more than a time-out.
            async with asyncio.timeout(context.deadline.total_seconds() * 0.9):
                producer = await self._started()
                await producer.send_and_wait(self._topic, event.body, key, headers)
        except Exception as error:  # noqa: BLE001 - a client's errors have no common base
            kind = type(error).__name__
            context.logger.warning("kafka", problem=kind)
            return DeliveryResult(delivered=False, error=f"kafka_{kind}"[:64])
        return DeliveryResult(delivered=True)

    async def close(self) -> None:
        """The host shuts down."""
        if self._producer is not None:
            await self._producer.stop()

    async def _started(self) -> Producer:
        """The one producer of this process: the first event waits for its connections."""
        async with self._starting:
            if self._producer is None:
                self._producer = await self._start()
            return self._producer


def aiokafka_producer(brokers: str) -> StartProducer:
    """How to connect, by a library that is not imported before it is needed.

    Raises:
        OperatorError: It is not installed; start-up stops with it.
    """
    if find_spec("aiokafka") is None:
        raise OperatorError(
            setting="PAYGATE_EVENT_STREAM_KAFKA",
            problem="aiokafka is not installed",
            remedy="Install paygate-event-stream[kafka], or leave the setting out",
        )

    async def start() -> Producer:
        # Retries of its own write a record once; "all" waits for every replica in sync.
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
