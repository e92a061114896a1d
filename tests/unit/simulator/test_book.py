import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

import paygate
from paygate import DeclineCode, Declined, Money
from paygate.simulator.book import Book, Entry
from paygate.simulator.decision import Decision

DUE = datetime(2026, 1, 15, 10, 30, tzinfo=UTC)
DECLINED = Declined(DeclineCode.DECLINED)

WRITER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from paygate import Money
from paygate.simulator.book import Book, Entry
from paygate.simulator.decision import Decision

book, name = Book(Path(sys.argv[1])), sys.argv[2]
print("ready", flush=True)
sys.stdin.readline()
for n in range(500):
    decision = Decision(datetime.now(UTC), None)
    book.append(Entry(f"{name}_{n}", "pay_" + "x" * n, Money(n, "INR"), "acme", decision))
"""


def charge(operation_id="op_1", *, decline=None):
    decision = Decision(DUE, decline)
    return Entry(operation_id, "pay_1", Money(49_900, "INR"), "acme", decision)


@pytest.fixture
def book(tmp_path):
    return Book(tmp_path / "folder" / "book.jsonl")


def test_a_missing_record_file_is_empty(book):
    assert book.charges() == []
    assert book.find("op_1") is None


def test_entries_are_read_in_order(book):
    written = [charge("op_1"), charge("op_2", decline=DECLINED)]
    for each in written:
        book.append(each)

    assert book.charges() == written


def test_a_line_has_the_documented_fields(book):
    book.append(charge())

    (line,) = book.path.read_text().splitlines()
    assert json.loads(line) == {
        "kind": "charge",
        "operation_id": "op_1",
        "payment_id": "pay_1",
        "amount_minor": 49_900,
        "currency": "INR",
        "processor": "acme",
        "due_at": "2026-01-15T10:30:00+00:00",
        "approved": True,
        "decline": None,
    }


def test_only_the_owner_may_read_a_new_record_file(book):
    book.append(charge())

    assert book.path.stat().st_mode & 0o777 == 0o600


def test_the_latest_line_about_an_operation_wins(book):
    book.append(charge("op_1"))
    book.append(charge("op_10"))
    book.append(charge("op_1", decline=DECLINED))

    assert book.find("op_1") == charge("op_1", decline=DECLINED)


def test_an_id_is_not_found_inside_another(book):
    book.append(charge("op_10"))

    assert book.find("op_1") is None


def test_a_truncated_last_line_is_ignored(book):
    book.append(charge("op_1"))
    book.append(charge("op_2"))
    whole = book.path.read_bytes()
    first = whole.index(b"\n") + 1

    for end in range(first, len(whole) - 2):
        book.path.write_bytes(whole[:end])
        assert book.charges() == [charge("op_1")]


def test_a_charge_after_a_truncated_line_is_not_lost(book):
    book.append(charge("op_1"))
    book.path.write_bytes(book.path.read_bytes() + b'{"operation_id":"op_2","pay')

    book.append(charge("op_3"))

    assert book.charges() == [charge("op_1"), charge("op_3")]


@pytest.mark.parametrize(
    "change",
    [
        {"amount_minor": -1},
        {"amount_minor": True},
        {"amount_minor": 1.0},
        {"currency": "???"},
        {"payment_id": None},
        {"due_at": "soon"},
        {"approved": False},
    ],
)
def test_an_invalid_line_is_ignored(book, change):
    book.append(charge())
    fields = json.loads(book.path.read_text())

    book.path.write_text(json.dumps({**fields, **change}) + "\n[1]\n\xff\n")

    assert book.charges() == []


def test_two_processes_writing_at_once_lose_no_line(book):
    environ = {**os.environ, "PYTHONPATH": str(Path(paygate.__file__).parents[1])}
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(book.path), name],
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for name in ("left", "right")
    ]
    for writer in writers:
        assert writer.stdout.readline() == b"ready\n"
    for writer in writers:
        writer.stdin.write(b"go\n")
        writer.stdin.flush()
    for writer in writers:
        writer.communicate(timeout=60)
        assert writer.returncode == 0

    charges = book.charges()
    assert len(charges) == 1000
    assert {each.operation_id for each in charges} == {
        f"{name}_{n}" for name in ("left", "right") for n in range(500)
    }
