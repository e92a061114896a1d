"""How long a test waits for what it expects."""

from __future__ import annotations

import os

# Shorter in runs without a safeguard (tests/mutants), where a test may wait in vain.
PATIENCE_S = float(os.environ.get("PAYGATE_TEST_PATIENCE_S", "60"))

# Of pages.
PATIENCE_MS = PATIENCE_S * 1000
