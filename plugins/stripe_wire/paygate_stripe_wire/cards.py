"""Test cards: their numbers, the ids of their payment methods, and the scenarios they play.

Only these cards exist here. A record of a payment method names one, and no card number is stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Codes = tuple[str, str | None]
"""An error's code and decline code."""
DECLINED = "card_declined"


@dataclass(frozen=True, slots=True)
class Card:
    """A test card.

    Args:
        number: Its number.
        brand: Its network.
        scenario: What paygate's simulated processor plays.
        codes: Of its decline, if they are finer than those of the scenario.
        is_challenged: Whether its bank asks the payer.
    """

    number: str
    brand: str
    scenario: str = "approve"
    codes: Codes | None = None
    is_challenged: bool = False

    @property
    def last4(self) -> str:
        """The last four digits."""
        return self.number[-4:]


CARDS: Mapping[str, Card] = {
    "pm_card_visa": Card("4242424242424242", "visa"),
    "pm_card_visa_debit": Card("4000056655665556", "visa"),
    "pm_card_mastercard": Card("5555555555554444", "mastercard"),
    "pm_card_mastercard_debit": Card("5200828282828210", "mastercard"),
    "pm_card_mastercard_prepaid": Card("5105105105105100", "mastercard"),
    "pm_card_amex": Card("378282246310005", "amex"),
    "pm_card_discover": Card("6011111111111117", "discover"),
    "pm_card_diners": Card("3056930009020004", "diners"),
    "pm_card_jcb": Card("3566002020360505", "jcb"),
    "pm_card_chargeDeclined": Card("4000000000000002", "visa", "decline"),
    "pm_card_chargeDeclinedInsufficientFunds": Card(
        "4000000000009995", "visa", "insufficient_funds"
    ),
    "pm_card_chargeDeclinedLostCard": Card(
        "4000000000009987", "visa", "blocked_instrument", (DECLINED, "lost_card")
    ),
    "pm_card_chargeDeclinedStolenCard": Card(
        "4000000000009979", "visa", "blocked_instrument", (DECLINED, "stolen_card")
    ),
    "pm_card_chargeDeclinedExpiredCard": Card("4000000000000069", "visa", "expired_instrument"),
    "pm_card_chargeDeclinedIncorrectCvc": Card(
        "4000000000000127", "visa", "decline", ("incorrect_cvc", "incorrect_cvc")
    ),
    "pm_card_chargeDeclinedProcessingError": Card(
        "4000000000000119", "visa", "decline", ("processing_error", "processing_error")
    ),
    "pm_card_chargeDeclinedVelocityLimitExceeded": Card(
        "4000000000006975", "visa", "limit_exceeded"
    ),
    "pm_card_radarBlock": Card("4100000000000019", "visa", "suspected_fraud"),
    "pm_card_chargeCustomerFail": Card("4000000000000341", "visa", "decline"),
    "pm_card_authenticationRequired": Card(
        "4000002500003155", "visa", "three_ds", is_challenged=True
    ),
    "pm_card_threeDSecure2Required": Card(
        "4000000000003220", "visa", "three_ds", is_challenged=True
    ),
    "pm_card_threeDSecureRequired": Card(
        "4000000000003063", "visa", "three_ds", is_challenged=True
    ),
    "pm_card_threeDSecureRequiredChargeDeclined": Card(
        "4000008400001629", "visa", "three_ds_failed", is_challenged=True
    ),
    "pm_card_threeDSecureOptional": Card("4000000000003055", "visa"),
    "pm_card_pendingRefund": Card("4000000000007726", "visa", "refund_slow"),
    "pm_card_refundFail": Card("4000000000005126", "visa", "refund_declined"),
}
"""Id of a payment method → its card."""
SCENARIO_PREFIX = "pm_paygate_"
"""``pm_paygate_late_success`` plays that scenario of paygate."""
BY_NUMBER = {card.number: id for id, card in CARDS.items()}
BY_LAST4 = {card.last4: card for card in CARDS.values()}
DECLINES: Mapping[str, Codes] = {
    "declined": (DECLINED, "generic_decline"),
    "insufficient_funds": (DECLINED, "insufficient_funds"),
    "expired_instrument": ("expired_card", "expired_card"),
    "invalid_instrument": ("incorrect_number", "incorrect_number"),
    "blocked_instrument": (DECLINED, "pickup_card"),
    "limit_exceeded": (DECLINED, "card_velocity_exceeded"),
    "authentication_failed": ("payment_intent_authentication_failure", None),
    "payer_rejected": ("payment_intent_authentication_failure", None),
    "payer_timed_out": ("payment_intent_payment_attempt_expired", None),
    "suspected_fraud": (DECLINED, "fraudulent"),
    "issuer_unavailable": (DECLINED, "issuer_not_available"),
    "processing_error": ("processing_error", "processing_error"),
}
"""paygate's decline code → the dialect's codes."""


def known_id(id: str) -> str | None:
    """Return the id of a test card, under which ``card_of`` finds it; None if it is not one."""
    name = f"pm_card_{id.removeprefix('tok_')}" if id.startswith("tok_") else id
    for each in (name, name.replace("pm_card_visa_charge", "pm_card_charge")):
        if each in CARDS:
            return each
    return name if name.startswith(SCENARIO_PREFIX) and name != SCENARIO_PREFIX else None


def card_of(id: str) -> Card:
    """Return the card of an id that ``known_id`` has returned."""
    found = CARDS.get(id)
    if found is None:
        visa = CARDS["pm_card_visa"]
        return Card(visa.number, visa.brand, id.removeprefix(SCENARIO_PREFIX))
    return found


def codes_of(decline_code: str | None, last4: str | None, scenario: str | None) -> Codes:
    """Return the codes of a declined payment.

    Args:
        decline_code: paygate's.
        last4: The last four digits of its card.
        scenario: What the processor played.
    """
    card = BY_LAST4.get(last4 or "")
    if card is not None and card.codes is not None and card.scenario == scenario:
        return card.codes
    if card is not None and card.is_challenged and scenario == "authentication_failed":
        return "authentication_required", "authentication_required"
    return DECLINES.get(decline_code or "", (DECLINED, "generic_decline"))
