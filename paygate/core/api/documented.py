"""What a route says of itself, and the identifiers that all examples share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from pydantic import BaseModel

from ..accounts.model import Role

MERCHANT_ID = "550e8400-e29b-41d4-a716-446655440000"
ORDER_ID = "order_NXhj67fGH2jk9mPq"
PAYMENT_ID = "pay_H8sK3jD9s2L1pQrT"
DELIVERY_ID = "0b0f2f3a-6a0c-4d5e-9f5e-0d9a1c9a7d11"
MADE_AT = "2026-01-15T10:30:00.000Z"
PAID_AT = "2026-01-15T10:31:06.482Z"


def example_page(row: object) -> object:
    """A list of one."""
    return {"data": [row], "total": 1, "limit": 10, "offset": 0}


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
    """How the audit log tells of it.

    Args:
        action: The thing and the verb, such as ``refund.create``.
        of_people_only: Not told of keys: it is their daily business, and what they make tells
            of it.
        shows: Fields of the body that are worth knowing; never a secret.
    """

    action: str
    of_people_only: bool = False
    shows: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Documented:
    """A route, for readers and for programs.

    Args:
        summary: What it does, in a few words.
        answer: The type of its answer.
        example: Such an answer.
        status: Of that answer.
        access: Whose route it is: a merchant's by API keys or by the session of one of its
            people, a session's alone, a shopper's browser's by ``client_secret``, or anyone's.
        needs: The least role that may ask for it; on a route that is anyone's, of those who
            send credentials.
        needs_operator: Whether it takes somebody who runs this installation.
        audit: How the audit log tells of it; every change of a merchant's has it.
        body: The model its body is checked with; None where no body is read.
        body_is_optional: Whether the body may be left out.
        body_examples: Name → such a body.
        query: The model its query is checked with.
        takes_key: Whether ``Idempotency-Key`` makes it happen once.
        about: More than the summary says, in CommonMark.
        refuses: Statuses beyond those that follow from all this.
        also: Statuses beyond ``status`` that are answered in the answer's own shape.
        media_type: Of the answer; refusals are JSON in any case.
        plugin: Whose route it is; such a one answers with any status and JSON it likes.
        from_any_page: Whether a page of any origin may use a route that is anyone's.
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

    @property
    def changes_settings(self) -> bool:
        """Whether it changes keys, people, endpoints or other settings, which last.

        Money moves by roles below, orders and payments are keys' daily business.
        """
        is_daily = self.audit is None or self.audit.of_people_only
        return not is_daily and self.needs.covers(Role.DEVELOPER)

    @property
    def is_for_any_page(self) -> bool:
        """Whether pages of every origin may use it, as it takes neither keys nor a session."""
        if self.plugin is not None:
            return self.access != "merchant"
        return self.access == "browser" or self.from_any_page


def documented(summary: str, answer: Any, example: object, **more: Any) -> Callable[[View], View]:
    """Say what a route does; see ``Documented`` for the arguments."""
    said = Documented(summary, answer, example, **more)

    def keep(view: View) -> View:
        setattr(view, ATTRIBUTE, said)
        return view

    return keep


def find_documented(view: Callable[..., Any]) -> Documented | None:
    """What the route said of itself; None for pages and files."""
    said: Documented | None = getattr(view, ATTRIBUTE, None)
    return said
