"""A shop: payments through a gateway, shipping through another service."""

from __future__ import annotations

from dataclasses import dataclass

import httpx

SHIPPING = "https://api.shipping.example/quotes"


class PaymentRefusedError(Exception):
    """The payer's bank has declined."""


@dataclass
class Shop:
    """The merchant's own code, without test code.

    Args:
        gateway_url: URL of the gateway's API.
        keys: The merchant's key headers.
    """

    gateway_url: str
    keys: dict[str, str]

    def buy(self, price_minor: int, pincode: str) -> dict[str, str]:
        shipping = httpx.post(SHIPPING, json={"to": pincode}).raise_for_status().json()
        order = self._post("/orders", {"amount": price_minor + shipping["price_minor"]})
        upi = {"order_id": order["id"], "method": "upi", "vpa": "asha@paytm"}
        payment = self._until_decided(self._post("/payments", upi)["id"])
        if payment["status"] == "failed":
            raise PaymentRefusedError(payment["decline_code"])
        return {"order": order["id"], "payment": payment["id"], "parcel": shipping["parcel"]}

    def _until_decided(self, payment_id: str) -> dict[str, str]:
        while True:
            url = f"{self.gateway_url}/payments/{payment_id}"
            payment = httpx.get(url, headers=self.keys).raise_for_status().json()
            if payment["status"] != "pending":
                return dict(payment)

    def _post(self, path: str, body: object) -> dict[str, str]:
        answer = httpx.post(self.gateway_url + path, json=body, headers=self.keys)
        return dict(answer.raise_for_status().json())
