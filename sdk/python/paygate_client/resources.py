"""The API's resources.

Written by `make clients` from paygate's OpenAPI document; do not edit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from . import models
from .calls import Call, Send, each_row, key_of, page_of, path
from .decoding import UNSET, Unset
from .pages import Page


class Orders:
    """Orders. An order is an amount that a shopper pays once."""

    def __init__(self, send: Send) -> None:
        self._send = send

    def create(
        self,
        *,
        amount: int,
        currency: str | None = None,
        receipt: str | None = None,
        notes: Mapping[str, Any] | None = None,
        capture: Literal["automatic", "manual"] | None = None,
        idempotency_key: str | None = None,
    ) -> models.OrderInFull:
        """Create an order.

        Needs the role developer.

        Args:
            amount: In minor units: 50000 is ₹500.00, or ¥50000; at least 100, or 1 in a
                currency without decimals.
            currency: ISO 4217.
            receipt: The merchant's reference.
            notes: Any data, up to 16384 bytes of JSON.
            capture: Manual holds the money until it is captured.
            idempotency_key: The same for repeated requests. Without it, each call has a new
                key.
        """
        call = Call(
            "POST",
            "/orders",
            models.OrderInFull.from_json,
            body={
                "amount": amount,
                "currency": currency,
                "receipt": receipt,
                "notes": notes,
                "capture": capture,
            },
            idempotency_key=key_of(idempotency_key),
        )
        return self._send(call)

    def get(self, order_id: str) -> models.OrderInFull:
        """Show an order."""
        call = Call("GET", path("/orders/{}", order_id), models.OrderInFull.from_json)
        return self._send(call)

    def list(
        self,
        *,
        limit: int = 10,
        cursor: str | None = None,
        from_: datetime | str | None = None,
        to: datetime | str | None = None,
        status: Literal["created", "attempted", "paid"] | None = None,
        q: str | None = None,
    ) -> Page[models.Order]:
        """List orders.

        Args:
            limit: More than 100 is 100.
            cursor: The `next_cursor` of the page before.
            from_: Created at this time or later.
            to: Created before this time.
            q: A prefix of the id, or three characters or more of the receipt.
        """
        call = Call(
            "GET",
            "/orders",
            page_of(models.Order),
            query={
                "limit": limit,
                "cursor": cursor,
                "from": from_,
                "to": to,
                "status": status,
                "q": q,
            },
        )
        return self._send(call)

    def iterate(
        self,
        *,
        from_: datetime | str | None = None,
        to: datetime | str | None = None,
        status: Literal["created", "attempted", "paid"] | None = None,
        q: str | None = None,
    ) -> Iterator[models.Order]:
        """List orders: every one, newest first.

        A page is requested when its first row is.

        Args:
            from_: Created at this time or later.
            to: Created before this time.
            q: A prefix of the id, or three characters or more of the receipt.
        """
        call = Call(
            "GET",
            "/orders",
            page_of(models.Order),
            query={"from": from_, "to": to, "status": status, "q": q},
        )
        return each_row(self._send, call)


class PaymentLinks:
    """Payment links: orders with the address of a page on which a shopper pays them."""

    def __init__(self, send: Send) -> None:
        self._send = send

    def create(
        self,
        *,
        amount: int,
        currency: str | None = None,
        receipt: str | None = None,
        notes: Mapping[str, Any] | None = None,
        capture: Literal["automatic", "manual"] | None = None,
        description: str | None = None,
        expires_at: datetime | str | None = None,
        idempotency_key: str | None = None,
    ) -> models.PaymentLink:
        """Create a payment link.

        Creates an order and returns the address of a hosted page on which a shopper pays it,
        once. The events of its payments name the order. Needs the role developer.

        Args:
            amount: In minor units: 50000 is ₹500.00, or ¥50000; at least 100, or 1 in a
                currency without decimals.
            currency: ISO 4217.
            receipt: The merchant's reference.
            notes: Any data, up to 16384 bytes of JSON.
            capture: Manual holds the money until it is captured.
            description: What the shopper pays for; the page shows it.
            expires_at: From then on no payment begins; without it, the link has no end.
            idempotency_key: The same for repeated requests. Without it, each call has a new
                key.
        """
        call = Call(
            "POST",
            "/payment-links",
            models.PaymentLink.from_json,
            body={
                "amount": amount,
                "currency": currency,
                "receipt": receipt,
                "notes": notes,
                "capture": capture,
                "description": description,
                "expires_at": expires_at,
            },
            idempotency_key=key_of(idempotency_key),
        )
        return self._send(call)

    def get(self, link_id: str) -> models.PaymentLink:
        """Show a payment link."""
        call = Call("GET", path("/payment-links/{}", link_id), models.PaymentLink.from_json)
        return self._send(call)

    def list(
        self,
        *,
        limit: int = 10,
        cursor: str | None = None,
        from_: datetime | str | None = None,
        to: datetime | str | None = None,
        status: Literal["created", "paid", "cancelled", "expired"] | None = None,
    ) -> Page[models.PaymentLink]:
        """List payment links.

        Args:
            limit: More than 100 is 100.
            cursor: The `next_cursor` of the page before.
            from_: Created at this time or later.
            to: Created before this time.
        """
        call = Call(
            "GET",
            "/payment-links",
            page_of(models.PaymentLink),
            query={"limit": limit, "cursor": cursor, "from": from_, "to": to, "status": status},
        )
        return self._send(call)

    def iterate(
        self,
        *,
        from_: datetime | str | None = None,
        to: datetime | str | None = None,
        status: Literal["created", "paid", "cancelled", "expired"] | None = None,
    ) -> Iterator[models.PaymentLink]:
        """List payment links: every one, newest first.

        A page is requested when its first row is.

        Args:
            from_: Created at this time or later.
            to: Created before this time.
        """
        call = Call(
            "GET",
            "/payment-links",
            page_of(models.PaymentLink),
            query={"from": from_, "to": to, "status": status},
        )
        return each_row(self._send, call)

    def cancel(
        self, link_id: str, *, if_unused: bool | None = None, idempotency_key: str | None = None
    ) -> models.PaymentLink:
        """Cancel a payment link.

        No payment of the link begins any more. One that has begun may end, and may pay the
        link: see `payment_in_progress`. With `if_unused` such a link is not cancelled. Needs
        the role developer.

        Args:
            if_unused: Refuse it if a payment has begun and may still pay the link.
            idempotency_key: The same for repeated requests. Without it, each call has a new
                key.
        """
        call = Call(
            "POST",
            path("/payment-links/{}/cancel", link_id),
            models.PaymentLink.from_json,
            body={"if_unused": if_unused},
            idempotency_key=key_of(idempotency_key),
        )
        return self._send(call)


class Payments:
    """Payments of orders."""

    def __init__(self, send: Send) -> None:
        self._send = send

    def create(
        self,
        *,
        wait: int | None = None,
        order_id: str,
        method: str,
        notes: Mapping[str, Any] | None = None,
        flow: Literal["collect", "intent", "qr"] | None = None,
        vpa: str | None = None,
        card: models.CardInput | None = None,
        idempotency_key: str | None = None,
        further: Mapping[str, Any] | None = None,
    ) -> models.PaymentCreated:
        """Create a payment.

        A worker calls the processor afterwards: the payment is pending, and a webhook reports
        the outcome. The order's amount is charged; an amount in the request is ignored. With
        `wait`, the response has all fields of the payment, as it is after the wait. Needs the
        role developer.

        Args:
            wait: Seconds to wait for a next action or an outcome; then the payment is shown as
                it is.
            method: A payment method: upi, card, or that of a plugin.
            notes: Any data, up to 16384 bytes of JSON.
            flow: Collect sends a request to the payer's UPI ID; intent and qr need no UPI ID.
            vpa: The payer's virtual payment address.
            card: A card, as the payer entered it.
            idempotency_key: The same for repeated requests. Without it, each call has a new
                key.
            further: Fields of a plugin's payment method.
        """
        call = Call(
            "POST",
            "/payments",
            models.PaymentCreated.from_json,
            query={"wait": wait},
            body={
                "order_id": order_id,
                "method": method,
                "notes": notes,
                "flow": flow,
                "vpa": vpa,
                "card": card,
                **(further or {}),
            },
            idempotency_key=key_of(idempotency_key),
        )
        return self._send(call)

    def get(self, payment_id: str, *, wait: int | None = None) -> models.Payment:
        """Show a payment.

        Args:
            wait: Seconds to wait for a next action or an outcome; then the payment is shown as
                it is.
        """
        call = Call(
            "GET", path("/payments/{}", payment_id), models.Payment.from_json, query={"wait": wait}
        )
        return self._send(call)

    def list(
        self,
        *,
        limit: int = 10,
        cursor: str | None = None,
        from_: datetime | str | None = None,
        to: datetime | str | None = None,
        status: Literal["pending", "authorized", "success", "failed", "cancelled"] | None = None,
        method: str | None = None,
        order_id: str | None = None,
        q: str | None = None,
    ) -> Page[models.Payment]:
        """List payments.

        Args:
            limit: More than 100 is 100.
            cursor: The `next_cursor` of the page before.
            from_: Created at this time or later.
            to: Created before this time.
            status: A status.
            method: A payment method, such as upi.
            q: A prefix of the id or the order's id, the last four digits of a card, or three
                characters or more of the order's receipt or of a vpa.
        """
        call = Call(
            "GET",
            "/payments",
            page_of(models.Payment),
            query={
                "limit": limit,
                "cursor": cursor,
                "from": from_,
                "to": to,
                "status": status,
                "method": method,
                "order_id": order_id,
                "q": q,
            },
        )
        return self._send(call)

    def iterate(
        self,
        *,
        from_: datetime | str | None = None,
        to: datetime | str | None = None,
        status: Literal["pending", "authorized", "success", "failed", "cancelled"] | None = None,
        method: str | None = None,
        order_id: str | None = None,
        q: str | None = None,
    ) -> Iterator[models.Payment]:
        """List payments: every one, newest first.

        A page is requested when its first row is.

        Args:
            from_: Created at this time or later.
            to: Created before this time.
            status: A status.
            method: A payment method, such as upi.
            q: A prefix of the id or the order's id, the last four digits of a card, or three
                characters or more of the order's receipt or of a vpa.
        """
        call = Call(
            "GET",
            "/payments",
            page_of(models.Payment),
            query={
                "from": from_,
                "to": to,
                "status": status,
                "method": method,
                "order_id": order_id,
                "q": q,
            },
        )
        return each_row(self._send, call)

    def capture(
        self,
        payment_id: str,
        *,
        amount: int | None = None,
        final: bool | None = None,
        idempotency_key: str | None = None,
    ) -> models.PaymentMoved:
        """Capture a payment.

        Captures held money, all or a part; or confirms an automatic capture. Needs the role
        support.

        Args:
            amount: Default: all of it.
            final: Release what is not captured.
            idempotency_key: The same for repeated requests. Without it, each call has a new
                key.
        """
        call = Call(
            "POST",
            path("/payments/{}/capture", payment_id),
            models.PaymentMoved.from_json,
            body={"amount": amount, "final": final},
            idempotency_key=key_of(idempotency_key),
        )
        return self._send(call)

    def cancel(self, payment_id: str, *, idempotency_key: str | None = None) -> models.PaymentMoved:
        """Cancel a payment.

        Releases the money that a payment of a manual order holds. Needs the role support.

        Args:
            idempotency_key: The same for repeated requests. Without it, each call has a new
                key.
        """
        call = Call(
            "POST",
            path("/payments/{}/cancel", payment_id),
            models.PaymentMoved.from_json,
            idempotency_key=key_of(idempotency_key),
        )
        return self._send(call)

    def timeline(self, payment_id: str) -> models.Timeline:
        """Show a payment's timeline."""
        call = Call("GET", path("/payments/{}/timeline", payment_id), models.Timeline.from_json)
        return self._send(call)

    def refunds(
        self, payment_id: str, *, limit: int = 10, cursor: str | None = None
    ) -> Page[models.Refund]:
        """List refunds of a payment.

        Args:
            limit: More than 100 is 100.
            cursor: The `next_cursor` of the page before.
        """
        call = Call(
            "GET",
            path("/payments/{}/refunds", payment_id),
            page_of(models.Refund),
            query={"limit": limit, "cursor": cursor},
        )
        return self._send(call)

    def iterate_refunds(self, payment_id: str) -> Iterator[models.Refund]:
        """List refunds of a payment: every one, newest first.

        A page is requested when its first row is.
        """
        call = Call("GET", path("/payments/{}/refunds", payment_id), page_of(models.Refund))
        return each_row(self._send, call)


class Refunds:
    """Refunds of payments."""

    def __init__(self, send: Send) -> None:
        self._send = send

    def create(
        self,
        *,
        amount: int,
        payment_id: str,
        reason: str | None = None,
        notes: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
    ) -> models.RefundCreated:
        """Refund a payment named in the body.

        Needs the role support.

        Args:
            amount: In minor units of the payment's currency.
            reason: For people.
            notes: Any data, up to 16384 bytes of JSON.
            idempotency_key: The same for repeated requests. Without it, each call has a new
                key.
        """
        call = Call(
            "POST",
            "/refunds",
            models.RefundCreated.from_json,
            body={"amount": amount, "payment_id": payment_id, "reason": reason, "notes": notes},
            idempotency_key=key_of(idempotency_key),
        )
        return self._send(call)

    def get(self, refund_id: str) -> models.Refund:
        """Show a refund."""
        call = Call("GET", path("/refunds/{}", refund_id), models.Refund.from_json)
        return self._send(call)

    def list(
        self,
        *,
        limit: int = 10,
        cursor: str | None = None,
        from_: datetime | str | None = None,
        to: datetime | str | None = None,
        status: Literal["pending", "processed", "failed"] | None = None,
        payment_id: str | None = None,
    ) -> Page[models.Refund]:
        """List refunds.

        Args:
            limit: More than 100 is 100.
            cursor: The `next_cursor` of the page before.
            from_: Created at this time or later.
            to: Created before this time.
        """
        call = Call(
            "GET",
            "/refunds",
            page_of(models.Refund),
            query={
                "limit": limit,
                "cursor": cursor,
                "from": from_,
                "to": to,
                "status": status,
                "payment_id": payment_id,
            },
        )
        return self._send(call)

    def iterate(
        self,
        *,
        from_: datetime | str | None = None,
        to: datetime | str | None = None,
        status: Literal["pending", "processed", "failed"] | None = None,
        payment_id: str | None = None,
    ) -> Iterator[models.Refund]:
        """List refunds: every one, newest first.

        A page is requested when its first row is.

        Args:
            from_: Created at this time or later.
            to: Created before this time.
        """
        call = Call(
            "GET",
            "/refunds",
            page_of(models.Refund),
            query={"from": from_, "to": to, "status": status, "payment_id": payment_id},
        )
        return each_row(self._send, call)


class Endpoints:
    """Webhook endpoints, each with a secret and a filter of its own."""

    def __init__(self, send: Send) -> None:
        self._send = send

    def create(
        self,
        *,
        url: str,
        events: Sequence[str] | None = None,
        description: str | None = None,
        sink: str | None = None,
    ) -> models.WebhookEndpointWithSecret:
        """Create an endpoint.

        The secret is only in this response: it is stored sealed. Therefore an `Idempotency-Key`
        has no effect here. Needs the role developer.

        Args:
            url: Http or https.
            events: Event names, families such as payment.*, or * for every event.
            description: For people.
            sink: The only sink that delivers to it, such as one with another format.
        """
        call = Call(
            "POST",
            "/webhook-endpoints",
            models.WebhookEndpointWithSecret.from_json,
            body={"url": url, "events": events, "description": description, "sink": sink},
        )
        return self._send(call)

    def get(self, endpoint_id: str) -> models.WebhookEndpoint:
        """Show an endpoint."""
        call = Call(
            "GET", path("/webhook-endpoints/{}", endpoint_id), models.WebhookEndpoint.from_json
        )
        return self._send(call)

    def list(self) -> models.WebhookEndpoints:
        """List endpoints."""
        call = Call("GET", "/webhook-endpoints", models.WebhookEndpoints.from_json)
        return self._send(call)

    def update(
        self,
        endpoint_id: str,
        *,
        url: str | Unset | None = UNSET,
        events: Sequence[str] | Unset = UNSET,
        description: str | Unset | None = UNSET,
        idempotency_key: str | None = None,
    ) -> models.WebhookEndpoint:
        """Change an endpoint.

        Missing fields stay unchanged. Only `url` of the default endpoint can be changed. Needs
        the role developer.

        Args:
            url: Null sends nothing; only for the default endpoint.
            events: Event names, families such as payment.*, or * for every event.
            idempotency_key: The same for repeated requests. Without it, each call has a new
                key.
        """
        call = Call(
            "PATCH",
            path("/webhook-endpoints/{}", endpoint_id),
            models.WebhookEndpoint.from_json,
            body={"url": url, "events": events, "description": description},
            idempotency_key=key_of(idempotency_key),
        )
        return self._send(call)

    def delete(
        self, endpoint_id: str, *, idempotency_key: str | None = None
    ) -> models.WebhookEndpoint:
        """Delete an endpoint.

        Returns the deleted endpoint. Its pending deliveries fail when they become due. Needs
        the role developer.

        Args:
            idempotency_key: The same for repeated requests. Without it, each call has a new
                key.
        """
        call = Call(
            "DELETE",
            path("/webhook-endpoints/{}", endpoint_id),
            models.WebhookEndpoint.from_json,
            idempotency_key=key_of(idempotency_key),
        )
        return self._send(call)

    def enable(
        self, endpoint_id: str, *, idempotency_key: str | None = None
    ) -> models.WebhookEndpoint:
        """Enable an endpoint.

        Its held deliveries continue at once. Needs the role developer.

        Args:
            idempotency_key: The same for repeated requests. Without it, each call has a new
                key.
        """
        call = Call(
            "POST",
            path("/webhook-endpoints/{}/enable", endpoint_id),
            models.WebhookEndpoint.from_json,
            idempotency_key=key_of(idempotency_key),
        )
        return self._send(call)

    def disable(
        self, endpoint_id: str, *, idempotency_key: str | None = None
    ) -> models.WebhookEndpoint:
        """Disable an endpoint.

        Its pending deliveries are held until it is enabled. Needs the role developer.

        Args:
            idempotency_key: The same for repeated requests. Without it, each call has a new
                key.
        """
        call = Call(
            "POST",
            path("/webhook-endpoints/{}/disable", endpoint_id),
            models.WebhookEndpoint.from_json,
            idempotency_key=key_of(idempotency_key),
        )
        return self._send(call)

    def rotate_secret(self, endpoint_id: str) -> models.WebhookEndpointWithSecret:
        """Rotate an endpoint's secret.

        The previous secret also signs for 24 hours. The secret is only in this response: it is
        stored sealed. Therefore an `Idempotency-Key` has no effect here. Needs the role
        developer.
        """
        call = Call(
            "POST",
            path("/webhook-endpoints/{}/rotate", endpoint_id),
            models.WebhookEndpointWithSecret.from_json,
        )
        return self._send(call)

    def send_test(
        self, endpoint_id: str, *, event: str | None = None, idempotency_key: str | None = None
    ) -> models.EndpointTested:
        """Send a test event to an endpoint.

        Sent whatever its filters, once, and also if it is disabled. Needs the role developer.

        Args:
            idempotency_key: The same for repeated requests. Without it, each call has a new
                key.
        """
        call = Call(
            "POST",
            path("/webhook-endpoints/{}/test", endpoint_id),
            models.EndpointTested.from_json,
            body={"event": event},
            idempotency_key=key_of(idempotency_key),
        )
        return self._send(call)


class Deliveries:
    """Deliveries of events to webhook endpoints."""

    def __init__(self, send: Send) -> None:
        self._send = send

    def get(self, delivery_id: str) -> models.DeliveryInFull:
        """Show a delivery with its attempts."""
        call = Call("GET", path("/webhooks/{}", delivery_id), models.DeliveryInFull.from_json)
        return self._send(call)

    def list(
        self,
        *,
        limit: int = 10,
        cursor: str | None = None,
        status: Literal["pending", "success", "failed"] | None = None,
        event: str | None = None,
        endpoint_id: str | None = None,
        payment_id: str | None = None,
    ) -> Page[models.Delivery]:
        """List deliveries.

        Args:
            limit: More than 100 is 100.
            cursor: The `next_cursor` of the page before.
        """
        call = Call(
            "GET",
            "/webhooks",
            page_of(models.Delivery),
            query={
                "limit": limit,
                "cursor": cursor,
                "status": status,
                "event": event,
                "endpoint_id": endpoint_id,
                "payment_id": payment_id,
            },
        )
        return self._send(call)

    def iterate(
        self,
        *,
        status: Literal["pending", "success", "failed"] | None = None,
        event: str | None = None,
        endpoint_id: str | None = None,
        payment_id: str | None = None,
    ) -> Iterator[models.Delivery]:
        """List deliveries: every one, newest first.

        A page is requested when its first row is.
        """
        call = Call(
            "GET",
            "/webhooks",
            page_of(models.Delivery),
            query={
                "status": status,
                "event": event,
                "endpoint_id": endpoint_id,
                "payment_id": payment_id,
            },
        )
        return each_row(self._send, call)

    def retry(
        self, delivery_id: str, *, idempotency_key: str | None = None
    ) -> models.DeliveryRetried:
        """Retry a delivery.

        Needs the role support.

        Args:
            idempotency_key: The same for repeated requests. Without it, each call has a new
                key.
        """
        call = Call(
            "POST",
            path("/webhooks/{}/retry", delivery_id),
            models.DeliveryRetried.from_json,
            idempotency_key=key_of(idempotency_key),
        )
        return self._send(call)

    def resend(
        self,
        *,
        since: datetime | str,
        until: datetime | str | None = None,
        events: Sequence[str] | None = None,
        endpoint_id: str | None = None,
        statuses: Sequence[Literal["pending", "success", "failed"]] | None = None,
        dry_run: bool | None = None,
        idempotency_key: str | None = None,
    ) -> models.Recovered:
        """Resend deliveries.

        The oldest first, at most 10 000 in one call; `next_since` says where to continue. Ids
        and bodies stay the same, so that receivers recognize copies. Deliveries that are in
        progress are not changed. Needs the role support.

        Args:
            since: Deliveries created at this time or later.
            until: And before this time; default: now.
            events: Only these; default: every event.
            statuses: Include success to resend delivered events.
            dry_run: Only report what would be sent.
            idempotency_key: The same for repeated requests. Without it, each call has a new
                key.
        """
        call = Call(
            "POST",
            "/webhooks/recover",
            models.Recovered.from_json,
            body={
                "since": since,
                "until": until,
                "events": events,
                "endpoint_id": endpoint_id,
                "statuses": statuses,
                "dry_run": dry_run,
            },
            idempotency_key=key_of(idempotency_key),
        )
        return self._send(call)


class Webhooks:
    """The merchant's default webhook endpoint; further endpoints, and deliveries."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.endpoints = Endpoints(send)
        """Webhook endpoints, each with a secret and a filter of its own."""
        self.deliveries = Deliveries(send)
        """Deliveries of events to webhook endpoints."""

    def get(self) -> models.Endpoint:
        """Show the default endpoint.

        The secret is null for the roles `read_only` and `support`.
        """
        call = Call("GET", "/merchant/config", models.Endpoint.from_json)
        return self._send(call)

    def update(
        self,
        *,
        webhook_url: str | Unset | None = UNSET,
        webhook_secret: str | Unset | None = UNSET,
        idempotency_key: str | None = None,
    ) -> models.Endpoint:
        """Change the default endpoint.

        Needs the role developer.

        Args:
            webhook_url: Http or https; null or empty sends no webhooks.
            webhook_secret: 8 to 64 visible ASCII characters; one that ends in *** is ignored.
            idempotency_key: The same for repeated requests. Without it, each call has a new
                key.
        """
        call = Call(
            "PATCH",
            "/merchant/webhook",
            models.Endpoint.from_json,
            body={"webhook_url": webhook_url, "webhook_secret": webhook_secret},
            idempotency_key=key_of(idempotency_key),
        )
        return self._send(call)

    def rotate_secret(self, *, idempotency_key: str | None = None) -> models.Endpoint:
        """Rotate the webhook secret.

        Needs the role developer.

        Args:
            idempotency_key: The same for repeated requests. Without it, each call has a new
                key.
        """
        call = Call(
            "POST",
            "/merchant/webhook/regenerate",
            models.Endpoint.from_json,
            idempotency_key=key_of(idempotency_key),
        )
        return self._send(call)

    def send_test(
        self, *, event: str | None = None, idempotency_key: str | None = None
    ) -> models.TestEventSent:
        """Send a test event.

        Needs the role developer.

        Args:
            idempotency_key: The same for repeated requests. Without it, each call has a new
                key.
        """
        call = Call(
            "POST",
            "/merchant/webhook/test",
            models.TestEventSent.from_json,
            body={"event": event},
            idempotency_key=key_of(idempotency_key),
        )
        return self._send(call)


class Events:
    """The merchant's events: past ones in pages, and new ones as they happen."""

    def __init__(self, send: Send) -> None:
        self._send = send

    def get(self, event_id: str) -> models.StoredEvent:
        """Show an event."""
        call = Call("GET", path("/events/{}", event_id), models.StoredEvent.from_json)
        return self._send(call)

    def list(
        self,
        *,
        limit: int = 10,
        cursor: str | None = None,
        from_: datetime | str | None = None,
        to: datetime | str | None = None,
        type: str | None = None,
        payment_id: str | None = None,
    ) -> Page[models.StoredEvent]:
        """List events.

        Args:
            limit: More than 100 is 100.
            cursor: The `next_cursor` of the page before.
            from_: Created at this time or later.
            to: Created before this time.
            type: An event type such as payment.success, or up to 20 of them with commas between
                them.
            payment_id: About this payment or a refund of it.
        """
        call = Call(
            "GET",
            "/events",
            page_of(models.StoredEvent),
            query={
                "limit": limit,
                "cursor": cursor,
                "from": from_,
                "to": to,
                "type": type,
                "payment_id": payment_id,
            },
        )
        return self._send(call)

    def iterate(
        self,
        *,
        from_: datetime | str | None = None,
        to: datetime | str | None = None,
        type: str | None = None,
        payment_id: str | None = None,
    ) -> Iterator[models.StoredEvent]:
        """List events: every one, newest first.

        A page is requested when its first row is.

        Args:
            from_: Created at this time or later.
            to: Created before this time.
            type: An event type such as payment.success, or up to 20 of them with commas between
                them.
            payment_id: About this payment or a refund of it.
        """
        call = Call(
            "GET",
            "/events",
            page_of(models.StoredEvent),
            query={"from": from_, "to": to, "type": type, "payment_id": payment_id},
        )
        return each_row(self._send, call)


class Resources:
    """The resources of a client."""

    def __init__(self, send: Send) -> None:
        self.orders = Orders(send)
        """Orders. An order is an amount that a shopper pays once."""
        self.payment_links = PaymentLinks(send)
        """Payment links: orders with the address of a page on which a shopper pays them."""
        self.payments = Payments(send)
        """Payments of orders."""
        self.refunds = Refunds(send)
        """Refunds of payments."""
        self.webhooks = Webhooks(send)
        """The merchant's default webhook endpoint; further endpoints, and deliveries."""
        self.events = Events(send)
        """The merchant's events: past ones in pages, and new ones as they happen."""
