"""Processors that decide what they do not know: the response to a follow-up or a query was lost."""

from paygate import Approved, DeclineCode, Declined, HttpError, NotSentError
from tests.kit.bad.processors import breaks
from tests.kit.good import Good

NOT_SENT = "processor.follow_ups_not_sent_only_before_sending"
UNANSWERED = "processor.decides_nothing_by_an_unanswered_query"


async def was_not_sent(self, request, context):
    try:
        await self.send(self.body(request, context, {"about": request.operation_id}), context)
    except HttpError as error:
        raise NotSentError(error.kind, plugin="bad") from None
    return await self.ask(request, context, about=request.operation_id)


@breaks(NOT_SENT)
class SaysItSentNoRefund(Good):
    refund = was_not_sent


@breaks(NOT_SENT)
class SaysItSentNoCapture(Good):
    capture = was_not_sent


@breaks(NOT_SENT)
class SaysItSentNoVoid(Good):
    void = was_not_sent


@breaks("processor.decides_no_follow_up_without_a_response")
class TakesALostRefundAsMade(Good):
    async def refund(self, request, context):
        try:
            await self.send(self.body(request, context, {"about": request.operation_id}), context)
        except HttpError:
            return Approved(f"lost-{context.operation_id}", request.amount)
        return await super().refund(request, context)


class Queries(Good):
    def unanswered(self, request):
        raise NotImplementedError

    async def query(self, kind, request, context):
        try:
            fields = {"operation": request.operation_id}
            await self.send(self.body(request, context, fields), context)
        except HttpError:
            return self.unanswered(request)
        return await super().query(kind, request, context)


@breaks(UNANSWERED)
class FailsAnUnansweredQuery(Queries):
    def unanswered(self, request):
        return Declined(DeclineCode.ISSUER_UNAVAILABLE)


@breaks(UNANSWERED)
class ApprovesAnUnansweredQuery(Queries):
    def unanswered(self, request):
        return Approved(f"bank-{request.operation_id}", request.amount)


@breaks(UNANSWERED)
class SaysThatTheChargeWasNotSent(Queries):
    def unanswered(self, request):
        raise NotSentError("the query failed", plugin="bad")
