"""Who a client is, behind proxies and among forged headers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paygate import OperatorError
from paygate.bootstrap import web_policy
from paygate.core.senders.addresses import client_address, parse_networks
from paygate.settings import read_settings

TRUSTED = parse_networks(["10.0.0.0/8", "2001:db8:1::/48", "192.0.2.7"])


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("203.0.113.1", ["198.51.100.9"], "203.0.113.1"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("203.0.113.5", ["198.51.100.9"], "203.0.113.5"),
        ("10.0.0.1", ["198.51.100.9"], "198.51.100.9"),
        ("10.0.0.1", ["1.1.1.1, 198.51.100.9"], "198.51.100.9"),
        ("10.0.0.1", ["1.1.1.1, 198.51.100.9, 192.0.2.7"], "198.51.100.9"),
        ("10.0.0.1", ["1.1.1.1", "198.51.100.9,10.2.3.4"], "198.51.100.9"),
        ("10.0.0.1", ["10.0.0.2, 10.0.0.3"], "10.0.0.2"),
        ("10.0.0.1", ["198.51.100.9:4711"], "198.51.100.9"),
        ("2001:db8:1::5", ["[2001:db8:2::9]:443"], "2001:db8:2::9"),
        ("::ffff:10.0.0.1", ["198.51.100.9"], "198.51.100.9"),
        ("10.0.0.1", ["198.51.100.9, unknown"], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.9, x, 10.0.0.2"], "10.0.0.2"),
        ("10.0.0.1", ["", ","], "10.0.0.1"),
        ("<local>", ["198.51.100.9"], "<local>"),
    ],
)
def test_the_client_is_the_first_untrusted_address_from_the_right(
    peer: str, forwarded: list[str], client: str
):
    assert client_address(peer, forwarded, TRUSTED) == client


@given(st.lists(st.text(max_size=40), max_size=5))
def test_forged_addresses_are_ignored(forged: list[str]):
    assert client_address("10.0.0.1", [*forged, "198.51.100.9"], TRUSTED) == "198.51.100.9"
    assert client_address("198.51.100.9", forged, TRUSTED) == "198.51.100.9"


@pytest.mark.parametrize("given_text", ["10.0.0.0/33", "proxy.example", "10.0.0.1/8", "*"])
def test_an_invalid_network_stops_start_up(given_text: str):
    with pytest.raises(OperatorError, match="PAYGATE_TRUSTED_PROXIES"):
        web_policy(read_settings({"PAYGATE_TRUSTED_PROXIES": given_text}))
