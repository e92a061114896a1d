"""The record of a simulated processor: every operation that it received.

The file is outside the gateway's database, so an audit can compare the two: each charge,
capture, void and refund that the processor approved must be in the database exactly once, and
vice versa.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core.money import KNOWN_EXPONENTS, Money
from ..core.payments.operation import OperationKind
from .decision import Decision, read_decision

UNDECIDED: dict[str, Any] = {"due_at": None, "approved": None, "decline": None}
"""The fields of an undecided operation."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One operation, as the processor received it.

    Args:
        operation_id: Its idempotency key.
        payment_id: The gateway's id of the payment.
        amount: The amount of the operation; for a partial approval, the approved part.
        processor: The simulator that received it.
        decision: How it ends; None if the scenario has no definite end.
        kind: The kind of the operation.
    """

    operation_id: str
    payment_id: str
    amount: Money
    processor: str
    decision: Decision | None
    kind: OperationKind = OperationKind.CHARGE


@dataclass(frozen=True, slots=True)
class Book:
    """A file of operations, one JSON object per line; several processes may append to it.

    Every line is one write to a descriptor in append mode, so the operating system never
    mixes two lines. Nothing is synced to the disk: the file survives the process, not a
    crash of the machine.

    Args:
        path: The file. It and its folder are created with the first entry.
    """

    path: Path

    def append(self, entry: Entry) -> None:
        """Append an entry.

        Raises:
            OSError: The entry is not, or only partly, in the file.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            line = _line(entry)
            if _ends_torn(descriptor):
                line = b"\n" + line
            if os.write(descriptor, line) != len(line):
                raise OSError(f"{self.path}: a line was truncated")
        finally:
            os.close(descriptor)

    def entries(self) -> list[Entry]:
        """Return all entries, oldest first, without lines that a crash truncated."""
        return list(self._read())

    def charges(self) -> list[Entry]:
        """Return the entries of charges, oldest first."""
        return [entry for entry in self._read() if entry.kind is OperationKind.CHARGE]

    def find(self, operation_id: str) -> Entry | None:
        """Return the newest entry of an operation."""
        found = None
        for entry in self._read(containing=operation_id.encode()):
            if entry.operation_id == operation_id:
                found = entry
        return found

    def _read(self, *, containing: bytes = b"") -> Iterator[Entry]:
        with suppress(FileNotFoundError), self.path.open("rb") as lines:
            for line in lines:
                # Parsing is expensive, and most lines are about another operation.
                if containing in line and (entry := _entry(line)) is not None:
                    yield entry


def _ends_torn(descriptor: int) -> bool:
    size = os.fstat(descriptor).st_size
    return size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"


def _line(entry: Entry) -> bytes:
    fields = {
        "kind": entry.kind.value,
        "operation_id": entry.operation_id,
        "payment_id": entry.payment_id,
        "amount_minor": entry.amount.minor,
        "currency": entry.amount.currency,
        "processor": entry.processor,
        **(UNDECIDED if entry.decision is None else entry.decision.as_json()),
    }
    return json.dumps(fields, separators=(",", ":")).encode() + b"\n"


def _entry(line: bytes) -> Entry | None:
    try:
        fields: Any = json.loads(line)
        # Files of older versions contain charges only, without a kind.
        kind = OperationKind(fields.pop("kind", "charge"))
    except (ValueError, TypeError, AttributeError):
        return None
    match fields:
        case {
            "operation_id": str(operation_id),
            "payment_id": str(payment_id),
            "amount_minor": int(minor),
            "currency": str(currency),
            "processor": str(processor),
        } if type(minor) is int and minor >= 0 and currency in KNOWN_EXPONENTS:
            decision = read_decision(fields)
        case _:
            return None
    if decision is None and not UNDECIDED.items() <= fields.items():
        return None
    return Entry(operation_id, payment_id, Money(minor, currency), processor, decision, kind)
