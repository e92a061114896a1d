import functools
from json import dumps, loads
from uuid import uuid4

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from paygate.adapters.storage.exact_json import ExactJsonField


class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name="MerchantRow",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True),
                ),
                ("name", fields.CharField(max_length=255)),
                ("email", fields.CharField(unique=True, max_length=255)),
                ("api_key", fields.CharField(unique=True, max_length=64)),
                ("api_secret", fields.CharField(max_length=64)),
                ("webhook_url", fields.TextField(null=True, unique=False)),
                ("webhook_secret", fields.CharField(null=True, max_length=64)),
                ("is_active", fields.BooleanField(default=True)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("updated_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "merchants",
                "app": "paygate",
                "pk_attr": "id",
                "table_description": "Who gets the money. ``webhook_url`` and ``webhook_secret`` may be set by SQL.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="DeliveryRow",
            fields=[
                ("lease_token", fields.UUIDField(null=True)),
                (
                    "lease_until",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                ("lease_owner", fields.CharField(null=True, max_length=64)),
                ("claims", fields.IntField(default=0)),
                ("last_error", fields.TextField(null=True, unique=False)),
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True),
                ),
                (
                    "merchant",
                    fields.ForeignKeyField(
                        "paygate.MerchantRow",
                        source_field="merchant_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="deliveries",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("event", fields.CharField(max_length=50)),
                ("payload", ExactJsonField(unique=False)),
                ("status", fields.CharField(default="pending", max_length=20)),
                ("attempts", fields.IntField(default=0)),
                (
                    "last_attempt_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                (
                    "next_retry_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                ("response_code", fields.IntField(null=True)),
                ("response_body", fields.TextField(null=True, unique=False)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("event_id", fields.CharField(max_length=64)),
                ("sink", fields.CharField(max_length=64)),
                ("endpoint_id", fields.UUIDField()),
                ("payment_id", fields.CharField(null=True, max_length=64)),
                ("seq", fields.IntField(null=True)),
            ],
            options={
                "table": "webhook_logs",
                "app": "paygate",
                "unique_together": (("event_id", "sink", "endpoint_id"),),
                "indexes": [Index(fields=["merchant_id", "created_at"]), Index(fields=["status"])],
                "pk_attr": "id",
                "table_description": "One event to one endpoint. Work, while ``status`` is pending.",
            },
            bases=["LeaseColumns"],
        ),
        ops.CreateModel(
            name="DeliveryAttemptRow",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                (
                    "delivery",
                    fields.ForeignKeyField(
                        "paygate.DeliveryRow",
                        source_field="delivery_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="delivery_attempts",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("ordinal", fields.IntField()),
                ("started_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("finished_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("status_code", fields.IntField(null=True)),
                ("error", fields.CharField(null=True, max_length=64)),
                ("snippet", fields.TextField(null=True, unique=False)),
            ],
            options={
                "table": "delivery_attempts",
                "app": "paygate",
                "indexes": [Index(fields=["delivery_id"])],
                "pk_attr": "id",
                "table_description": "One try of a delivery.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="OrderRow",
            fields=[
                (
                    "id",
                    fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64),
                ),
                (
                    "merchant",
                    fields.ForeignKeyField(
                        "paygate.MerchantRow",
                        source_field="merchant_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="orders",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("amount", fields.BigIntField()),
                ("currency", fields.CharField(default="INR", max_length=3)),
                ("receipt", fields.CharField(null=True, max_length=255)),
                (
                    "notes",
                    fields.JSONField(
                        null=True,
                        encoder=functools.partial(dumps, separators=(",", ":")),
                        decoder=loads,
                    ),
                ),
                ("status", fields.CharField(default="created", max_length=20)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("updated_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "orders",
                "app": "paygate",
                "indexes": [Index(fields=["merchant_id", "created_at"])],
                "pk_attr": "id",
                "table_description": "What is to be paid.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="PaymentRow",
            fields=[
                (
                    "id",
                    fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64),
                ),
                (
                    "order",
                    fields.ForeignKeyField(
                        "paygate.OrderRow",
                        source_field="order_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="payments",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "merchant",
                    fields.ForeignKeyField(
                        "paygate.MerchantRow",
                        source_field="merchant_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="payments",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("amount", fields.BigIntField()),
                ("currency", fields.CharField(default="INR", max_length=3)),
                ("method", fields.CharField(max_length=20)),
                ("status", fields.CharField(default="pending", max_length=20)),
                ("vpa", fields.CharField(null=True, max_length=255)),
                ("card_network", fields.CharField(null=True, max_length=20)),
                ("card_last4", fields.CharField(null=True, max_length=4)),
                ("captured", fields.BooleanField(default=False)),
                ("error_code", fields.CharField(null=True, max_length=50)),
                ("error_description", fields.TextField(null=True, unique=False)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("updated_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("flow", fields.CharField(max_length=40)),
                ("processor", fields.CharField(max_length=64)),
                (
                    "instrument",
                    fields.JSONField(
                        encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
                ("decline_code", fields.CharField(null=True, max_length=50)),
                ("amount_captured", fields.BigIntField(default=0)),
                ("amount_refunded", fields.BigIntField(default=0)),
                ("version", fields.IntField(default=1)),
                ("last_seq", fields.IntField(default=0)),
            ],
            options={
                "table": "payments",
                "app": "paygate",
                "indexes": [
                    Index(fields=["order_id"]),
                    Index(fields=["status"]),
                    Index(fields=["merchant_id", "created_at"]),
                ],
                "pk_attr": "id",
                "table_description": "One try at paying an order.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="EventRow",
            fields=[
                (
                    "id",
                    fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64),
                ),
                (
                    "merchant",
                    fields.ForeignKeyField(
                        "paygate.MerchantRow",
                        source_field="merchant_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="events",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "payment",
                    fields.ForeignKeyField(
                        "paygate.PaymentRow",
                        source_field="payment_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="events",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("type", fields.CharField(max_length=50)),
                ("seq", fields.IntField(null=True)),
                ("payload", ExactJsonField(unique=False)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "events",
                "app": "paygate",
                "unique_together": (("payment_id", "seq"),),
                "indexes": [Index(fields=["merchant_id", "created_at"])],
                "pk_attr": "id",
                "table_description": "A fact and its frozen bytes.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="OperationRow",
            fields=[
                ("lease_token", fields.UUIDField(null=True)),
                (
                    "lease_until",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                ("lease_owner", fields.CharField(null=True, max_length=64)),
                ("claims", fields.IntField(default=0)),
                ("last_error", fields.TextField(null=True, unique=False)),
                (
                    "id",
                    fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64),
                ),
                (
                    "payment",
                    fields.ForeignKeyField(
                        "paygate.PaymentRow",
                        source_field="payment_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="operations",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "merchant",
                    fields.ForeignKeyField(
                        "paygate.MerchantRow",
                        source_field="merchant_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="operations",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("kind", fields.CharField(max_length=20)),
                ("amount", fields.BigIntField()),
                ("currency", fields.CharField(max_length=3)),
                ("processor", fields.CharField(max_length=64)),
                ("state", fields.CharField(max_length=20)),
                ("lease_state", fields.CharField(default="ready", max_length=10)),
                ("run_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("queries", fields.IntField(default=0)),
                ("reference", fields.CharField(null=True, max_length=255)),
                (
                    "processor_state",
                    fields.JSONField(
                        null=True,
                        encoder=functools.partial(dumps, separators=(",", ":")),
                        decoder=loads,
                    ),
                ),
                ("sealed", fields.TextField(null=True, unique=False)),
                ("note", fields.TextField(null=True, unique=False)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("updated_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "operations",
                "app": "paygate",
                "indexes": [Index(fields=["payment_id"])],
                "pk_attr": "id",
                "table_description": "One thing asked of a processor. Work, while ``lease_state`` is ready.",
            },
            bases=["LeaseColumns"],
        ),
        ops.CreateModel(
            name="PaymentTransitionRow",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                (
                    "payment",
                    fields.ForeignKeyField(
                        "paygate.PaymentRow",
                        source_field="payment_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="transitions",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("version", fields.IntField()),
                ("from_status", fields.CharField(null=True, max_length=20)),
                ("to_status", fields.CharField(max_length=20)),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "payment_transitions",
                "app": "paygate",
                "unique_together": (("payment_id", "version"),),
                "pk_attr": "id",
                "table_description": "Written by the trigger on ``payments``: every status a payment ever had.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="WorkerRow",
            fields=[
                (
                    "id",
                    fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64),
                ),
                ("kind", fields.CharField(max_length=20)),
                ("started_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("heartbeat_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "workers",
                "app": "paygate",
                "pk_attr": "id",
                "table_description": "A process that works, and when it was last heard of.",
            },
            bases=["Model"],
        ),
    ]
