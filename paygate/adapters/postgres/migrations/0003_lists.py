"""Indexes of the lists and of their filters, in the order in which lists are read.

The last key is the row's id, so that rows of the same time have one order too.
"""

from __future__ import annotations

from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.schema_generator.state import State

# orders, payments, refunds.
MERCHANTS_LISTS = """
DROP INDEX idx_orders_merchan_fb8f88, idx_payments_merchan_6cd3ff, idx_refunds_merchan_3e1f0c;
CREATE INDEX orders_newest ON orders (merchant_id, created_at, id);
CREATE INDEX orders_newest_by_status ON orders (merchant_id, status, created_at, id);
CREATE INDEX payments_newest ON payments (merchant_id, created_at, id);
CREATE INDEX payments_newest_by_status ON payments (merchant_id, status, created_at, id);
CREATE INDEX payments_newest_by_method ON payments (merchant_id, method, created_at, id);
CREATE INDEX refunds_newest ON refunds (merchant_id, created_at, id);
CREATE INDEX refunds_newest_by_status ON refunds (merchant_id, status, created_at, id);
"""

# webhook_logs: the third key orders the events of a payment; it is null for other events.
# Few deliveries are pending or failed, so their indexes are small.
DELIVERIES = """
DROP INDEX idx_webhook_log_merchan_188d0b;
CREATE INDEX webhook_logs_newest ON webhook_logs (
    merchant_id, created_at, (coalesce(seq, 0)), id);
CREATE INDEX webhook_logs_newest_pending ON webhook_logs (
    merchant_id, created_at, (coalesce(seq, 0)), id) WHERE status = 'pending';
CREATE INDEX webhook_logs_newest_failed ON webhook_logs (
    merchant_id, created_at, (coalesce(seq, 0)), id) WHERE status = 'failed';
CREATE INDEX webhook_logs_newest_by_endpoint ON webhook_logs (
    endpoint_id, created_at, (coalesce(seq, 0)), id);
"""

# audit_log: a filter by actor matches its id or its label.
AUDIT_LOG = """
CREATE INDEX audit_log_newest_by_action ON audit_log (merchant_id, action, id);
CREATE INDEX audit_log_newest_by_subject ON audit_log (merchant_id, subject, id);
CREATE INDEX audit_log_newest_by_actor_id ON audit_log (merchant_id, actor_id, id);
CREATE INDEX audit_log_newest_by_actor_label ON audit_log (merchant_id, actor_label, id);
"""

# payments: the items that need attention include failed payments whose money is kept. They are
# rare.
KEPT_MONEY = """
CREATE INDEX payments_kept_money ON payments (updated_at)
    WHERE status = 'failed' AND amount_captured > amount_refunded;
"""


class ReplaceIndexes(ops.RunSQL):
    """SQL that also drops the indexes on (merchant_id, created_at) of the models.

    It is one operation, because Tortoise copies its state of all tables for each.
    """

    def state_forward(self, app_label: str, state: State) -> None:
        for name in ("DeliveryRow", "OrderRow", "PaymentRow", "RefundRow"):
            options = self.get_model_state(state, app_label, name).options
            options["indexes"] = [
                index
                for index in options["indexes"]
                if list(index.fields) != ["merchant_id", "created_at"]
            ]


class Migration(migrations.Migration):
    dependencies = [("paygate", "0002_rules")]

    initial = False

    operations = [ReplaceIndexes([MERCHANTS_LISTS, DELIVERIES, AUDIT_LOG, KEPT_MONEY])]
