"""The id of the current request, which its response and all its log lines show."""

from __future__ import annotations

import re
import secrets
from contextvars import ContextVar

REQUEST_ID: ContextVar[str | None] = ContextVar("request_id", default=None)
"""The id of the request that this task answers; tasks that it starts inherit it."""

# Letters, digits and what ids are usually made of: it is safe in headers and log lines.
_SENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/+=-]{0,127}")


def new_request_id(sent: str | None) -> str:
    """Return the id of a new request.

    Args:
        sent: The id that the client or a proxy sent. It is used if it has at most 128
            characters, all of them letters, digits or ``._:/+=-``.
    """
    if sent is not None and _SENT.fullmatch(sent):
        return sent
    return f"req_{secrets.token_hex(8)}"
