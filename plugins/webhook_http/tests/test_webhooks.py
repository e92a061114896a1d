"""Signed posts, verified with other people's code."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from paygate import CallContext, DeliverableEvent, Endpoint, HttpError, HttpResponse
from paygate_webhook_http.signature import (
    plain_signature,
    signed_headers,
    standard_key,
    standard_signature,
)
from paygate_webhook_http.sink import WebhookSettings, WebhookSink

MERCHANT = UUID(int=1)
MADE_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="
BODY = '{"event":"payment.success","name":"ą ₹ 😀"}'.encode()
NOW = datetime.now(UTC).replace(microsecond=0)


class Now:
    def now(self) -> datetime:
        return NOW


class Quiet:
    def debug(self, event: str, **fields: Any) -> None: ...
    def info(self, event: str, **fields: Any) -> None: ...
    def warning(self, event: str, **fields: Any) -> None: ...


@dataclass
class Line:
    """A scripted HTTP client that stores what was posted."""

    answer: HttpResponse | HttpError = field(
        default_factory=lambda: HttpResponse(200, {}, b"OK", False)
    )
    posts: list[dict[str, Any]] = field(default_factory=list)

    def check(self, url: str) -> None: ...
    async def close(self) -> None: ...

    async def post(self, url: str, **sent: Any) -> HttpResponse:
        self.posts.append({"url": url, **sent})
        if isinstance(self.answer, HttpError):
            raise self.answer
        return self.answer


async def deliver(
    line: Line,
    *,
    url: str | None = "http://shop/",
    secret: str | None = MADE_SECRET,
    deadline_s: float = 10.0,
    previous: str | None = None,
):
    context = CallContext(
        MERCHANT, "delivery", timedelta(seconds=deadline_s), Now(), Random(1), line, Quiet()
    )
    event = DeliverableEvent("evt_1", "payment.success", BODY, NOW)
    endpoint = Endpoint(MERCHANT, MERCHANT, url, secret, previous_secret=previous)
    return await WebhookSink(WebhookSettings()).deliver(event, endpoint, context)


async def test_during_a_rotation_both_secrets_sign_and_plain_headers_use_the_new_one():
    line, old = Line(), "whsec_" + base64.b64encode(b"o" * 32).decode()

    result = await deliver(line, previous=old)

    headers = line.posts[0]["headers"]
    for secret in (MADE_SECRET, old):
        assert standard_signature("evt_1", int(NOW.timestamp()), BODY, secret) in headers[
            "webhook-signature"
        ].split(" ")
    assert headers["X-Webhook-Signature"] == plain_signature(BODY, MADE_SECRET)
    assert dict(result.request_headers) == dict(headers)
    assert MADE_SECRET not in str(result)
    assert old not in str(result)


async def test_the_official_verifier_accepts_the_exact_bytes(monkeypatch):
    # The verifier reads the clock itself, and believes nothing that is five minutes old.
    monkeypatch.setattr(Now, "now", lambda _: datetime.now(UTC))
    line = Line()

    result = await deliver(line)

    (post,) = line.posts
    assert result.delivered
    assert post["body"] == BODY
    assert Webhook(MADE_SECRET).verify(post["body"], dict(post["headers"]))["event"]


@given(index=st.integers(0, 10_000), bit=st.integers(0, 7), part=st.sampled_from(["id", "body"]))
def test_the_official_verifier_refuses_any_flipped_bit(index: int, bit: int, part: str):
    id, timestamp = "evt_12345", int(datetime.now(UTC).timestamp())
    headers = dict(signed_headers(id=id, timestamp=timestamp, body=BODY, secret=MADE_SECRET))
    if part == "id":
        flipped = bytearray(id.encode())
        flipped[index % len(flipped)] ^= 1 << (bit % 4)
        headers["webhook-id"] = flipped.decode()
        body = BODY
    else:
        changed = bytearray(BODY)
        changed[index % len(changed)] ^= 1 << bit
        body = bytes(changed)

    with pytest.raises((WebhookVerificationError, UnicodeDecodeError)):
        Webhook(MADE_SECRET).verify(body, headers)


@pytest.mark.parametrize("secret", [MADE_SECRET, "whsec_test_abc123", "anything at all"])
async def test_the_plain_signature_uses_the_text_of_the_secret(secret: str):
    line = Line()

    await deliver(line, secret=secret)

    headers = line.posts[0]["headers"]
    expected = hmac.new(secret.encode(), BODY, hashlib.sha256).hexdigest()
    assert headers["X-Webhook-Signature"] == headers["X-Signature"] == expected
    assert plain_signature(BODY, secret) == expected


def test_a_secret_that_is_not_base64_is_used_as_text_in_both_signatures():
    assert standard_key("whsec_test_abc123") == b"whsec_test_abc123"
    assert standard_key("whsec_c2hvcnQ=") == b"whsec_c2hvcnQ="
    assert standard_key("plain words") == b"plain words"
    assert len(standard_key(MADE_SECRET)) == 32


async def test_without_a_secret_there_is_no_signature():
    line = Line()

    await deliver(line, secret=None)

    assert not any("signature" in name.lower() for name in line.posts[0]["headers"])


@pytest.mark.parametrize(
    ("status", "delivered"),
    [(200, True), (201, True), (299, True), (300, False), (301, False), (404, False), (410, False),
     (500, False)],
)  # fmt: skip
async def test_only_a_2xx_response_is_a_success(status: int, delivered: bool):
    result = await deliver(Line(HttpResponse(status, {}, b"", False)))

    assert (result.delivered, result.status_code) == (delivered, status)


async def test_the_stored_part_of_a_response_is_valid_text():
    result = await deliver(Line(HttpResponse(200, {}, b"a\0\xff" + b"x" * 9000, True)))

    assert result.body is not None
    assert result.body.startswith("a�xxx")
    assert len(result.body) <= 4096


@pytest.mark.parametrize("kind", ["timeout", "connection", "tls", "refused_address"])
async def test_a_missing_response_is_a_failed_attempt_with_its_reason(kind: str):
    result = await deliver(Line(HttpError(kind)))

    assert (result.delivered, result.status_code, result.error) == (False, None, kind)


async def test_without_a_url_nothing_is_sent():
    line = Line()

    result = await deliver(line, url=None)

    assert (result.delivered, result.error, line.posts) == (False, "no_url", [])


async def test_the_timeout_is_five_seconds_or_the_deadline():
    line = Line()

    await deliver(line)
    await deliver(line, deadline_s=2)

    assert [post["timeout"] for post in line.posts] == [timedelta(seconds=5), timedelta(seconds=2)]


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        (None, None),
        ("120", timedelta(seconds=120)),
        ("0", timedelta(0)),
        ("99999999", timedelta(hours=24)),
        ("-5", None),
        ("²", None),
        ("soon", None),
        ("1" * 400, None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", timedelta(0)),
    ],
)
async def test_retry_after_is_read_and_bounded(header: str | None, wait: timedelta | None):
    assert await retry_after(header) == wait


async def retry_after(header: str | None) -> timedelta | None:
    headers = {} if header is None else {"retry-after": header}
    return (await deliver(Line(HttpResponse(503, headers, b"", False)))).retry_after


async def test_retry_after_may_be_a_date():
    in_an_hour = (NOW + timedelta(hours=1)).strftime("%a, %d %b %Y %H:%M:%S GMT")

    assert await retry_after(in_an_hour) == timedelta(hours=1)
