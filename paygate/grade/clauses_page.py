"""Write docs/reference/common-contract.md; ``make reference`` runs it."""

from __future__ import annotations

import json
import sys

from .clauses import CLAUSES
from .clauses.installation import TEST_MERCHANT
from .clauses.orders import DENIED, NO_OTHERS
from .clauses.webhooks import EARLY_S, LATE_S, WAITS_S

INTRODUCTION = """\
# The common contract

What clients of every gateway of this family rely on. paygate keeps it, and `paygate grade`
checks it against any gateway: [Grade a gateway](../how-to/grade-a-gateway.md). This page is
generated from the clauses that the command checks.

The routes are below `/api/v1`, except `/health`. Amounts are whole minor units. Every refusal
is `{"error": {"code", "description"}}`. The gateway runs with `TEST_MODE=true`,
`TEST_PAYMENT_SUCCESS=true`, `TEST_PROCESSING_DELAY=1000` and
`WEBHOOK_RETRY_INTERVALS_TEST=true`.

| clause | what it requires | not seen from outside |
|---|---|---|"""
NOTES = f"""
K6 and K14 also say what another merchant sees: {NO_OTHERS}. K18 checks the
first retry; with `--full` all of them, which takes {sum(WAITS_S)} s. A retry may come
{EARLY_S:g} s early and {LATE_S:g} s late.

The exact body of K2:
"""


def page() -> str:
    """Return the page: every clause, and what of it cannot be seen from outside."""
    rows = [f"| {each.id} | {each.requires} | {'; '.join(each.unseen)} |" for each in CLAUSES]
    blocks = [_block(TEST_MERCHANT), "\nThe exact body of K5:\n", _block(DENIED)]
    return "\n".join([INTRODUCTION, *rows, NOTES, *blocks, ""])


def _block(body: object) -> str:
    return f"```json\n{json.dumps(body, indent=2)}\n```"


if __name__ == "__main__":
    sys.stdout.write(page())
