"""Sequences of requests, and their expected events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

ODD = (
    'ग्राहक ने लौटाया 😀 👩\u200d👧 ₹ e\u0301 "so" \\back\\ </script>'
    " \u2028\u2029\ufeff\t\n\x7f \U0010ffff"
)
CARD = {
    "number": "4111111111111111",
    "expiry_month": "12",
    "expiry_year": "2035",
    "cvv": "123",
    "holder_name": "आशा राव 😀",
}
UPI = {"method": "upi", "vpa": "asha.r-1_2@paytm"}
OPENED = ["payment.created", "payment.pending"]
REFUND = ("refunds", {"amount": 12_345, "reason": ODD})


@dataclass(frozen=True)
class Story:
    """A payment, and what the merchant then does with it.

    Args:
        instrument: What pays.
        begins: The events until nothing more happens by itself.
        goes_on: What the merchant asks of the payment, and the events this makes.
        capture: The order's.
    """

    instrument: dict[str, Any]
    begins: list[str]
    goes_on: list[tuple[tuple[str, dict[str, Any]], list[str]]]
    capture: str = "automatic"

    @property
    def events(self) -> list[str]:
        return self.begins + [event for _, events in self.goes_on for event in events]


PAID = [*OPENED, "payment.success"]
HELD = [*OPENED, "payment.authorized"]
REFUNDED = [(REFUND, ["refund.created", "refund.processed"])]
PAID_AND_REFUNDED = Story(UPI, PAID, REFUNDED)
STORIES = [
    PAID_AND_REFUNDED,
    Story({"method": "card", "card": CARD}, PAID, REFUNDED),
    Story({"method": "upi", "vpa": "failure@upi"}, [*OPENED, "payment.failed"], []),
    Story(
        {"method": "upi", "vpa": "norefund@upi"},
        PAID,
        [(REFUND, ["refund.created", "refund.failed"])],
    ),
    Story(UPI, HELD, [(("cancel", {}), ["payment.cancelled"])], "manual"),
    Story(
        {"method": "card", "card": CARD},
        HELD,
        [
            (("capture", {"amount": 20_000, "final": False}), ["payment.captured"]),
            (("capture", {"amount": 30_000}), ["payment.success"]),
        ],
        "manual",
    ),
]
EVENTS = {event for story in STORIES for event in story.events} | {"webhook.test"}
ROWS = sum(len(story.events) for story in STORIES) + 1
