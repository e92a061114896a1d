"""Origins of merchants' pages, such as ``https://shop.example``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import ip_address

ORIGINS_MAX = 50
ORIGIN_CHARS_MAX = 255

# Only the form that browsers use, because it is copied into headers.
_ORIGIN = re.compile(r"https?://([a-z0-9-]+(\.[a-z0-9-]+)*|\[[0-9a-f:.]+\])(:[1-9][0-9]{0,4})?")
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


def origin(text: str) -> str | None:
    """Return the origin as browsers write it; None if the text is not a web origin."""
    low = text.strip().lower().removesuffix("/")
    if len(low) > ORIGIN_CHARS_MAX or not _ORIGIN.fullmatch(low):
        return None
    return low.removesuffix(_DEFAULT_PORTS[low.partition(":")[0]])


def well_formed(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the valid origins, each once. For values that were stored without a check."""
    return tuple(dict.fromkeys(found for text in texts if (found := origin(text))))


def is_loopback(host: str) -> bool:
    """Check whether a host name or address is this machine's own."""
    plain = host.strip("[]").lower()
    if plain == "localhost" or plain.endswith(".localhost"):
        return True
    try:
        return ip_address(plain).is_loopback
    except ValueError:
        return False
