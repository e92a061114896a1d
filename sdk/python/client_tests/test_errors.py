"""Error responses, wrong settings, and what texts never contain."""

from __future__ import annotations

import traceback

import httpx
import pytest
import respx

import paygate_client
from paygate_client import (
    ApiError,
    AsyncPaygateClient,
    AuthenticationError,
    BadRequestError,
    ConfigurationError,
    ConnectionFailedError,
    ForbiddenError,
    IdempotencyInProgressError,
    IdempotencyKeyReusedError,
    NotFoundError,
    PaygateClient,
    RateLimitError,
    RetryPolicy,
    ServerError,
    UnavailableError,
    UnexpectedResponseError,
    errors,
)

from .bodies import AT, error, payment
from .conftest import KEYS, URL, Ask

ONCE = RetryPolicy(retries_max=0)
KINDS = [
    (400, "INVALID_VPA", BadRequestError),
    (401, "AUTHENTICATION_ERROR", AuthenticationError),
    (403, "FORBIDDEN", ForbiddenError),
    (404, "NOT_FOUND_ERROR", NotFoundError),
    (405, "BAD_REQUEST_ERROR", BadRequestError),
    (409, "IDEMPOTENCY_IN_PROGRESS", IdempotencyInProgressError),
    (413, "BAD_REQUEST_ERROR", BadRequestError),
    (422, "BAD_REQUEST_ERROR", BadRequestError),
    (422, "IDEMPOTENCY_KEY_REUSED", IdempotencyKeyReusedError),
    (429, "RATE_LIMIT_ERROR", RateLimitError),
    (500, "SERVER_ERROR", ServerError),
    (502, "PLUGIN_ERROR", ServerError),
    (503, "SERVER_ERROR", UnavailableError),
]


@pytest.mark.parametrize(("status", "code", "kind"), KINDS)
def test_an_error_has_its_class_and_all_that_the_server_says(
    api: respx.MockRouter, ask: Ask, status: int, code: str, kind: type[ApiError]
):
    body = error(code, reason="amount_too_small", field="amount")
    headers = {"X-Request-Id": "req_1", "Retry-After": "3"}
    api.get("/orders/order_1").mock(return_value=httpx.Response(status, json=body, headers=headers))

    with pytest.raises(ApiError) as raised:
        ask(lambda client: client.orders.get("order_1"), ONCE)

    found = raised.value
    assert type(found) is kind
    assert (found.status, found.code, found.description) == (status, code, "No.")
    assert (found.reason, found.field) == ("amount_too_small", "amount")
    assert (found.request_id, found.retry_after_s) == ("req_1", 3)
    assert str(found) == f"{status} {code}: No."


def test_a_reason_that_only_the_header_has_is_read(api: respx.MockRouter, ask: Ask):
    headers = {"Paygate-Reason": "credentials_missing"}
    answer = httpx.Response(401, json=error("AUTHENTICATION_ERROR"), headers=headers)
    api.get("/orders/order_1").mock(return_value=answer)

    with pytest.raises(ApiError) as raised:
        ask(lambda client: client.orders.get("order_1"), ONCE)

    assert raised.value.reason == "credentials_missing"


def test_what_the_server_does_not_say_is_none(api: respx.MockRouter, ask: Ask):
    api.get("/orders/order_1").mock(return_value=httpx.Response(502, text="<html>"))

    with pytest.raises(ServerError) as raised:
        ask(lambda client: client.orders.get("order_1"), ONCE)

    found = raised.value
    assert (found.code, found.reason, found.field, found.request_id) == ("", None, None, None)


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json=[]),
        httpx.Response(200, json=payment(amount=50_000.0)),
        httpx.Response(200, json=payment(amount=True)),
        httpx.Response(200, json=payment(created_at="yesterday")),
    ],
    ids=["html", "array", "float", "bool", "time"],
)
def test_a_response_that_is_not_a_payment_is_refused(
    api: respx.MockRouter, ask: Ask, answer: httpx.Response
):
    api.get("/payments/pay_1").mock(return_value=answer)

    with pytest.raises(UnexpectedResponseError):
        ask(lambda client: client.payments.get("pay_1"))


def test_a_response_of_an_older_or_a_newer_server_is_read(api: respx.MockRouter, ask: Ask):
    shown = payment(status="disputed", wallet="w-1")
    api.get("/payments/pay_1").mock(return_value=httpx.Response(200, json=shown))

    found = ask(lambda client: client.payments.get("pay_1"))

    assert (found.status, found.raw["wallet"]) == ("disputed", "w-1")
    assert found.processor is None
    assert found.created_at.isoformat() == AT.replace("Z", "000+00:00")


def test_ids_cannot_lead_to_another_path(api: respx.MockRouter, ask: Ask):
    route = api.get("/orders/..%2Fpayments%3Fq").mock(
        return_value=httpx.Response(404, json=error("NOT_FOUND_ERROR"))
    )

    with pytest.raises(NotFoundError):
        ask(lambda client: client.orders.get("../payments?q"))
    assert route.called
    for wrong in ("", ".", ".."):
        with pytest.raises(ConfigurationError):
            ask(lambda client, wrong=wrong: client.orders.get(wrong))


@pytest.mark.parametrize("kind", [PaygateClient, AsyncPaygateClient])
def test_settings_come_from_the_environment_or_are_missed(
    monkeypatch: pytest.MonkeyPatch, kind: type[PaygateClient]
):
    names = {"PAYGATE_URL": URL, "PAYGATE_API_KEY": KEYS[0], "PAYGATE_API_SECRET": KEYS[1]}
    for name, value in names.items():
        monkeypatch.setenv(name, value)
    assert repr(kind()) == f"{kind.__name__}('{URL}/api/v1')"

    for name, value in names.items():
        monkeypatch.delenv(name)
        with pytest.raises(ConfigurationError, match=name):
            kind()
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("https://pay.example", "https://pay.example/api/v1"),
        ("https://pay.example/", "https://pay.example/api/v1"),
        ("http://localhost:8000/api/v1", "http://localhost:8000/api/v1"),
        ("https://shop.example/pay/", "https://shop.example/pay/api/v1"),
    ],
)
def test_the_address_may_have_the_path_of_the_api(given: str, used: str):
    assert repr(PaygateClient(*KEYS, base_url=given)) == f"PaygateClient('{used}')"


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "pay.example",
        "ftp://pay.example",
        "https://",
        "https://asha:pin@x.example",
        "http://x/?a",
    ],
)
def test_a_wrong_address_is_refused_without_being_repeated(wrong: str):
    with pytest.raises(ConfigurationError) as raised:
        PaygateClient(*KEYS, base_url=wrong)
    assert "pin" not in str(raised.value)


@pytest.mark.parametrize("wrong", ["", "line\nend", "₹"])
def test_a_secret_that_cannot_be_sent_is_refused(wrong: str):
    with pytest.raises(ConfigurationError) as raised:
        PaygateClient(KEYS[0], wrong, base_url=URL)
    assert "line" not in str(raised.value).partition("such as")[0]


def test_no_text_contains_a_secret(api: respx.MockRouter, ask: Ask):
    secret, card = KEYS[1], "4111111111111111"
    shown = {"id": "e", "secret": "whsec_once", "url": "https://shop.example"}
    api.post("/webhook-endpoints").mock(return_value=httpx.Response(201, json=shown))
    route = api.post("/payments").mock(side_effect=httpx.ConnectError("refused"))
    clients = [PaygateClient(*KEYS, base_url=URL), AsyncPaygateClient(*KEYS, base_url=URL)]

    with pytest.raises(ConnectionFailedError) as raised:
        ask(
            lambda client: client.payments.create(
                order_id="order_1",
                method="card",
                card={"number": card, "expiry_month": 1, "expiry_year": 2030},
            ),
            ONCE,
        )
    made = ask(lambda client: client.webhooks.endpoints.create(url="https://shop.example"))

    cause = raised.value.__cause__
    texts = [repr(clients), repr([vars(each) for each in clients]), repr(made), str(made)]
    texts += traceback.format_exception(raised.value)
    texts += [repr(cause), str(vars(cause)), str(dict(cause.request.headers))]
    for hidden in (secret, KEYS[0], card, "whsec_once"):
        assert hidden not in "\n".join(texts)
    # They were sent.
    assert route.calls.last.request.headers["X-Api-Secret"] == secret
    assert made.secret == "whsec_once"


def test_every_error_is_public_and_in_the_documented_tree():
    kinds = [each for each in vars(errors).values() if isinstance(each, type)]
    own = [each for each in kinds if issubclass(each, paygate_client.PaygateError)]

    assert {each.__name__ for each in own} <= set(paygate_client.__all__)
    for each in own:
        assert each.__name__ in (errors.__doc__ or "")
