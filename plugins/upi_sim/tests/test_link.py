"""The link that a payer's app opens, and its code."""

from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import pytest

from paygate import Money
from paygate_upi_sim.link import qr_svg, upi_link

UNTIL = datetime(2026, 1, 15, 10, 35, tzinfo=UTC)


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        (Money(50_000, "INR"), "500.00"),
        (Money(100, "INR"), "1.00"),
        (Money(10**12, "INR"), "10000000000.00"),
        (Money(500, "JPY"), "500"),
    ],
)
def test_the_link_names_amount_reference_and_expiry(amount, shown):
    link = urlsplit(upi_link(amount=amount, reference="op_ABC", expires_at=UNTIL))
    fields = {name: value for name, (value,) in parse_qs(link.query).items()}

    assert (link.scheme, link.netloc) == ("upi", "pay")
    assert fields == {
        "pa": "paygate@sim",
        "pn": "Paygate Test Merchant",
        "am": shown,
        "cu": amount.currency,
        "tr": "op_ABC",
        "QRexpire": "2026-01-15T10:35:00Z",
    }
    assert "+" not in link.query


def test_the_qr_code_is_a_small_image():
    svg = qr_svg(upi_link(amount=Money(50_000, "INR"), reference="op_ABC", expires_at=UNTIL))
    root = ElementTree.fromstring(svg)

    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert "viewBox" in root.attrib
    assert len(svg) < 12_000
