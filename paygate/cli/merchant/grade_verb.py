"""``paygate grade``: check the common contract against a gateway."""

from __future__ import annotations

import asyncio
import json
import secrets
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from ...core.errors import OperatorError
from .options import TEST_KEY, TEST_SECRET, ApiKey, ApiSecret

if TYPE_CHECKING:
    from ...grade.case import Clause
    from ...grade.report import GradeReport

FAILED = 1
API = "/api/v1"

Address = Annotated[str, typer.Argument(metavar="URL", help="Address of the gateway.")]
OtherKey = Annotated[
    str, typer.Option(envvar="PAYGATE_OTHER_API_KEY", help="The key of a second merchant.")
]
OtherSecret = Annotated[
    str, typer.Option(envvar="PAYGATE_OTHER_API_SECRET", help="The secret of that key.")
]
WebhookUrl = Annotated[str, typer.Option(help="Address at which the gateway reaches this machine.")]
WebhookPort = Annotated[
    int, typer.Option(min=0, max=65535, help="Port that webhooks arrive at; 0 for any.")
]
Secret = Annotated[
    str,
    typer.Option(envvar="PAYGATE_WEBHOOK_SECRET", help="The merchant's webhook secret."),
]
Only = Annotated[str, typer.Option(help="Only these clauses, separated by commas: K5,K7")]
Full = Annotated[bool, typer.Option("--full", help="Check every retry, which takes a minute.")]
Timeout = Annotated[
    float, typer.Option(min=1, max=600, help="Seconds to wait for an answer or an event.")
]
AtOnce = Annotated[int, typer.Option(min=1, max=32, help="Clauses at the same time.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Junit = Annotated[Path | None, typer.Option(help="Write JUnit XML to this file.")]


def grade(
    url: Address,
    *,
    api_key: ApiKey = TEST_KEY,
    api_secret: ApiSecret = TEST_SECRET,
    other_api_key: OtherKey = "",
    other_api_secret: OtherSecret = "",
    webhook_url: WebhookUrl = "",
    webhook_port: WebhookPort = 0,
    secret: Secret = "",
    only: Only = "",
    full: Full = False,
    timeout: Timeout = 30,
    at_once: AtOnce = 1,
    as_json: AsJson = False,
    junit: Junit = None,
) -> None:
    """Check the common contract against a gateway, in any language, and print a report.

    It creates orders and payments, and sets the merchant's webhook URL while it runs. Exit code
    1: the gateway breaks a clause.
    """
    from ...grade.gateway import Keys, Target
    from ...grade.run import GradeOptions
    from ...grade.run import grade as check
    from ...grade.webhooks import ReceiverOptions

    others = Keys("with another merchant's keys", other_api_key, other_api_secret)
    target = Target(
        _checked(url, "URL").rstrip("/").removesuffix(API),
        Keys("with the merchant's keys", api_key, api_secret),
        others if other_api_key else None,
        timedelta(seconds=timeout),
        run_id=f"grade-{secrets.token_hex(8)}",
    )
    options = GradeOptions(
        _chosen(only),
        ReceiverOptions(
            webhook_url and _checked(webhook_url, "--webhook-url"), webhook_port, secret
        ),
        is_full=full,
        at_once=at_once,
        progress=lambda line: typer.echo(line, err=True),
    )
    report = asyncio.run(check(target, options))
    _write(report, junit)
    typer.echo(json.dumps(report.as_json()) if as_json else report.as_text())
    raise typer.Exit(0 if report.is_right else FAILED)


def _checked(url: str, setting: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise OperatorError(
            setting=setting,
            problem=f"{url!r} is no address",
            remedy="Begin it with http:// or https://, such as http://localhost:8000",
        )
    return url


def _chosen(only: str) -> list[Clause]:
    from ...grade.clauses import CLAUSES

    known = {each.id: each for each in CLAUSES}
    names = [name.strip().upper() for name in only.split(",") if name.strip()]
    if unknown := [name for name in names if name not in known]:
        raise OperatorError(
            setting="--only",
            problem=f"there is no clause {unknown[0]}",
            remedy=f"Choose from {', '.join(known)}",
        )
    return [each for each in CLAUSES if not names or each.id in names]


def _write(report: GradeReport, junit: Path | None) -> None:
    if junit is None:
        return
    try:
        junit.write_bytes(report.as_junit())
    except OSError as error:
        raise OperatorError(
            setting=str(junit),
            problem=f"the report cannot be written: {error.strerror}",
            remedy="Name a file in a folder that exists",
        ) from error
