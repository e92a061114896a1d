"""Where a merchant's pages are, by origin: ``https://shop.example``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import ip_address

ORIGINS_MAX = 50
ORIGIN_CHARS_MAX = 255

# No more than a browser's own form of an origin: it stands in headers as it is.
_ORIGIN = re.compile(r"https?://([a-z0-9-]+(\.[a-z0-9-]+)*|\[[0-9a-f:.]+\])(:[1-9][0-9]{0,4})?")
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


def origin(text: str) -> str | None:
    """As browsers write it; None for what is no origin of a web page."""
    low = text.strip().lower().removesuffix("/")
    if len(low) > ORIGIN_CHARS_MAX or not _ORIGIN.fullmatch(low):
        return None
    return low.removesuffix(_DEFAULT_PORTS[low.partition(":")[0]])


def well_formed(texts: Iterable[str]) -> tuple[str, ...]:
    """The origins among them, each once. For what came by SQL and was never checked."""
    return tuple(dict.fromkeys(found for text in texts if (found := origin(text))))


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine's own."""
    plain = host.strip("[]").lower()
    if plain == "localhost" or plain.endswith(".localhost"):
        return True
    try:
        return ip_address(plain).is_loopback
    except ValueError:
        return False
