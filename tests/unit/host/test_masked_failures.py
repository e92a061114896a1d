"""Messages of plugin failures are masked before they are logged or shown."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import pytest
from pydantic import BaseModel, SecretStr

from paygate import (
    BadSignatureError,
    DeclineCode,
    Declined,
    DeliveryResult,
    Endpoint,
    NotSentError,
    RawCallback,
    Unknown,
    hookimpl,
)
from paygate.core.errors import PluginError
from paygate.core.limits import PLUGIN_TEXT_CHARS_MAX
from paygate.core.plugin_api.risk import RiskRequest
from paygate.core.plugin_api.routing import RouteRequest
from paygate.plugins.guard_extensions import HostedCheck, HostedRouter
from paygate.plugins.host import Found, load_plugins
from tests.unit.host import zoo
from tests.unit.samples import MERCHANT_ID

# No card that a redactor would know, and no name that says what it is.
CARD, CODE = "1234567890123456", "7371"
SECRET = {"number": CARD, "code": CODE}
SIGNING = "whsec_marker_of_the_endpoint"

SAID = {
    "in a sentence": f"card {CARD} with {CODE} refused",
    "as it was typed": repr(SECRET),
    "where the text is cut": "x" * (PLUGIN_TEXT_CHARS_MAX - 32) + CARD + CODE,
}


def with_secret():
    asked = zoo.request()
    return replace(asked, instrument=replace(asked.instrument, secret=SECRET))


def is_clean(text):
    return CARD[:8] not in text and CODE not in text


@pytest.mark.parametrize("said", SAID.values(), ids=SAID)
async def test_a_failure_is_logged_without_the_request(said):
    log = zoo.ListLog()

    answer = await zoo.guarded(zoo.Answers(ValueError(said))).authorize(
        with_secret(), zoo.context(log=log)
    )

    assert isinstance(answer, Unknown)
    assert is_clean(answer.reason), answer
    assert log.lines, "the failure is logged"
    assert is_clean(str(log.lines)), log.lines


@pytest.mark.parametrize("said", SAID.values(), ids=SAID)
async def test_the_reason_of_a_not_sent_error_is_masked(said):
    with pytest.raises(NotSentError) as raised:
        await zoo.guarded(zoo.Answers(NotSentError(said))).authorize(with_secret(), zoo.context())

    assert is_clean(str(raised.value)), raised.value


async def test_a_sinks_failure_is_logged_without_the_endpoints_secrets():
    log = zoo.ListLog()
    endpoint = Endpoint(MERCHANT_ID, MERCHANT_ID, "https://shop.example", SIGNING)
    sink = zoo.guarded_sink(zoo.Delivers(ValueError(f"cannot sign with {SIGNING}")))

    await sink.deliver(None, endpoint, zoo.context(log=log))

    assert log.lines, "the failure is logged"
    assert "marker" not in str(log.lines)


@pytest.mark.parametrize(
    "said", ["api_key=marker1234", "Authorization: Bearer marker1234", "cvv 737 is wrong"]
)
async def test_a_failure_is_logged_without_named_secrets(said):
    log = zoo.ListLog()

    await zoo.guarded(zoo.Answers(ValueError(said))).authorize(zoo.request(), zoo.context(log=log))

    assert log.lines, "the failure is logged"
    assert "marker" not in str(log.lines)
    assert "737" not in str(log.lines)


async def test_a_sinks_result_is_kept_without_the_endpoints_secrets():
    before = "whsec_marker_of_the_one_before"
    endpoint = replace(
        Endpoint(MERCHANT_ID, MERCHANT_ID, "https://shop.example", SIGNING),
        previous_secret=before,
    )
    told = DeliveryResult(
        delivered=False,
        status_code=401,
        body=f"unknown token {before}",
        error=f"refused {SIGNING}",
        request_headers={"X-Shop-Token": SIGNING, "X-Event": "payment.success"},
    )

    result = await zoo.guarded_sink(zoo.Delivers(told)).deliver(None, endpoint, zoo.context())

    assert result == replace(
        told,
        body="unknown token [redacted]",
        error="refused [redacted]",
        request_headers={"X-Shop-Token": "[redacted]", "X-Event": "payment.success"},
    )


class Completes(zoo.Answers):
    """A processor that completes an action with the given outcome."""

    async def complete_action(self, request, params, context):
        return await self._say(request, context)


@pytest.mark.parametrize(
    ("answer", "kept"),
    [
        (ValueError(f"no such code {CARD}"), "raised ValueError: no such code [redacted]"),
        (Unknown(f"no such code {CARD}"), "no such code [redacted]"),
        (
            Declined(DeclineCode.PROCESSING_ERROR, "never", processor_code=f"E1 {CARD}"),
            "E1 [redacted]",
        ),
    ],
    ids=["raised", "unknown", "declined"],
)
async def test_parameters_of_a_shopper_return_are_neither_stored_nor_logged(answer, kept):
    log = zoo.ListLog()

    said = await zoo.guarded(Completes(answer)).complete_action(
        zoo.follow_up(), {"code": CARD}, zoo.context(log=log)
    )

    assert kept in str(said)
    assert is_clean(str(said))
    assert is_clean(str(log.lines))


class Keyed(BaseModel):
    api_key: SecretStr
    webhook_password: str
    place: str = "somewhere"


class Careless(zoo.Answers):
    """Says what its plugin was set to, in all that it says."""

    capabilities = replace(zoo.CAN_TOSS, callbacks=True)

    def split(self, callback):
        raise ValueError(self.answer)

    def verify(self, callback):
        raise BadSignatureError(str(self.answer))

    def translate(self, verified):
        return []

    def acknowledge(self, *, accepted):
        return 200, b""


@dataclass
class Offers:
    """Offers a processor and a sink whose failures repeat the plugin's settings."""

    raises: bool = True

    @hookimpl
    def paygate_processors(self, context):
        said = self._said(context)
        return [Careless(ValueError(said) if self.raises else Unknown(said))]

    @hookimpl
    def paygate_event_sinks(self, context):
        said = self._said(context)
        failed = DeliveryResult(delivered=False, error=said)
        return [zoo.Delivers(ValueError(said) if self.raises else failed)]

    def _said(self, context):
        read = context.config(Keyed)
        return f"{read.place} {read.api_key.get_secret_value()} {read.webhook_password}"


@pytest.mark.parametrize("raises", [True, False])
async def test_no_failure_reveals_secret_settings(raises):
    log = zoo.ListLog()
    loaded = load_plugins(
        [Found("careless", Offers(raises), "1")],
        environ={
            "PAYGATE_CARELESS_API_KEY": "key_marker_1",
            "PAYGATE_CARELESS_WEBHOOK_PASSWORD": "password_marker_2",
        },
    )
    processor, sink = loaded.registry.processors["answers"], loaded.registry.sinks["delivers"]
    endpoint = Endpoint(MERCHANT_ID, MERCHANT_ID, "https://shop.example", SIGNING)
    callback = RawCallback({}, b"")

    answer = await processor.authorize(zoo.request(), zoo.context(log=log))
    result = await sink.deliver(None, endpoint, zoo.context(log=log))
    said = [str(answer), str(result), str(log.lines)]
    for call in (processor.split, processor.verify):
        with pytest.raises(PluginError) as raised:
            call(callback)
        said.append(str(raised.value))

    assert "somewhere [redacted] [redacted]" in said[0]
    assert "marker" not in " ".join(said)


ROUTE = RouteRequest("pay_1", MERCHANT_ID, zoo.RS_499, "coin", "toss", "automatic", {}, ())
RISK = RiskRequest("pay_1", "order_1", zoo.RS_499, zoo.request().instrument, "mint", zoo.NOW)


@dataclass
class Advises:
    """A router and a check that fail with what their plugin is set to."""

    said: str
    name = "advises"

    async def rank(self, _request, _context):
        raise ValueError(self.said)

    async def assess(self, _request, _context):
        raise ValueError(self.said)


@pytest.mark.parametrize(
    ("hosted", "ask"),
    [
        (HostedRouter, lambda router, context: router.rank(ROUTE, context)),
        (partial(HostedCheck, is_closed=False), lambda check, context: check.assess(RISK, context)),
    ],
    ids=["router", "check"],
)
async def test_no_failure_of_a_router_or_check_reveals_secret_settings(hosted, ask):
    adviser = hosted(Advises(f"refused {CARD}"), "advises", "acme", secrets=lambda: [CARD])

    with pytest.raises(PluginError) as raised:
        await ask(adviser, zoo.context())

    assert raised.value.reason == "raised ValueError: refused [redacted]"
