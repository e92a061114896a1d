"""Limit requests before they reach the database, and report the limit in headers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from hashlib import blake2b

from quart import Quart, Request
from werkzeug.datastructures import Headers

from ..accounts.model import Merchant
from ..accounts.refusals import Refusal
from ..deps import Deps
from ..errors import InvalidInputError, TooManyRequestsError
from ..limits import TEXT_CHARS_MAX
from ..senders.addresses import address_of_sender
from ..senders.rate_limits import Decision, RateClass, Wanted
from .auth import COOKIE
from .bodies import body_of_request
from .context import current_request, dialect_of_app, scope_of
from .documented import Documented, find_documented

PAGES = "checkout_pages"
DIALECTS = "wire.view"
"""The only pages that read the database."""


Limit = Callable[[Request], Awaitable[None]]
DECISION = "paygate.rate_limit"


def rate_limits(app: Quart, deps: Deps) -> Limit:
    """Return a function that refuses requests of senders that have sent too many.

    A request with credentials takes from the bucket of its key or session, and from that of
    its address; any other request from that of its address. The credentials are not checked
    before: a bucket belongs to a key with its secret, so no other sender can empty it.
    """

    async def limit(asked: Request) -> None:
        wanted = await _wanted(asked, app, deps)
        if wanted:
            await _take(wanted, asked, deps)

    return limit


async def take_resend(merchant: Merchant, deps: Deps) -> Callable[[int], None]:
    """Take a token of the merchant for a delivery; return a function that charges the others.

    Raises:
        TooManyRequestsError: The merchant has resent too many.
    """
    resends = deps.rates.limits.get("resends")
    if resends is None:
        return lambda _resent: None
    wanted = Wanted(resends, str(merchant.id))
    await _take([wanted], current_request(), deps)
    return lambda resent: deps.rates.charge(wanted, max(0, resent - 1))


async def _take(wanted: Sequence[Wanted], asked: Request, deps: Deps) -> None:
    decision = await deps.rates.take(wanted)
    scope_of(asked)[DECISION] = decision
    if not decision.is_allowed:
        reason = f"too many requests: {decision.limit.name}"
        deps.refusals.count(Refusal("rate.refused", reason, asked.remote_addr))
        raise TooManyRequestsError(decision.retry_after_s)


def add_rate_headers(asked: Request, headers: Headers) -> None:
    """Add the limit that is the nearest to its end to the headers, once half of it is used."""
    decision: Decision | None = scope_of(asked).get(DECISION)
    if decision is not None and decision.is_half_used:
        headers.add("RateLimit-Policy", decision.limit.policy)
        headers.add("RateLimit", decision.header)


async def _wanted(asked: Request, app: Quart, deps: Deps) -> Sequence[Wanted]:
    rule, limits, by_address = asked.url_rule, deps.rates.limits, deps.rates.by_address
    if rule is None or asked.method == "OPTIONS":
        return ()
    doc = find_documented(app.view_functions[rule.endpoint])
    name = _class_of(asked, doc)
    if name is None:
        return ()
    wanted = []
    if name in by_address and (sender := _sender(asked)) is not None:
        wanted.append(Wanted(limits[name], sender))
    limit = by_address.get(name) or limits.get(name)
    if limit is not None:
        wanted.append(Wanted(limit, address_of_sender(asked.remote_addr)))
    if doc is not None and doc.limits_order and "order-payments" in limits:
        order = await _order(asked)
        if order:
            wanted.append(Wanted(limits["order-payments"], order))
    return wanted


def _class_of(asked: Request, doc: Documented | None) -> RateClass | None:
    if doc is not None:
        return doc.rate_class(asked.method)
    endpoint = asked.endpoint or ""
    if endpoint == DIALECTS:
        # Also the calls of the API that it makes count: this one limits guesses of keys.
        return "reads" if asked.method == "GET" else "writes"
    return "shoppers" if PAGES in endpoint.split(".") else None


def _sender(asked: Request) -> str | None:
    """Return the digest of the credentials; None without any."""
    headers = asked.headers
    key, secret = headers.get("X-Api-Key", ""), headers.get("X-Api-Secret", "")
    given = f"{key}\n{secret}" if key or secret else asked.cookies.get(COOKIE, "")
    return blake2b(given.encode(errors="replace"), digest_size=16).hexdigest() if given else None


async def _order(asked: Request) -> str | None:
    """Return the id of the payment in the path, or of the order in the body."""
    payment_id = (asked.view_args or {}).get("payment_id")
    if payment_id is not None:
        return str(payment_id)[:TEXT_CHARS_MAX]
    try:
        body = dialect_of_app().payment_body(await body_of_request())
    except InvalidInputError:
        # The route refuses it, with the reason.
        return None
    order_id = body.get("order_id")
    return order_id[:TEXT_CHARS_MAX] if isinstance(order_id, str) else None
