"""Whatever a plugin does, the core gets a valid outcome."""

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paygate import (
    ActionRequired,
    Approved,
    DeclineCode,
    Declined,
    DeliveryResult,
    Instrument,
    InvalidInstrumentError,
    MethodContext,
    Money,
    NotSentError,
    OperationKind,
    Pending,
    PluginContractError,
    PluginError,
    Released,
    Unknown,
)
from paygate.core.limits import (
    PLUGIN_STATE_BYTES_MAX,
    PLUGIN_TEXT_CHARS_MAX,
    RESPONSE_BYTES_STORED_MAX,
)
from tests.harness.patience import PATIENCE_S
from tests.unit.host import bad_plugins as bad
from tests.unit.samples import CANARY_PANS, LATER, NOW, RS_499

SHORT = timedelta(milliseconds=20)
WAIT = timedelta(seconds=5)


class Rude(BaseException):
    """Not even an Exception."""


class UnspeakableError(Exception):
    """Cannot be put into words."""

    def __str__(self):
        raise RuntimeError("no words")


@dataclass(frozen=True)
class Lookalike:
    """Has an approval's fields and is none."""

    reference: str
    amount: Money


async def ask(plugin, **of_context):
    return await bad.guarded(plugin).authorize(bad.request(), bad.context(**of_context))


async def ask_again(plugin, **of_context):
    context = bad.context(**of_context)
    return await bad.guarded(plugin).query(OperationKind.CHARGE, bad.follow_up(), context)


async def ask_back(plugin, **of_context):
    return await bad.guarded(plugin).refund(bad.follow_up(), bad.context(**of_context))


async def ask_about_refund(plugin, **of_context):
    context = bad.context(**of_context)
    return await bad.guarded(plugin).query(OperationKind.REFUND, bad.follow_up(), context)


every_way = pytest.mark.parametrize("way", [ask, ask_again, ask_back])
PARTIAL = Approved("ref-1", Money(1, "INR"))

HONEST = [
    Approved("ref-1", RS_499),
    Approved("r" * 255, RS_499),
    Declined(DeclineCode.DECLINED),
    Declined(DeclineCode.EXPIRED_INSTRUMENT, "other_processor", "54", "expired"),
    Pending(WAIT),
    Pending(
        timedelta(seconds=1), expires_at=LATER, state={"step": 1, "nested": [None, True, 1.5, "₹"]}
    ),
    ActionRequired("redirect", LATER, {"url": "https://bank.example"}, WAIT, {"id": "7"}),
    Unknown("the line went dead"),
]


@every_way
@pytest.mark.parametrize("answer", HONEST)
async def test_a_valid_outcome_passes_unchanged(way, answer):
    assert await way(bad.Answers(answer)) == answer


@pytest.mark.parametrize("way", [ask, ask_again])
async def test_a_charge_may_be_approved_in_part(way):
    assert await way(bad.Answers(PARTIAL)) == PARTIAL


@pytest.mark.parametrize("way", [ask_back, ask_about_refund])
async def test_a_partial_refund_is_unknown(way):
    assert await way(bad.Answers(PARTIAL)) == Unknown("refund of 499.00 INR was done for 0.01 INR")


async def test_a_processor_without_refunds_declines_them():
    answer = await ask_back(bad.CannotBeAsked())

    assert isinstance(answer, Declined)


RAISED = [
    ValueError("bad"),
    KeyError("missing"),
    PluginError("bad"),
    PluginContractError("bad"),
    AssertionError(),
    RecursionError("deep"),
    MemoryError(),
    StopAsyncIteration(),
    ExceptionGroup("two", [ValueError("one"), ValueError("other")]),
    UnspeakableError(),
    Rude("even this"),
    SystemExit(1),
    GeneratorExit(),
    BaseExceptionGroup("rude", [Rude()]),
]


@every_way
@pytest.mark.parametrize("raised", RAISED, ids=lambda raised: type(raised).__name__)
async def test_every_exception_is_unknown(way, raised):
    answer = await way(bad.Answers(raised))

    assert isinstance(answer, Unknown)
    assert type(raised).__name__ in answer.reason or raised.args[0] in answer.reason


def test_ctrl_c_passes_the_guard():
    with pytest.raises(KeyboardInterrupt):
        asyncio.run(ask(bad.Answers(KeyboardInterrupt())))


JUNK = {
    "None": None,
    "a word": "approved",
    "a flag": True,
    "a number": 200,
    "a tuple": ("ref-1", RS_499),
    "a mapping": {"reference": "ref-1"},
    "the class": Approved,
    "a lookalike": Lookalike("ref-1", RS_499),
    "a decline code": DeclineCode.DECLINED,
    "a delivery result": DeliveryResult(True, 200),
    "a list of outcomes": [Approved("ref-1", RS_499)],
    "more than asked": Approved("ref-1", RS_499 + Money(1, "INR")),
    "another currency": Approved("ref-1", Money(49_900, "USD")),
    "nothing": Approved("ref-1", Money(0, "INR")),
    "no amount": Approved("ref-1", None),
    "a bare amount": Approved("ref-1", 49_900),
    "no reference": Approved("", RS_499),
    "a reference that is none": Approved(None, RS_499),
    "a reference that is a number": Approved(17, RS_499),
    "a long reference": Approved("r" * 256, RS_499),
    "a reference with a NUL": Approved("ref\0", RS_499),
    "a reference with a line break": Approved("ref\r\nX-Evil: 1", RS_499),
    "a reference with half a pair": Approved("ref\ud800", RS_499),
    "an unknown code": Declined("no_idea"),
    "no code": Declined(None),
    "a processor code that is none": Declined(DeclineCode.DECLINED, processor_code=54),
    "a reason that is none": Unknown(None),
    "a wait that is a number": Pending(5),
    "no wait": Pending(None),
    "a negative wait": Pending(timedelta(seconds=-1)),
    "an absurd wait": Pending(timedelta(days=400)),
    "the longest wait": Pending(timedelta.max),
    "a negative wait for an act": ActionRequired("qr", LATER, resolve_after=timedelta(days=-1)),
    "the outcome of another operation": Approved("ref-1", RS_499, operation_id="op_other"),
    "a released hold": Released("expired"),
    "a state that is no mapping": Pending(WAIT, state=["step"]),
    "a state that is a word": Pending(WAIT, state="step"),
    "a state with an object": Pending(WAIT, state={"at": NOW}),
    "a state with bytes": Pending(WAIT, state={"raw": b"\xff"}),
    "a state with a set": Pending(WAIT, state={"seen": {1}}),
    "a state with NaN": Pending(WAIT, state={"rate": float("nan")}),
    "a state with infinity": ActionRequired("qr", LATER, state={"rate": float("inf")}),
    "a state with a NUL": Pending(WAIT, state={"text": "a\0b"}),
    "a state with a NUL in a name": Pending(WAIT, state={"a\0b": 1}),
    "a state with half a pair": Pending(WAIT, state={"text": "\ud800"}),
    "a huge state": Pending(WAIT, state={"text": "x" * PLUGIN_STATE_BYTES_MAX}),
    "a wide state": Pending(WAIT, state={"text": "₹" * (PLUGIN_STATE_BYTES_MAX // 3)}),
}


def _deep(levels):
    state = {}
    for _ in range(levels):
        state = {"in": state}
    return state


def _round():
    state = {}
    state["self"] = state
    return state


JUNK["a deep state"] = Pending(WAIT, state=_deep(100_000))
JUNK["a state that holds itself"] = Pending(WAIT, state=_round())


@every_way
@pytest.mark.parametrize("junk", JUNK.values(), ids=JUNK)
async def test_an_invalid_result_is_unknown(way, junk):
    log = bad.ListLog()

    answer = await way(bad.Answers(lambda request, context: junk), log=log)

    assert isinstance(answer, Unknown)
    assert answer.reason
    assert log.lines[0][0] == "plugin failed"
    assert log.lines[0][1]["plugin"] == "answers"


# Machines are busy at times, and what is slow then is not wrong.
@settings(deadline=None)
@given(
    st.none()
    | st.integers()
    | st.text()
    | st.binary()
    | st.builds(Approved, st.text(), st.builds(Money, st.integers(0, 10**6), st.just("INR")))
    | st.builds(Declined, st.text())
    | st.builds(Unknown, st.text())
    | st.builds(Pending, st.timedeltas(), state=st.dictionaries(st.text(), st.text()))
)
def test_any_result_can_be_stored(junk):
    answer = asyncio.run(ask(bad.Answers(junk)))

    match answer:
        case Approved(reference=reference, amount=amount):
            assert reference.isprintable()
            assert Money(0, "INR") < amount <= RS_499
        case Unknown(reason=reason):
            assert len(reason) <= PLUGIN_TEXT_CHARS_MAX
            assert "\0" not in reason
            reason.encode()
        case Pending(resolve_after=wait, state=state):
            assert timedelta(0) <= wait <= timedelta(days=30)
            assert "\0" not in str(state)
            str(state).encode()
        case _:
            assert isinstance(answer.code, DeclineCode)


@every_way
@pytest.mark.parametrize(
    "reason",
    [
        ValueError,
        PluginError,
        NotSentError,
        Unknown,
        Declined,
    ],
)
@pytest.mark.parametrize(
    "text", ["a\0b", "line\r\nbreak", "half \ud800", "x" * 1_000_000, f"card {CANARY_PANS[0]}"]
)
async def test_any_reason_can_be_stored_and_shown(way, reason, text):
    log = bad.ListLog()
    try:
        reason = (await way(bad.Answers(reason(text)), log=log)).reason
    except NotSentError as error:
        reason = error.reason

    for written in (reason, *(str(fields) for _, fields in log.lines)):
        written.encode()
        assert "\0" not in written
        assert "\n" not in written
        assert CANARY_PANS[0] not in written
        assert len(written) < 2 * PLUGIN_TEXT_CHARS_MAX


@every_way
@pytest.mark.parametrize("theirs", ["5\0", "5\n4", "half \ud800", "5" * 1000, CANARY_PANS[0]])
async def test_a_decline_with_invalid_texts_stays_a_decline(way, theirs):
    answer = await way(bad.Answers(Declined(DeclineCode.DECLINED, processor_code=theirs)))

    assert isinstance(answer, Declined)
    assert answer.processor_code.isprintable()
    assert len(answer.processor_code) <= PLUGIN_TEXT_CHARS_MAX
    assert CANARY_PANS[0] not in answer.processor_code


@every_way
async def test_a_not_sent_error_passes_the_guard(way):
    with pytest.raises(NotSentError) as caught:
        await way(bad.Answers(NotSentError("the line is down")))

    assert caught.value.reason == "the line is down"


@every_way
async def test_a_hanging_plugin_is_cancelled_at_the_deadline(way):
    plugin = bad.Hangs()

    async with asyncio.timeout(PATIENCE_S):
        answer = await way(plugin, deadline=SHORT)
    await plugin.ended.wait()

    assert answer == Unknown("no response within 0.02 s")


@every_way
async def test_a_plugin_that_ignores_cancellation_is_abandoned(way):
    plugin = bad.Stubborn()

    async with asyncio.timeout(PATIENCE_S):
        answer = await way(plugin, deadline=SHORT)
    plugin.may_end.set()
    await plugin.ended.wait()

    assert answer == Unknown("no response within 0.02 s")


@every_way
async def test_a_timeout_error_of_a_plugin_is_not_the_deadline(way):
    answer = await way(bad.Answers(TimeoutError("the bank is slow")))

    assert isinstance(answer, Unknown)
    assert "the bank is slow" in answer.reason


@every_way
async def test_a_plugin_that_cancels_itself_does_not_cancel_its_worker(way):
    for plugin in (bad.CancelsItself(), bad.Answers(asyncio.CancelledError())):
        assert isinstance(await way(plugin), Unknown)


@every_way
@pytest.mark.parametrize("plugin", [bad.Hangs, bad.Stubborn])
async def test_a_cancelled_worker_does_not_wait_for_a_plugin(way, plugin):
    hanging = plugin()
    task = asyncio.create_task(way(hanging))
    await hanging.began.wait()

    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        async with asyncio.timeout(PATIENCE_S):
            await task
    hanging.may_end.set()
    await hanging.ended.wait()


@every_way
@pytest.mark.parametrize(
    "plugin",
    [
        bad.PlainFunctions(None),
        bad.PlainFunctions(Approved("ref-1", RS_499)),
        bad.PlainFunctions(ValueError("at once")),
        bad.OtherSignature(),
    ],
)
async def test_a_plugin_that_cannot_be_called_is_unknown(way, plugin):
    assert isinstance(await way(plugin), Unknown)


async def test_changes_of_the_input_by_a_plugin_are_not_seen():
    display, state = {"coin": "gold"}, {"step": {"n": 1}}

    def vandal(request, context):
        request.instrument.display["coin"] = "lead"
        context.state["step"]["n"] = 99
        return Pending(WAIT)

    request = bad.request(display=display)
    answer = await bad.guarded(bad.Answers(vandal)).authorize(request, bad.context(state=state))

    assert answer == Pending(WAIT)
    assert display == {"coin": "gold"}
    assert state == {"step": {"n": 1}}


async def test_later_changes_of_a_result_are_not_seen():
    kept = {"steps": [1]}

    answer = await ask(bad.Answers(Pending(WAIT, state=kept)))
    kept["steps"].append(object())

    assert answer == Pending(WAIT, state={"steps": [1]})


async def test_without_query_and_idempotency_a_charge_is_never_repeated():
    assert await ask_again(bad.CannotBeAsked()) == Unknown("the processor does not support queries")


async def test_without_query_but_with_idempotency_a_charge_is_repeated():
    plugin = bad.CannotBeAsked()
    plugin.capabilities = replace(plugin.capabilities, idempotent_operations=True)

    with pytest.raises(NotSentError):
        await ask_again(plugin)


def prepare(prepared):
    return bad.guarded_method(prepared).prepare(bad.CoinInput(), MethodContext(NOW, RS_499))


def test_a_valid_instrument_passes_unchanged():
    instrument = Instrument("coin", "toss", {"coin": "gold"}, {"secret": "s"})

    assert prepare(instrument) == instrument


def test_a_methods_refusal_reaches_the_caller():
    with pytest.raises(InvalidInstrumentError) as caught:
        prepare(InvalidInstrumentError("no such coin", field="coin", code="invalid_coin"))

    assert caught.value.code == "invalid_coin"


@pytest.mark.parametrize("raised", [ValueError("bad"), KeyError("x"), UnspeakableError()])
def test_an_error_of_a_method_names_it_without_its_message(raised):
    with pytest.raises(PluginError) as caught:
        prepare(raised)

    assert caught.value.plugin == "coin"
    assert caught.value.__cause__ is raised
    assert "bad" not in str(caught.value)


@pytest.mark.parametrize(
    "junk",
    [
        None,
        "gold",
        {"method": "coin"},
        Instrument("card", "toss"),
        Instrument("coin", "spin"),
        Instrument("coin", ""),
        Instrument("coin", "toss", {"coin": 1}),
        Instrument("coin", "toss", {"coin": "a\0b"}),
        Instrument("coin", "toss", {"coin": "\ud800"}),
        Instrument("coin", "toss", {"coin": "x" * 256}),
        Instrument("coin", "toss", {7: "gold"}),
        Instrument("coin", "toss", {"7": "gold"}),
        Instrument("coin", "toss", {"": "gold"}),
        Instrument("coin", "toss", {"__proto__": "gold"}),
        Instrument("coin", "toss", ["coin"]),
        Instrument("coin", "toss", {}, {"secret": 7}),
        Instrument("coin", "toss", {}, ["secret"]),
    ],
)
def test_an_instrument_that_is_not_the_methods_own_is_refused(junk):
    with pytest.raises(PluginContractError) as caught:
        prepare(junk)

    assert caught.value.plugin == "coin"


async def deliver(plugin, **of_context):
    context = bad.context(**of_context)
    return await bad.guarded_sink(plugin).deliver(bad.EVENT, bad.ENDPOINT, context)


@pytest.mark.parametrize(
    "result",
    [
        DeliveryResult(True, 200, "OK"),
        DeliveryResult(False, 503, "", retry_after=WAIT),
        DeliveryResult(False, error="timeout"),
    ],
)
async def test_a_valid_result_passes_unchanged(result):
    assert await deliver(bad.Delivers(result)) == result


@pytest.mark.parametrize("raised", RAISED, ids=lambda raised: type(raised).__name__)
async def test_a_sink_that_raises_has_not_delivered(raised):
    assert await deliver(bad.Delivers(raised)) == DeliveryResult(False, error="sink_failed")


@pytest.mark.parametrize(
    "junk",
    [
        None,
        True,
        200,
        "OK",
        DeliveryResult,
        DeliveryResult("yes", 200),
        DeliveryResult(True, "200"),
        DeliveryResult(True, 10**12),
        DeliveryResult(True, -1),
        DeliveryResult(True, True),
        DeliveryResult(True, 200, b"OK"),
        DeliveryResult(True, 200, error=7),
        DeliveryResult(False, retry_after=60),
    ],
)
async def test_an_invalid_delivery_result_is_a_failed_attempt(junk):
    assert await deliver(bad.Delivers(junk)) == DeliveryResult(False, error="sink_failed")


async def test_the_reason_of_a_failed_attempt_can_be_stored_and_shown():
    result = await deliver(bad.Delivers(DeliveryResult(False, error="a\0b " + "x" * 1000)))

    assert result.error.startswith("a b xxx")
    assert len(result.error) == PLUGIN_TEXT_CHARS_MAX


async def test_a_sink_that_hangs_is_stopped_at_the_deadline():
    answer = await deliver(bad.Delivers(asyncio.Event), deadline=SHORT)

    assert answer == DeliveryResult(False, error="timeout")


async def test_a_sink_that_is_not_awaitable_has_not_delivered():
    assert await deliver(bad.PlainSink(None)) == DeliveryResult(False, error="sink_failed")


async def test_a_sink_that_cancels_itself_does_not_cancel_its_worker():
    answer = await deliver(bad.Delivers(asyncio.CancelledError()))

    assert answer == DeliveryResult(False, error="sink_failed")


async def test_a_worker_that_is_cancelled_does_not_wait_for_its_sink():
    began = asyncio.Event()
    sink = bad.Delivers(asyncio.Event, began=began)
    task = asyncio.create_task(deliver(sink))
    await began.wait()

    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task


@given(st.text(max_size=9_000))
def test_the_start_of_a_response_body_is_stored(body):
    result = asyncio.run(deliver(bad.Delivers(DeliveryResult(False, 500, body))))

    assert result.status_code == 500
    assert len(result.body.encode()) <= RESPONSE_BYTES_STORED_MAX
    assert "\0" not in result.body


async def test_a_long_body_is_cut_between_characters():
    result = await deliver(bad.Delivers(DeliveryResult(False, 500, "₹" * 4096)))

    assert result.body == "₹" * (RESPONSE_BYTES_STORED_MAX // 3)


@pytest.mark.parametrize(
    ("wanted", "taken_for"), [(True, True), (1, True), (None, False), ("", False)]
)
def test_the_result_of_wants_is_converted_to_a_boolean(wanted, taken_for):
    sink = bad.guarded_sink(bad.Delivers(None, wanted))

    assert sink.wants("payment.success", bad.ENDPOINT) is taken_for


@pytest.mark.parametrize("raised", [ValueError("bad"), UnspeakableError()])
def test_a_sink_that_raises_in_wants_gets_no_events(raised):
    sink = bad.guarded_sink(bad.Delivers(None, raised))

    assert sink.wants("payment.success", bad.ENDPOINT) is False
