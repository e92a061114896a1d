"""Addresses of clients: which one is theirs, and which part of it counts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

from ..limits import IP_CHARS_MAX

IPV6_PREFIX_BITS = 64
Network = IPv4Network | IPv6Network


def parse_networks(texts: Iterable[str]) -> Sequence[Network]:
    """Parse networks, such as ``10.0.0.0/8``, and addresses.

    Raises:
        ValueError: One of them is neither.
    """
    return [ip_network(text) for text in texts]


def client_address(peer: str, forwarded: Sequence[str], trusted: Sequence[Network]) -> str:
    """Return the client's address of a request that may come through proxies.

    Each proxy adds the address that it was called from at the right. So the first from the
    right that is not a trusted proxy is the client's; what is left of it may be forged.

    Args:
        peer: The address of the connection.
        forwarded: The values of ``X-Forwarded-For``, in their order.
        trusted: The networks of trusted proxies.
    """
    address = peer
    if not _is_trusted(address, trusted):
        return address
    for text in reversed([each for value in forwarded for each in value.split(",")]):
        named = _parse(_without_port(text.strip()))
        if named is None:
            # A trusted proxy has not written it: the last known address counts.
            return address
        address = str(named)
        if not _is_trusted(address, trusted):
            return address
    return address


def _is_trusted(text: str, trusted: Sequence[Network]) -> bool:
    address = _parse(text)
    return address is not None and any(address in network for network in trusted)


@lru_cache(maxsize=4096)
def _parse(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def _without_port(text: str) -> str:
    """Return ``192.0.2.9`` of ``192.0.2.9:4711``, and ``2001:db8::1`` of ``[2001:db8::1]:80``."""
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0] if text.count(":") == 1 else text


def address_of_sender(ip: str | None) -> str:
    """Return the part of an address that its owner cannot choose: of IPv6 the first 64 bits."""
    text = (ip or "")[:IP_CHARS_MAX]
    address = _parse(text)
    if isinstance(address, IPv6Address):
        return str(IPv6Address(int(address) >> IPV6_PREFIX_BITS << IPV6_PREFIX_BITS))
    return text if address is None else str(address)
