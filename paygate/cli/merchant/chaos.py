"""``paygate chaos``: judge a webhook handler on the bad days of a payment."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

from ...adapters.clock.database import SystemClock
from ...adapters.http.api_client import Access, Api, open_api
from ...adapters.http.client import AiohttpClient
from ...chaos.check import open_check
from ...chaos.handler import HttpHandler
from ...chaos.payments import ApiPayments, PaymentWish
from ...chaos.plan import SignatureKind
from ...chaos.report import ChaosReport
from ...chaos.report_files import report_to_html, report_to_junit
from ...chaos.run import ChaosOptions, ChaosRun
from ...chaos.sequence import Steps, steps_to_text
from ...core.errors import OperatorError
from ...core.webhooks.model import matches
from ...plugins.forwarding import Forwarder, find_sink
from .listen import warnings_logger
from .options import URL

WRONG = 1


@dataclass(frozen=True, slots=True)
class PlayChaos:
    """What to play, and what to write.

    Args:
        access: The API.
        forward_to: The handler's URL.
        check: Judges the books: a URL, or a command.
        options: The sequences.
        amount_minor: The amount of each payment, in minor units.
        method: The payment method.
        secret: Signs the events; None for the merchant's own.
        sink: The event sink that sends.
        junit: Where JUnit XML is written.
        html: Where a page is written.
        as_json: Prints one JSON object.
        environ: The settings of plugins, and the environment of the command.
    """

    access: Access
    forward_to: str
    check: str
    options: ChaosOptions = field(default_factory=ChaosOptions)
    amount_minor: int = 50_000
    method: str = "upi"
    secret: str | None = field(default=None, repr=False)
    sink: str = "webhook_http"
    junit: Path | None = None
    html: Path | None = None
    as_json: bool = False
    environ: Mapping[str, str] = field(default_factory=dict)

    def writing(
        self,
        junit: Path | None,
        html: Path | None,
        *,
        as_json: bool,
        environ: Mapping[str, str],
    ) -> PlayChaos:
        """Return the command with what it writes, and its environment."""
        return replace(self, junit=junit, html=html, as_json=as_json, environ=environ)

    def repeat(self, sequence: Steps) -> str:
        """Return the command that plays only this sequence; without secrets."""
        words = ["paygate", "chaos", "--forward-to", self.forward_to, "--check", self.check]
        if self.access.url != URL:
            words += ["--url", self.access.url]
        if self.options.plan.signature is not SignatureKind.STANDARD:
            words += ["--signature", self.options.plan.signature]
        if self.options.settle_s:
            words += ["--settle", f"{self.options.settle_s:g}"]
        return shlex.join([*words, "--sequence", steps_to_text(sequence)])


async def chaos(command: PlayChaos) -> int:
    """Play the sequences, print the report and write its files; return the exit code.

    Raises:
        OperatorError: The API cannot be reached or refuses, the check does not work, or an
            option is wrong.
    """
    report = await _play(command)
    repeats = [command.repeat(failure.smallest.sequence) for failure in report.failures]
    _write(command, report, repeats)
    as_json = json.dumps(report.as_json(repeats)) if command.as_json else None
    print(as_json or report.as_text(repeats), flush=True)
    return 0 if report.is_right else WRONG


async def _play(command: PlayChaos) -> ChaosReport:
    clock, check = SystemClock(), open_check(command.check, command.environ)
    sink = find_sink(command.sink, command.environ)
    async with AsyncExitStack() as stack:
        api = await stack.enter_async_context(open_api(command.access))
        secret = command.secret or await _merchants_secret(api)
        await _refuse_own_deliveries(api, command.forward_to)
        http = AiohttpClient(allow_private=True)
        stack.push_async_callback(http.close)
        forwarder = Forwarder(
            sink, command.forward_to, http=http, clock=clock, logger=warnings_logger()
        )
        payments = await stack.enter_async_context(_payments(command, api))
        handler = HttpHandler(forwarder, http=http, clock=clock, secret=secret)
        try:
            return await ChaosRun(payments, handler, check, command.options).run()
        except ValueError as error:
            raise OperatorError(
                setting="paygate chaos", problem=str(error), remedy="Change --events or --sequence"
            ) from error
        except ExceptionGroup as group:
            # The first error ended the others.
            raise group.exceptions[0] from None


def _payments(command: PlayChaos, api: Api) -> ApiPayments:
    wanted = command.options.events or ("*",)
    is_refunded = any(matches(wanted, f"refund.{what}") for what in ("created", "processed"))
    # Less than everything, so that books with both amounts are not those with none.
    refund_minor = 2 * command.amount_minor // 5 if is_refunded else 0
    return ApiPayments(
        api, PaymentWish(command.amount_minor, command.method), refund_minor=refund_minor
    )


async def _merchants_secret(api: Api) -> str:
    secret = (await api.call("GET", "/merchant/config")).get("webhook_secret")
    if not secret:
        raise OperatorError(
            setting="--secret",
            problem="the API does not show the merchant's webhook secret to these keys",
            remedy="Give the secret that your handler verifies with, in PAYGATE_WEBHOOK_SECRET",
        )
    return str(secret)


async def _refuse_own_deliveries(api: Api, forward_to: str) -> None:
    """Refuse a handler that the gateway delivers to as well: it would get every event twice."""
    for endpoint in (await api.call("GET", "/webhook-endpoints"))["data"]:
        if endpoint["is_enabled"] and _place(endpoint["url"]) == _place(forward_to):
            raise OperatorError(
                setting="--forward-to",
                problem=f"the gateway itself delivers to {endpoint['url']}",
                remedy="Remove or disable that endpoint while this command runs",
            )


def _place(url: str) -> tuple[str | None, int | None, str]:
    parts = urlsplit(url)
    host = "127.0.0.1" if parts.hostname in {"localhost", "::1"} else parts.hostname
    return host, parts.port or {"http": 80, "https": 443}.get(parts.scheme), parts.path


def _write(command: PlayChaos, report: ChaosReport, repeats: Sequence[str]) -> None:
    try:
        if command.junit is not None:
            command.junit.write_bytes(report_to_junit(report, repeats))
        if command.html is not None:
            command.html.write_text(report_to_html(report, repeats), encoding="utf-8")
    except OSError as error:
        raise OperatorError(
            setting=str(error.filename),
            problem=f"the report cannot be written: {error.strerror}",
            remedy="Name a file in a folder that exists",
        ) from error
