"""The checks, one topic a file. Importing this registers all of them."""

from . import (
    isolation,
    method_input,
    method_prepares,
    policy_decides,
    processor_answers,
    processor_callbacks,
    processor_describes,
    processor_followups,
    processor_idempotency,
    processor_redaction,
    processor_sending,
    processor_state,
    processor_time,
    risk_assesses,
    router_ranks,
    sink_delivers,
)

__all__ = [
    "isolation",
    "method_input",
    "method_prepares",
    "policy_decides",
    "processor_answers",
    "processor_callbacks",
    "processor_describes",
    "processor_followups",
    "processor_idempotency",
    "processor_redaction",
    "processor_sending",
    "processor_state",
    "processor_time",
    "risk_assesses",
    "router_ranks",
    "sink_delivers",
]
