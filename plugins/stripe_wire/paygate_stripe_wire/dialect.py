"""The dialect: its routes and its authentication."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error
from collections.abc import Mapping
from typing import Any

from paygate import Credentials, WireDialect, WireRefusal, WireRoute

from . import customers, events, methods, payment_intents, refunds, sessions, settling
from .call import Answer, Call, handled
from .errors import NOT_SUPPORTED, refuse


async def search(call: Call) -> Any:
    """Refuse a search, whose path would be that of an object with the id ``search``."""
    asked = f"{call.asked.method} {call.asked.path}"
    message = f"paygate's dialect stripe does not support {asked}"
    raise WireRefusal(NOT_SUPPORTED, "NOT_SUPPORTED", message, reason="not_supported")


PREFIXES = ("sk_test_", "sk_live_", "rk_test_", "rk_live_")
INTENTS, METHODS, CUSTOMERS = "/v1/payment_intents", "/v1/payment_methods", "/v1/customers"
ROUTES: tuple[tuple[str, str, Answer], ...] = (
    ("POST", INTENTS, payment_intents.create),
    ("GET", INTENTS, payment_intents.index),
    ("GET", f"{INTENTS}/{{id}}", payment_intents.show),
    ("POST", f"{INTENTS}/{{id}}", payment_intents.update),
    ("POST", f"{INTENTS}/{{id}}/confirm", payment_intents.confirm),
    ("POST", f"{INTENTS}/{{id}}/capture", settling.capture),
    ("POST", f"{INTENTS}/{{id}}/cancel", settling.cancel),
    ("POST", METHODS, methods.create),
    ("GET", METHODS, methods.index),
    ("GET", f"{METHODS}/{{id}}", methods.show),
    ("POST", f"{METHODS}/{{id}}/attach", methods.attach),
    ("POST", f"{METHODS}/{{id}}/detach", methods.detach),
    ("POST", CUSTOMERS, customers.create),
    ("GET", CUSTOMERS, customers.index),
    ("GET", f"{CUSTOMERS}/{{id}}", customers.show),
    ("POST", f"{CUSTOMERS}/{{id}}", customers.update),
    ("DELETE", f"{CUSTOMERS}/{{id}}", customers.remove),
    ("GET", f"{CUSTOMERS}/{{id}}/payment_methods", methods.of_customer),
    ("POST", "/v1/refunds", refunds.create),
    ("GET", "/v1/refunds", refunds.index),
    ("GET", "/v1/refunds/{id}", refunds.show),
    ("GET", "/v1/charges", refunds.charges),
    ("GET", "/v1/charges/{id}", refunds.show_charge),
    ("POST", sessions.PATH, sessions.create),
    ("GET", sessions.PATH, sessions.index),
    ("GET", f"{sessions.PATH}/{{id}}", sessions.show),
    ("GET", f"{sessions.PATH}/{{id}}/line_items", sessions.line_items),
    ("POST", f"{sessions.PATH}/{{id}}/expire", sessions.expire),
    *(("GET", f"{path}/search", search) for path in (INTENTS, CUSTOMERS, "/v1/charges")),
    ("GET", "/v1/events", events.index),
    ("GET", "/v1/events/{id}", events.show),
)


def dialect() -> WireDialect:
    """Return the dialect ``stripe``."""
    return WireDialect(
        name="stripe",
        routes=tuple(
            WireRoute(method, path, handled(answer))  # type: ignore[arg-type]  # a literal
            for method, path, answer in ROUTES
        ),
        authenticate=authenticate,
        refuse=refuse,
    )


def authenticate(headers: Mapping[str, str]) -> Credentials | None:
    """Return the keys in ``sk_test_<api key>:<api secret>``.

    It is a bearer token, or the user of Basic authentication with an empty password. The
    prefix may be missing.
    """
    scheme, _, given = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            given = b64decode(given, validate=True).decode().removesuffix(":")
        except (Error, ValueError):
            return None
    elif scheme.lower() != "bearer":
        return None
    for prefix in PREFIXES:
        given = given.removeprefix(prefix)
    key, _, secret = given.partition(":")
    return Credentials(key, secret)
