"""What all models share."""

from __future__ import annotations

from tortoise import fields

APP = "paygate"


class ExactJsonField(fields.TextField):
    """PostgreSQL's ``json``, which stores the text unchanged.

    ``jsonb`` reorders keys; a webhook's body is signed, so its bytes must not change.
    """

    class _db_postgres:  # noqa: N801 - Tortoise finds the class by this name
        SQL_TYPE = "JSON"
