"""What is sent again, and what is not."""

from __future__ import annotations

import email.utils
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import respx

from paygate_client import (
    ApiError,
    BadRequestError,
    ConfigurationError,
    ConnectionFailedError,
    IdempotencyInProgressError,
    IdempotencyKeyReusedError,
    RetryPolicy,
    UnavailableError,
    UnexpectedResponseError,
)
from paygate_client.calls import Call
from paygate_client.retrying import Attempts

from .bodies import error, payment
from .conftest import Ask

CREATED = httpx.Response(201, json=payment())
PAY = {"order_id": "order_1", "method": "upi", "vpa": "asha@okaxis"}
IN_PROGRESS = httpx.Response(409, json=error("IDEMPOTENCY_IN_PROGRESS"))
GET = Call("GET", "/payments/pay_1", dict[str, Any])
KEYED = Call("POST", "/payments", dict[str, Any], idempotency_key="k")
KEYLESS = Call("POST", "/webhook-endpoints", dict[str, Any])


def pay(client: Any) -> Any:
    return client.payments.create(**PAY)


def create_endpoint(client: Any) -> Any:
    return client.webhooks.endpoints.create(url="https://shop.example/hook")


@pytest.mark.parametrize(
    "first",
    [
        httpx.ConnectError("refused"),
        httpx.ReadTimeout("late"),
        httpx.RemoteProtocolError("closed"),
        httpx.Response(408, json=error()),
        IN_PROGRESS,
        httpx.Response(429, json=error("RATE_LIMIT_ERROR")),
        httpx.Response(500, json=error("SERVER_ERROR")),
        httpx.Response(502, text="<html>Bad Gateway"),
        httpx.Response(503, json=error("SERVER_ERROR")),
    ],
    ids=repr,
)
def test_a_payment_is_sent_again_with_the_same_key(
    api: respx.MockRouter, ask: Ask, first: httpx.Response | Exception
):
    route = api.post("/payments").mock(side_effect=[first, first, CREATED])

    made = ask(pay)

    requests = [call.request for call in route.calls]
    assert made.id == "pay_1"
    assert len(requests) == 3
    assert len({request.headers["Idempotency-Key"] for request in requests}) == 1
    assert len({request.content for request in requests}) == 1


def test_each_call_has_a_key_of_its_own_unless_one_is_given(api: respx.MockRouter, ask: Ask):
    route = api.post("/payments").mock(return_value=CREATED)

    ask(pay)
    ask(pay)
    ask(lambda client: client.payments.create(**PAY, idempotency_key="sale-1"))

    first, second, third = (each.request.headers["Idempotency-Key"] for each in route.calls)
    assert len({first, second}) == 2
    assert third == "sale-1"


@pytest.mark.parametrize(
    "key", ["", " ", '""', " sale-1", "sale-1\n", "₹", "x" * 256, 1042], ids=repr
)
def test_a_key_that_the_server_refuses_or_ignores_is_refused(
    api: respx.MockRouter, ask: Ask, key: Any
):
    route = api.post("/payments").mock(return_value=CREATED)

    # The retry of a request whose key is ignored would be a second payment.
    with pytest.raises(ConfigurationError, match="idempotency_key"):
        ask(lambda client: client.payments.create(**PAY, idempotency_key=key))
    assert not route.called


@pytest.mark.parametrize(("wait", "read_s"), [(None, 30), (0, 30), (30, 60)])
def test_a_response_that_the_server_may_delay_has_more_time(
    api: respx.MockRouter, ask: Ask, wait: int | None, read_s: float
):
    route = api.get("/payments/pay_1").mock(return_value=httpx.Response(200, json=payment()))

    ask(lambda client: client.payments.get("pay_1", wait=wait))

    timeout = route.calls.last.request.extensions["timeout"]
    assert (timeout["read"], timeout["connect"]) == (read_s, 5)


def test_a_read_is_sent_again_and_has_no_key(api: respx.MockRouter, ask: Ask):
    answers = [httpx.ReadError("broken"), httpx.Response(200, json=payment())]
    route = api.get("/payments/pay_1").mock(side_effect=answers)

    assert ask(lambda client: client.payments.get("pay_1")).amount == 50_000
    assert "Idempotency-Key" not in route.calls.last.request.headers


@pytest.mark.parametrize(
    ("first", "kind"),
    [
        (httpx.Response(503, json=error("SERVER_ERROR")), UnavailableError),
        (httpx.ReadTimeout("late"), ConnectionFailedError),
    ],
    ids=["503", "timeout"],
)
def test_a_request_without_a_key_that_may_have_been_executed_is_sent_once(
    api: respx.MockRouter, ask: Ask, first: httpx.Response | Exception, kind: type[Exception]
):
    route = api.post("/webhook-endpoints").mock(side_effect=[first])

    with pytest.raises(kind):
        ask(create_endpoint)
    assert route.call_count == 1
    assert "Idempotency-Key" not in route.calls.last.request.headers


@pytest.mark.parametrize(
    "first",
    [
        httpx.ConnectError("refused"),
        httpx.ConnectTimeout("late"),
        httpx.Response(429, json=error("RATE_LIMIT_ERROR")),
    ],
    ids=repr,
)
def test_a_request_without_a_key_that_was_not_executed_is_sent_again(
    api: respx.MockRouter, ask: Ask, first: httpx.Response | Exception
):
    shown = {"id": "e", "url": "https://shop.example/hook", "secret": "whsec_new"}
    answers = [first, httpx.Response(201, json=shown)]
    api.post("/webhook-endpoints").mock(side_effect=answers)

    assert ask(create_endpoint).secret == "whsec_new"


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (httpx.Response(400, json=error()), BadRequestError),
        (httpx.Response(409, json=error("OTHER")), BadRequestError),
        (httpx.Response(422, json=error("IDEMPOTENCY_KEY_REUSED")), IdempotencyKeyReusedError),
        (
            httpx.Response(302, headers={"Location": "https://else.example"}),
            UnexpectedResponseError,
        ),
    ],
    ids=["400", "409", "422", "302"],
)
def test_a_refusal_and_a_redirect_are_not_sent_again(
    api: respx.MockRouter, ask: Ask, answer: httpx.Response, kind: type[Exception]
):
    route = api.post("/payments").mock(return_value=answer)

    with pytest.raises(kind):
        ask(pay)
    assert route.call_count == 1


def test_after_the_last_retry_the_error_names_the_key(api: respx.MockRouter, ask: Ask):
    api.post("/payments").mock(side_effect=httpx.ReadTimeout("late"))
    api.post("/orders").mock(return_value=IN_PROGRESS)
    twice = RetryPolicy(retries_max=1, first_pause_s=0)

    with pytest.raises(ConnectionFailedError, match="no response after 2 attempts") as failed:
        ask(lambda client: client.payments.create(**PAY, idempotency_key="sale-1"), twice)
    with pytest.raises(IdempotencyInProgressError) as refused:
        ask(lambda client: client.orders.create(amount=100, idempotency_key="sale-2"), twice)

    assert failed.value.idempotency_key == "sale-1"
    assert refused.value.idempotency_key == "sale-2"


def limited(retry_after: str) -> httpx.Response:
    body = error("RATE_LIMIT_ERROR")
    return httpx.Response(429, json=body, headers={"Retry-After": retry_after})


def test_pauses_double_and_vary():
    attempts = Attempts(KEYED, RetryPolicy(retries_max=6, longest_pause_s=4))

    pauses = [attempts.pause_after_failure(httpx.ReadError("")) for _ in range(6)]

    for pause, longest in zip(pauses, (0.5, 1, 2, 4, 4, 4), strict=True):
        assert longest / 2 <= pause <= longest
    with pytest.raises(ConnectionFailedError):
        attempts.pause_after_failure(httpx.ReadError(""))


def test_retry_after_is_honoured_in_seconds_and_as_a_date():
    at = email.utils.format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)

    assert Attempts(GET, RetryPolicy()).pause_after_response(limited("7")) == 7
    assert 27 < Attempts(GET, RetryPolicy()).pause_after_response(limited(at)) <= 30
    for wrong in ("soon", "", "Fri, 31 Dec 9999 23:59:59 +99999999999999"):
        assert Attempts(GET, RetryPolicy()).pause_after_response(limited(wrong)) <= 0.5


def test_a_retry_after_beyond_the_total_raises_at_once():
    attempts = Attempts(KEYLESS, RetryPolicy(total_s=60))

    assert attempts.pause_after_response(limited("59")) == 59
    with pytest.raises(ApiError) as refused:
        attempts.pause_after_response(limited("3600"))
    assert refused.value.retry_after_s == 3600


def test_no_retry_begins_after_the_total():
    with pytest.raises(ConnectionFailedError, match="after 1 attempt "):
        Attempts(GET, RetryPolicy(total_s=0)).pause_after_failure(httpx.ConnectError(""))
