"""Check which addresses the HTTP client may connect to (protection against SSRF).

Merchants choose webhook URLs, which may point into the internal network. The check uses the
address that a socket is about to connect to, after name resolution, so that no spelling and no
DNS response can bypass it.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from socket import inet_aton
from urllib.parse import SplitResult, urlsplit

from ...core.limits import URL_CHARS_MAX
from ...core.plugin_api.http_client import HttpError

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


def _networks(text: str) -> tuple[Network, ...]:
    return tuple(ip_network(word) for word in text.split())


# Source: the IANA special-purpose registries. `ipaddress.is_global` alone calls
# several of these global: NAT64, 6to4, multicast, IPv4-compatible.
NEVER = _networks(
    """
    0.0.0.0/8 169.254.0.0/16 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 198.18.0.0/15
    198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4
    ::ffff:0:0:0/96
    ::/96 64:ff9b::/96 64:ff9b:1::/48 100::/64 2001::/23 2001:db8::/32 2002::/16 3fff::/20
    5f00::/16 fe80::/10 fec0::/10 ff00::/8
    """
)
"""Never allowed: metadata services, tunnels, multicast, documentation."""

INSIDE = _networks(
    "10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 172.16.0.0/12 192.168.0.0/16 ::1/128 fc00::/7"
)
"""Loopback and private networks: only allowed during development."""

METADATA = _networks("fd00:ec2::254/128 100.100.100.200/32")
"""Metadata services of clouds in private networks."""

LOOPBACK = _networks("127.0.0.0/8 ::1/128")
"""This machine: the only allowed addresses in tests."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Which addresses are allowed.

    Args:
        allow_private: Allow loopback and private networks; never in production.
        ports: The only ports; None for all.
        only_loopback: Allow this machine only.
        only_https: Refuse plain http: events contain addresses of shoppers.
    """

    allow_private: bool
    ports: frozenset[int] | None = None
    only_loopback: bool = False
    only_https: bool = False

    def allows(self, host: str, port: int) -> bool:
        """Check whether a socket may connect to an address.

        Args:
            host: An address in its standard spelling, perhaps with a zone.
            port: The port.
        """
        try:
            address = ip_address(host.partition("%")[0])
        except ValueError:
            return False
        if self.ports is not None and port not in self.ports:
            return False
        return self._allows(_unmapped(address))

    def _allows(self, address: Address) -> bool:
        if self.only_loopback:
            return _is_in(address, LOOPBACK)
        if _is_in(address, METADATA):
            return False
        # First, because ::1 is part of ::/96.
        if _is_in(address, INSIDE):
            return self.allow_private
        return not _is_in(address, NEVER)


def _unmapped(address: Address) -> Address:
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return address.ipv4_mapped
    return address


def _is_in(address: Address, networks: tuple[Network, ...]) -> bool:
    return any(address in network for network in networks if network.version == address.version)


# Many deliveries go to the same URL. A refusal is not kept.
@lru_cache(maxsize=1024)
def check_url(url: str, reach: Reach) -> None:
    """Refuse a URL that can never be used. Names are not resolved.

    Raises:
        HttpError: ``invalid_url`` or ``refused_address``; its detail completes a sentence
            that begins with the name of the field.
    """
    parts, port = _split(url)
    assert parts.hostname, "checked by _split"
    if reach.only_https and parts.scheme != "https":
        raise HttpError("invalid_url", "must be an https URL")
    if reach.ports is not None and port not in reach.ports:
        allowed = ", ".join(map(str, sorted(reach.ports)))
        raise HttpError("refused_address", f"has the port {port}; allowed are {allowed}")
    literal = _literal(parts.hostname)
    if literal is not None and not reach.allows(literal, port):
        raise HttpError(
            "refused_address",
            "points to an address that is not allowed: it is private, local or reserved",
        )


def _split(url: str) -> tuple[SplitResult, int]:
    if len(url) > URL_CHARS_MAX:
        raise HttpError("invalid_url", f"must have at most {URL_CHARS_MAX} characters")
    if not url.isprintable() or " " in url or "\\" in url:
        raise HttpError("invalid_url", "must not contain spaces, backslashes or control characters")
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise HttpError("invalid_url", "is not a valid URL") from error
    if parts.scheme not in {"http", "https"}:
        raise HttpError("invalid_url", "must begin with http:// or https://")
    if "@" in parts.netloc:
        raise HttpError("invalid_url", "must not contain a user name or password")
    if not parts.hostname:
        raise HttpError("invalid_url", "must name a host")
    return parts, _port(parts)


def _port(parts: SplitResult) -> int:
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port is None:
        return 443 if parts.scheme == "https" else 80
    if port == 0:
        raise HttpError("invalid_url", "must have a port from 1 to 65535, or none")
    return port


def _literal(host: str) -> str | None:
    """Return the address of a host in any spelling; None for a name.

    ``127.1``, ``0x7f000001``, ``2130706433`` and full-width digits may all be interpreted as
    an address before the socket is opened.
    """
    plain = unicodedata.normalize("NFKC", host).rstrip(".").strip("[]")
    try:
        return str(ip_address(plain.partition("%")[0]))
    except ValueError:
        pass
    try:
        return str(IPv4Address(inet_aton(plain)))
    except (OSError, ValueError):
        return None
