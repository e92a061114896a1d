"""The routes of the bank: what a request asks for, and what is answered."""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal

from pydantic import Field

from ..core.errors import NotSentError
from ..core.outcome import (
    ActionRequired,
    Approved,
    Declined,
    Pending,
    Released,
    Unknown,
)
from ..core.payments.operation import OperationKind
from .bank import Bank
from .operation import BankOperation, BankSettings, Moves
from .wire import (
    REFERENCE,
    BankError,
    Body,
    ChargeBody,
    FollowUpBody,
    operation_to_json,
    parse_body,
)

PATHS: Mapping[str, tuple[OperationKind, type[Moves]]] = {
    "charges": (OperationKind.CHARGE, ChargeBody),
    "captures": (OperationKind.CAPTURE, FollowUpBody),
    "voids": (OperationKind.VOID, FollowUpBody),
    "refunds": (OperationKind.REFUND, FollowUpBody),
}
HEADER = "idempotency-key"
_REFERENCE = re.compile(REFERENCE)


class ConnectionBrokenError(Exception):
    """The bank breaks the connection instead of answering."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request to the bank.

    Args:
        method: In capital letters.
        path: Without a query.
        headers: With lower-case names.
        body: The exact bytes.
    """

    method: str
    path: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Reply:
    """A response of the bank."""

    status: int
    body: bytes
    content_type: str = "application/json"


class Advance(Body):
    """How far to move the bank's clock."""

    advance_s: float = Field(gt=0, le=400 * 86_400)


class Decision(Body):
    """What the payer of a charge decides."""

    decision: Literal["approve", "decline", "wrong_pin", "time_out"]


class BankApi:
    """Answers requests.

    Args:
        bank: The bank.
        key: The API key that moves money, as ``Authorization: Bearer KEY``.
    """

    def __init__(self, bank: Bank, key: str) -> None:
        self._bank = bank
        self._expected = f"Bearer {key}".encode()

    async def respond(self, asked: Asked) -> Reply:
        """Answer a request.

        Raises:
            ConnectionBrokenError: The scenario breaks the connection.
        """
        parts = asked.path.strip("/").split("/")
        try:
            if parts[0] in {*PATHS, "operations"}:
                self._authenticate(asked)
                return await self._processor(asked, parts)
            return _json(200, self._test(asked, parts))
        except BankError as error:
            return _json(error.status, error.as_json())

    def _authenticate(self, asked: Asked) -> None:
        given = asked.headers.get("authorization", "").encode()
        if not hmac.compare_digest(given, self._expected):
            raise BankError(401, "unauthorized", "The API key is missing or wrong")

    async def _processor(self, asked: Asked, parts: list[str]) -> Reply:
        """Answer a request of the processor API: move money, or query an operation."""
        match asked.method, parts:
            case "GET", ["operations", reference]:
                return _json(200, self._result(self._bank.find(reference)))
            case "POST", [path] if path in PATHS:
                kind, model = PATHS[path]
                return await self._move(kind, _key(asked), parse_body(model, asked.body))
        raise _no_route(asked)

    async def _move(self, kind: OperationKind, reference: str, body: Moves) -> Reply:
        try:
            answer = await self._bank.execute(kind, reference, body)
        except (NotSentError, ConnectionError) as error:
            raise ConnectionBrokenError from error
        except RuntimeError:
            answer = Unknown("an internal error")
        match answer:
            case Unknown():
                raise BankError(500, "internal_error", "Query the operation: it may have happened")
            case Approved() | Declined() | Pending() | ActionRequired() | Released():
                return _json(200, operation_to_json(kind, reference, body.money, answer))
        return Reply(200, b"<html>]]", "text/html")

    def _test(self, asked: Asked, parts: list[str]) -> Any:
        """Answer a request of a test: the book, the settings, the clock, the payer."""
        match asked.method, parts:
            case "GET", ["health"]:
                return {"status": "ok"}
            case "GET", ["book"]:
                return self._bank.book()
            case "GET", ["test", "settings"]:
                return self._bank.settings.model_dump()
            case "PATCH", ["test", "settings"]:
                given = parse_body(BankSettings, asked.body).model_dump(exclude_unset=True)
                self._bank.change(self._bank.settings.changed(given))
                return self._bank.settings.model_dump()
            case "POST", ["test", "clock"]:
                self._bank.advance(timedelta(seconds=parse_body(Advance, asked.body).advance_s))
                return {"now": self._bank.clock.now().isoformat()}
            case "POST", ["test", "operations", reference, "payer"]:
                decision = parse_body(Decision, asked.body).decision
                return self._result(self._bank.decide(reference, decision))
        raise _no_route(asked)

    def _result(self, operation: BankOperation) -> dict[str, Any]:
        money, outcome = operation.body.money, self._bank.outcome_of(operation)
        return operation_to_json(operation.kind, operation.reference, money, outcome)


def _key(asked: Asked) -> str:
    key = asked.headers.get(HEADER, "")
    if not _REFERENCE.fullmatch(key):
        message = "Send 1 to 64 letters, digits or _ . : - as the key of this operation"
        raise BankError(400, "invalid_request", message, "Idempotency-Key")
    return key


def _no_route(asked: Asked) -> BankError:
    path = f"{asked.method} {asked.path}"[:100]
    return BankError(404, "no_route", f"The bank has no route {path}")


def _json(status: int, content: Any) -> Reply:
    return Reply(status, json.dumps(content).encode())
