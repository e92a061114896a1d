"""Which addresses may be reached at all."""

from __future__ import annotations

import pytest

from paygate.adapters.http.address import Reach, check_url
from paygate.core.plugin_api.http_client import HttpError

PRODUCTION = Reach(allow_private=False, ports=frozenset({80, 443}))
DEVELOPMENT = Reach(allow_private=True)

INSIDE = [
    "127.0.0.1", "127.255.255.254", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1",
    "100.64.0.1", "::1", "fc00::1", "fd12:3456::1", "::ffff:127.0.0.1", "::ffff:7f00:1",
    "::ffff:10.0.0.1",
]  # fmt: skip
NEVER = [
    "0.0.0.0", "0.1.2.3", "169.254.169.254", "169.254.0.1", "192.0.0.1", "192.0.2.1",
    "192.88.99.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255",
    "240.0.0.1", "255.255.255.255", "::", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::1",
    "100::1", "2001::1", "2001:db8::1", "2002:7f00:1::", "3fff::1", "5f00::1", "fe80::1",
    "fe80::1%eth0", "fec0::1", "ff02::1", "fd00:ec2::254", "100.100.100.200",
    "::ffff:100.100.100.200", "::ffff:0:7f00:1", "::ffff:169.254.169.254", "::ffff:0.0.0.0",
]  # fmt: skip
PUBLIC = ["93.184.216.34", "8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1111"]


@pytest.mark.parametrize("address", INSIDE)
def test_private_addresses_are_allowed_outside_production_only(address: str):
    assert DEVELOPMENT.allows(address, 80)
    assert not PRODUCTION.allows(address, 80)


@pytest.mark.parametrize("address", NEVER)
def test_special_addresses_are_never_allowed(address: str):
    assert not DEVELOPMENT.allows(address, 80)
    assert not PRODUCTION.allows(address, 80)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_always_allowed(address: str):
    assert DEVELOPMENT.allows(address, 8080)
    assert PRODUCTION.allows(address, 443)


def test_production_allows_configured_ports_only():
    assert not PRODUCTION.allows("8.8.8.8", 22)
    assert Reach(allow_private=False, ports=frozenset({8443})).allows("8.8.8.8", 8443)


def test_an_invalid_address_is_not_allowed():
    assert not DEVELOPMENT.allows("localhost", 80)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/", "http://127.1/", "http://0x7f000001/", "http://2130706433/",
        "http://0177.0.0.1/", "http://127.0.0.1./", "http://[::1]/", "http://[::ffff:7f00:1]/",
        "http://①②⑦.⓪.⓪.①/", "http://１２７.0.0.1/", "http://10.0.0.1/", "http://192.168.0.1:80/",
        "http://169.254.169.254/latest/meta-data/", "http://[fe80::1%25eth0]/",
        "http://[64:ff9b::7f00:1]/", "https://[2002:7f00:1::]/", "http://0/", "http://0.0.0.0/",
        "http://example.com:22/", "http://8.8.8.8:6379/",
    ],
)  # fmt: skip
def test_a_private_address_is_refused_in_any_spelling(url: str):
    with pytest.raises(HttpError) as refused:
        check_url(url, PRODUCTION)

    assert refused.value.kind == "refused_address"


@pytest.mark.parametrize(
    "url",
    [
        "", "example.com", "//example.com/", "ftp://example.com/", "file:///etc/passwd",
        "gopher://127.0.0.1/", "javascript:alert(1)", "http://", "http:///path",
        "http://user@example.com/", "http://user:pass@127.0.0.1/", "http://example.com:99999/",
        "http://example.com:port/", "http://exa mple.com/", "http://example.com\\@127.0.0.1/",
        "http://example.com/\r\nHost: x", "http://example.com/\0", "http://[::1",
        "http://" + "x" * 3000,
    ],
)  # fmt: skip
def test_an_invalid_url_is_refused(url: str):
    with pytest.raises(HttpError) as refused:
        check_url(url, DEVELOPMENT)

    assert refused.value.kind == "invalid_url"


@pytest.mark.parametrize(
    "url", ["https://shop.example/hook", "http://shop.example:80/", "https://8.8.8.8/x?y=z#f"]
)
def test_an_ordinary_address_is_accepted_in_production(url: str):
    check_url(url, PRODUCTION)


@pytest.mark.parametrize("url", ["http://localhost:4000/webhook", "http://127.0.0.1:3002/webhook"])
def test_a_receiver_on_this_machine_is_accepted_while_developing(url: str):
    check_url(url, DEVELOPMENT)


@pytest.mark.parametrize(
    ("url", "kind", "reason"),
    [
        ("https://user:pass@example.com/", "invalid_url", "user name or password"),
        ("https://user@example.com/", "invalid_url", "user name or password"),
        ("https://:secret@/", "invalid_url", "user name or password"),
        ("ftp://example.com/", "invalid_url", "must begin with http:// or https://"),
        ("example.com/hook", "invalid_url", "must begin with http:// or https://"),
        ("https:///hook", "invalid_url", "must name a host"),
        ("https://example.com:0/", "invalid_url", "a port from 1 to 65535"),
        ("https://example.com:70000/", "invalid_url", "a port from 1 to 65535"),
        ("https://example.com:port/", "invalid_url", "a port from 1 to 65535"),
        ("https://[::1/", "invalid_url", "is not a valid URL"),
        ("https://exa mple.com/", "invalid_url", "must not contain spaces"),
        ("https://example.com/" + "x" * 3000, "invalid_url", "must have at most"),
        ("https://example.com:8443/", "refused_address", "has the port 8443; allowed are 80, 443"),
        ("https://10.0.0.1/", "refused_address", "private, local or reserved"),
        ("https://2130706433/", "refused_address", "private, local or reserved"),
    ],
)
def test_a_refused_url_has_a_reason(url: str, kind: str, reason: str):
    with pytest.raises(HttpError) as refused:
        check_url(url, PRODUCTION)

    assert refused.value.kind == kind
    assert reason in refused.value.detail


def test_plain_http_is_refused_if_only_https_is_allowed():
    strict = Reach(allow_private=False, only_https=True)
    check_url("https://shop.example/hook", strict)
    with pytest.raises(HttpError) as refused:
        check_url("http://shop.example/hook", strict)

    assert refused.value.kind == "invalid_url"
