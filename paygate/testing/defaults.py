"""Default settings of tests."""

from __future__ import annotations

from collections.abc import Mapping

DEFAULTS: Mapping[str, str] = {
    # Simulators approve at once; delays and errors are chosen with scenarios.
    "TEST_MODE": "true",
    "TEST_PROCESSING_DELAY": "0",
    "REFUND_DELAY_MIN": "0",
    "REFUND_DELAY_MAX": "0",
}
