"""The documentation of routes, and the identifiers that all examples share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from pydantic import BaseModel

from ..accounts.model import Role
from ..senders.rate_limits import RateClass

MERCHANT_ID = "550e8400-e29b-41d4-a716-446655440000"
ORDER_ID = "order_NXhj67fGH2jk9mPq"
LINK_ID = "plink_T5vXz8BcD1fGh3Jk"
PAYMENT_ID = "pay_H8sK3jD9s2L1pQrT"
DELIVERY_ID = "0b0f2f3a-6a0c-4d5e-9f5e-0d9a1c9a7d11"
MADE_AT = "2026-01-15T10:30:00.000Z"
PAID_AT = "2026-01-15T10:31:06.482Z"


def example_page(row: object) -> object:
    """Return a page with one row."""
    return {"data": [row], "total": 1, "limit": 10, "offset": 0, "next_cursor": None}


USER_ID = "9d4c2f7e-52a1-4c7b-8a57-1f3f0c6a2b90"
KEY_ID = "3a9e1c55-0d7f-4b2e-9c61-7f0d5b8e4a12"
EMAIL = "asha@example.com"
PASSWORD = "Vq3-7mXcPz0LrT9aYkWs2dFhJn4bGu8eQi1oRt5yUxM"  # noqa: S105 - an example
SECRET = "secret_Hj2-9pLmQz7XcVb4nTr0sYkWd6fGu3aEiOq8RtPy1wZ"  # noqa: S105 - an example
View = TypeVar("View", bound=Callable[..., Any])
Access = Literal["merchant", "session", "browser", "anyone"]
ATTRIBUTE = "__paygate_documented__"


@dataclass(frozen=True, slots=True)
class Audited:
    """The audit settings of a route.

    Args:
        action: The resource and the verb, such as ``refund.create``.
        of_people_only: Whether requests with API keys are not logged, because the created
            rows show them.
        shows: Fields of the body to log; never a secret.
    """

    action: str
    of_people_only: bool = False
    shows: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Documented:
    """The documentation of a route, for readers and for programs.

    Args:
        summary: What it does, in a few words.
        answer: The type of its response.
        example: An example of a response.
        status: The status of that response.
        access: Who may use it: a merchant with API keys or a session, a session only, a
            shopper's browser with a ``client_secret``, or anyone.
        needs: The lowest role that may use it; on a public route, for requests with
            credentials.
        needs_operator: Whether it requires an operator.
        audit: The audit settings; every change of a merchant has them.
        body: The model of its body; None without a body.
        body_is_optional: Whether the body is optional.
        body_examples: Name → example of a body.
        query: The model of its query.
        takes_key: Whether it supports ``Idempotency-Key``.
        about: A longer description, in CommonMark.
        refuses: Error statuses that do not follow from the other arguments.
        also: Statuses, other than ``status``, with the same response type.
        media_type: The media type of the response; errors are always JSON.
        plugin: The plugin of the route; it may return any status and JSON.
        from_any_page: Whether a page of any origin may use a public route.
        rate: The class of its rate limit, if it does not follow from ``access``; ``none`` is
            not limited.
        limits_order: Whether requests for one order or payment are limited too.
        operation_id: The id in the OpenAPI document; empty for one that follows from ``summary``.
        further_ids: Those of further routes of the function, by method or by the end of the path.
    """

    summary: str
    answer: Any
    example: object
    status: int = 200
    access: Access = "merchant"
    needs: Role = Role.READ_ONLY
    needs_operator: bool = False
    audit: Audited | None = None
    body: type[BaseModel] | None = None
    body_is_optional: bool = False
    body_examples: Mapping[str, object] = field(default_factory=dict)
    query: type[BaseModel] | None = None
    takes_key: bool = False
    about: str = ""
    refuses: frozenset[int] = frozenset()
    also: frozenset[int] = frozenset()
    media_type: str = "application/json"
    plugin: str | None = None
    from_any_page: bool = False
    rate: RateClass | Literal["none"] | None = None
    limits_order: bool = False
    operation_id: str = ""
    further_ids: Mapping[str, str] = field(default_factory=dict)

    def rate_class(self, method: str) -> RateClass | None:
        """Return the class of the rate limit of requests with that method."""
        if self.rate is not None:
            return None if self.rate == "none" else self.rate
        if self.access in {"browser", "anyone"}:
            return "shoppers"
        return "reads" if method in {"GET", "HEAD"} else "writes"

    @property
    def changes_settings(self) -> bool:
        """Whether it changes keys, users, endpoints or other lasting settings.

        Orders, payments and refunds are not settings.
        """
        is_daily = self.audit is None or self.audit.of_people_only
        return not is_daily and self.needs.covers(Role.DEVELOPER)

    @property
    def is_for_any_page(self) -> bool:
        """Whether pages of every origin may use it, because it uses no keys and no session."""
        if self.plugin is not None:
            return self.access != "merchant"
        return self.access == "browser" or self.from_any_page


def documented(summary: str, answer: Any, example: object, **more: Any) -> Callable[[View], View]:
    """Document a route; see ``Documented`` for the arguments."""
    doc = Documented(summary, answer, example, **more)

    def keep(view: View) -> View:
        setattr(view, ATTRIBUTE, doc)
        return view

    return keep


def find_documented(view: Callable[..., Any]) -> Documented | None:
    """Return the documentation of a route; None for pages and files."""
    doc: Documented | None = getattr(view, ATTRIBUTE, None)
    return doc
