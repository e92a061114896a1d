"""The command line: one function for each command."""

from __future__ import annotations

import sys

from ..core.errors import InfrastructureError, OperatorError, WorkerEndedError

# Importing a module adds its commands, in this order.
# isort: off
# isort: on
from .verbs import app

OPERATOR_MISTAKE = 2
WORKER_ENDED = 1


def main() -> None:
    """Run the command line; print an operator's mistake as one sentence and exit with code 2."""
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
