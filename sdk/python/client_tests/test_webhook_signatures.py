"""Webhooks are verified with both kinds of signatures."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from paygate_client import (
    ConfigurationError,
    Event,
    WebhookVerificationError,
    verify_legacy_webhook,
    verify_webhook,
)
from paygate_webhook_http.signature import signed_headers

SEEDED = "whsec_test_abc123"
NEW, OLD, OTHER = ("whsec_" + base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2, 3))
# Not base64; base64 of too few bytes; base64 without its padding; bits that no encoder sets;
# without the prefix.
ODD = (
    SEEDED,
    "whsec_c2hvcnQ=",
    NEW.rstrip("="),
    f"whsec_{'A' * 21}B==",
    "plain words",
    NEW.removeprefix("whsec_"),
)
Verify = Callable[..., Event]
BOTH = pytest.mark.parametrize("verify", [verify_webhook, verify_legacy_webhook])


def body_of(age_s: int = 0, **data: Any) -> bytes:
    at = int(time.time()) - age_s
    return json.dumps({"event": "payment.success", "timestamp": at, "data": data}).encode()


def headers_of(
    body: bytes, *, secret: str = NEW, previous: str | None = None, age_s: int = 0
) -> dict[str, str]:
    """Sign as paygate does."""
    at = int(time.time()) - age_s
    headers = signed_headers(id="evt_1", timestamp=at, body=body, secret=secret, previous=previous)
    return dict(headers)


@BOTH
@pytest.mark.parametrize("secret", [*ODD, NEW])
def test_only_the_right_secret_and_body_are_accepted(verify: Verify, secret: str):
    body = body_of(payment_id="pay_1")
    headers = headers_of(body, secret=secret)

    event = verify(body, headers, secret)

    assert (event.type, event.id, event.data) == (
        "payment.success",
        "evt_1",
        {"payment_id": "pay_1"},
    )
    assert event.payment is None
    assert event.refund is None
    for wrong in ((body + b" ", headers, secret), (body, headers, OTHER)):
        with pytest.raises(WebhookVerificationError, match="is not of this secret"):
            verify(*wrong)


@BOTH
def test_upper_and_lower_case_of_headers_do_not_matter(verify: Verify):
    body = body_of()
    headers = {name.upper(): value for name, value in headers_of(body).items()}

    assert verify(body, headers, NEW).id == "evt_1"


def test_during_a_rotation_either_secret_verifies():
    body = body_of()
    headers = headers_of(body, secret=NEW, previous=OLD)

    assert all(verify_webhook(body, headers, each) for each in (NEW, OLD, [OTHER, OLD]))
    with pytest.raises(WebhookVerificationError):
        verify_webhook(body, headers, OTHER)


@BOTH
def test_a_receiver_may_have_several_secrets(verify: Verify):
    body = body_of()

    assert verify(body, headers_of(body, secret=OLD), [NEW, OLD])
    assert verify(body, headers_of(body, secret=NEW), [NEW, OLD])


@pytest.mark.parametrize("age_s", [400, -400])
def test_an_attempt_too_far_from_now_is_refused(age_s: int):
    body = body_of()
    headers = headers_of(body, age_s=age_s)

    with pytest.raises(WebhookVerificationError, match="too far"):
        verify_webhook(body, headers, NEW)
    assert verify_webhook(body, headers, NEW, tolerance=timedelta(hours=1))


def test_the_plain_signature_has_the_time_of_the_event():
    hours, days = body_of(age_s=3 * 3600), body_of(age_s=3 * 86_400)

    # A retry, three hours after the event.
    assert verify_legacy_webhook(hours, headers_of(hours), NEW)
    with pytest.raises(WebhookVerificationError, match="too far"):
        verify_legacy_webhook(days, headers_of(days), NEW)
    assert verify_legacy_webhook(days, headers_of(days), NEW, tolerance=None)


@pytest.mark.parametrize("timestamp", ["soon", "-5", "1e9", "1\n", "٣", "9" * 400])
def test_an_invalid_timestamp_is_refused(timestamp: str):
    body = body_of()

    with pytest.raises(WebhookVerificationError):
        verify_webhook(body, {**headers_of(body), "webhook-timestamp": timestamp}, NEW)


def test_the_id_is_signed():
    body = body_of()

    with pytest.raises(WebhookVerificationError):
        verify_webhook(body, {**headers_of(body), "webhook-id": "evt_2"}, NEW)


HEADERS = pytest.mark.parametrize(
    ("verify", "name"),
    [
        (verify_webhook, "webhook-id"),
        (verify_webhook, "webhook-timestamp"),
        (verify_webhook, "webhook-signature"),
        (verify_legacy_webhook, "X-Webhook-Signature"),
    ],
)


@HEADERS
# The second is what aiohttp makes of the byte 0xff.
@pytest.mark.parametrize("value", ["v1,é", "v1,\udcff"])
def test_a_header_with_other_characters_is_refused(verify: Verify, name: str, value: str):
    body = body_of()

    with pytest.raises(WebhookVerificationError):
        verify(body, {**headers_of(body), name: value}, NEW)


@HEADERS
def test_a_missing_header_is_named(verify: Verify, name: str):
    body = body_of()
    headers = headers_of(body)
    del headers[name]

    with pytest.raises(WebhookVerificationError, match=name.lower()):
        verify(body, headers, NEW)


def test_plain_headers_alone_are_not_enough_for_the_stricter_function():
    """Otherwise a copy of an old request would be accepted once its other headers are removed."""
    body = body_of()
    plain = {name: value for name, value in headers_of(body).items() if name.startswith("X-")}

    assert verify_legacy_webhook(body, plain, NEW)
    with pytest.raises(WebhookVerificationError):
        verify_webhook(body, plain, NEW)


@BOTH
@pytest.mark.parametrize("secret", ["", [], [NEW, ""], None, NEW.encode(), [NEW.encode()]])
def test_without_a_secret_nothing_is_accepted(verify: Verify, secret: Any):
    body = body_of()

    with pytest.raises(ConfigurationError):
        verify(body, headers_of(body, secret="x"), secret)


@BOTH
def test_a_body_that_was_decoded_is_a_mistake_of_the_program(verify: Verify):
    body = body_of()

    with pytest.raises(TypeError, match="before any parsing"):
        verify(body.decode(), headers_of(body), NEW)


@BOTH
@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"event": 1, "timestamp": 1, "data": {}}', b"\xff"]
)
def test_a_signed_body_that_is_not_an_event_is_refused(verify: Verify, body: bytes):
    with pytest.raises(WebhookVerificationError, match="not an event"):
        verify(body, headers_of(body), NEW)


@BOTH
def test_errors_contain_no_secret_and_no_expected_signature(verify: Verify):
    body = body_of()
    right = headers_of(body)

    with pytest.raises(WebhookVerificationError) as raised:
        verify(body, headers_of(body, secret=OTHER), NEW)

    for hidden in (NEW, right["webhook-signature"], right["X-Webhook-Signature"]):
        assert hidden not in repr(raised.value)
