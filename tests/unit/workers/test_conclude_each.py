"""Results become records one by one: what fails costs its own row and no other."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import pytest

from paygate.core.errors import PluginError
from paygate.core.queue.lease import Lease
from paygate.core.queue.work import Finished, conclude_each


@dataclass(frozen=True)
class Claimed:
    """A claimed row."""

    lease: Lease


def finished(row_id: str) -> Finished[Claimed, str]:
    return Finished(Claimed(Lease(row_id, UUID(int=0), 1)), row_id.upper())


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (TypeError("no such field"), "TypeError: no such field"),
        (PluginError("it is wrong"), "it is wrong"),
    ],
)
def test_a_conclusion_that_fails_costs_only_its_own_row(error: Exception, reason: str):
    def conclude(each: Finished[Claimed, str]) -> str:
        if each.result == "B":
            raise error
        return each.result

    records, refused = conclude_each([finished(row_id) for row_id in "abc"], conclude)

    assert records == ["A", "C"]
    assert refused == {"b": reason}
