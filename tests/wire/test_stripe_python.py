"""The official Python package, unchanged but for its base URL."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
import stripe

from paygate.testing import PaygateServer


def paid(client: stripe.StripeClient, method: str = "pm_card_visa", **more: Any) -> Any:
    return client.v1.payment_intents.create(
        {"amount": 2000, "currency": "usd", "payment_method": method, "confirm": True, **more}
    )


def charge_of(intent: Any) -> str:
    assert isinstance(intent.latest_charge, str)
    return intent.latest_charge


def test_a_payment_intent_is_created_and_confirmed(stripe_client: stripe.StripeClient):
    intents = stripe_client.v1.payment_intents
    made = intents.create(
        {
            "amount": 2000,
            "currency": "usd",
            "description": "two cups of tea",
            "metadata": {"order": "7"},
            "automatic_payment_methods": {"enabled": True},
        }
    )

    assert made.object == "payment_intent"
    assert (made.amount, made.currency, made.amount_received) == (2000, "usd", 0)
    assert (made.status, made.payment_method) == ("requires_payment_method", None)
    assert made.client_secret.startswith(f"{made.id}_secret_")
    done = intents.confirm(made.id, {"payment_method": "pm_card_visa", "expand": ["latest_charge"]})
    assert (done.id, done.status, done.amount_received) == (made.id, "succeeded", 2000)
    charge = done.latest_charge
    assert (charge.status, charge.captured, charge.paid) == ("succeeded", True, True)
    assert charge.payment_method_details.card.last4 == "4242"
    assert charge.payment_intent == made.id
    shown = intents.retrieve(made.id)
    assert shown.latest_charge == charge.id
    assert shown.metadata["order"] == "7"
    assert shown.payment_method.startswith("pm_")
    assert stripe_client.v1.charges.retrieve(charge.id).id == charge.id
    with pytest.raises(stripe.InvalidRequestError) as refused:
        intents.confirm(made.id, {"payment_method": "pm_card_visa"})
    assert refused.value.code == "payment_intent_unexpected_state"


def test_a_payment_intent_is_updated_until_it_is_confirmed(stripe_client: stripe.StripeClient):
    intents = stripe_client.v1.payment_intents
    made = intents.create({"amount": 2000, "currency": "usd", "metadata": {"a": "1", "b": "2"}})

    changed = intents.update(
        made.id, {"payment_method": "pm_card_visa", "metadata": {"a": "", "c": "3"}}
    )
    assert changed.status == "requires_confirmation"
    assert changed.metadata.to_dict() == {"b": "2", "c": "3"}
    with pytest.raises(stripe.InvalidRequestError, match="does not change an amount"):
        intents.update(made.id, {"amount": 3000})
    assert intents.confirm(made.id).status == "succeeded"
    with pytest.raises(stripe.InvalidRequestError):
        intents.update(made.id, {"payment_method": "pm_card_mastercard"})
    assert intents.update(made.id, {"description": "tea"}).description == "tea"


@pytest.mark.parametrize(
    ("method", "code", "decline_code"),
    [
        ("pm_card_visa_chargeDeclined", "card_declined", "generic_decline"),
        ("pm_card_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
        ("pm_card_visa_chargeDeclinedLostCard", "card_declined", "lost_card"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", "expired_card"),
        ("pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc", "incorrect_cvc"),
        ("pm_card_radarBlock", "card_declined", "fraudulent"),
    ],
)
def test_a_declined_card_is_a_card_error_and_another_card_may_pay(
    stripe_client: stripe.StripeClient, method: str, code: str, decline_code: str
):
    with pytest.raises(stripe.CardError) as declined:
        paid(stripe_client, method)

    error = declined.value.error
    assert (declined.value.http_status, declined.value.code) == (402, code)
    assert error.decline_code == decline_code
    intent = error.payment_intent
    assert (intent.status, intent.payment_method) == ("requires_payment_method", None)
    assert intent.last_payment_error.code == code
    charge = stripe_client.v1.charges.retrieve(error.charge)
    assert (charge.status, charge.failure_code) == ("failed", code)
    again = stripe_client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})
    assert (again.status, again.last_payment_error) == ("succeeded", None)
    listed = stripe_client.v1.charges.list({"payment_intent": intent.id})
    assert {row.id for row in listed.data} == {again.latest_charge, charge.id}


def test_a_bank_that_asks_the_payer_makes_a_next_action(
    stripe_client: stripe.StripeClient, paygate_server: PaygateServer
):
    asked = paid(
        stripe_client, "pm_card_authenticationRequired", return_url="https://shop.example/back"
    )

    assert (asked.status, asked.latest_charge) == ("requires_action", None)
    assert asked.next_action.type == "redirect_to_url"
    to = asked.next_action.redirect_to_url
    assert to.return_url == "https://shop.example/back"
    bank = httpx.get(to.url)
    assert (bank.status_code, "html" in bank.headers["content-type"]) == (200, True)
    with pytest.raises(stripe.InvalidRequestError, match="requires_action"):
        stripe_client.v1.payment_intents.cancel(asked.id)
    order = f"order_{asked.id.removeprefix('pi_')}"
    listed = paygate_server.call("GET", f"/payments?order_id={order}").json
    payer = f"/test/payments/{listed['data'][0]['id']}/payer"
    assert paygate_server.call("POST", payer, {"decision": "approve"}).status == 200
    shown = stripe_client.v1.payment_intents.retrieve(asked.id)
    assert (shown.status, shown.next_action) == ("succeeded", None)


def test_a_payer_who_fails_the_question_fails_the_payment(
    stripe_client: stripe.StripeClient, paygate_server: PaygateServer
):
    asked = paid(stripe_client, "pm_card_threeDSecureRequiredChargeDeclined")
    paygate_server.clock.advance(seconds=30)
    shown = stripe_client.v1.payment_intents.retrieve(asked.id)

    assert shown.status == "requires_payment_method"
    assert shown.last_payment_error.code == "payment_intent_authentication_failure"


def test_without_the_payer_a_card_that_needs_the_question_is_declined(
    stripe_client: stripe.StripeClient,
):
    with pytest.raises(stripe.CardError) as declined:
        paid(stripe_client, "pm_card_authenticationRequired", off_session=True)

    assert declined.value.code == "authentication_required"


def test_held_money_is_captured_in_part_and_the_rest_is_released(
    stripe_client: stripe.StripeClient,
):
    held = paid(stripe_client, capture_method="manual")

    assert (held.status, held.amount_capturable) == ("requires_capture", 2000)
    assert not stripe_client.v1.charges.retrieve(charge_of(held)).captured
    with pytest.raises(stripe.InvalidRequestError) as too_much:
        stripe_client.v1.payment_intents.capture(held.id, {"amount_to_capture": 2001})
    assert too_much.value.code == "amount_too_large"
    done = stripe_client.v1.payment_intents.capture(held.id, {"amount_to_capture": 1500})
    assert (done.status, done.amount_received, done.amount_capturable) == ("succeeded", 1500, 0)
    with pytest.raises(stripe.InvalidRequestError) as again:
        stripe_client.v1.payment_intents.capture(held.id)
    assert again.value.code == "payment_intent_unexpected_state"


def test_a_payment_intent_is_cancelled_before_a_payment_and_while_money_is_held(
    stripe_client: stripe.StripeClient,
):
    intents = stripe_client.v1.payment_intents
    unpaid = intents.create({"amount": 2000, "currency": "usd"})
    held = paid(stripe_client, capture_method="manual")
    taken = paid(stripe_client)

    for made in (unpaid, held):
        done = intents.cancel(made.id, {"cancellation_reason": "abandoned"})
        assert (done.status, done.cancellation_reason) == ("canceled", "abandoned")
        assert done.canceled_at >= made.created
        for refused in (intents.confirm, intents.cancel):
            with pytest.raises(stripe.InvalidRequestError) as why:
                refused(made.id)
            assert why.value.code == "payment_intent_unexpected_state"
    with pytest.raises(stripe.InvalidRequestError, match="succeeded"):
        intents.cancel(taken.id)


def test_a_payment_is_refunded_in_part_and_then_in_full(
    stripe_client: stripe.StripeClient, paygate_server: PaygateServer
):
    intent = paid(stripe_client)
    refunds = stripe_client.v1.refunds

    part = refunds.create(
        {
            "payment_intent": intent.id,
            "amount": 500,
            "reason": "requested_by_customer",
            "metadata": {"why": "cold tea"},
        }
    )
    assert (part.amount, part.status, part.charge) == (500, "pending", charge_of(intent))
    # Rows of the same time have no order.
    paygate_server.clock.advance(seconds=1)
    rest = refunds.create({"charge": charge_of(intent)})
    assert rest.amount == 1500
    with pytest.raises(stripe.InvalidRequestError) as none_left:
        refunds.create({"payment_intent": intent.id})
    assert none_left.value.code == "charge_already_refunded"
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded"):
        refunds.create({"payment_intent": intent.id, "amount": 1})
    paygate_server.clock.advance(minutes=1)

    shown = refunds.retrieve(part.id, {"expand": ["charge"]})
    assert (shown.status, shown.reason) == ("succeeded", "requested_by_customer")
    assert shown.metadata["why"] == "cold tea"
    assert (shown.charge.amount_refunded, shown.charge.refunded) == (2000, True)
    listed = refunds.list({"payment_intent": intent.id, "limit": 1})
    assert ([row.id for row in listed.data], listed.has_more) == ([rest.id], True)
    assert {row.id for row in listed.auto_paging_iter()} == {rest.id, part.id}


def test_lists_continue_after_an_id(stripe_client: stripe.StripeClient):
    intents = stripe_client.v1.payment_intents
    made = [intents.create({"amount": 2000 + n, "currency": "usd"}).id for n in range(5)]

    first = intents.list({"limit": 2})
    rest = intents.list({"limit": 3, "starting_after": first.data[-1].id})
    assert [row.id for row in [*first.data, *rest.data]] == made[::-1]
    assert (first.has_more, rest.has_more) == (True, False)
    paged = intents.list({"limit": 2}).auto_paging_iter()
    assert [row.id for row in paged] == made[::-1]
    with pytest.raises(stripe.InvalidRequestError) as unknown:
        intents.list({"starting_after": "pi_unknown"})
    assert (unknown.value.code, unknown.value.param) == ("resource_missing", "starting_after")


def test_a_customer_has_payment_methods(stripe_client: stripe.StripeClient):
    customers, methods = stripe_client.v1.customers, stripe_client.v1.payment_methods
    customer = customers.create({"email": "a@b.example", "name": "Asha Rao"})
    other = customers.create({"email": "c@d.example"})

    card = {"number": "4000000000000002", "exp_month": 8, "exp_year": 2034, "cvc": "314"}
    method = methods.create({"type": "card", "card": card})
    assert (method.card.last4, method.card.exp_year, method.customer) == ("0002", 2034, None)
    methods.attach(method.id, {"customer": customer.id})
    visa = methods.attach("pm_card_visa", {"customer": customer.id})
    assert methods.retrieve(visa.id).customer == customer.id
    own = customers.payment_methods.list(customer.id).data
    assert [row.id for row in own] == [visa.id, method.id]
    done = paid(stripe_client, visa.id, customer=customer.id, expand=["customer"])
    assert (done.status, done.customer.email) == ("succeeded", "a@b.example")
    with pytest.raises(stripe.InvalidRequestError, match="another customer"):
        paid(stripe_client, visa.id, customer=other.id)
    with pytest.raises(stripe.CardError) as declined:
        paid(stripe_client, method.id, customer=customer.id)
    assert declined.value.error.decline_code == "generic_decline"
    listed = stripe_client.v1.payment_intents.list({"customer": customer.id}).data
    assert {row.customer for row in listed} == {customer.id}
    assert methods.detach(visa.id).customer is None


def test_customers_are_changed_listed_and_deleted(stripe_client: stripe.StripeClient):
    customers = stripe_client.v1.customers
    made = [customers.create({"email": f"{n}@b.example"}) for n in range(3)]

    changed = customers.update(made[0].id, {"name": "Asha", "address": {"city": "Pune"}})
    assert (changed.name, changed.address.city, changed.email) == ("Asha", "Pune", "0@b.example")
    assert customers.delete(made[1].id).deleted
    assert customers.retrieve(made[1].id).deleted
    with pytest.raises(stripe.InvalidRequestError):
        customers.update(made[1].id, {"name": "x"})
    assert [row.id for row in customers.list().data] == [made[2].id, made[0].id]
    found = customers.list({"email": "2@b.example"}).data
    assert [row.id for row in found] == [made[2].id]


def test_every_scenario_of_paygate_has_a_payment_method(
    stripe_client: stripe.StripeClient, paygate_server: PaygateServer
):
    late = paid(stripe_client, "pm_paygate_approve_slowly")
    assert late.status == "processing"
    paygate_server.clock.advance(seconds=20)

    assert stripe_client.v1.payment_intents.retrieve(late.id).status == "succeeded"
    with pytest.raises(stripe.InvalidRequestError, match="no scenario"):
        paid(stripe_client, "pm_paygate_nonsense")
