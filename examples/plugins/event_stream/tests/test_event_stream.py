"""The contract kit on both sinks, and the contents of files and records."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from paygate_event_stream import paygate_check_samples, paygate_event_sinks
from paygate_event_stream.file_sink import FileSink
from paygate_event_stream.kafka_sink import KafkaSink, aiokafka_producer
from paygate_event_stream.records import as_line

from paygate import DeliverableEvent, Endpoint, EventSink, OperatorError, PluginContext
from paygate.testing import EventSinkContract
from paygate.testing.kit.cases import Case

MERCHANT = UUID(int=1)
OWN, FURTHER = (Endpoint(id, MERCHANT, None, None) for id in (MERCHANT, UUID(int=2)))
AT = datetime(2026, 1, 15, 10, 30, tzinfo=UTC)


class TestFile(EventSinkContract):
    plugin_id = "event_stream"
    environ = paygate_check_samples["environ"]

    def make(self, context: PluginContext) -> EventSink:
        [offered] = paygate_event_sinks(context)
        return offered


class Broker:
    """Stands in for aiokafka: keeps records, or is not there."""

    def __init__(self) -> None:
        self.records: list[tuple[str, bytes, bytes, dict[str, bytes]]] = []
        self.starts = 0
        self.is_there = True
        self.is_closed = False

    async def start(self) -> "Broker":
        self.starts += 1
        await asyncio.sleep(0)
        if not self.is_there:
            raise ConnectionError("no broker at 10.0.0.1")
        return self

    async def send_and_wait(self, topic, value, key, headers) -> None:
        self.records.append((topic, key, value, dict(headers)))

    async def stop(self) -> None:
        self.is_closed = True


class TestKafka(EventSinkContract):
    def make(self, context: PluginContext) -> EventSink:
        return KafkaSink("events", Broker().start)


class TestKafkaThatIsGone(EventSinkContract):
    def make(self, context: PluginContext) -> EventSink:
        broker = Broker()
        broker.is_there = False
        return KafkaSink("events", broker.start)


def event(ordinal: int, body: bytes = b'{"event":"payment.success"}') -> DeliverableEvent:
    return DeliverableEvent(f"evt_{ordinal:03d}", "payment.success", body, AT, "pay_1")


def call(**more):
    return Case().stage().call("op_1", **more)


async def written(sink: EventSink, *ordinals: int) -> list[bool]:
    given = [sink.deliver(event(each), OWN, call()) for each in ordinals]
    return [result.delivered for result in await asyncio.gather(*given)]


def ids(path: Path) -> list[str]:
    return [json.loads(line)["id"] for line in path.read_bytes().splitlines()]


def test_a_line_has_an_ordering_key_and_a_deduplication_id():
    line = json.loads(as_line(event(1, '{"note": "ą\\n"}'.encode())))

    assert (line["id"], line["key"], line["type"]) == ("evt_001", "pay_1", "payment.success")
    assert json.loads(line["body"]) == {"note": "ą\n"}


@pytest.mark.parametrize("sink", [FileSink(Path("x"), 1000, 1), KafkaSink("t", Broker().start)])
def test_an_event_is_written_once_for_several_endpoints(sink: EventSink):
    assert sink.wants("payment.success", OWN)
    assert not sink.wants("payment.success", FURTHER)


def test_a_full_file_is_rotated_and_the_oldest_is_deleted(tmp_path: Path):
    path = tmp_path / "events.jsonl"
    size = len(as_line(event(1)))
    sink = FileSink(path, bytes_max=2 * size, kept=2)
    for ordinal in range(1, 8):
        assert asyncio.run(written(sink, ordinal)) == [True]

    assert ids(path) == ["evt_007"]
    assert ids(tmp_path / "events.jsonl.1") == ["evt_005", "evt_006"]
    assert ids(tmp_path / "events.jsonl.2") == ["evt_003", "evt_004"]
    assert not (tmp_path / "events.jsonl.3").exists()


def test_concurrent_writers_keep_every_line_intact(tmp_path: Path):
    path = tmp_path / "events.jsonl"

    def write(first: int) -> list[bool]:
        return asyncio.run(written(FileSink(path, 200, 150), *range(first, first + 25)))

    with ThreadPoolExecutor(4) as writers:
        results = list(writers.map(write, (0, 100, 200, 300)))
    found = [id for each in tmp_path.glob("events.jsonl*") if each.suffix != ".lock"
             for id in ids(each)]  # fmt: skip
    assert all(map(all, results))
    assert len(found) == len(set(found)) == 100


def test_a_partial_line_of_a_killed_writer_damages_no_other_line(tmp_path: Path):
    path = tmp_path / "events.jsonl"
    path.write_bytes(as_line(event(1)) + as_line(event(2))[:20])
    asyncio.run(written(FileSink(path, 10_000, 1), 2))
    whole, torn, again = path.read_bytes().splitlines()

    assert (json.loads(whole)["id"], json.loads(again)["id"]) == ("evt_001", "evt_002")
    assert torn == as_line(event(2))[:20]


def test_a_full_disk_is_a_failed_attempt(tmp_path: Path):
    sink = FileSink(tmp_path / "no such folder" / "events.jsonl", 1_000, 1)
    result = asyncio.run(sink.deliver(event(1), OWN, call()))

    assert (result.delivered, result.error) == (False, "file_not_written")


def test_a_record_has_its_payment_as_key_and_its_event_as_id():
    broker = Broker()
    sink = KafkaSink("events", broker.start)

    assert asyncio.run(written(sink, 1, 2, 1)) == [True, True, True]
    assert {(topic, key) for topic, key, _, _ in broker.records} == {("events", b"pay_1")}
    found = [headers["event-id"] for *_, headers in broker.records]
    assert found == [b"evt_001", b"evt_002", b"evt_001"]
    assert broker.starts == 1
    asyncio.run(sink.close())
    assert broker.is_closed


def test_brokers_are_used_again_after_an_outage():
    broker = Broker()
    sink = KafkaSink("events", broker.start)
    broker.is_there = False
    assert asyncio.run(written(sink, 1)) == [False]
    broker.is_there = True

    assert asyncio.run(written(sink, 1)) == [True]


def test_an_attempt_on_hanging_brokers_ends_before_the_deadline():
    class Hanging(Broker):
        async def start(self) -> Broker:
            await asyncio.sleep(3600)
            return self

    sink, short = KafkaSink("events", Hanging().start), call(deadline=timedelta(seconds=0.2))
    result = asyncio.run(sink.deliver(event(1), OWN, short))

    assert (result.delivered, result.error) == (False, "kafka_TimeoutError")


def test_without_the_library_the_error_names_what_to_install(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("paygate_event_stream.kafka_sink.find_spec", lambda _name: None)

    with pytest.raises(OperatorError, match=r"paygate-event-stream\[kafka\]"):
        aiokafka_producer("broker:9092")


def test_without_configuration_nothing_is_written():
    assert list(paygate_event_sinks(Case(plugin_id="event_stream").context())) == []
