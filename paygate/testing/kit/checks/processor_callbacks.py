"""Callbacks are authenticated, and are read without any request."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace

from ....core.errors import BadSignatureError, PluginContractError
from ....core.payments.operation import OperationKind
from ....core.plugin_api.processor import CanCallback, RawCallback, Update, Verified
from ....plugins.results import checked_outcome
from ..calls import Result, run_sync
from ..cases import ProcessorCase, operation
from ..operations import taking_callbacks
from ..rules import DoesNotApplyError, NotJudgedError, require, rule
from ..world import watching

_JUNK = (b"", b"{}", b"[]", b"null", b'"text"', b"<xml/>", b"\xff\xfe", b"[" * 5000, b"9" * 5000)


@rule(
    "processor.refuses_unsigned_callbacks",
    why="anyone could mark orders as paid",
    remedy="raise BadSignatureError if the signature is missing; compare in constant time",
)
async def refuses_unsigned_callbacks(case: ProcessorCase) -> None:
    """Rejects a callback without a signature."""
    raw = _sample(case)
    plain = ("content-type", "content-length", "user-agent")
    kept = {name: value for name, value in raw.headers.items() if name in plain}
    for headers in (kept, dict.fromkeys(raw.headers, "")):
        _require_refused(case, replace(raw, headers=headers), "an unsigned callback")


@rule(
    "processor.refuses_tampered_callbacks",
    why="a real callback with another amount or another order would be accepted",
    remedy="verify the signature over the exact bytes of callback.body",
)
async def refuses_tampered_callbacks(case: ProcessorCase) -> None:
    """Rejects a signed callback if one byte of it has changed."""
    raw = _sample(case)
    for at in {0, len(raw.body) // 2, len(raw.body) - 1}:
        body = bytearray(raw.body)
        body[at] ^= 1
        _require_refused(case, replace(raw, body=bytes(body)), f"another byte at {at}")
    _require_refused(case, replace(raw, body=raw.body + b" "), "a byte more at its end")


@rule(
    "processor.refuses_foreign_callbacks",
    why="a signature that anyone can create proves nothing",
    remedy="verify with a secret that belongs to this processor and this merchant only",
)
async def refuses_foreign_callbacks(case: ProcessorCase) -> None:
    """Rejects a callback that is signed with another secret."""
    raw = _sample(case)
    for change in (str.swapcase, _flipped, lambda value: value[:-2], lambda _: "0" * 64):
        headers = {name: _changed(value, change) for name, value in raw.headers.items()}
        if headers != dict(raw.headers) and not _only_case(headers, raw):
            _require_refused(case, replace(raw, headers=headers), "a signature with another secret")


@rule(
    "processor.refuses_stale_callbacks",
    why="a recorded callback could be sent again a year later",
    remedy="reject a signed timestamp that is too old, as the processor documents",
)
async def refuses_stale_callbacks(case: ProcessorCase) -> None:
    """Rejects an expired callback with a valid signature, if it can detect that."""
    if case.stale_callback is None:
        raise DoesNotApplyError("no stale callback is given; duplicates have the same key")
    _require_refused(case, case.stale_callback(), "a stale callback")


@rule(
    "processor.gives_copies_the_same_key",
    why="processors send a callback several times; each copy would be applied",
    remedy="use the processor's id of the callback as the key, not a random number or a counter",
)
async def gives_copies_the_same_key(case: ProcessorCase) -> None:
    """Gives copies of a callback the same key, also after a restart, and others another key."""
    raw, other = _sample(case), case.called_back(operation(2), case.amount())
    processor = _with_callbacks(case)
    keys = {
        _verified(processor, raw).key,
        _verified(processor, raw).key,
        _verified(_with_callbacks(case), raw).key,
    }
    require(len(keys) == 1, f"one callback had the keys {sorted(keys)}")
    differs = _verified(processor, other).key not in keys
    require(differs, f"callbacks about two operations had the key {keys}")


@rule(
    "processor.accepts_genuine_callbacks",
    why="a successful payment stays pending",
    remedy="check the sample, and how the signature is calculated",
)
async def accepts_genuine_callbacks(case: ProcessorCase) -> None:
    """Accepts the processor's own callback, with a key that can be stored."""
    processor, raw = _with_callbacks(case), _sample(case)
    result = run_sync(lambda: processor.verify(raw))
    require(isinstance(result.answer, Verified), f"a genuine callback gave {result}")
    key = result.answer.key if result.answer else ""
    is_usable = isinstance(key, str) and 0 < len(key) <= 255 and key.isprintable()
    require(is_usable, f"its key is {key!r}")


@rule(
    "processor.translates_callbacks_correctly",
    why="the update is compared with the payment; one with another amount is quarantined",
    remedy="read the operation, the outcome and the amount from the callback",
)
async def translates_callbacks_correctly(case: ProcessorCase) -> None:
    """Returns the operation, the amount and a valid outcome of a callback."""
    _with_callbacks(case)
    for ordinal, minor in ((1, 12_345), (2, 54_321)):
        id, amount = operation(ordinal), case.amount(minor)
        updates = _translated(case, case.called_back(id, amount))
        require(updates, "it read nothing in it")
        for update in updates:
            require(
                update.operation_id == id,
                f"a callback about {id}: it reported {update.operation_id}",
            )
            is_sum = update.amount in {None, amount}
            require(is_sum, f"a callback about {amount}: it reported {update.amount}")
            outcome, asked = update.outcome, update.amount or amount
            fit = run_sync(
                lambda o=outcome, a=asked, i=id: checked_outcome(o, a, OperationKind.CHARGE, i)  # type: ignore[misc]  # bound at once
            )
            require(not isinstance(fit.raised, PluginContractError), str(fit.raised))


@rule(
    "processor.parses_callbacks_without_requests",
    why="a callback is read again after a crash, with the same result",
    remedy="use only the arguments of split, verify and translate",
)
async def parses_callbacks_without_requests(case: ProcessorCase) -> None:
    """Splits, verifies and translates without any request, with the same result every time."""
    raw = _sample(case)
    before = deepcopy(raw)
    with watching() as watch:
        once, again = _translated(case, raw), _translated(case, raw)
    require(once == again, f"first it read {once}, then {again}")
    require(raw == before, "it changed the callback it was handed")
    reached = watch.of("clock", "random", "environment", "socket", "sleep")
    require(not reached, f"it called {', '.join(map(str, reached))}")


@rule(
    "processor.splits_into_callbacks",
    why="a lost part is a lost payment",
    remedy="return [callback], or one RawCallback for each part with all data to verify it",
)
async def splits_into_callbacks(case: ProcessorCase) -> None:
    """Splits a callback into one or more callbacks that it can verify."""
    processor, raw = _with_callbacks(case), _sample(case)
    result = run_sync(lambda: list(processor.split(raw)))
    parts = result.answer or []
    require(parts, f"a callback was split into {result}")
    for part in parts:
        require(isinstance(part, RawCallback), f"a part of it is {part!r}")
        _verified(processor, part)


@rule(
    "processor.refuses_invalid_callbacks",
    why="the URL is public: anyone can send anything",
    remedy="check the signature before parsing, and raise BadSignatureError",
)
async def refuses_invalid_callbacks(case: ProcessorCase) -> None:
    """Rejects invalid data with BadSignatureError, and with no other exception."""
    processor, headers = _with_callbacks(case), dict(_sample(case).headers)
    for body in _JUNK:
        for sent in ({}, headers, dict.fromkeys(headers, "é\x80")):
            raw = RawCallback(sent, body)
            result = run_sync(lambda r=raw: [processor.verify(part) for part in processor.split(r)])  # type: ignore[misc]  # bound at once
            is_refused = isinstance(result.raised, BadSignatureError) or result.answer == []
            require(is_refused, f"{body[:20]!r} gave {result}")


@rule(
    "processor.acknowledges",
    why="a processor that does not get the expected response sends the callback for days",
    remedy="return the documented status and body: 2xx for accepted, 4xx for rejected",
)
async def acknowledges(case: ProcessorCase) -> None:
    """Responds to a callback with a status and bytes: 2xx if it was accepted, else 4xx."""
    processor = _with_callbacks(case)
    for accepted, hundred in ((True, 2), (False, 4)):
        result = run_sync(lambda a=accepted: processor.acknowledge(accepted=a))  # type: ignore[misc]  # bound at once
        match result.answer:
            case (int(status), bytes()) if status // 100 == hundred:
                continue
        require(False, f"accepted={accepted} was answered with {result}")


def _with_callbacks(case: ProcessorCase) -> CanCallback:
    return taking_callbacks(case.processor())


def _sample(case: ProcessorCase) -> RawCallback:
    _with_callbacks(case)
    return case.called_back(operation(1), case.amount())


def _verified(processor: CanCallback, raw: RawCallback) -> Verified:
    result = run_sync(lambda: processor.verify(raw))
    if not isinstance(result.answer, Verified):
        raise NotJudgedError(f"see processor.accepts_genuine_callbacks; it gave {result}")
    return result.answer


def _translated(case: ProcessorCase, raw: RawCallback) -> list[Update]:
    processor = _with_callbacks(case)
    verified = [_verified(processor, part) for part in processor.split(raw)]
    return [update for each in verified for update in processor.translate(each)]


def _require_refused(case: ProcessorCase, raw: RawCallback, what: str) -> None:
    processor = _with_callbacks(case)
    result: Result[object] = run_sync(
        lambda: [processor.verify(part) for part in processor.split(raw)]
    )
    # refuses_invalid_callbacks checks that the exception is BadSignatureError.
    require(result.raised is not None, f"{what} was accepted: {result}")


def _changed(value: str, change: Callable[[str], str]) -> str:
    """Change a header's value if it is long enough to be a signature."""
    return change(value) if len(value) >= 32 else value


def _flipped(value: str) -> str:
    return ("0" if value[:1] != "0" else "1") + value[1:]


def _only_case(headers: dict[str, str], raw: RawCallback) -> bool:
    """Check whether they differ only in upper and lower case: hexadecimal may use both."""
    return all(headers[name].lower() == value.lower() for name, value in raw.headers.items())
