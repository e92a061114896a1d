"""Processors that send requests with any method, and mark wrongly which of them move money."""

from __future__ import annotations

from datetime import timedelta

from tests.kit.bad.processors import breaks
from tests.kit.good import Good


class SendsWithPut(Good):
    """Sends each operation with ``PUT``, marked as moving money; this is right."""

    moves_money = True

    async def send(self, body, context):
        return await context.http.request(
            "PUT",
            f"https://bank.example/operations/{context.operation_id}",
            body=body,
            headers={"content-type": "application/json"},
            timeout=min(context.deadline, timedelta(seconds=5)),
            moves_money=self.moves_money,
        )


@breaks("processor.marks_requests_that_move_money")
class ChargesUnmarked(SendsWithPut):
    moves_money = False


@breaks("processor.marks_requests_that_move_money")
class ChargesWithGet(Good):
    async def send(self, body, context):
        return await context.http.request(
            "GET",
            "https://bank.example/charges",
            params={"operation": context.operation_id},
            body=body,
            timeout=min(context.deadline, timedelta(seconds=5)),
            moves_money=True,
        )
