"""The same with async tests, time and webhooks."""

from datetime import timedelta

from paygate import Pending
from paygate.testing import FakeProcessor, Inbox, PaygateApp, approve


async def test_a_refund_of_a_slow_bank_is_processed_later(
    paygate_app: PaygateApp, webhook_inbox: Inbox
):
    answers = [Pending(resolve_after=timedelta(hours=6)), approve]
    with paygate_app.use(FakeProcessor(answers=answers)):
        payment = await paygate_app.pay(9_900)
        assert payment["status"] == "pending"
        await paygate_app.until(payment, "success")

    paid = await webhook_inbox.expect("payment.success", payment_id=payment["id"])
    assert paid.data["amount"] == 9_900


async def test_a_webhook_is_retried_after_the_shop_was_down(
    paygate_app: PaygateApp, webhook_inbox: Inbox
):
    payment = await paygate_app.pay()
    await webhook_inbox.expect("payment.success")
    await webhook_inbox.answer(503, 503)

    await paygate_app.refund(payment, 100)
    await webhook_inbox.expect("refund.processed", amount=100, within=timedelta(hours=3))
