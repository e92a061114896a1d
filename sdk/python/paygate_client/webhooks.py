"""Verify webhooks."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Protocol

from .errors import ConfigurationError, UnexpectedResponseError, WebhookVerificationError
from .events import Event, parse_event

PREFIX = "whsec_"
KEY_BYTES_MIN = 16
TOLERANCE = timedelta(minutes=5)
LEGACY_TOLERANCE = timedelta(days=1)
_SECONDS = re.compile(r"[0-9]{1,12}", re.ASCII)
Secrets = str | Sequence[str]


class Headers(Protocol):
    """Headers of a request, as frameworks have them: anything with ``items()``."""

    def items(self) -> Iterable[tuple[str, str]]:
        """Return names and values."""


def verify_webhook(
    body: bytes,
    headers: Headers,
    secret: Secrets,
    *,
    tolerance: timedelta = TOLERANCE,
) -> Event:
    """Return the event of a webhook, if its Standard Webhooks signature is valid.

    It reads ``webhook-id``, ``webhook-timestamp`` and ``webhook-signature``. Store the ``id`` of
    each event that you processed: paygate delivers at least once.

    Args:
        body: The bytes of the request, before any parsing.
        headers: Of the request; upper and lower case do not matter.
        secret: The endpoint's secret; or several, while you replace one.
        tolerance: How far the time of the attempt may be from now, so that a copy of an old
            request is refused.

    Raises:
        WebhookVerificationError: A header is missing, the signature is of another secret or
            another body, or the time is too far away.
        ConfigurationError: There is no secret.
        TypeError: The body is not bytes.
    """
    given = _lower(headers)
    id, timestamp = _header(given, "webhook-id"), _header(given, "webhook-timestamp")
    signatures = _header(given, "webhook-signature").split(" ")
    _check_raw(body)
    if not _SECONDS.fullmatch(timestamp):
        raise WebhookVerificationError("webhook-timestamp is not a time in Unix seconds")
    signed = f"{id}.{timestamp}.".encode() + body
    expected = [_standard(signed, each) for each in _secrets(secret)]
    if not _is_any(signatures, expected):
        raise WebhookVerificationError("webhook-signature is not of this secret and this body")
    _check_time(int(timestamp), tolerance)
    return _event(body, id)


def verify_legacy_webhook(
    body: bytes,
    headers: Headers,
    secret: Secrets,
    *,
    tolerance: timedelta | None = LEGACY_TOLERANCE,
) -> Event:
    """Return the event of a webhook, if its plain HMAC signature is valid.

    It reads ``X-Webhook-Signature``, for receivers of older gateways. Prefer ``verify_webhook``:
    the plain signature covers the time of the event in the body, and no time of the attempt. A
    retry may come hours after the event, so the tolerance is longer and stops fewer copies.

    Args:
        body: The bytes of the request, before any parsing.
        headers: Of the request; upper and lower case do not matter.
        secret: The endpoint's secret; or several, while you replace one.
        tolerance: How far the event's time may be from now; None accepts any time, which manual
            retries of old events need.

    Raises:
        WebhookVerificationError: The header is missing, the signature is of another secret or
            another body, or the event is too old.
        ConfigurationError: There is no secret.
        TypeError: The body is not bytes.
    """
    signature = _header(_lower(headers), "x-webhook-signature")
    _check_raw(body)
    keys = [each.encode() for each in _secrets(secret)]
    expected = [hmac.new(key, body, hashlib.sha256).hexdigest() for key in keys]
    if not _is_any([signature], expected):
        raise WebhookVerificationError("X-Webhook-Signature is not of this secret and this body")
    event = _event(body, _lower(headers).get("webhook-id", ""))
    if tolerance is not None:
        _check_time(int(event.timestamp.timestamp()), tolerance)
    return event


def _lower(headers: Headers) -> Mapping[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _header(headers: Mapping[str, str], name: str) -> str:
    found = headers.get(name)
    if not found:
        raise WebhookVerificationError(f"the request has no header {name}")
    # Some frameworks decode bytes that are not UTF-8 to characters that cannot be encoded.
    if not found.isascii():
        raise WebhookVerificationError(f"{name} has characters that no signed webhook has")
    return found


def _check_raw(body: bytes) -> None:
    if not isinstance(body, bytes):
        raise TypeError("body must be the bytes of the request, before any parsing")


def _secrets(secret: Secrets) -> Sequence[str]:
    secrets = [secret] if isinstance(secret, str) else list(secret or ())
    if not secrets or not all(secrets):
        raise ConfigurationError("There is no webhook secret: without one, anyone could sign")
    if not all(isinstance(each, str) for each in secrets):
        raise ConfigurationError("The webhook secret must be text, as paygate shows it")
    return secrets


def _standard(signed: bytes, secret: str) -> str:
    digest = hmac.new(_key(secret), signed, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def _key(secret: str) -> bytes:
    """Return the key of a secret: decoded if it is base64, as in secrets that paygate makes."""
    if secret.startswith(PREFIX):
        try:
            key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
        except (binascii.Error, ValueError):
            return secret.encode()
        if len(key) >= KEY_BYTES_MIN:
            return key
    return secret.encode()


def _is_any(given: Sequence[str], expected: Sequence[str]) -> bool:
    pairs = [(one.encode(), other.encode()) for one in given for other in expected]
    # All are compared, so that the time does not depend on the place of the right one.
    return sum(hmac.compare_digest(one, other) for one, other in pairs) > 0


def _check_time(timestamp_s: int, tolerance: timedelta) -> None:
    if abs(time.time() - timestamp_s) > tolerance.total_seconds():
        raise WebhookVerificationError("the webhook's time is too far from now: it may be a copy")


def _event(body: bytes, id: str) -> Event:
    try:
        return parse_event(body, id=id)
    except UnexpectedResponseError as error:
        raise WebhookVerificationError(str(error)) from None
