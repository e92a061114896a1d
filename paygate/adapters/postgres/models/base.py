"""What all models share."""

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


class Row(Model, metaclass=_Uncommented):
    """A model of one table."""

    class Meta:
        abstract = True


class ExactJsonField(fields.TextField):
    """PostgreSQL's ``json``, which stores the text unchanged.

    ``jsonb`` reorders keys; a webhook's body is signed, so its bytes must not change.
    """

    class _db_postgres:  # noqa: N801 - Tortoise finds the class by this name
        SQL_TYPE = "JSON"
