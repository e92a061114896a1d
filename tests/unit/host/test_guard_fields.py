"""Every field of every value that a plugin returns is checked."""

import asyncio
from datetime import datetime, timedelta, timezone, tzinfo
from random import Random
from types import SimpleNamespace
from uuid import UUID

import pytest

from paygate import (
    ActionRequired,
    Allow,
    Approved,
    Block,
    DeclineCode,
    Declined,
    DeliveryResult,
    FollowUp,
    Instrument,
    InvalidInstrumentError,
    MethodContext,
    Money,
    OperationKind,
    Pending,
    PluginContractError,
    PluginError,
    RawCallback,
    Released,
    RiskRequest,
    RouteRequest,
    Tries,
    Unknown,
    Update,
    Verified,
)
from paygate.core.limits import RETRY_AFTER_MAX, WAKE_UP_MAX, WAKE_UPS_MAX
from paygate.core.plugin_api.plugin import WakeUp
from paygate.plugins.guard import GuardedPolicy
from paygate.plugins.guard_extensions import HostedCheck, HostedRouter
from tests.unit.host import bad_plugins as bad
from tests.unit.samples import LATER, MERCHANT_ID, NOW, RS_499

WAIT = timedelta(seconds=5)
YES = Approved("ref-1", RS_499)
RAW = RawCallback({"x-signature": "1"}, b"{}")
NO_EXCEPTIONS = [SystemExit("license missing"), asyncio.CancelledError(), GeneratorExit()]


class BrokenZone(tzinfo):
    def utcoffset(self, at):
        raise RuntimeError("no offset")


async def authorize(answer, *, log=None):
    return await bad.guarded(bad.Answers(answer)).authorize(bad.request(), bad.context(log=log))


WRONG_FIELDS = [
    (
        Declined("no_money"),
        "Declined.code is 'no_money', not a DeclineCode; use one of authentication_failed",
    ),
    (
        Declined("insufficient_fund"),
        "not a DeclineCode; did you mean 'insufficient_funds'?",
    ),
    (
        Declined(DeclineCode.DECLINED, retry="other_processors"),
        "Declined.retry is 'other_processors'; did you mean 'other_processor'?",
    ),
    (Declined(DeclineCode.DECLINED, retry=None), "Declined.retry is None; use one of later"),
    (
        Declined(DeclineCode.DECLINED, shopper_message_key=7),
        "Declined.shopper_message_key is 7, not a text",
    ),
    (Declined(DeclineCode.DECLINED, processor_code=54), "Declined.processor_code is 54"),
    (Pending(timedelta(seconds=-5)), "Pending.resolve_after is -5 s, not between 0 s and 30 days"),
    (Pending(5), "Pending.resolve_after is 5, not a timedelta"),
    (Pending(WAIT, expires_at="soon"), "Pending.expires_at is 'soon', not a datetime"),
    (Pending(WAIT, expires_at=NOW.replace(tzinfo=None)), "Pending.expires_at has no time zone"),
    (
        Pending(WAIT, expires_at=datetime.max.replace(tzinfo=timezone(timedelta(hours=-12)))),
        "Pending.expires_at is in the year 9999",
    ),
    (Pending(WAIT, expires_at=LATER.replace(tzinfo=BrokenZone())), "RuntimeError: no offset"),
    (Pending(WAIT, state={"at": NOW}), "Pending.state is not plain JSON"),
    (
        ActionRequired("redirekt", LATER),
        "ActionRequired.action is 'redirekt'; did you mean 'redirect'?",
    ),
    (ActionRequired(["qr"], LATER), "ActionRequired.action is ['qr']"),
    (ActionRequired("qr", None), "ActionRequired.expires_at is missing"),
    (ActionRequired("qr", LATER, data=None), "ActionRequired.data is None, not a mapping"),
    (ActionRequired("qr", LATER, data={"text": 7}), "ActionRequired.data holds something"),
    (Approved("ref-1", 499), "Approved.amount is 499, not a Money"),
    (Approved("ref-1", RS_499, operation_id=["op"]), "returned the outcome of another operation"),
    (Unknown(7), "Unknown.reason is 7, not a text"),
    (Released("expired"), "returned Released, which only a callback may return"),
]


@pytest.mark.parametrize(("answer", "sentence"), WRONG_FIELDS)
async def test_a_wrong_field_of_an_outcome_is_named(answer, sentence):
    log = bad.ListLog()

    outcome = await authorize(answer, log=log)

    assert isinstance(outcome, Unknown)
    assert sentence in outcome.reason
    assert [(line, result["plugin"]) for line, result in log.lines] == [
        ("plugin failed", "answers")
    ]


async def test_action_data_cannot_be_changed_after_the_call():
    data = {"url": "https://bank.example"}

    outcome = await authorize(ActionRequired("redirect", LATER, data))
    data["url"] = object()

    assert outcome.data == {"url": "https://bank.example"}


async def test_an_expiry_is_converted_to_utc():
    there = timezone(timedelta(hours=5, minutes=30))

    outcome = await authorize(Pending(WAIT, expires_at=LATER.astimezone(there)))

    assert (outcome.expires_at, outcome.expires_at.utcoffset()) == (LATER, timedelta(0))


def waking(*wanted, answer=YES):
    def say(request, context):
        for each in wanted:
            if isinstance(each, tuple):
                context.wake_me(*each)
            else:
                context.wake_ups.append(each)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    return say


WRONG_WAKE_UPS = [
    ((5, {}), "wake_me(after) is 5, not a timedelta"),
    ((None, {}), "wake_me(after) is None, not a timedelta"),
    ((timedelta(seconds=-1), {}), "wake_me(after) is -1 s, not between 0 s and 400 days"),
    ((timedelta.max, {}), "not between 0 s and 400 days"),
    ((WAIT, None), "wake_me(state) is None, not a mapping"),
    ((WAIT, ["step"]), "wake_me(state) is ['step'], not a mapping"),
    ((WAIT, {"at": NOW}), "wake_me(state) is not plain JSON"),
    ((WAIT, {"text": "a\0b"}), "wake_me(state) holds a NUL"),
    (
        (WAIT, {"text": "x" * 20_000}),
        "takes 20012 bytes of JSON, the maximum is 16384",
    ),
    ("soon", "wake_ups holds 'soon', not a WakeUp"),
]


@pytest.mark.parametrize(("wanted", "sentence"), WRONG_WAKE_UPS)
async def test_an_invalid_wake_up_is_dropped_and_the_outcome_kept(wanted, sentence):
    log = bad.ListLog()
    context = bad.context(log=log)

    outcome = await bad.guarded(bad.Answers(waking(wanted, (WAIT, {"n": 1})))).authorize(
        bad.request(), context
    )

    assert outcome == YES
    assert context.wake_ups == [WakeUp(WAIT, {"n": 1})]
    [(line, result)] = log.lines
    assert (line, result["plugin"]) == ("wake-up of a plugin dropped", "answers")
    assert sentence in result["reason"]


async def test_wake_ups_of_one_call_are_limited():
    log = bad.ListLog()
    context = bad.context(log=log)
    wanted = [(timedelta(0), {"n": n}) for n in range(WAKE_UPS_MAX + 1)]

    await bad.guarded(bad.Answers(waking(*wanted))).authorize(bad.request(), context)

    assert len(context.wake_ups) == WAKE_UPS_MAX
    assert log.lines[0][1]["reason"] == f"requested {WAKE_UPS_MAX + 1} wake-ups, the maximum is 50"


@pytest.mark.parametrize("answer", ["junk", ValueError("after it was sent"), SystemExit(1)])
async def test_wake_ups_are_kept_if_the_outcome_is_lost(answer):
    context = bad.context()
    plugin = bad.Answers(waking((WAKE_UP_MAX, {}), answer=answer))

    outcome = await bad.guarded(plugin).authorize(bad.request(), context)

    assert isinstance(outcome, Unknown)
    assert context.wake_ups == [WakeUp(WAKE_UP_MAX, {})]


async def test_a_wake_up_cannot_be_changed_after_the_call():
    state, context = {"steps": [1]}, bad.context()

    await bad.guarded(bad.Answers(waking((WAIT, state)))).authorize(bad.request(), context)
    state["steps"].append(object())

    assert context.wake_ups == [WakeUp(WAIT, {"steps": [1]})]


async def test_no_wake_up_is_accepted_after_the_deadline():
    hanging, context = (
        bad.Stubborn(),
        bad.context(deadline=timedelta(milliseconds=20)),
    )
    seen = []

    async def say(request, given):
        seen.append(given)
        await bad.Hangs._hang(hanging)

    hanging._say = say
    await bad.guarded(hanging).authorize(bad.request(), context)
    seen[0].wake_me(WAIT, {})

    assert context.wake_ups == []


async def test_a_plugin_cannot_change_the_recorded_request():
    def vandal(request, context):
        object.__setattr__(request.amount, "minor", 1)
        request.instrument.secret.clear()
        return Approved("ref-1", Money(1, "INR"))

    secret = {"number": "4111"}
    request = bad.request()
    request = type(request)(
        request.payment_id, Money(49_900, "INR"), Instrument("coin", "toss", {}, secret)
    )

    outcome = await bad.guarded(bad.Answers(vandal)).refund(
        FollowUp("pay_1", "op_1", request.amount, request.instrument, asked_at=NOW),
        bad.context(),
    )

    assert outcome == Unknown("refund of 499.00 INR was done for 0.01 INR")
    assert secret == {"number": "4111"}


class CallsBack(bad.Answers):
    """A processor with scripted callback methods."""

    def __init__(self, **results):
        self.results = results

    def _does(self, name, default):
        result = self.results.get(name, default)
        if isinstance(result, BaseException):
            raise result
        return result() if callable(result) else result

    def split(self, callback):
        return self._does("split", [callback])

    def verify(self, callback):
        return self._does("verify", Verified("key", {}))

    def translate(self, verified):
        return self._does("translate", [])

    def acknowledge(self, *, accepted):
        return self._does("acknowledge", (204, b""))

    def payer_decides(self, request, decision):
        return self._does("payer_decides", RAW)


def calls_back(**results):
    return bad.guarded(CallsBack(**results))


CALLBACK_CALLS = {
    "split": lambda processor: processor.split(RAW),
    "verify": lambda processor: processor.verify(RAW),
    "translate": lambda processor: processor.translate(Verified("key", {})),
    "payer_decides": lambda processor: processor.payer_decides(bad.follow_up(), "approve"),
}


def halfway():
    yield RAW
    raise SystemExit("license missing")


def without_end():
    while True:
        yield RAW


WRONG_CALLBACKS = [
    ("split", 7),
    ("split", "text"),
    ("split", halfway),
    ("split", without_end),
    ("split", ["part"]),
    ("split", [RawCallback({}, "text")]),
    ("split", [RawCallback({"x": 1}, b"")]),
    ("split", [RawCallback(None, b"")]),
    ("verify", True),
    ("verify", Verified("", {})),
    ("verify", Verified(7, {})),
    ("translate", None),
    ("translate", halfway),
    ("translate", [YES]),
    ("translate", [Update(None, YES)]),
    ("translate", [Update(["op"], YES)]),
    ("translate", [Update("op\0", YES)]),
    ("translate", [Update("op_1", YES, amount=499)]),
    ("payer_decides", 7),
    *((name, raised) for name in CALLBACK_CALLS for raised in NO_EXCEPTIONS),
]


@pytest.mark.parametrize(("name", "results"), WRONG_CALLBACKS)
def test_an_invalid_result_about_a_callback_is_a_plugin_error(name, results):
    with pytest.raises(PluginContractError) as caught:
        CALLBACK_CALLS[name](calls_back(**{name: results}))

    assert caught.value.plugin == "answers"


@pytest.mark.parametrize(
    "outcome", [YES.reference, Declined("no_money"), Pending(WAIT, expires_at="soon"), None]
)
def test_a_callback_with_a_wrong_outcome_is_refused(outcome):
    with pytest.raises(PluginContractError):
        calls_back().checked(Update("op_1", outcome), RS_499, OperationKind.CHARGE)


def test_only_a_callback_may_report_a_released_hold():
    released = Released("expired")

    assert calls_back().checked(Update("op_1", released), RS_499, OperationKind.CHARGE) == released


@pytest.mark.parametrize(
    "results", [7, (200,), ("200", b""), (200, "text"), (500, b""), *NO_EXCEPTIONS]
)
def test_a_wrong_acknowledgement_is_replaced(results):
    assert calls_back(acknowledge=results).acknowledge(accepted=True) == (200, b"OK")


def prepare(prepared):
    class Prepares(bad.Prepares):
        def prepare(self, details, context):
            if isinstance(self.prepared, BaseException):
                raise self.prepared
            return self.prepared

    guarded = bad.GuardedMethod(Prepares(prepared), bad.Prepares.info)
    return guarded.prepare(bad.CoinInput(), MethodContext(NOW, RS_499))


@pytest.mark.parametrize(
    "prepared",
    [
        Instrument("coin", ["toss"]),
        Instrument("coin", "toss", scenario=7),
        Instrument("coin", "toss", secret=""),
        InvalidInstrumentError(7, field="coin", code="invalid_coin"),
        InvalidInstrumentError("no such coin", field=7, code="invalid_coin"),
        InvalidInstrumentError("no such coin", field="coin", code=None),
        *NO_EXCEPTIONS,
    ],
)
def test_a_wrong_instrument_or_refusal_is_a_plugin_error(prepared):
    with pytest.raises(PluginError) as caught:
        prepare(prepared)

    assert caught.value.plugin == "coin"
    assert "license missing" not in str(caught.value)


@pytest.mark.parametrize("raised", NO_EXCEPTIONS)
def test_a_sink_that_exits_in_wants_gets_no_events(raised):
    class Ends(bad.Delivers):
        def wants(self, event_type, endpoint):
            raise raised

    assert bad.guarded_sink(Ends(None)).wants("payment.success", bad.ENDPOINT) is False


@pytest.mark.parametrize(
    ("asked", "taken"), [(timedelta(days=-1), timedelta(0)), (timedelta.max, RETRY_AFTER_MAX)]
)
async def test_retry_after_is_limited(asked, taken):
    sink = bad.guarded_sink(bad.Delivers(DeliveryResult(False, 503, retry_after=asked)))

    assert (await sink.deliver(bad.EVENT, bad.ENDPOINT, bad.context())).retry_after == taken


@pytest.mark.parametrize("wait", [5, timedelta(seconds=-1), timedelta.max, "soon", *NO_EXCEPTIONS])
def test_an_invalid_retry_policy_is_replaced_by_the_built_in_one(wait):
    def decide(results):
        def next_delay(tries, *, now, rng):
            if isinstance(results, BaseException):
                raise results
            return results

        return SimpleNamespace(next_delay=next_delay)

    policy = GuardedPolicy(decide(wait), decide(WAIT), "patience", frozenset({"delivery"}))

    assert policy.next_delay(Tries(1), now=NOW, rng=Random(1)) == WAIT


def risk_request():
    return RiskRequest("pay_1", "order_1", RS_499, Instrument("coin", "toss", {}), "mint", NOW)


@pytest.mark.parametrize(
    ("verdict", "sentence"),
    [
        (Block("seen", code="fraud"), "Block.code is 'fraud', not a DeclineCode"),
        (Block("seen", code="declin"), "did you mean 'declined'?"),
        (Block(7), "whose fields are not texts"),
        (Allow(None), "whose fields are not texts"),
        ("block", "returned str, not a verdict"),
    ],
)
async def test_a_wrong_verdict_is_named(verdict, sentence):
    async def assess(request, context):
        return verdict

    check = HostedCheck(SimpleNamespace(assess=assess), "velocity", "acme", is_closed=False)

    with pytest.raises(PluginError) as caught:
        await check.assess(risk_request(), bad.context())
    assert sentence in caught.value.reason


async def test_changes_of_a_request_by_one_router_are_not_seen_by_the_next():
    async def assess(request, context):
        request.instrument.display["coin"] = "lead"

    async def rank(request, context):
        request.facts["network"] = "visa"

    asked = risk_request()
    route = RouteRequest("pay_1", MERCHANT_ID, RS_499, "coin", "toss", "automatic", {}, ())
    checking = HostedCheck(SimpleNamespace(assess=assess), "velocity", "acme", is_closed=False)

    await checking.assess(asked, bad.context())
    await HostedRouter(SimpleNamespace(rank=rank), "router", "acme").rank(route, bad.context())

    assert asked.instrument.display == {}
    assert route.facts == {}
    assert UUID(int=route.merchant_id.int) == MERCHANT_ID
