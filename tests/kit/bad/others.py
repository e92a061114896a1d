"""Methods, sinks, policies, routers and risk checks that are bad in one thing each."""

from __future__ import annotations

import asyncio
import os
import random
import time
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

from pydantic import ConfigDict, Field

from paygate import Allow, Block, DeliveryResult, HttpError, Instrument, InvalidInstrumentError
from tests.kit.bad.processors import breaks
from tests.kit.good import (
    CARD_RULES,
    GoodCheck,
    GoodPolicy,
    GoodRouter,
    GoodSink,
    Purse,
    PurseInput,
)


@breaks("method.shows_no_card_number")
class ShowsTheNumber(Purse):
    def display(self, number):
        return {**super().display(number), "number": number}


@breaks("method.stores_no_security_code")
class KeepsTheCode(Purse):
    def secret(self, details):
        return {"number": details.number, "code": details.cvv}


@breaks("method.follows_its_card_rules")
class OldRanges(Purse):
    def display(self, number):
        network = "visa" if number.startswith("4") else "unknown"
        return {"last4": number[-4:], "network": network}


@breaks("method.follows_its_card_rules")
class TakesOtherLengths(Purse):
    class Input(PurseInput):
        model_config = ConfigDict(
            json_schema_extra={
                "x-card": {**CARD_RULES, "number": {"digits_min": 13, "digits_max": 18}}
            }
        )

    info = replace(Purse.info, input_model=Input)


@breaks("method.follows_its_card_rules")
class TakesOtherCodes(Purse):
    class Input(PurseInput):
        cvv: str = Field(max_length=4, repr=False)

    info = replace(Purse.info, input_model=Input)


@breaks("method.follows_its_card_rules")
class PublishesNoLengths(Purse):
    class Input(PurseInput):
        model_config = ConfigDict(json_schema_extra={"x-card": {}})

    info = replace(Purse.info, input_model=Input)


@breaks("method.repeats_no_input_in_errors")
class RepeatsTheNumber(Purse):
    def refusal(self, number):
        message = f"{number} is wrong"
        return InvalidInstrumentError(message, field="number", code="invalid_purse")


@breaks("method.handles_any_input", "method.refuses_invalid_input")
class RaisesValueError(Purse):
    def refusal(self, number):
        return ValueError("wrong")


@breaks("method.prepares_declared_flows", "method.handles_any_input")
class UndeclaredFlow(Purse):
    def prepare(self, details, context):
        prepared = super().prepare(details, context)
        return Instrument("purse", "throw", prepared.display, prepared.secret)


@breaks("method.prepares_storable_instruments", "method.handles_any_input")
class StoresNumbers(Purse):
    def display(self, number):
        return {**super().display(number), "last4": int(number[-4:])}


@breaks("method.reads_no_clock")
class MethodsOwnClock(Purse):
    def prepare(self, details, context):
        assert datetime.today() > datetime(2020, 1, 1)
        return super().prepare(details, context)


@breaks("method.prepares_equal_instruments", "method.uses_no_shared_random")
class ChanceInTheDisplay(Purse):
    def display(self, number):
        return {**super().display(number), "colour": str(random.random())}


@breaks("sink.sends_once")
class SendsTwice(GoodSink):
    async def post(self, event, endpoint, context):
        await super().post(event, endpoint, context)
        return await super().post(event, endpoint, context)


@breaks("sink.sends_once")
class RetriesItself(GoodSink):
    async def post(self, event, endpoint, context):
        try:
            return await super().post(event, endpoint, context)
        except HttpError:
            return await super().post(event, endpoint, context)


@breaks(
    "sink.reports_errors_as_failures",
    "sink.returns_a_result",
    "sink.stores_nothing_global",
)
class RaisesOnRefusal(GoodSink):
    def result(self, response):
        if response.status >= 400:
            raise RuntimeError(response.status)
        return super().result(response)


@breaks("sink.reports_missing_responses", "sink.returns_a_result")
class RaisesOnSilence(GoodSink):
    async def deliver(self, event, endpoint, context):
        if endpoint.url is None:
            return DeliveryResult(delivered=False, error="no_url")
        return self.result(await self.post(event, endpoint, context))


@breaks("sink.reports_redirects_as_failures")
class BelievesRedirects(GoodSink):
    def result(self, response):
        is_yes = 200 <= response.status < 400
        return DeliveryResult(delivered=is_yes, status_code=response.status)


@breaks("sink.sends_the_exact_body", "sink.signs_the_body")
class WritesItAnew(GoodSink):
    def body(self, event):
        return event.body.replace(b'":"', b'": "')


@breaks("sink.signs_the_body")
class SignsTheIdOnly(GoodSink):
    def signed(self, event, at):
        return f"{event.id}.{at}.".encode()


@breaks("sink.signs_id_and_timestamp")
class SignsTheBodyOnly(GoodSink):
    def signed(self, event, at):
        return event.body


@breaks("sink.sends_the_event_id")
class NamelessEvents(GoodSink):
    def headers(self, event, endpoint, context):
        headers = dict(super().headers(event, endpoint, context))
        del headers["event-id"]
        return headers


@breaks("sink.reveals_no_secret")
class SendsTheSecret(GoodSink):
    def headers(self, event, endpoint, context):
        return {**super().headers(event, endpoint, context), "key": endpoint.secret or ""}


@breaks("sink.passes_the_deadline_on")
class PatientSink(GoodSink):
    async def post(self, event, endpoint, context):
        return await context.http.post(
            endpoint.url,
            body=event.body,
            headers=self.headers(event, endpoint, context),
            timeout=timedelta(seconds=60),
            response_bytes_max=1024,
        )


@breaks("sink.handles_a_missing_url")
class NeedsAnAddress(GoodSink):
    async def deliver(self, event, endpoint, context):
        assert endpoint.url is not None
        return await super().deliver(event, endpoint, context)


@breaks("sink.reads_no_clock", "sink.signs_id_and_timestamp")
class SinksOwnClock(GoodSink):
    def headers(self, event, endpoint, context):
        assert time.time() > 0
        return super().headers(event, endpoint, context)


@breaks("policy.decides_reproducibly")
class CountsItself(GoodPolicy):
    def __init__(self):
        self.count = 0

    def next_delay(self, tries, *, now, rng):
        self.count += 1
        return None if tries.count > 8 else timedelta(seconds=self.count)


@breaks(
    "policy.decides_reproducibly", "policy.uses_no_shared_random", "policy.ignores_the_time_zone"
)
class DrawsItself(GoodPolicy):
    def next_delay(self, tries, *, now, rng):
        return super().next_delay(tries, now=now, rng=Random())


@breaks("policy.never_raises")
class NaivePolicy(GoodPolicy):
    def next_delay(self, tries, *, now, rng):
        assert now > datetime(2020, 1, 1)
        return super().next_delay(tries, now=now, rng=rng)


@breaks("policy.returns_valid_delays")
class GoesBackInTime(GoodPolicy):
    def next_delay(self, tries, *, now, rng):
        return None if tries.count > 5 else timedelta(seconds=3 - tries.count)


@breaks("policy.gives_up")
class NeverGivesUp(GoodPolicy):
    def next_delay(self, tries, *, now, rng):
        return timedelta(seconds=5)


@breaks("policy.ignores_the_time_zone")
class WallClock(GoodPolicy):
    def next_delay(self, tries, *, now, rng):
        return None if tries.count > 8 else timedelta(hours=24 - now.hour)


@breaks("policy.reads_no_environment")
class PolicysOwnEnvironment(GoodPolicy):
    def next_delay(self, tries, *, now, rng):
        assert "NO_RETRIES" not in os.environ
        return super().next_delay(tries, now=now, rng=rng)


@breaks("router.names_only_candidates")
class InventsProcessors(GoodRouter):
    async def rank(self, request, context):
        return ["unheard_of"]


@breaks("router.returns_processor_ids", "router.names_only_candidates", "router.names_each_once")
class AnswersAText(GoodRouter):
    async def rank(self, request, context):
        return request.candidates[0].processor


@breaks("router.names_each_once")
class NamesTwice(GoodRouter):
    async def rank(self, request, context):
        return [request.candidates[0].processor] * 2


@breaks("router.never_raises")
class NeedsFacts(GoodRouter):
    async def rank(self, request, context):
        assert request.facts["network"]


@breaks("router.ranks_reproducibly")
class TakesTurns(GoodRouter):
    def __init__(self):
        self.turn = 0

    async def rank(self, request, context):
        self.turn += 1
        return [request.candidates[self.turn % 2].processor]


@breaks("router.uses_no_shared_random", "router.ranks_reproducibly")
class ThrowsDice(GoodRouter):
    async def rank(self, request, context):
        ids = [each.processor for each in request.candidates]
        random.shuffle(ids)
        return ids


@breaks("router.responds_in_time")
class SlowRouter(GoodRouter):
    async def rank(self, request, context):
        await asyncio.sleep(1.1 if context.http.network is not None else 0)


@breaks("risk.returns_a_verdict")
class AnswersYes(GoodCheck):
    async def assess(self, request, context):
        return True


@breaks("risk.blocks_with_known_codes")
class OwnCodes(GoodCheck):
    async def assess(self, request, context):
        return Block("no", code="fraud")


@breaks("risk.queries_supported_history", "risk.never_raises")
class AsksForYears(GoodCheck):
    async def assess(self, request, context):
        await context.history.payments(within=timedelta(days=3650))


@breaks("risk.never_raises")
class NeedsAPast(GoodCheck):
    async def assess(self, request, context):
        counts = await context.history.payments(within=timedelta(hours=1))
        return Allow(f"{100 * counts.failed / counts.payments} % failed")


@breaks("risk.assesses_reproducibly")
class BlocksEverySecond(GoodCheck):
    def __init__(self):
        self.count = 0

    async def assess(self, request, context):
        self.count += 1
        return Block("every second") if self.count % 2 == 0 else None


@breaks("risk.describes_itself")
class FailsSomehow(GoodCheck):
    fail = "maybe"
