"""A dialect asks for keys, refuses in its own format, and repeats nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from ....core.plugin_api.wire import Credentials, WireRefusal, WireReply, WireRequest
from ..calls import run_sync
from ..cases import DialectCase
from ..rules import NotJudgedError, names, require, rule
from ..wire_stage import KEYS, REFUSALS, WireStage, hostile_requests, refused, route_of

BAD_REQUEST, SERVER_ERROR, NOT_SUPPORTED, STATUS_MAX = 400, 500, 501, 599
_UNSERVED = "GET /v9/kit_settlements"
_MALFORMED = (
    *("", "Basic", "Basic ", "Basic %%%", "Basic /w==", "Basic OjpAOg==", "Bearer", "Bearer a b c"),
    *("Bearer :", "bearer \x00", "Token ٣", "x" * 5_000),
)


@rule(
    "dialect.requires_authentication",
    why="everyone who can reach the gateway would act for a merchant",
    remedy="return None from authenticate if the headers have no keys",
)
async def requires_authentication(case: DialectCase) -> None:
    """Finds no keys in headers that have none."""
    for headers in ({}, {"accept": "*/*", "user-agent": "kit"}, {"authorization": ""}):
        result = run_sync(lambda h=headers: case.dialect().authenticate(h))  # type: ignore[misc]  # bound at once
        is_none = result.raised is None and result.answer is None
        require(is_none, f"for the headers {headers} authenticate gave {result}")


@rule(
    "dialect.reads_the_keys",
    why="every request of a merchant's program is refused, or is another merchant's",
    remedy="return Credentials with the key and the secret of these headers",
)
async def reads_the_keys(case: DialectCase) -> None:
    """Reads the keys that a client of the other gateway sends."""
    dialect, headers = case.dialect(), case.key_headers()
    for keys in (KEYS, Credentials("key_kit_2", "secret_kit_2")):
        given = dialect.authenticate(headers(keys.key, keys.secret))
        require(given == keys, f"the keys were {keys.key!r}, authenticate found {given}")


@rule(
    "dialect.accepts_malformed_headers",
    why="a client with a wrong key gets an error of the server, and sends the request again",
    remedy="return None from authenticate if the keys cannot be read; raise nothing",
)
async def accepts_malformed_headers(case: DialectCase) -> None:
    """Raises nothing if the keys are malformed."""
    for value in _MALFORMED:
        headers = {"authorization": value}
        result = run_sync(lambda h=headers: case.dialect().authenticate(h))  # type: ignore[misc]  # bound at once
        require(result.raised is None, f"for {value[:50]!r} authenticate raised {result}")


@rule(
    "dialect.refuses_with_a_status_of_an_error",
    why="a client takes a refused refund for one that was made, or sends a wrong request for ever",
    remedy="give a refusal with a status below 500 such a status, and never one below 400",
)
async def refuses_with_a_status_of_an_error(case: DialectCase) -> None:
    """Shows a refused request as an error of the client, and a failure as one of the server."""
    for refusal in REFUSALS:
        result = refused(case.dialect(), refusal)
        status = getattr(result.answer, "status", None)
        is_clients = refusal.status < SERVER_ERROR
        allowed = range(BAD_REQUEST, SERVER_ERROR) if is_clients else range(SERVER_ERROR, 600)
        require(status in allowed, f"refused with {refusal.status}, a client would get {result}")


@rule(
    "dialect.refuses_in_one_format",
    why="the client's library cannot read the error, and shows nothing to the merchant",
    remedy="return the other gateway's error object from refuse, for every refusal",
)
async def refuses_in_one_format(case: DialectCase) -> None:
    """Shows every refused request in the same format, with the description."""
    formats = set()
    for refusal in (*REFUSALS, _unserved()):
        result = refused(case.dialect(), refusal)
        body = getattr(result.answer, "body", None)
        require(body, f"refused with {refusal.status}, the response was {result}")
        formats.add(tuple(sorted(body)) if isinstance(body, dict) else type(body).__name__)
    require(len(formats) == 1, f"its errors have {len(formats)} formats: {names(formats)}")


@rule(
    "dialect.names_unserved_requests",
    why="the merchant cannot see what is missing, and takes it for a wrong key or a wrong id",
    remedy="show a refusal with status 501 with this status, and with its description",
)
async def names_unserved_requests(case: DialectCase) -> None:
    """Refuses a request without a route with status 501 and the request's name."""
    result = refused(case.dialect(), _unserved())
    status = getattr(result.answer, "status", None)
    require(status == NOT_SUPPORTED, f"a client would get the status {status}")
    require(_UNSERVED in _text(result.answer), f"{_UNSERVED} is not in {result}")


@rule(
    "dialect.handles_hostile_input",
    why="the client gets an error of the server and sends the request again; the log fills up",
    remedy="check types and lengths before you use a value; raise WireRefusal with a status of 400",
)
async def handles_hostile_input(case: DialectCase) -> None:
    """Refuses any request that it cannot read, and raises only WireRefusal."""
    for route in case.dialect().routes:
        for asked in hostile_requests(route):
            result = await WireStage(case.stage()).answer(route, asked)
            raised = result.raised
            is_refused = isinstance(raised, WireRefusal) and (
                raised.status < SERVER_ERROR or raised.status == NOT_SUPPORTED
            )
            what = f"{asked.method} {asked.path[:60]} with {asked.body[:40]!r} {asked.query}"
            require(raised is None or is_refused, f"{what}: {result}")
            status = result.answer.status if isinstance(result.answer, WireReply) else BAD_REQUEST
            require(status < SERVER_ERROR, f"{what}: the status is {status}")


@rule(
    "dialect.passes_the_idempotency_key_on",
    why="a request that is repeated after a lost response pays or refunds twice",
    remedy="pass idempotency_key to gateway.call in every request that changes something; make it "
    "from the client's key",
)
async def passes_the_idempotency_key_on(case: DialectCase) -> None:
    """Gives the gateway the same key for a repeated request, and another one for another key."""
    asked = case.repeated_request()
    one, again = await _keys_for(case, asked), await _keys_for(case, replace(asked, id="req_kit_2"))
    changed = {name: f"{value}_2" for name, value in asked.headers.items() if "idempot" in name}
    other = await _keys_for(case, replace(asked, headers={**asked.headers, **changed}))
    require(None not in one, "it changed something at the gateway without an idempotency key")
    require(one == again, f"the first request had the keys {one}, the repeated one {again}")
    require(not set(one) & set(other), f"requests with different keys had the same one: {one}")


async def _keys_for(case: DialectCase, asked: WireRequest) -> list[str | None]:
    dialect, stage = case.dialect(), WireStage(case.stage())
    route = route_of(dialect, asked)
    if route is None:
        raise NotJudgedError(f"the dialect has no route for {asked.method} {asked.path}")
    result = await stage.answer(route, asked)
    if not stage.gateway.keys:
        raise NotJudgedError(f"the sample `repeated` changes nothing: {result}")
    return stage.gateway.keys


def _unserved() -> WireRefusal:
    return WireRefusal(
        NOT_SUPPORTED,
        "NOT_SUPPORTED",
        f"paygate's dialect kit does not support {_UNSERVED}",
        reason="not_supported",
    )


def _text(reply: Any) -> str:
    body = getattr(reply, "body", b"")
    if isinstance(body, bytes):
        return body.decode(errors="replace")
    return json.dumps(body, ensure_ascii=False, default=str)
