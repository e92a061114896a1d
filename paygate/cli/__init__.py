"""The command line: one function for each command."""

from __future__ import annotations

import gc
import sys

from ..core.errors import InfrastructureError, OperatorError, WorkerEndedError

# Importing a module adds its commands, in this order.
# isort: off
# isort: on
from .verbs import app

OPERATOR_MISTAKE = 2
WORKER_ENDED = 1

# Python's 700 new objects are a few requests here, and hundreds of scans in a start.
GC_THRESHOLDS = (50_000, 20, 10)


def main() -> None:
    """Run the command line; print an operator's mistake as one sentence and exit with code 2."""
    gc.set_threshold(*GC_THRESHOLDS)
    try:
        app()
    except (OperatorError, InfrastructureError) as error:
        print(f"paygate: {error}", file=sys.stderr)
        raise SystemExit(OPERATOR_MISTAKE) from None
    except WorkerEndedError as error:
        print(f"paygate: {error}", file=sys.stderr)
        raise SystemExit(WORKER_ENDED) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None
