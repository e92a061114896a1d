"""How simulators behave in tests."""

from __future__ import annotations

from collections.abc import Mapping

DEFAULTS: Mapping[str, str] = {
    # They approve at once; what takes time or goes wrong is asked for by name.
    "TEST_MODE": "true",
    "TEST_PROCESSING_DELAY": "0",
    "REFUND_DELAY_MIN": "0",
    "REFUND_DELAY_MAX": "0",
}
