"""The simulated bank: decisions, signatures and its page."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape
from typing import Literal
from urllib.parse import urlencode

from paygate import ExtensionContext, RouteCall, RouteReply

Status = Literal["paid", "refused", "waiting"]

SHOPPER_TAKES = timedelta(seconds=20)
LASTS = timedelta(minutes=15)
"""After this time the bank's page has expired."""

_ENDS: Mapping[str, Status] = {"acme": "paid", "lost": "paid", "poor": "refused"}


def status_at(bank: str, asked_at: datetime, now: datetime) -> Status:
    """Return the bank's status at a time. It has no state: the status follows from the clock."""
    return _ENDS.get(bank, "waiting") if now - asked_at >= SHOPPER_TAKES else "waiting"


def signature(secret: str, operation_id: str, status: str) -> str:
    """Sign a status that the shopper's browser brings back."""
    return hmac.new(
        secret.encode(), f"{operation_id}.{status}".encode(), hashlib.sha256
    ).hexdigest()


def signed_status(secret: str, operation_id: str, params: Mapping[str, str]) -> str | None:
    """Return the status that the shopper's browser brings, if the bank has signed it."""
    status, given = params.get("status", ""), params.get("signature", "")
    right = signature(secret, operation_id, status)
    return status if hmac.compare_digest(right.encode(), given.encode()) else None


@dataclass(frozen=True)
class BankPage:
    """The bank's page. It has no input: the bank's code decides the outcome."""

    secret: str

    async def show(self, call: RouteCall, _context: ExtensionContext) -> RouteReply:
        """``GET /plugins/netbanking/bank?operation=…&bank=…[&return_url=https://shop/back]``."""
        operation, bank = call.query.get("operation", ""), call.query.get("bank", "")
        status = _ENDS.get(bank, "waiting")
        params = {"status": status, "signature": signature(self.secret, operation, status)}
        back, text = call.query.get("return_url", ""), f"The bank says: {status}."
        way_back = "<p>Close this window and go back to the shop.</p>"
        if back.startswith(("https://", "http://")):
            address = f"{back}{'&' if '?' in back else '?'}{urlencode(params)}"
            way_back = f'<p><a href="{escape(address)}">Back to the shop</a></p>'
        page = f"<!doctype html><title>Simulated bank</title><p>{text}</p>{way_back}"
        return RouteReply(page.encode(), content_type="text/html; charset=utf-8")
