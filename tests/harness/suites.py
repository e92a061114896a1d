"""Run the test suites of merchants and plugin authors."""

from __future__ import annotations

# Plugins of pytest that libraries of ours bring along: seconds to import, for nothing.
UNUSED = ("valkey", "schemathesis", "respx", "cacheprovider")
PYTEST = ("pytest", "-q", *(part for name in UNUSED for part in ("-p", f"no:{name}")))
"""The arguments of ``python -m``."""
