"""Links of the OpenAPI document: which operations take an id that another one has returned.

Programs that generate tests or clients from the document follow them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]

OF_PAYMENT = (
    "showPayment",
    "showPaymentTimeline",
    "showPaymentToItsShopper",
    "capturePayment",
    "cancelPayment",
    "cancelPaymentAsItsShopper",
    "refundPayment",
    "simulatePayer",
)
TARGETS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "createOrder": {"order_id": ("showOrder", "showOrderToShopper")},
    "createPaymentLink": {"link_id": ("showPaymentLink", "cancelPaymentLink")},
    "createPayment": {"payment_id": OF_PAYMENT},
    "createPaymentAsShopper": {"payment_id": OF_PAYMENT},
    "refundPayment": {"refund_id": ("showRefund",)},
    "createEndpoint": {
        "endpoint_id": (
            "showEndpoint",
            "changeEndpoint",
            "disableEndpoint",
            "enableEndpoint",
            "rotateEndpointSecret",
            "sendTestEventToEndpoint",
            "deleteEndpoint",
        )
    },
    "createApiKey": {"key_id": ("revokeApiKey",)},
    "createUser": {"user_id": ("changeUser", "resetUserPassword")},
    "createTestMerchant": {"namespace_id": ("retireTestMerchant",)},
}
"""Operation -> parameter in the path -> operations that take it; its value is the ``id``."""

IN_BODIES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "createOrder": {"order_id": ("createPayment", "createPaymentAsShopper")},
    "createPayment": {"payment_id": ("createRefund",)},
}
"""The same, for a field of the request's body."""

ID = "$response.body#/id"


def add_links(paths: Mapping[str, Json]) -> None:
    """Add the links to the successful responses of a document's operations."""
    operations = {
        operation["operationId"]: operation
        for item in paths.values()
        for operation in item.values()
    }
    for place, sources in (("parameters", TARGETS), ("requestBody", IN_BODIES)):
        for source, named in sources.items():
            if source not in operations:
                # Routes of tests are missing in production.
                continue
            links = _successful(operations[source]).setdefault("links", {})
            for name, targets in named.items():
                links |= {
                    target: {"operationId": target, place: {name: ID}}
                    for target in targets
                    if target in operations
                }


def _successful(operation: Json) -> Json:
    """Return the response of an operation that succeeds."""
    responses: Mapping[str, Json] = operation["responses"]
    return next(response for status, response in responses.items() if status.startswith("2"))
