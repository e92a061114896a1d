"""A request of a client: its parameters, its idempotency, and its calls of the gateway."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl, quote

from paygate import Record, WireContext, WireRefusal, WireReply, WireRequest

from .cards import BY_NUMBER
from .errors import BAD_REQUEST, FAILED, NOT_FOUND, StripeError, busy
from .forms import Params, parsed

REPLY = "reply"
REPLY_KEPT = timedelta(hours=24)
ATTEMPTS_MAX = 5
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Call:
    """A request of a client.

    Args:
        key: The hash of its idempotency key, or of an id of its own without one. Ids, and the
            keys of its calls of the gateway, are derived from it: so a request that is
            repeated after a crash continues, and does nothing twice.
    """

    asked: WireRequest
    context: WireContext
    params: Params
    key: str = field(repr=False)

    @classmethod
    def of(cls, asked: WireRequest, context: WireContext) -> Call:
        """Parse a request.

        Raises:
            StripeError: Its form is malformed.
        """
        form = parse_qsl(asked.body.decode(errors="replace"), keep_blank_values=True)
        given = asked.headers.get("idempotency-key")
        key = sha256(f"{'' if given else 'id '}{given or asked.id}".encode()).hexdigest()
        return cls(asked, context, Params(parsed([*asked.query, *form])), key)

    @property
    def has_key(self) -> bool:
        """Whether the client sent an idempotency key."""
        return bool(self.asked.headers.get("idempotency-key"))

    def place(self, name: str) -> str:
        """Return a parameter of the path."""
        return self.asked.places[name]

    def new_id(self, prefix: str, chars: int) -> str:
        """Return a new id; a repeated request gets the same one."""
        number = int.from_bytes(sha256(f"{self.key} {prefix}".encode()).digest(), "big")
        drawn = []
        for _ in range(chars):
            number, place = divmod(number, len(ALPHABET))
            drawn.append(ALPHABET[place])
        return prefix + "".join(drawn)

    async def get(self, path: str, id: str | None = None, **query: str) -> Any:
        """Ask the gateway; ``id`` is added to the path."""
        return await self.context.gateway.call("GET", _with(path, id), query=query or None)

    async def post(
        self,
        path: str,
        body: Mapping[str, Any],
        *,
        step: str,
        scenario: str | None = None,
    ) -> Any:
        """Let the gateway do something, once for this step of the request."""
        return await self.context.gateway.call(
            "POST", path, body=body, idempotency_key=f"{self.key} {step}", scenario=scenario
        )

    async def stored(self, kind: str, id: str) -> Record | None:
        """Return a record of the merchant."""
        return await self.context.records.get(kind, id)

    async def add(self, kind: str, id: str, data: Mapping[str, Any]) -> Record:
        """Store a new record; a repeated request gets the stored one."""
        records = self.context.records
        # A stored response of the client's key is needed for a day, anything else for long.
        kept = {"keep": REPLY_KEPT} if kind == REPLY else {}
        added = await records.put(kind, id, data, version=0, **kept)
        record = added or await records.get(kind, id)
        if record is None:
            raise busy()
        return record

    async def change(self, record: Record, change: Callable[[dict[str, Any]], None]) -> Record:
        """Change a record; other requests may change it at the same time.

        Raises:
            StripeError: Other requests were faster each time.
        """
        records = self.context.records
        for _ in range(ATTEMPTS_MAX):
            data = dict(record.data)
            change(data)
            if data == record.data:
                return record
            after = await records.put(record.kind, record.id, data, version=record.version)
            if after is not None:
                return after
            found = await records.get(record.kind, record.id)
            if found is None:
                break
            record = found
        raise busy()


def _with(path: str, id: str | None) -> str:
    return path if id is None else f"{path}/{quote(id, safe='')}"


Answer = Callable[[Call], Awaitable[Any]]
Handler = Callable[[WireRequest, WireContext], Awaitable[Any]]


def handled(answer: Answer) -> Handler:
    """Return the handler of a route."""

    async def handle(asked: WireRequest, context: WireContext) -> Any:
        call = Call.of(asked, context)
        if asked.headers.get("stripe-account"):
            raise StripeError(BAD_REQUEST, "paygate does not support connected accounts")
        if asked.method == "GET" or not call.has_key:
            return await answer(call)
        return await _once(call, answer)

    return handle


async def _once(call: Call, answer: Answer) -> WireReply:
    """Answer a request with a key: a repeated one gets the stored response.

    A request that died before its response was stored is answered again: each of its steps
    has a key of its own.
    """
    records, record = call.context.records, await _claimed(call)
    # After a day the key is a new one, and so are the ids and keys that derive from it.
    call = replace(call, key=sha256(f"{call.key} {record.created_at}".encode()).hexdigest())
    if "status" in record.data:
        body = await _with_secrets(record.data["body"], call)
        return WireReply(body, record.data["status"], {"Idempotent-Replayed": "true"})
    try:
        reply = WireReply(await answer(call))
    except StripeError as error:
        if error.status == FAILED:
            reply = WireReply({"error": error.error}, FAILED)
        else:
            await _forget(record, call)
            raise
    except WireRefusal as refusal:
        if refusal.status in {BAD_REQUEST, NOT_FOUND}:
            await _forget(record, call)
        raise
    kept = {**record.data, "status": reply.status, "body": without_secrets(reply.body)}
    # One that is too large is not stored: a repeated request is answered again.
    with suppress(WireRefusal):
        await records.put(REPLY, record.id, kept, version=record.version, keep=REPLY_KEPT)
    return reply


async def _claimed(call: Call) -> Record:
    """Return the record of a request with a key, which no other request may use then.

    Raises:
        StripeError: Another request has used the key.
    """
    asked = _fingerprint(call)
    for _ in range(ATTEMPTS_MAX):
        record: Record | None = await call.add(REPLY, call.key, {"asked": asked})
        if record is not None and record.data["asked"] == "":
            # The request before was invalid. Of several corrected ones, one gets the key.
            record = await call.context.records.put(
                REPLY, record.id, {"asked": asked}, version=record.version, keep=REPLY_KEPT
            )
        if record is not None and record.data["asked"] == asked:
            return record
        if record is not None:
            raise StripeError(
                BAD_REQUEST,
                "An idempotency key can only be used again with the same endpoint and parameters",
                type="idempotency_error",
            )
    raise busy()


async def _forget(record: Record, call: Call) -> None:
    """Let the key be used for a corrected request."""
    await call.context.records.put(
        REPLY, record.id, {"asked": ""}, version=record.version, keep=REPLY_KEPT
    )


def _fingerprint(call: Call) -> str:
    # The same for all API keys of the merchant: a repeated request may have another one.
    asked = [call.asked.method, call.asked.path, _without_cards(call.params.given)]
    return sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


def _without_cards(given: Any) -> Any:
    """Replace card data, so that a reader of the database cannot guess a number from a hash."""
    if isinstance(given, list):
        return [_without_cards(each) for each in given]
    if not isinstance(given, dict):
        return given
    shown = {name: _without_cards(value) for name, value in given.items()}
    if isinstance(card := shown.get("card"), dict):
        number = str(card.get("number")).replace(" ", "").replace("-", "")
        shown["card"] = {**card, "number": BY_NUMBER.get(number), "cvc": None}
    return shown


HIDDEN = "client_secret"


def without_secrets(body: Any) -> Any:
    """Return a response without client secrets, which are not stored."""
    if isinstance(body, list):
        return [without_secrets(each) for each in body]
    if not isinstance(body, dict):
        return body
    return {name: None if name == HIDDEN else without_secrets(body[name]) for name in body}


async def _with_secrets(body: Any, call: Call) -> Any:
    intent = body.get("error", body).get("payment_intent", body)
    if isinstance(intent, dict) and intent.get("object") == "payment_intent":
        order = await call.get("/orders", f"order_{intent['id'].removeprefix('pi_')}")
        intent[HIDDEN] = secret_of(order)
    return body


def secret_of(order: Mapping[str, Any]) -> str | None:
    """Return the client secret of an order as that of its PaymentIntent."""
    secret = order.get(HIDDEN)
    return f"pi_{secret.removeprefix('order_')}" if isinstance(secret, str) else None
