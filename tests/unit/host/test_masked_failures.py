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
from tests.unit.host import bad_plugins as bad
from tests.unit.samples import MERCHANT_ID

# No card that a redactor would know, and no name that says what it is.
CARD, CODE = "1234567890123456", "7371"
SECRET = {"number": CARD, "code": CODE}
SIGNING = "whsec_marker_of_the_endpoint"

MESSAGES = {
    "in a sentence": f"card {CARD} with {CODE} refused",
    "as it was typed": repr(SECRET),
    "where the text is cut": "x" * (PLUGIN_TEXT_CHARS_MAX - 32) + CARD + CODE,
}


def with_secret():
    asked = bad.request()
    return replace(asked, instrument=replace(asked.instrument, secret=SECRET))


def is_clean(text):
    return CARD[:8] not in text and CODE not in text


@pytest.mark.parametrize("message", MESSAGES.values(), ids=MESSAGES)
async def test_a_failure_is_logged_without_the_request(message):
    log = bad.ListLog()

    answer = await bad.guarded(bad.Answers(ValueError(message))).authorize(
        with_secret(), bad.context(log=log)
    )

    assert isinstance(answer, Unknown)
    assert is_clean(answer.reason), answer
    assert log.lines, "the failure is logged"
    assert is_clean(str(log.lines)), log.lines


@pytest.mark.parametrize("message", MESSAGES.values(), ids=MESSAGES)
async def test_the_reason_of_a_not_sent_error_is_masked(message):
    with pytest.raises(NotSentError) as raised:
        await bad.guarded(bad.Answers(NotSentError(message))).authorize(
            with_secret(), bad.context()
        )

    assert is_clean(str(raised.value)), raised.value


async def test_a_sinks_failure_is_logged_without_the_endpoints_secrets():
    log = bad.ListLog()
    endpoint = Endpoint(MERCHANT_ID, MERCHANT_ID, "https://shop.example", SIGNING)
    sink = bad.guarded_sink(bad.Delivers(ValueError(f"cannot sign with {SIGNING}")))

    await sink.deliver(None, endpoint, bad.context(log=log))

    assert log.lines, "the failure is logged"
    assert "marker" not in str(log.lines)


@pytest.mark.parametrize(
    "message", ["api_key=marker1234", "Authorization: Bearer marker1234", "cvv 737 is wrong"]
)
async def test_a_failure_is_logged_without_named_secrets(message):
    log = bad.ListLog()

    await bad.guarded(bad.Answers(ValueError(message))).authorize(
        bad.request(), bad.context(log=log)
    )

    assert log.lines, "the failure is logged"
    assert "marker" not in str(log.lines)
    assert "737" not in str(log.lines)


async def test_a_sinks_result_is_kept_without_the_endpoints_secrets():
    before = "whsec_marker_of_the_one_before"
    endpoint = replace(
        Endpoint(MERCHANT_ID, MERCHANT_ID, "https://shop.example", SIGNING),
        previous_secret=before,
    )
    result = DeliveryResult(
        delivered=False,
        status_code=401,
        body=f"unknown token {before}",
        error=f"refused {SIGNING}",
        request_headers={"X-Shop-Token": SIGNING, "X-Event": "payment.success"},
    )

    result = await bad.guarded_sink(bad.Delivers(result)).deliver(None, endpoint, bad.context())

    assert result == replace(
        result,
        body="unknown token [redacted]",
        error="refused [redacted]",
        request_headers={"X-Shop-Token": "[redacted]", "X-Event": "payment.success"},
    )


class Completes(bad.Answers):
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
    log = bad.ListLog()

    message = await bad.guarded(Completes(answer)).complete_action(
        bad.follow_up(), {"code": CARD}, bad.context(log=log)
    )

    assert kept in str(message)
    assert is_clean(str(message))
    assert is_clean(str(log.lines))


class Keyed(BaseModel):
    api_key: SecretStr
    webhook_password: str
    place: str = "somewhere"


class Careless(bad.Answers):
    """Says what its plugin was set to, in all that it says."""

    capabilities = replace(bad.CAN_TOSS, callbacks=True)

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
        message = self._message(context)
        return [Careless(ValueError(message) if self.raises else Unknown(message))]

    @hookimpl
    def paygate_event_sinks(self, context):
        message = self._message(context)
        failed = DeliveryResult(delivered=False, error=message)
        return [bad.Delivers(ValueError(message) if self.raises else failed)]

    def _message(self, context):
        read = context.config(Keyed)
        return f"{read.place} {read.api_key.get_secret_value()} {read.webhook_password}"


@pytest.mark.parametrize("raises", [True, False])
async def test_no_failure_reveals_secret_settings(raises):
    log = bad.ListLog()
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

    answer = await processor.authorize(bad.request(), bad.context(log=log))
    result = await sink.deliver(None, endpoint, bad.context(log=log))
    message = [str(answer), str(result), str(log.lines)]
    for call in (processor.split, processor.verify):
        with pytest.raises(PluginError) as raised:
            call(callback)
        message.append(str(raised.value))

    assert "somewhere [redacted] [redacted]" in message[0]
    assert "marker" not in " ".join(message)


ROUTE = RouteRequest("pay_1", MERCHANT_ID, bad.RS_499, "coin", "toss", "automatic", {}, ())
RISK = RiskRequest(
    "pay_1",
    "order_1",
    bad.RS_499,
    bad.request().instrument,
    "mint",
    bad.NOW,
)


@dataclass
class Advises:
    """A router and a check that fail with what their plugin is set to."""

    message: str
    name = "advises"

    async def rank(self, _request, _context):
        raise ValueError(self.message)

    async def assess(self, _request, _context):
        raise ValueError(self.message)


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
        await ask(adviser, bad.context())

    assert raised.value.reason == "raised ValueError: refused [redacted]"
