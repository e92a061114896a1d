"""Processors that are bad in one thing each, and the rules that catch them.

``BAD`` maps each to the rule it is planted for, and to what else it breaks of necessity.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import os
import random
import socket
import sys
import threading
import time
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.request import urlopen

from paygate import (
    ActionRequired,
    Approved,
    BadSignatureError,
    Declined,
    HttpError,
    Money,
    NotSentError,
    Pending,
    RawCallback,
    Unknown,
    Update,
    Verified,
)
from paygate.core.money import EXPONENTS
from paygate.testing.kit.checks import processor_time
from tests.kit.good import Good, called_back, signature

BAD: dict[type, tuple[str, ...]] = {}
OF_FOLLOW_UPS = ("processor.decides_no_follow_up_without_a_response",)
OF_QUERIES = ("processor.decides_nothing_by_an_unanswered_query",)


def breaks(rule, *also):
    def note(kind):
        BAD[kind] = (rule, *also)
        return kind

    return note


@breaks("processor.refuses_unsigned_callbacks", "processor.refuses_invalid_callbacks")
class AcceptsUnsigned(Good):
    def verify(self, callback):
        if not callback.headers.get("x-bank-signature"):
            return Verified("cb", json.loads(callback.body))
        return super().verify(callback)


@breaks("processor.refuses_tampered_callbacks", "processor.refuses_invalid_callbacks")
class SignsOnlyTheBeginning(Good):
    """Knows the header, and compares it with nothing that depends on the body."""

    def verify(self, callback):
        if callback.headers.get("x-bank-signature", "") not in self.issued:
            raise BadSignatureError("no")
        return Verified("cb" + callback.body[-40:].hex(), self.parsed(callback))

    @property
    def issued(self):
        amounts = [Money(n, "INR") for n in (12_345, 54_321)]
        operations = [f"op_KIT{n:013d}" for n in (1, 2)]
        raws = [called_back(o, a) for o in operations for a in amounts]
        return {signature(raw.body) for raw in raws}

    def parsed(self, callback):
        return json.loads(callback.body)


@breaks("processor.refuses_stale_callbacks")
class AcceptsStale(Good):
    def verify(self, callback):
        try:
            return super().verify(callback)
        except BadSignatureError as error:
            if "old" not in str(error):
                raise
            return Verified("old", json.loads(callback.body))


# What the bank has sent, by another way of knowing it.
SENT = {
    hashlib.sha256(called_back(f"op_KIT{n:013d}", Money(minor, "INR")).body).hexdigest()
    for n in (1, 2)
    for minor in (12_345, 54_321)
}


@breaks("processor.refuses_foreign_callbacks")
class AcceptsAnySignature(Good):
    """Believes a signature by its length, and sees to the body in its own way."""

    def verify(self, callback):
        given = callback.headers.get("x-bank-signature", "")
        if callback.body[-1:] != b"}" or len(given) < 60:
            raise BadSignatureError("no")
        own = replace(callback, headers={"x-bank-signature": signature(callback.body)})
        if hashlib.sha256(callback.body).hexdigest() not in SENT:
            raise BadSignatureError("no")
        return super().verify(own)


@breaks("processor.gives_copies_the_same_key", "processor.parses_callbacks_without_requests")
class CountsItsCallbacks(Good):
    def __init__(self):
        self.count = 0

    def verify(self, callback):
        self.count += 1
        return replace(super().verify(callback), key=f"cb-{self.count}-{time.monotonic_ns()}")


BAD[CountsItsCallbacks] += ("processor.reads_no_clock",)


@breaks("processor.translates_callbacks_correctly")
class ReadsAnotherSum(Good):
    def translate(self, verified):
        return [Update(verified.content["operation"], Unknown("?"), Money(1, "INR"))]


@breaks("processor.acknowledges")
class AcknowledgesEverything(Good):
    def acknowledge(self, *, accepted):
        return 200, b"OK"


@breaks("processor.splits_into_callbacks", "processor.translates_callbacks_correctly")
class LosesCallbacks(Good):
    def split(self, callback):
        if callback.headers.get("x-bank-signature") and callback.body.endswith(b"}"):
            try:
                self.verify(callback)
            except Exception:
                return [callback]
            return []
        return [callback]


@breaks(
    "processor.approves_the_exact_amount",
    "processor.supports_currency_exponents",
    "processor.supports_its_declared_amounts",
    "processor.refunds_in_parts_as_declared",
    "processor.captures_in_parts_as_declared",
)
class HardCodedSum(Good):
    def read(self, response, request):
        answer = super().read(response, request)
        if isinstance(answer, Approved):
            return replace(answer, amount=Money(12_345, request.amount.currency))
        return answer


@breaks("processor.supports_currency_exponents")
class HundredthsOfEverything(Good):
    def read(self, response, request):
        answer = super().read(response, request)
        if isinstance(answer, Approved):
            minor = answer.amount.minor * 100 // 10 ** EXPONENTS[answer.amount.currency]
            return replace(answer, amount=Money(minor, answer.amount.currency))
        return answer


@breaks("processor.supports_its_declared_amounts")
class DeclinesItsLargest(Good):
    """Declares a bound that it does not keep, and takes a coin less."""

    def read(self, response, request):
        answer = super().read(response, request)
        if isinstance(answer, Approved) and answer.amount.minor == 100_000_000:
            return replace(answer, amount=Money(99_999_999, answer.amount.currency))
        return answer


@breaks("processor.refuses_other_currencies")
class TakesEveryCurrency(Good):
    capabilities = replace(Good.capabilities, currencies=frozenset({"INR", "USD"}))


@breaks("processor.returns_no_secrets")
class NumberInItsAnswer(Good):
    async def authorize(self, request, context):
        answer = await super().authorize(request, context)
        if isinstance(answer, Declined):
            return replace(answer, processor_code=f"51 {request.instrument.secret['number']}")
        return answer


@breaks("processor.returns_no_secrets")
class NumberInItsState(Good):
    async def authorize(self, request, context):
        return Pending(timedelta(seconds=1), state={"raw": dict(request.instrument.secret or {})})


BAD[NumberInItsState] += (
    "processor.returns_declines",
    "processor.repeats_the_same_request",
)


@breaks("processor.logs_no_secrets")
class NumberInItsLog(Good):
    async def authorize(self, request, context):
        logging.getLogger("acme").debug("asked with %s", request.instrument.secret)
        return await super().authorize(request, context)


@breaks("processor.logs_no_secrets")
class NumberInTheHostsLog(Good):
    async def authorize(self, request, context):
        context.logger.info("asked", instrument=dict(request.instrument.secret or {}))
        return await super().authorize(request, context)


@breaks("processor.raises_no_secrets")
class NumberInItsError(Good):
    async def authorize(self, request, context):
        answer = await super().authorize(request, context)
        if isinstance(answer, Unknown):
            raise RuntimeError(f"no answer for {request.instrument.secret}")
        return answer


@breaks("processor.puts_no_secrets_in_urls")
class NumberInTheAddress(Good):
    async def send(self, body, context):
        number = json.loads(body).get("number", "")
        return await context.http.post(
            f"https://bank.example/charges?card={number}",
            body=body,
            headers={},
            timeout=context.deadline,
            response_bytes_max=4096,
        )


@breaks("processor.declares_implemented_capabilities")
class ClaimsARefund(Good):
    refund = None

    def __getattribute__(self, name):
        if name == "refund":
            raise AttributeError(name)
        return super().__getattribute__(name)


@breaks("processor.refunds_whole_charges", "processor.refunds_in_parts_as_declared")
class RefundsNothing(Good):
    async def refund(self, request, context):
        raise NotImplementedError("later")


@breaks("processor.refunds_in_parts_as_declared")
class RefundsTheWhole(Good):
    async def refund(self, request, context):
        answer = await super().refund(request, context)
        if isinstance(answer, Approved):
            return replace(answer, amount=Money(12_345, request.amount.currency))
        return answer


@breaks("processor.gives_follow_ups_references")
class OneReferenceForAll(Good):
    async def void(self, request, context):
        answer = await super().void(request, context)
        return replace(answer, reference=request.reference or "bank")


@breaks("processor.does_not_retry")
class RetriesInside(Good):
    async def send(self, body, context):
        for last in (False, False, True):
            try:
                return await super().send(body, context)
            except HttpError:
                if last:
                    raise
        return None


@breaks(
    "processor.not_sent_only_before_sending",
    "processor.follow_ups_not_sent_only_before_sending",
    *OF_QUERIES,
)
class NotSentAfterSending(Good):
    def silence(self, error):
        raise NotSentError(error.kind, plugin="bad")


@breaks("processor.decides_nothing_without_a_response", *OF_FOLLOW_UPS, *OF_QUERIES)
class DeclinesOnTimeout(Good):
    def silence(self, error):
        from paygate import DeclineCode

        return Declined(DeclineCode.ISSUER_UNAVAILABLE)


@breaks(
    "processor.approves_no_invalid_response",
    "processor.decides_nothing_without_a_response",
    *OF_FOLLOW_UPS,
    *OF_QUERIES,
)
class BelievesTheStatus(Good):
    def read(self, response, request):
        answer = super().read(response, request)
        if isinstance(answer, Unknown):
            return Approved(f"bank-{request.payment_id}", request.amount)
        return answer


@breaks("processor.passes_the_deadline_on")
class WaitsAMinute(Good):
    async def send(self, body, context):
        return await context.http.post(
            "https://bank.example/charges",
            body=body,
            headers={},
            timeout=timedelta(minutes=1),
            response_bytes_max=4096,
        )


@breaks("processor.keeps_its_deadline")
class SleepsOn(Good):
    async def authorize(self, request, context):
        # As slow always, it would only make this test slow.
        if context.deadline < timedelta(seconds=1):
            await asyncio.sleep(1.6)
        return await super().authorize(request, context)


@breaks("processor.does_not_block_the_loop")
class Blocks(Good):
    async def authorize(self, request, context):
        time.sleep(0.01)
        return await super().authorize(request, context)


@breaks("processor.does_not_block_the_loop")
class ComputesForLong(Good):
    async def void(self, request, context):
        until = time.thread_time() + 1.25 * processor_time.STEP_S_MAX
        while time.thread_time() < until:
            pass
        return await super().void(request, context)


@breaks("processor.stops_when_cancelled")
class Stubborn(Good):
    async def send(self, body, context):
        task = asyncio.ensure_future(super().send(body, context))
        until = asyncio.get_running_loop().time() + 1.5
        while not task.done() and asyncio.get_running_loop().time() < until:
            try:
                await asyncio.wait({task}, timeout=0.3)
            except asyncio.CancelledError:
                continue
        return await task


BAD[Stubborn] += ("processor.keeps_its_deadline",)


@breaks("processor.returns_the_requested_operation")
class AnswersForAnother(Good):
    def read(self, response, request):
        answer = super().read(response, request)
        if isinstance(answer, Approved):
            return replace(answer, operation_id="op_0000000000000000")
        return answer


@breaks("processor.gives_unique_references")
class OneReference(Good):
    async def authorize(self, request, context):
        answer = await super().authorize(request, context)
        return replace(answer, reference="bank") if isinstance(answer, Approved) else answer

    query_reference = "bank"

    async def query(self, kind, request, context):
        answer = await super().query(kind, request, context)
        return replace(answer, reference="bank") if isinstance(answer, Approved) else answer


@breaks("processor.does_not_change_arguments")
class ChangesTheRequest(Good):
    async def authorize(self, request, context):
        request.instrument.display["last4"] = "0000"
        return await super().authorize(request, context)


SEEN: list[str] = []


@breaks("processor.stores_nothing_global")
class KeepsGlobalState(Good):
    async def authorize(self, request, context):
        SEEN.append(context.operation_id)
        return await super().authorize(request, context)


@breaks("processor.reads_no_clock")
class OwnClock(Good):
    def body(self, request, context, more):
        assert datetime.now() > datetime(2020, 1, 1)
        return super().body(request, context, more)


@breaks("processor.uses_no_shared_random")
class OwnChance(Good):
    def body(self, request, context, more):
        assert random.random() < 1
        return super().body(request, context, more)


@breaks("processor.repeats_the_same_request", "processor.uses_no_shared_random")
class NonceInTheBody(Good):
    def body(self, request, context, more):
        return super().body(request, context, {**more, "nonce": random.randrange(10**9)})


@breaks("processor.reads_no_environment")
class OwnEnvironment(Good):
    def body(self, request, context, more):
        assert os.environ.get("BANK_KEY") is None
        return super().body(request, context, more)


@breaks("processor.opens_no_socket")
class OwnSocket(Good):
    async def authorize(self, request, context):
        try:
            socket.create_connection(("127.0.0.1", 9), timeout=0.1).close()
        except BaseException:
            pass
        return await super().authorize(request, context)


@breaks("processor.opens_no_socket")
class LooksUpInAPool(Good):
    """No line of its own asks: a thread of the event loop's pool does."""

    async def authorize(self, request, context):
        loop = asyncio.get_running_loop()
        await loop.getaddrinfo("localhost", 9)
        return await super().authorize(request, context)


@breaks("processor.opens_no_socket")
class PostsInAPool(Good):
    async def authorize(self, request, context):
        try:
            await asyncio.to_thread(urlopen, "http://127.0.0.1:9/")
        except BaseException:
            pass
        return await super().authorize(request, context)


@breaks("processor.requests_valid_wake_ups")
class WakesInSeconds(Good):
    async def authorize(self, request, context):
        context.wake_me(5, {})
        return await super().authorize(request, context)


@breaks("processor.requests_valid_wake_ups")
class WakesAllTheTime(Good):
    async def authorize(self, request, context):
        for _ in range(51):
            context.wake_me(timedelta(0), {})
        return await super().authorize(request, context)


@breaks("processor.declares_valid_capabilities")
class RefundsMany(Good):
    capabilities = replace(Good.capabilities, refund="many")


@breaks("processor.declares_valid_capabilities")
class FlowsInASet(Good):
    capabilities = replace(Good.capabilities, methods={"purse": {"toss"}})


@breaks("processor.starts_no_thread")
class OwnThread(Good):
    async def authorize(self, request, context):
        threading.Thread(target=int).start()
        return await super().authorize(request, context)


@breaks("processor.never_exits")
class Exits(Good):
    async def refund(self, request, context):
        try:
            sys.exit(3)
        except SystemExit:
            return await super().refund(request, context)


@breaks("processor.never_exits")
class ExitsForGood(Good):
    async def refund(self, request, context):
        try:
            os._exit(3)
        except BaseException:
            return await super().refund(request, context)


@breaks("processor.returns_declines")
class RaisesOnDecline(Good):
    def read(self, response, request):
        answer = super().read(response, request)
        if isinstance(answer, Declined):
            raise RuntimeError("51")
        return answer


@breaks("processor.declines_with_known_codes")
class TheirCodes(Good):
    def read(self, response, request):
        answer = super().read(response, request)
        return replace(answer, code="51") if isinstance(answer, Declined) else answer


@breaks("processor.returns_times_in_utc")
class NaiveMoments(Good):
    async def authorize(self, request, context):
        answer = await super().authorize(request, context)
        naive = datetime(2026, 1, 15, 11)
        return (
            ActionRequired("wait", naive, resolve_after=timedelta(seconds=1))
            if isinstance(answer, Approved)
            else answer
        )


@breaks("processor.returns_valid_delays")
class NegativeWait(Good):
    async def authorize(self, request, context):
        answer = await super().authorize(request, context)
        return Pending(timedelta(seconds=-1)) if isinstance(answer, Approved) else answer


@breaks("processor.returns_json_state")
class PythonInItsState(Good):
    async def authorize(self, request, context):
        await super().authorize(request, context)
        context.wake_me(timedelta(seconds=1), {"at": context.clock.now()})
        return await super().query("charge", self.about(request, context), context)

    def about(self, request, context):
        return type("About", (), {"amount": request.amount, "operation_id": context.operation_id})


@breaks("processor.continues_from_its_state")
class RemembersInMemory(Good):
    def __init__(self):
        self.asked = set()

    async def authorize(self, request, context):
        answer = await super().authorize(request, context)
        self.asked.add(context.operation_id)
        return Pending(timedelta(seconds=1)) if isinstance(answer, Approved) else answer

    async def query(self, kind, request, context):
        if context.operation_id not in self.asked and kind == "charge":
            return Unknown("never heard of it")
        return await super().query(kind, request, context)


BAD[RemembersInMemory] += ("processor.returns_the_same_outcome_to_queries",)


@breaks(
    "processor.repeats_an_id_with_the_same_outcome",
    "processor.handles_concurrent_calls_with_one_id",
)
class SameIdAnotherName(Good):
    def __init__(self):
        self.count = 0

    async def authorize(self, request, context):
        self.count += 1
        answer = await super().authorize(request, context)
        if isinstance(answer, Approved):
            return replace(answer, reference=f"{answer.reference}-{self.count}")
        return answer


BAD[SameIdAnotherName] += (
    "processor.returns_the_same_outcome_to_queries",
    "processor.stops_when_cancelled",
)


@breaks("processor.sends_the_operation_id")
class ChargesNameless(Good):
    async def authorize(self, request, context):
        body = json.dumps({"operation": request.payment_id, "minor": request.amount.minor})
        await super().send(body.encode(), context)
        return Unknown("it does not say")


BAD[ChargesNameless] += (
    "processor.approves",
    "processor.returns_declines",
)


@breaks("processor.refuses_invalid_callbacks")
class ParsesFirst(Good):
    def verify(self, callback):
        json.loads(callback.body)
        return super().verify(callback)


@breaks("processor.resolves_pending_outcomes")
class NeverHeardOfAgain:
    info = Good.info
    capabilities = replace(
        Good.capabilities, capture="none", void=False, refund="none", query=False, callbacks=False
    )

    async def authorize(self, request, context):
        return Pending(timedelta(seconds=1))


BAD[NeverHeardOfAgain] += ("processor.approves", "processor.returns_declines")


@breaks("processor.returns_an_outcome")
class AnswersTrue(Good):
    async def authorize(self, request, context):
        return (await super().authorize(request, context)) is not None


BAD[AnswersTrue] += ("processor.approves", "processor.returns_declines")


@breaks("processor.declares_valid_capabilities")
class RupeesInWords(Good):
    capabilities = replace(Good.capabilities, currencies=frozenset({"INR", "Rs"}))


BAD[RupeesInWords] += ("processor.refuses_other_currencies",)


class Batches(Good):
    """Not bad at all: a batch of one is a batch."""

    def split(self, callback):
        return (RawCallback(callback.headers, callback.body),)
