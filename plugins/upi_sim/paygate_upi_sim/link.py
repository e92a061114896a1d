"""The ``upi://pay`` link that opens a payer's app, and its QR code.

Parameters of NPCI's linking specification: ``pa`` payee address, ``pn`` payee name, ``am``
amount in rupees, ``cu`` currency, ``tr`` reference, ``QRexpire`` time of expiry.
"""

from datetime import UTC, datetime
from urllib.parse import quote, urlencode

import segno

from paygate import Money

PAYEE_ADDRESS = "paygate@sim"
PAYEE_NAME = "Paygate Test Merchant"


def upi_link(*, amount: Money, reference: str, expires_at: datetime) -> str:
    """Return the link.

    Args:
        amount: The amount to pay.
        reference: Identifies the payment: the operation's id.
        expires_at: When the link becomes invalid, in UTC.
    """
    fields = {
        "pa": PAYEE_ADDRESS,
        "pn": PAYEE_NAME,
        "am": str(amount).split()[0],
        "cu": amount.currency,
        "tr": reference,
        "QRexpire": expires_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    # Spaces are encoded as %20; the @ of the address is not encoded.
    return f"upi://pay?{urlencode(fields, quote_via=quote, safe='@:')}"


def qr_svg(link: str) -> str:
    """Return the link as a QR code, an SVG image of a few kilobytes."""
    svg: str = segno.make(link, error="m").svg_inline(
        scale=4, border=2, omitsize=True, title="UPI QR"
    )
    return svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
