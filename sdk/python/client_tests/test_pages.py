"""Lists: one page, all pages, filters."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx
import pytest
import respx

from paygate_client import UNSET, UnexpectedResponseError

from .bodies import page, payment
from .conftest import Ask


def test_a_page_has_rows_and_a_cursor(api: respx.MockRouter, ask: Ask):
    body = page(payment(1), payment(2), next_cursor="c1")
    route = api.get("/payments").mock(return_value=httpx.Response(200, json=body))

    found = ask(lambda client: client.payments.list(status="success", cursor="c0"))

    assert [each.id for each in found] == ["pay_1", "pay_2"]
    assert (len(found), found.total, found.next_cursor) == (2, 2, "c1")
    assert found.total_is_bounded is False
    # With a limit the server always answers a page.
    sent = dict(route.calls.last.request.url.params)
    assert sent == {"limit": "10", "status": "success", "cursor": "c0"}


def test_all_pages_are_read_with_the_same_filters(api: respx.MockRouter, ask: Ask):
    pages = [page(payment(1), next_cursor="c1"), page(next_cursor="c2"), page(payment(2))]
    route = api.get("/payments").mock(
        side_effect=[httpx.Response(200, json=each) for each in pages]
    )
    since = datetime(2026, 1, 15, tzinfo=UTC)

    found = ask(lambda client: client.payments.iterate(from_=since, method="upi"))

    assert [each.id for each in found] == ["pay_1", "pay_2"]
    sent = [dict(call.request.url.params) for call in route.calls]
    assert [each.pop("cursor", None) for each in sent] == [None, "c1", "c2"]
    same = {"limit": "100", "from": "2026-01-15T00:00:00+00:00", "method": "upi"}
    assert sent == [same, same, same]


def test_a_cursor_that_leads_to_itself_ends_with_an_error(api: respx.MockRouter, ask: Ask):
    body = page(payment(1), next_cursor="c1")
    route = api.get("/payments").mock(return_value=httpx.Response(200, json=body))

    with pytest.raises(UnexpectedResponseError, match="same page"):
        ask(lambda client: client.payments.iterate())
    assert route.call_count == 2


def test_an_array_is_not_a_page(api: respx.MockRouter, ask: Ask):
    api.get("/webhooks").mock(return_value=httpx.Response(200, json=[]))

    with pytest.raises(UnexpectedResponseError, match="not a page"):
        ask(lambda client: client.webhooks.deliveries.list())


def test_a_change_sends_what_is_given_and_null_clears(api: respx.MockRouter, ask: Ask):
    route = api.patch("/webhook-endpoints/e").mock(
        return_value=httpx.Response(200, json={"id": "e"})
    )

    ask(lambda client: client.webhooks.endpoints.update("e", description=None, url=UNSET))
    ask(lambda client: client.webhooks.endpoints.update("e", events=("payment.*",)))

    sent = [call.request.content for call in route.calls]
    assert sent == [b'{"description":null}', b'{"events":["payment.*"]}']
    assert len({call.request.headers["Idempotency-Key"] for call in route.calls}) == 2


def test_a_new_object_sends_only_what_is_given(api: respx.MockRouter, ask: Ask):
    route = api.post("/orders").mock(return_value=httpx.Response(201, json={"id": "order_1"}))

    ask(lambda client: client.orders.create(amount=50_000, notes={"sku": "tea"}))

    assert route.calls.last.request.content == b'{"amount":50000,"notes":{"sku":"tea"}}'


def test_a_plugins_method_has_fields_of_its_own(api: respx.MockRouter, ask: Ask):
    route = api.post("/payments").mock(return_value=httpx.Response(201, json=payment()))

    ask(
        lambda client: client.payments.create(
            order_id="order_1", method="coin", further={"wallet": "w-1"}
        )
    )

    body = b'{"order_id":"order_1","method":"coin","wallet":"w-1"}'
    assert route.calls.last.request.content == body
