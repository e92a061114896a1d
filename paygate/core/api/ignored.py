"""Name the fields and parameters of a request that paygate ignores."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from pydantic import BaseModel
from quart import Quart, Request

from .bodies import known_body
from .context import dialect_of_app
from .documented import Documented, find_documented

IGNORED = "Paygate-Ignored"
"""The header that names what was ignored, for example ``body.curency, query.page``."""
NAMES_MAX = 16
_PLAIN = re.compile(r"[A-Za-z0-9_.-]{1,64}")


def ignored_of_request(asked: Request, app: Quart) -> str | None:
    """Return the names of the ignored fields and parameters; None if there are none.

    At most 16 names are listed. A name is shown as ``?`` if it is longer than 64 characters or
    has characters that a header should not contain.
    """
    body = known_body(asked)
    if (not body and not asked.query_string) or asked.endpoint is None:
        return None
    doc = find_documented(app.view_functions[asked.endpoint])
    if doc is None or doc.plugin is not None:
        return None
    found = [*_shown("body", _of_body(doc, body or {})), *_shown("query", _of_query(doc, asked))]
    return ", ".join(found[:NAMES_MAX]) or None


def _of_body(doc: Documented, body: dict[str, object]) -> set[str]:
    if doc.body is None:
        # A public route may pass its body on as it is.
        return set() if doc.access == "anyone" else set(body)
    dialect = dialect_of_app()
    if doc.body.model_config.get("extra") == "allow":
        # The payment method reads the other fields.
        never_read: frozenset[str] = getattr(doc.body, "never_read", frozenset())
        return set() if dialect.creates_orders else body.keys() & never_read
    return body.keys() - _names(doc.body) - dialect.renamed_fields


def _of_query(doc: Documented, asked: Request) -> set[str]:
    if not asked.query_string:
        return set()
    if doc.query is not None:
        return asked.args.keys() - _names(doc.query)
    # Shoppers' routes accept a client_secret, and in one dialect the amount.
    return set() if doc.access in {"anyone", "browser"} else set(asked.args.keys())


@lru_cache(maxsize=256)
def _names(model: type[BaseModel]) -> frozenset[str]:
    return frozenset(field.alias or name for name, field in model.model_fields.items())


def _shown(place: str, names: Iterable[str]) -> list[str]:
    plain = {name if _PLAIN.fullmatch(name) else "?" for name in names}
    return [f"{place}.{name}" for name in sorted(plain)]
