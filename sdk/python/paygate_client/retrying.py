"""Which requests are sent again, and when."""

from __future__ import annotations

import email.utils
import random
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx

from .calls import Call
from .errors import (
    ApiError,
    ConnectionFailedError,
    UnexpectedResponseError,
    error_of_response,
)

# The request was not sent: no connection, or none from the pool.
NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
IN_PROGRESS = "IDEMPOTENCY_IN_PROGRESS"


@dataclass(frozen=True, kw_only=True, slots=True)
class RetryPolicy:
    """When a failed request is sent again.

    A request is sent again if that is safe: it was never sent, a rate limit refused it (429), or
    it is a GET or has an idempotency key and met a broken connection, 408, 409 (the key is in
    progress), or 5xx. The pause doubles from retry to retry, and is at least the response's
    ``Retry-After``.

    Args:
        retries_max: Attempts after the first; 0 sends everything once.
        first_pause_s: Pause before the first retry, in seconds; each is shortened at random by up
            to a half, so that many clients do not return at once.
        longest_pause_s: No pause is longer, unless ``Retry-After`` asks for it.
        total_s: No retry begins later than this after the first attempt. A ``Retry-After`` beyond
            it raises the error at once.
    """

    retries_max: int = 4
    first_pause_s: float = 0.5
    longest_pause_s: float = 8.0
    total_s: float = 60.0


class Attempts:
    """The attempts of one request.

    Args:
        call: The request.
        policy: When it is sent again.
    """

    def __init__(self, call: Call[Any], policy: RetryPolicy) -> None:
        self._call = call
        self._policy = policy
        self._began_s = time.monotonic()
        self._retries = 0

    def pause_after_response(self, response: httpx.Response) -> float:
        """Return the seconds until the next attempt, after an error response.

        Raises:
            ApiError: There is no next attempt.
            UnexpectedResponseError: It is not an error response either, but a redirect.
        """
        if response.status_code < 400:
            raise UnexpectedResponseError(
                f"{self._call.verb} {self._call.path}: answered {response.status_code}; "
                "base_url may be that of another server"
            )
        error = _error(response, self._call)
        pause_s = self._pause_s(error.retry_after_s) if self._may_follow(error) else None
        if pause_s is None:
            raise error
        return pause_s

    def pause_after_failure(self, failure: httpx.RequestError) -> float:
        """Return the seconds until the next attempt, after a request without a response.

        Raises:
            ConnectionFailedError: There is no next attempt.
        """
        # The request that the exception refers to has the keys in its headers.
        failure.request = httpx.Request(self._call.verb, "http://paygate.invalid")
        is_safe = isinstance(failure, NEVER_SENT) or self._call.may_repeat
        pause_s = self._pause_s(None) if is_safe else None
        if pause_s is None:
            name, times = type(failure).__name__, self._retries + 1
            raise ConnectionFailedError(
                f"{self._call.verb} {self._call.path}: no response after {times} "
                f"{'attempt' if times == 1 else 'attempts'} ({name})",
                self._call.idempotency_key,
            ) from failure
        return pause_s

    def _may_follow(self, error: ApiError) -> bool:
        if error.status == 429:
            # Refused before anything was done.
            return True
        if error.status == 409:
            return error.code == IN_PROGRESS
        return (error.status == 408 or error.status >= 500) and self._call.may_repeat

    def _pause_s(self, asked_s: float | None) -> float | None:
        """Return the pause before the next attempt; None if there is none."""
        policy = self._policy
        if self._retries >= policy.retries_max:
            return None
        grown_s = min(policy.first_pause_s * (1 << self._retries), policy.longest_pause_s)
        pause_s = max(grown_s * random.uniform(0.5, 1), asked_s or 0.0)
        if time.monotonic() - self._began_s + pause_s > policy.total_s:
            return None
        self._retries += 1
        return pause_s


def _error(response: httpx.Response, call: Call[Any]) -> ApiError:
    try:
        body = response.json()
    except ValueError:
        body = None
    return error_of_response(
        response.status_code,
        body,
        reason=response.headers.get("Paygate-Reason"),
        request_id=response.headers.get("X-Request-Id"),
        idempotency_key=call.idempotency_key,
        retry_after_s=seconds_of(response.headers.get("Retry-After")),
    )


def seconds_of(retry_after: str | None) -> float | None:
    """Return the seconds that a ``Retry-After`` header asks for; None if it is not one."""
    if retry_after is None:
        return None
    if retry_after.strip().isascii() and retry_after.strip().isdigit():
        return float(retry_after)
    try:
        at = email.utils.parsedate_to_datetime(retry_after)
    except (ValueError, OverflowError):
        return None
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    return max((at - datetime.now(UTC)).total_seconds(), 0.0)
