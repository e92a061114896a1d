"""The options that all commands for merchants' developers have."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

if TYPE_CHECKING:
    from ...adapters.http.api_client import Access

URL = "http://localhost:8000"
TEST_KEY, TEST_SECRET = "key_test_abc123", "secret_test_xyz789"
ApiKey = Annotated[str, typer.Option(envvar="PAYGATE_API_KEY", help="The merchant's API key.")]
ApiSecret = Annotated[str, typer.Option(envvar="PAYGATE_API_SECRET", help="The key's secret.")]


@dataclass(frozen=True, slots=True)
class Shared:
    """What the shared options say.

    Args:
        access: Where the API is, and the keys.
        as_json: Whether JSON is printed.
    """

    access: Access
    as_json: bool


def with_access(verb: Callable[..., None]) -> Callable[..., None]:
    """Add the shared options to a command, whose first argument is a ``Shared``."""

    def run(url: str, api_key: str, api_secret: str, as_json: bool, **given: Any) -> None:
        from ...adapters.http.api_client import Access

        verb(Shared(Access(url.rstrip("/"), api_key, api_secret), as_json), **given)

    hints = get_type_hints(verb, include_extras=True, localns={"Access": Any})
    own = [
        each.replace(annotation=hints[each.name])
        for each in list(inspect.signature(verb).parameters.values())[1:]
    ]
    parameters = [*own, *inspect.signature(_shared, eval_str=True).parameters.values()]
    keyword = inspect.Parameter.KEYWORD_ONLY
    run.__signature__ = inspect.Signature([each.replace(kind=keyword) for each in parameters])  # type: ignore[attr-defined]  # what inspect reads
    run.__annotations__ = {each.name: each.annotation for each in parameters}
    run.__name__, run.__doc__ = verb.__name__, verb.__doc__
    return run


def filters_of(events: str) -> tuple[str, ...]:
    """Return the filters of ``--events``.

    Raises:
        OperatorError: One matches no event: nothing would ever happen.
    """
    from ...core.errors import OperatorError
    from ...core.event import EventType, could_match

    filters = tuple(each.strip() for each in events.split(",") if each.strip())
    for each in filters:
        if not could_match(each):
            raise OperatorError(
                setting="--events",
                problem=f"no event is called {each!r}",
                remedy=f"Choose of {', '.join(EventType)}; payment.* stands for all of payments",
            )
    return filters


def _shared(
    url: Annotated[str, typer.Option(envvar="PAYGATE_URL", help="Address of the API.")] = URL,
    api_key: ApiKey = TEST_KEY,
    api_secret: ApiSecret = TEST_SECRET,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, an object a line.")] = False,
) -> None:
    """Declare the shared options."""
