"""The ``upi://pay`` link that a payer's app opens, and the QR code that shows it.

Parameters as NPCI's linking specification names them: ``pa`` payee address, ``pn`` payee
name, ``am`` amount in rupees, ``cu`` currency, ``tr`` reference, ``QRexpire`` until when.
"""

from datetime import UTC, datetime
from urllib.parse import quote, urlencode

import segno

from paygate import Money

PAYEE_ADDRESS = "paygate@sim"
PAYEE_NAME = "Paygate Test Merchant"


def upi_link(*, amount: Money, reference: str, expires_at: datetime) -> str:
    """The link.

    Args:
        amount: What is to be paid.
        reference: What comes back with the payment: the operation's id.
        expires_at: When nobody waits for it any more, in UTC.
    """
    fields = {
        "pa": PAYEE_ADDRESS,
        "pn": PAYEE_NAME,
        "am": str(amount).split()[0],
        "cu": amount.currency,
        "tr": reference,
        "QRexpire": expires_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    # A space is %20 in it, and the address keeps its @.
    return f"upi://pay?{urlencode(fields, quote_via=quote, safe='@:')}"


def qr_svg(link: str) -> str:
    """The link as a QR code, an SVG image in a few kilobytes."""
    svg: str = segno.make(link, error="m").svg_inline(
        scale=4, border=2, omitsize=True, title="UPI QR"
    )
    return svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
