"""What a Stripe-shaped request cannot do: twice, at once, or to another merchant."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
import stripe

from paygate.testing import PaygateServer
from tests.wire.test_stripe_python import paid

INTENT = {"amount": 2000, "currency": "usd"}


def payments_of(server: PaygateServer, intent_id: str) -> list[dict[str, Any]]:
    order = f"order_{intent_id.removeprefix('pi_')}"
    return list(server.call("GET", f"/payments?order_id={order}").json["data"])


def at_once(*asked: Callable[[], Any]) -> list[Any]:
    """Return the results, in their order; a refusal is its code."""

    def run(ask: Callable[[], Any]) -> Any:
        try:
            return ask()
        except stripe.InvalidRequestError as error:
            return error.code

    with ThreadPoolExecutor(len(asked)) as pool:
        return list(pool.map(run, asked))


def test_of_two_confirms_at_once_one_begins_a_payment(
    stripe_client: stripe.StripeClient, paygate_server: PaygateServer
):
    intents = stripe_client.v1.payment_intents
    made = intents.create(INTENT)

    results = at_once(
        *(
            lambda method=method: intents.confirm(made.id, {"payment_method": method})
            for method in ("pm_card_visa", "pm_card_mastercard") * 2
        )
    )

    done = [each.status for each in results if not isinstance(each, str | None)]
    refused = [each for each in results if isinstance(each, str | None)]
    assert done == ["succeeded"]
    assert refused == ["payment_intent_unexpected_state"] * 3
    [payment] = payments_of(paygate_server, made.id)
    shown = intents.retrieve(made.id, {"expand": ["payment_method"]})
    assert shown.payment_method.card.last4 == payment["card_last4"]


def test_of_a_confirm_and_a_cancel_at_once_exactly_one_wins(
    stripe_client: stripe.StripeClient, paygate_server: PaygateServer
):
    intents = stripe_client.v1.payment_intents
    for _ in range(5):
        made = intents.create({**INTENT, "payment_method": "pm_card_visa"})
        confirmed, cancelled = at_once(
            lambda pi=made.id: intents.confirm(pi), lambda pi=made.id: intents.cancel(pi)
        )

        shown = intents.retrieve(made.id)
        paid_for = [each["status"] for each in payments_of(paygate_server, made.id)]
        if isinstance(cancelled, str):
            assert (cancelled, confirmed.status) == (
                "payment_intent_unexpected_state",
                "succeeded",
            )
            assert (shown.status, paid_for) == ("succeeded", ["success"])
        else:
            assert (confirmed, cancelled.status) == (
                "payment_intent_unexpected_state",
                "canceled",
            )
            assert (shown.status, paid_for) == ("canceled", [])


def test_a_repeated_request_gets_the_same_response_and_does_nothing_twice(
    stripe_client: stripe.StripeClient, paygate_server: PaygateServer
):
    options: Any = {"idempotency_key": "tea-7"}
    both = [
        stripe_client.v1.payment_intents.create(
            {**INTENT, "payment_method": "pm_card_visa", "confirm": True}, options
        )
        for _ in range(2)
    ]

    assert both[0].to_dict() == both[1].to_dict()
    assert both[1].last_response.headers["idempotent-replayed"] == "true"
    assert both[1].client_secret.startswith(f"{both[1].id}_secret_")
    assert len(payments_of(paygate_server, both[0].id)) == 1
    with pytest.raises(stripe.IdempotencyError) as reused:
        stripe_client.v1.payment_intents.create({**INTENT, "amount": 2001}, options)
    assert reused.value.http_status == 400
    with pytest.raises(stripe.IdempotencyError):
        stripe_client.v1.customers.create({"name": "Asha"}, options)


def test_a_key_is_a_new_one_after_a_day(
    stripe_client: stripe.StripeClient, paygate_server: PaygateServer
):
    options: Any = {"idempotency_key": "k"}
    first = stripe_client.v1.customers.create({"name": "Asha"}, options)
    paygate_server.clock.advance(hours=25)
    second = stripe_client.v1.customers.create({"name": "Ravi"}, options)

    assert (first.name, second.name) == ("Asha", "Ravi")
    assert first.id != second.id


def test_a_repeated_decline_is_the_same_decline(
    stripe_client: stripe.StripeClient, paygate_server: PaygateServer
):
    made = stripe_client.v1.payment_intents.create(INTENT)
    codes = []
    for _ in range(2):
        with pytest.raises(stripe.CardError) as declined:
            stripe_client.v1.payment_intents.confirm(
                made.id, {"payment_method": "pm_card_chargeDeclined"}, {"idempotency_key": "k"}
            )
        codes.append((declined.value.code, declined.value.error.charge))

    assert codes[0] == codes[1]
    assert len(payments_of(paygate_server, made.id)) == 1


def test_a_key_is_free_again_after_a_request_that_was_invalid(stripe_client: stripe.StripeClient):
    options: Any = {"idempotency_key": "k"}
    with pytest.raises(stripe.InvalidRequestError):
        stripe_client.v1.payment_intents.create({"amount": 1, "currency": "usd"}, options)

    assert stripe_client.v1.payment_intents.create(INTENT, options).amount == 2000


@pytest.mark.parametrize("step", ["note", "reply"])
def test_a_confirm_that_died_continues_and_charges_once(
    step: str,
    stripe_client: stripe.StripeClient,
    paygate_server: PaygateServer,
    monkeypatch: pytest.MonkeyPatch,
):
    """The process dies after the payment began, before the record or the response was stored."""
    from paygate.core.plugin_data.records import PluginRecords

    made = stripe_client.v1.payment_intents.create({**INTENT, "payment_method": "pm_card_visa"})
    original, died = PluginRecords.put, []

    async def put(self: Any, kind: str, id: str, data: Any, **how: Any) -> Any:
        is_note = step == "note" and kind == "payment_intent"
        if not died and (is_note or (kind == "reply" and "status" in data)):
            died.append(kind)
            raise RuntimeError("died")
        return await original(self, kind, id, data, **how)

    monkeypatch.setattr(PluginRecords, "put", put)
    options: Any = {"idempotency_key": "k"}
    with pytest.raises(stripe.APIError):
        stripe_client.v1.payment_intents.confirm(made.id, {}, options)
    again = stripe_client.v1.payment_intents.confirm(made.id, {}, options)

    assert died
    assert again.status == "succeeded"
    assert len(payments_of(paygate_server, made.id)) == 1


def test_a_repeated_refund_of_all_that_is_left_refunds_once(
    stripe_client: stripe.StripeClient, monkeypatch: pytest.MonkeyPatch
):
    from paygate.core.plugin_data.records import PluginRecords

    intent = paid(stripe_client)
    original, died = PluginRecords.put, []

    async def put(self: Any, kind: str, id: str, data: Any, **how: Any) -> Any:
        if not died and "status" in data:
            died.append(kind)
            raise RuntimeError("died")
        return await original(self, kind, id, data, **how)

    monkeypatch.setattr(PluginRecords, "put", put)
    options: Any = {"idempotency_key": "k"}
    with pytest.raises(stripe.APIError):
        stripe_client.v1.refunds.create({"payment_intent": intent.id}, options)
    again = stripe_client.v1.refunds.create({"payment_intent": intent.id}, options)

    assert again.amount == 2000
    assert [row.id for row in stripe_client.v1.refunds.list().data] == [again.id]


def test_errors_have_the_shape_that_the_package_reads(
    stripe_client: stripe.StripeClient,
    paygate_server: PaygateServer,
    stripe_url: str,
    stripe_key: str,
):
    wrong = stripe.StripeClient(f"{stripe_key}x", base_addresses={"api": stripe_url})
    with pytest.raises(stripe.AuthenticationError):
        wrong.v1.customers.list()
    intents = stripe_client.v1.payment_intents
    for params, code, param in (
        ({"currency": "usd"}, "parameter_missing", "amount"),
        ({"amount": 2000}, "parameter_missing", "currency"),
        ({**INTENT, "amount": 99}, "amount_too_small", "amount"),
        ({**INTENT, "amount": 10**13}, "parameter_invalid_integer", "amount"),
        ({**INTENT, "currency": "zzz"}, None, "currency"),
        ({**INTENT, "transfer_data": {"destination": "x"}}, "parameter_unknown", "transfer_data"),
        ({**INTENT, "payment_method": "pm_none"}, "resource_missing", "payment_method"),
        ({**INTENT, "metadata": {"a": "b" * 501}}, "parameter_invalid", "metadata[a]"),
        ({**INTENT, "payment_method_types": ["upi"]}, "parameter_invalid", "payment_method_types"),
    ):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            intents.create(params)  # type: ignore[arg-type]  # wrong on purpose
        assert (refused.value.http_status, refused.value.code) == (400, code), params
        assert refused.value.param == param
    with pytest.raises(stripe.InvalidRequestError) as missing:
        intents.retrieve("pi_unknown")
    assert (missing.value.http_status, missing.value.code) == (404, "resource_missing")
    with pytest.raises(stripe.APIError) as unsupported:
        stripe_client.v1.payouts.list()
    assert unsupported.value.http_status == 501
    assert "GET /v1/payouts" in str(unsupported.value)
    with pytest.raises(stripe.APIError, match="GET /v1/customers/search"):
        stripe_client.v1.customers.search({"query": "email:'a'"})
    listed = paygate_server.call("GET", "/dialects/unsupported").json["data"]
    assert {"GET /v1/payouts", "GET /v1/customers/search"} <= {row["request"] for row in listed}


def test_only_test_cards_are_accepted_and_no_number_is_stored(
    stripe_client: stripe.StripeClient,
):
    def card(number: str, **more: Any) -> Any:
        given = {"number": number, "exp_month": 8, "exp_year": 2034, "cvc": "314", **more}
        return stripe_client.v1.payment_methods.create({"type": "card", "card": given})

    for made, code in (
        (lambda: card("4111111111111111"), "card_declined"),
        (lambda: card("4242424242424241"), "incorrect_number"),
        (lambda: card("4242424242424242", exp_year=2001), "invalid_expiry_year"),
        (lambda: card("4242424242424242", exp_month=13), "invalid_expiry_month"),
        (lambda: card("4242424242424242", cvc="x"), "invalid_cvc"),
    ):
        with pytest.raises(stripe.CardError) as refused:
            made()
        assert refused.value.code == code
        assert "4111111111111111" not in str(refused.value.json_body)


@pytest.mark.parametrize(
    "body",
    [
        b"a[=1",
        b"[]=1",
        b"amount[x]=1&amount=2",
        b"a[b][c][d][e][f][g]=1",
        b"expand=x",
        b"metadata=x",
        b"\xff\xfe=%ff",
        b"amount=%00&currency=usd",
        b"amount=2000&currency=usd&description=%00",
        b"{}",
    ],
)
def test_a_malformed_form_is_refused(body: bytes, stripe_url: str, stripe_key: str):
    answer = httpx.post(
        f"{stripe_url}/v1/payment_intents",
        content=body,
        headers={
            "Authorization": f"Bearer {stripe_key}",
            "Content-Type": "application/x-www-form-urlencoded",
        },
    )

    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize("prefix", ["", "sk_test_"])
def test_the_key_may_be_the_user_of_basic_authentication(
    prefix: str, paygate_server: PaygateServer, stripe_url: str
):
    answer = httpx.get(
        f"{stripe_url}/v1/customers",
        auth=(f"{prefix}{paygate_server.api_key}", paygate_server.api_secret),
    )

    assert (answer.status_code, answer.json()["data"]) == (200, [])
