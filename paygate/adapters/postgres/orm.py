"""What the models of all tables share.

A table's model is in its module in ``tables``. Merchants read and write some tables with SQL, so
their names must not change. Models are used by migrations and by rare statements; frequent
statements are SQL. Migrations create the indexes of lists, of which some keys are expressions.
"""

from __future__ import annotations

from typing import Any

from tortoise import fields
from tortoise.models import Model, ModelMeta

APP = "paygate"


class _Uncommented(ModelMeta):
    """Tells Tortoise not to look for comments of fields.

    It would parse a module's source once for each of its models, a tenth of a start.
    """

    def __new__(cls, name: str, bases: tuple[type, ...], attrs: dict[str, Any]) -> ModelMeta:
        return super().__new__(cls, name, bases, {**attrs, "_no_comments": True})


class TableRow(Model, metaclass=_Uncommented):
    """The model of a table."""

    class Meta:
        abstract = True


class ExactJsonField(fields.TextField):
    """PostgreSQL's ``json``, which stores the text unchanged.

    ``jsonb`` reorders keys; a webhook's body is signed, so its bytes must not change.
    """

    class _db_postgres:  # noqa: N801 - Tortoise finds the class by this name
        SQL_TYPE = "JSON"


def restrict(to: str, related_name: str) -> Any:
    """Refer to a row, which cannot be deleted while others refer to it."""
    return fields.ForeignKeyField(f"{APP}.{to}", related_name, on_delete=fields.RESTRICT)


def unchecked(to: str, related_name: str, **how: Any) -> Any:
    """Refer to a row without a foreign key.

    A check of every new row would cost more than the row. The orders of a merchant, and the
    operations of a payment, keep both from being deleted.
    """
    return fields.ForeignKeyField(
        f"{APP}.{to}", related_name, on_delete=fields.NO_ACTION, db_constraint=False, **how
    )
