"""The simulated processor's own record of what it was asked to charge.

It lies outside the gateway's database, so a test that kills the gateway can ask
an independent witness whether anybody was charged twice: one payment must never
have approved charges under two operation ids.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core.domain.money import EXPONENTS, Money
from .decision import Decision, read_decision


@dataclass(frozen=True, slots=True)
class Charge:
    """One request to charge a payer, as the processor received it.

    Args:
        operation_id: The idempotency key it came with.
        payment_id: The gateway's name for the payment.
        amount: What was asked for.
        processor: Which simulator received it.
        decision: What it made of it.
    """

    operation_id: str
    payment_id: str
    amount: Money
    processor: str
    decision: Decision


@dataclass(frozen=True, slots=True)
class Book:
    """A file of charges, one JSON object a line, that several processes may append to.

    Every line is one write to a descriptor in append mode, which the operating
    system never mixes with another's. Nothing is synced to the disk: a book
    outlives its process, not its machine.

    Args:
        path: The file; it and its folder are made when the first charge comes.
    """

    path: Path

    def append(self, charge: Charge) -> None:
        """Write a charge down.

        Raises:
            OSError: It is not in the book, or not whole.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            line = _line(charge)
            if _ends_torn(descriptor):
                line = b"\n" + line
            if os.write(descriptor, line) != len(line):
                raise OSError(f"{self.path}: a line was cut short")
        finally:
            os.close(descriptor)

    def charges(self) -> list[Charge]:
        """All charges, oldest first; lines that a crash tore are left out."""
        return list(self._read())

    def find(self, operation_id: str) -> Charge | None:
        """What was last written about an operation."""
        found = None
        for charge in self._read(containing=operation_id.encode()):
            if charge.operation_id == operation_id:
                found = charge
        return found

    def _read(self, *, containing: bytes = b"") -> Iterator[Charge]:
        with suppress(FileNotFoundError), self.path.open("rb") as lines:
            for line in lines:
                # Parsing is what costs; most lines are about something else.
                if containing in line and (charge := _charge(line)) is not None:
                    yield charge


def _ends_torn(descriptor: int) -> bool:
    size = os.fstat(descriptor).st_size
    return size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"


def _line(charge: Charge) -> bytes:
    fields = {
        "operation_id": charge.operation_id,
        "payment_id": charge.payment_id,
        "amount_minor": charge.amount.minor,
        "currency": charge.amount.currency,
        "processor": charge.processor,
        **charge.decision.as_json(),
    }
    return json.dumps(fields, separators=(",", ":")).encode() + b"\n"


def _charge(line: bytes) -> Charge | None:
    try:
        fields: Any = json.loads(line)
    except ValueError:
        return None
    match fields:
        case {
            "operation_id": str(operation_id),
            "payment_id": str(payment_id),
            "amount_minor": int(minor),
            "currency": str(currency),
            "processor": str(processor),
        } if type(minor) is int and minor >= 0 and currency in EXPONENTS:
            decision = read_decision(fields)
        case _:
            return None
    if decision is None:
        return None
    return Charge(operation_id, payment_id, Money(minor, currency), processor, decision)
