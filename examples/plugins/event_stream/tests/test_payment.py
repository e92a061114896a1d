"""A payment whose events are written, through a gateway of the test's own."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from paygate.testing import PaygateServer


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "events.jsonl"


@pytest.fixture
def paygate_settings(file: Path) -> Mapping[str, str]:
    """Write to a file of the test's own."""
    return {"PAYGATE_EVENT_STREAM_FILE": str(file)}


def lines(file: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in file.read_bytes().splitlines()]


def test_events_of_a_payment_are_written_in_order(paygate_server: PaygateServer, file: Path):
    payment = paygate_server.pay()
    paygate_server.inbox.expect("payment.success")

    assert [line["type"] for line in lines(file)] == [
        "payment.created", "payment.pending", "payment.success"
    ]  # fmt: skip
    assert {line["key"] for line in lines(file)} == {payment["id"]}
    assert len({line["id"] for line in lines(file)}) == 3


def test_a_failed_write_is_retried(paygate_server: PaygateServer, file: Path):
    file.mkdir()
    paygate_server.pay()
    file.rmdir()
    paygate_server.clock.advance(hours=12)

    assert sorted(line["type"] for line in lines(file)) == [
        "payment.created", "payment.pending", "payment.success"
    ]  # fmt: skip
