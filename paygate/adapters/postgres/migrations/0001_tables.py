"""Create the tables."""

from __future__ import annotations

import functools
from json import dumps, loads
from uuid import uuid4

from tortoise import fields, migrations
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from ..orm import ExactJsonField


class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name="AnswerConflictRow",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("processor", fields.CharField(max_length=64)),
                ("payment_id", fields.CharField(max_length=64)),
                ("operation_id", fields.CharField(max_length=64)),
                ("reason", fields.CharField(max_length=1000)),
            ],
            options={
                "table": "answer_conflicts",
                "app": "paygate",
                "unique_together": (("operation_id", "reason"),),
                "pk_attr": "id",
                "table_description": "A processor's response to a call that contradicts the stored outcome.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="CallbackRow",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("processor", fields.CharField(max_length=64)),
                ("received_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "headers",
                    fields.JSONField(
                        encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
                ("body", fields.BinaryField()),
                ("dedupe_key", fields.CharField(null=True, max_length=255)),
                ("operation_id", fields.CharField(null=True, max_length=64)),
                ("payment_id", fields.CharField(null=True, max_length=64)),
                ("effect", fields.CharField(max_length=20)),
                ("reason", fields.TextField(null=True, unique=False)),
            ],
            options={
                "table": "processor_callbacks",
                "app": "paygate",
                "unique_together": (("processor", "dedupe_key"),),
                "indexes": [Index(fields=["payment_id"]), Index(fields=["effect"])],
                "pk_attr": "id",
                "table_description": "A processor's callback as it was received, and its effect.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="DecisionRow",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("payment_id", fields.CharField(max_length=64)),
                ("kind", fields.CharField(max_length=20)),
                ("chosen", fields.CharField(max_length=64)),
                ("decided_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("took_ms", fields.IntField()),
                ("data", ExactJsonField(unique=False)),
            ],
            options={
                "table": "payment_decisions",
                "app": "paygate",
                "indexes": [Index(fields=["payment_id"])],
                "pk_attr": "id",
                "table_description": "A routing or risk decision about a payment, with the answer of each plugin.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="LoginTriesRow",
            fields=[
                (
                    "id",
                    fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64),
                ),
                ("tries", fields.IntField()),
                ("began_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "locked_until",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
            ],
            options={
                "table": "login_tries",
                "app": "paygate",
                "indexes": [Index(fields=["began_at"])],
                "pk_attr": "id",
                "table_description": "Login attempts for an account from an address; the id is a digest of both.",
            },
            bases=["Model"],
        ),
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
                ("default_scenario", fields.CharField(null=True, max_length=64)),
                ("webhook_sealed", fields.TextField(null=True, unique=False)),
                ("webhook_secret_hint", fields.CharField(null=True, max_length=16)),
                ("webhook_previous_secret", fields.CharField(null=True, max_length=64)),
                ("webhook_previous_sealed", fields.TextField(null=True, unique=False)),
                (
                    "webhook_previous_until",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                (
                    "webhook_disabled_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                ("webhook_disabled_reason", fields.CharField(null=True, max_length=20)),
                ("webhook_failures", fields.IntField(default=0)),
                (
                    "webhook_first_failure_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                ("webhook_unanswered", fields.IntField(default=0)),
                (
                    "webhook_breaker_open_since",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                (
                    "webhook_endpoints",
                    fields.JSONField(
                        default=[],
                        encoder=functools.partial(dumps, separators=(",", ":")),
                        decoder=loads,
                    ),
                ),
                ("allowed_origins", ArrayField(null=True, element_type="TEXT")),
                ("api_previous_secret", fields.CharField(null=True, max_length=64)),
                (
                    "api_previous_until",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                (
                    "api_revoked_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                ("is_test", fields.BooleanField(default=False)),
            ],
            options={
                "table": "merchants",
                "app": "paygate",
                "pk_attr": "id",
                "table_description": "A merchant. SQL may set ``webhook_url``, ``webhook_secret`` and ``allowed_origins``.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ApiKeyRow",
            fields=[
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
                        related_name="api_keys",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("label", fields.CharField(max_length=100)),
                ("key", fields.CharField(unique=True, max_length=64)),
                ("secret_sha256", fields.CharField(max_length=64)),
                ("secret_last4", fields.CharField(max_length=4)),
                ("role", fields.CharField(max_length=20)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "last_used_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                ("revoked_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("expires_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("created_by", fields.UUIDField(null=True)),
            ],
            options={
                "table": "api_keys",
                "app": "paygate",
                "indexes": [
                    Index(fields=["merchant_id"]),
                    Index(fields=["created_by"], name="api_keys_created_by"),
                ],
                "pk_attr": "id",
                "table_description": "An API key in addition to the merchant's own key pair.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="AuditRow",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                (
                    "merchant",
                    fields.ForeignKeyField(
                        "paygate.MerchantRow",
                        source_field="merchant_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="audit_log",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("actor_kind", fields.CharField(max_length=10)),
                ("actor_id", fields.CharField(max_length=64)),
                ("actor_label", fields.CharField(max_length=255)),
                ("action", fields.CharField(max_length=64)),
                ("subject", fields.CharField(max_length=255)),
                ("ip", fields.CharField(null=True, max_length=64)),
                (
                    "detail",
                    fields.JSONField(
                        encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
            ],
            options={
                "table": "audit_log",
                "app": "paygate",
                "indexes": [Index(fields=["merchant_id", "id"])],
                "pk_attr": "id",
                "table_description": "An audit entry. A trigger refuses to change or delete a row.",
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
                        db_constraint=False,
                        to_field="id",
                        related_name="deliveries",
                        on_delete=OnDelete.NO_ACTION,
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
                ("is_manual", fields.BooleanField(default=False)),
                ("retry_requested", fields.BooleanField(default=False)),
            ],
            options={
                "table": "webhook_logs",
                "app": "paygate",
                "unique_together": (("event_id", "sink", "endpoint_id"),),
                "pk_attr": "id",
                "table_description": "The delivery of an event to an endpoint. Work while ``status`` is pending.",
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
                ("url", fields.TextField(null=True, unique=False)),
                (
                    "request_headers",
                    fields.JSONField(
                        null=True,
                        encoder=functools.partial(dumps, separators=(",", ":")),
                        decoder=loads,
                    ),
                ),
                ("took_ms", fields.IntField(null=True)),
            ],
            options={
                "table": "delivery_attempts",
                "app": "paygate",
                "indexes": [Index(fields=["delivery_id"])],
                "pk_attr": "id",
                "table_description": "An attempt of a delivery.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="EndpointRow",
            fields=[
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
                        related_name="endpoints",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("url", fields.TextField(unique=False)),
                ("description", fields.TextField(null=True, unique=False)),
                (
                    "events",
                    fields.JSONField(
                        encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
                ("sealed", fields.TextField(unique=False)),
                ("secret_hint", fields.CharField(max_length=16)),
                ("previous_sealed", fields.TextField(null=True, unique=False)),
                (
                    "previous_until",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                (
                    "disabled_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                ("disabled_reason", fields.CharField(null=True, max_length=20)),
                ("consecutive_failures", fields.IntField(default=0)),
                (
                    "first_failure_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                ("unanswered", fields.IntField(default=0)),
                (
                    "breaker_open_since",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                ("sink", fields.TextField(null=True, unique=False)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("updated_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "webhook_endpoints",
                "app": "paygate",
                "indexes": [Index(fields=["merchant_id"])],
                "pk_attr": "id",
                "table_description": "A webhook endpoint in addition to ``merchants.webhook_url``.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="IdempotencyKeyRow",
            fields=[
                (
                    "key",
                    fields.CharField(primary_key=True, unique=True, db_index=True, max_length=255),
                ),
                (
                    "merchant",
                    fields.ForeignKeyField(
                        "paygate.MerchantRow",
                        source_field="merchant_id",
                        db_constraint=False,
                        to_field="id",
                        related_name="idempotency_keys",
                        on_delete=OnDelete.NO_ACTION,
                    ),
                ),
                ("response", ExactJsonField(unique=False)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("expires_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("fingerprint", fields.TextField(unique=False)),
                ("response_code", fields.IntField()),
            ],
            options={
                "table": "idempotency_keys",
                "app": "paygate",
                "indexes": [Index(fields=["expires_at"])],
                "pk_attr": "key",
                "table_description": "The stored response of a request. The primary key is (key, merchant_id).",
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
                ("capture_mode", fields.CharField(default="automatic", max_length=10)),
                ("client_secret_sha256", fields.CharField(null=True, max_length=64)),
                ("link_id", fields.CharField(null=True, max_length=64)),
                ("link_description", fields.CharField(null=True, max_length=255)),
                (
                    "link_expires_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                (
                    "link_cancelled_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                ("link_will_expire", fields.BooleanField(default=False, db_default=False)),
            ],
            options={
                "table": "orders",
                "app": "paygate",
                "pk_attr": "id",
                "table_description": "An order: an amount to be paid.",
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
                        db_constraint=False,
                        to_field="id",
                        related_name="payments",
                        on_delete=OnDelete.NO_ACTION,
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
                ("capture_mode", fields.CharField(default="automatic", max_length=10)),
                ("scenario", fields.CharField(null=True, max_length=64)),
                (
                    "next_action",
                    fields.JSONField(
                        null=True,
                        encoder=functools.partial(dumps, separators=(",", ":")),
                        decoder=loads,
                    ),
                ),
                (
                    "hold_ended_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                ("amount_authorized", fields.BigIntField(default=0)),
                ("amount_captured", fields.BigIntField(default=0)),
                ("amount_refunded", fields.BigIntField(default=0)),
                ("version", fields.IntField(default=1)),
                ("last_seq", fields.IntField(default=0)),
                ("traceparent", fields.CharField(null=True, max_length=55)),
                ("link_id", fields.CharField(null=True, max_length=64)),
                (
                    "notes",
                    fields.JSONField(
                        null=True,
                        encoder=functools.partial(dumps, separators=(",", ":")),
                        decoder=loads,
                    ),
                ),
            ],
            options={
                "table": "payments",
                "app": "paygate",
                "indexes": [
                    Index(fields=["order_id"]),
                ],
                "pk_attr": "id",
                "table_description": "A payment for an order.",
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
                        db_constraint=False,
                        to_field="id",
                        related_name="events",
                        on_delete=OnDelete.NO_ACTION,
                    ),
                ),
                (
                    "payment",
                    fields.ForeignKeyField(
                        "paygate.PaymentRow",
                        source_field="payment_id",
                        null=True,
                        db_constraint=False,
                        to_field="id",
                        related_name="events",
                        on_delete=OnDelete.NO_ACTION,
                    ),
                ),
                ("type", fields.CharField(max_length=50)),
                ("seq", fields.IntField(null=True)),
                ("payload", ExactJsonField(unique=False)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("position", fields.BigIntField()),
                ("request_id", fields.CharField(null=True, max_length=128)),
            ],
            options={
                "table": "events",
                "app": "paygate",
                "unique_together": (("payment_id", "seq"),),
                "pk_attr": "id",
                "table_description": "An event and its exact JSON text.",
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
                        db_constraint=False,
                        to_field="id",
                        related_name="operations",
                        on_delete=OnDelete.NO_ACTION,
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
                ("sends", fields.IntField(default=0, db_default=0)),
                ("expires_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
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
                (
                    "fallbacks",
                    fields.JSONField(
                        null=True,
                        encoder=functools.partial(dumps, separators=(",", ":")),
                        decoder=loads,
                    ),
                ),
                ("note", fields.TextField(null=True, unique=False)),
                ("refund_id", fields.CharField(null=True, max_length=64)),
                ("is_final", fields.BooleanField(default=True)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("updated_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("request_id", fields.CharField(null=True, max_length=128)),
            ],
            options={
                "table": "operations",
                "app": "paygate",
                "indexes": [Index(fields=["payment_id"])],
                "pk_attr": "id",
                "table_description": "A request to a processor. Work while ``lease_state`` is ready.",
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
                        db_constraint=False,
                        to_field="id",
                        related_name="transitions",
                        on_delete=OnDelete.NO_ACTION,
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
                "table_description": "A change of a payment's status, written by the trigger on ``payments``.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="PluginCallRow",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("payment_id", fields.CharField(max_length=64)),
                ("operation_id", fields.CharField(max_length=64)),
                ("name", fields.CharField(max_length=20)),
                ("started_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("took_ms", fields.IntField()),
                ("given", ExactJsonField(unique=False)),
                ("answer", ExactJsonField(unique=False)),
            ],
            options={
                "table": "plugin_calls",
                "app": "paygate",
                "indexes": [Index(fields=["payment_id"])],
                "pk_attr": "id",
                "table_description": "A call of a processor plugin, without confidential values.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="PluginRecordRow",
            fields=[
                (
                    "number",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("merchant_id", fields.UUIDField()),
                ("plugin", fields.CharField(max_length=255)),
                ("kind", fields.CharField(max_length=64)),
                ("id", fields.CharField(max_length=255)),
                ("version", fields.IntField()),
                ("data", ExactJsonField(unique=False)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("expires_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "plugin_records",
                "app": "paygate",
                "unique_together": (("merchant_id", "plugin", "kind", "id"),),
                "indexes": [
                    Index(fields=["merchant_id", "plugin", "kind", "number"]),
                    Index(fields=["expires_at"]),
                ],
                "pk_attr": "number",
                "table_description": "A small row that a plugin stores for a merchant.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="PluginSettingRow",
            fields=[
                (
                    "plugin",
                    fields.CharField(primary_key=True, unique=True, db_index=True, max_length=255),
                ),
                (
                    "values",
                    fields.JSONField(
                        encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
                ("sealed", fields.TextField(null=True, unique=False)),
                ("updated_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "plugin_settings",
                "app": "paygate",
                "pk_attr": "plugin",
                "table_description": "Settings of a plugin by an operator, read when a process starts.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="RefundRow",
            fields=[
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
                        related_name="refunds",
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
                        related_name="refunds",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("amount", fields.BigIntField()),
                ("reason", fields.TextField(null=True, unique=False)),
                ("status", fields.CharField(default="pending", max_length=20)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "processed_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                ("currency", fields.CharField(max_length=3)),
                (
                    "notes",
                    fields.JSONField(
                        null=True,
                        encoder=functools.partial(dumps, separators=(",", ":")),
                        decoder=loads,
                    ),
                ),
            ],
            options={
                "table": "refunds",
                "app": "paygate",
                "indexes": [
                    Index(fields=["payment_id"]),
                ],
                "pk_attr": "id",
                "table_description": "A refund of a payment.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ResolvedAttentionRow",
            fields=[
                (
                    "id",
                    fields.CharField(primary_key=True, unique=True, db_index=True, max_length=100),
                ),
                ("kind", fields.CharField(max_length=20)),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("processor", fields.CharField(max_length=64)),
                ("payment_id", fields.CharField(null=True, max_length=64)),
                ("operation_id", fields.CharField(null=True, max_length=64)),
                ("reason", fields.TextField(null=True, unique=False)),
                ("merchant_id", fields.UUIDField(null=True)),
                ("resolved_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("resolved_by", fields.CharField(max_length=255)),
                ("note", fields.TextField(unique=False)),
            ],
            options={
                "table": "resolved_attention",
                "app": "paygate",
                "pk_attr": "id",
                "table_description": "A problem that an operator resolved, as it was then.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="TestClockRow",
            fields=[
                (
                    "id",
                    fields.SmallIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("held_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                (
                    "resumed_from",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                ("resumed_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("is_passing", fields.BooleanField(default=False, db_default=False)),
                ("version", fields.BigIntField()),
            ],
            options={
                "table": "test_clock",
                "app": "paygate",
                "pk_attr": "id",
                "table_description": "The test clock: one row, or none while the app uses the real time.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="UserRow",
            fields=[
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
                        related_name="users",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("email", fields.CharField(max_length=255)),
                ("password_hash", fields.CharField(max_length=255)),
                ("role", fields.CharField(max_length=20)),
                ("is_active", fields.BooleanField(default=True)),
                ("is_operator", fields.BooleanField(default=False)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("updated_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "last_login_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
            ],
            options={
                "table": "users",
                "app": "paygate",
                "indexes": [Index(fields=["merchant_id"])],
                "pk_attr": "id",
                "table_description": "A user who can log in. The e-mail address is in lower case.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="SessionRow",
            fields=[
                (
                    "token_sha256",
                    fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64),
                ),
                (
                    "user",
                    fields.ForeignKeyField(
                        "paygate.UserRow",
                        source_field="user_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="sessions",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("expires_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("last_seen_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("ip", fields.CharField(null=True, max_length=64)),
            ],
            options={
                "table": "sessions",
                "app": "paygate",
                "indexes": [Index(fields=["user_id"]), Index(fields=["expires_at"])],
                "pk_attr": "token_sha256",
                "table_description": "A login session. Only the digest of the cookie's token is stored.",
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
                (
                    "breakers",
                    fields.JSONField(
                        default={},
                        encoder=functools.partial(dumps, separators=(",", ":")),
                        decoder=loads,
                    ),
                ),
            ],
            options={
                "table": "workers",
                "app": "paygate",
                "pk_attr": "id",
                "table_description": "A worker process and its last heartbeat.",
            },
            bases=["Model"],
        ),
    ]
