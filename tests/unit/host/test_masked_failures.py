"""What a plugin says of a failure is masked before anyone hears of it, the log too."""

from __future__ import annotations

from dataclasses import replace

import pytest

from paygate import DeclineCode, Declined, DeliveryResult, Endpoint, NotSentError, Unknown
from paygate.core.domain.limits import PLUGIN_TEXT_CHARS_MAX
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
async def test_a_failure_is_logged_without_what_the_plugin_was_told(said):
    log = zoo.ListLog()

    answer = await zoo.guarded(zoo.Answers(ValueError(said))).authorize(
        with_secret(), zoo.context(log=log)
    )

    assert isinstance(answer, Unknown)
    assert is_clean(answer.reason), answer
    assert log.lines, "the failure is logged"
    assert is_clean(str(log.lines)), log.lines


@pytest.mark.parametrize("said", SAID.values(), ids=SAID)
async def test_what_was_not_sent_says_why_without_it(said):
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
async def test_a_failure_is_logged_without_what_is_named_a_secret(said):
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
    """A processor that answers whoever comes back with its shopper."""

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
async def test_what_came_back_with_the_shopper_is_kept_and_logged_nowhere(answer, kept):
    log = zoo.ListLog()

    said = await zoo.guarded(Completes(answer)).complete_action(
        zoo.follow_up(), {"code": CARD}, zoo.context(log=log)
    )

    assert kept in str(said)
    assert is_clean(str(said))
    assert is_clean(str(log.lines))
