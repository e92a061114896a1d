"""``paygate chaos`` with a real gateway and real handlers."""

from __future__ import annotations

import json
import shlex
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from paygate.cli.verbs import app
from paygate.core.errors import OperatorError
from paygate.testing import PaygateServer
from tests.handlers.conftest import HANDLERS, PROGRAMS, Running

Start = Callable[..., Running]
# What the naive handlers fail in does not need every order.
FEW = ("--orders", "5", "--mixed", "0")


def chaos(server: PaygateServer, *words: str) -> Result:
    keys = {"PAYGATE_API_KEY": server.api_key, "PAYGATE_API_SECRET": server.api_secret}
    command = ["chaos", "--url", server.url, *words]
    result = CliRunner(env=keys).invoke(app, command)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def report(result: Result) -> Any:
    return json.loads(result.stdout.splitlines()[-1])


@pytest.mark.parametrize("name", ["naive.py", "naive.mjs"])
def test_the_double_credit_of_a_naive_handler_is_named_and_can_be_repeated(
    paygate_server: PaygateServer, start: Start, name: str
):
    shop = start(name)
    words = ("--forward-to", shop.webhook, "--check", shop.books)

    found = chaos(paygate_server, *words, *FEW, "--json")

    (double,) = [each for each in report(found)["failures"] if each["group"] == "duplicates"]
    repeat = shlex.split(double["repeat"])
    again = chaos(paygate_server, *repeat[2:])
    assert found.exit_code == again.exit_code == 1
    assert double["sequence"] == ["payment.success", "payment.success"]
    assert double["problem"] == "amount_paid is 100000 instead of 50000"
    assert [report(found)[name] for name in ("idempotent", "order_proof", "checks_signatures")] == [
        False, False, True,
    ]  # fmt: skip
    assert repeat[:2] == ["paygate", "chaos"]
    assert "requested: amount_paid is 100000 instead of 50000" in again.stdout


def test_a_fixed_handler_in_node_passes_every_order(paygate_server: PaygateServer, start: Start):
    """The one in Python is played to by tests/docs/test_webhook_handler_page.py."""
    shop = start("fixed.mjs")

    result = chaos(
        paygate_server, "--forward-to", shop.webhook, "--check", shop.books, "--mixed", "10"
    )

    assert result.exit_code == 0, result.output
    assert "120 of 120 orders of 5 events" in result.stdout
    assert "NO" not in result.stdout
    assert result.stdout.count(" yes\n") == 3


def test_a_command_judges_and_reports_are_written(
    paygate_server: PaygateServer, start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    database = str(tmp_path / "shop.db")
    monkeypatch.setenv("SHOP_DATABASE", database)
    shop = start("fixed.py", SHOP_DATABASE=database)
    check = shlex.join([sys.executable, str(HANDLERS / "check_books.py")])
    words = ("--forward-to", shop.webhook, "--check", check)

    right = chaos(
        paygate_server,
        *words,
        *("--sequence", "payment.success payment.created:answer-lost refund.processed:lost"),
        *("--junit", str(tmp_path / "chaos.xml"), "--html", str(tmp_path / "chaos.html")),
    )
    monkeypatch.setenv("SHOP_DATABASE", str(tmp_path / "other.db"))
    broken = chaos(paygate_server, *words, "--sequence", "payment.success")

    assert right.exit_code == 0, right.output
    assert 'tests="1"' in (tmp_path / "chaos.xml").read_text()
    assert "Webhook handler: right" in (tmp_path / "chaos.html").read_text()
    assert broken.exit_code == 1
    assert "no such table: books (exit code 1)" in broken.stdout


MISTAKES = [
    (("--check", "/no/such/program"), "--check: the check cannot be started"),
    (("--check", "'"), "--check: the check is no command"),
    (("--check", "http://127.0.0.1:9/"), "there is no answer"),
    (("--check", "true", "--events", "payout.*"), "no event is called 'payout"),
    (("--check", "true", "--events", "endpoint.*"), "the filters match none"),
    (("--check", "true", "--sequence", "x:eaten"), "there is no fault 'eaten'"),
    (("--check", "true", "--sequence", "payment.failed"), "there is no event"),
    (("--check", "true", "--sink", "nonsense"), "no installed plugin has the event sink"),
    (("--check", "true", "--method", "cash"), "'cash' is not known"),
    (
        ("--check", "true", *FEW, "--events", "payment.created", "--junit", "/no/such/x"),
        "the report cannot be written",
    ),
]


def test_each_mistake_of_the_user_is_explained(paygate_server: PaygateServer, start: Start):
    shop = start("fixed.py")
    for words, message in MISTAKES:
        with pytest.raises(OperatorError, match=message):
            chaos(paygate_server, "--forward-to", shop.webhook, *words)


def test_a_handler_that_the_gateway_delivers_to_is_refused(
    paygate_server: PaygateServer, start: Start
):
    shop = start("fixed.py")
    paygate_server.send_webhooks_to(shop.webhook.replace("127.0.0.1", "localhost"))

    with pytest.raises(OperatorError, match="the gateway itself delivers to"):
        chaos(paygate_server, "--forward-to", shop.webhook, "--check", "true")


def test_keys_that_do_not_see_the_secret_need_it_as_an_option(
    paygate_server: PaygateServer, start: Start
):
    shop = start("fixed.py")
    key = paygate_server.call("POST", "/keys", {"label": "reader", "role": "support"})
    assert key.status == 201, key.json
    words = ("--forward-to", shop.webhook, "--check", shop.books, "--api-key", key.json["key"])
    words = (*words, "--api-secret", key.json["secret"], "--sequence", "payment.created")

    with pytest.raises(OperatorError, match="PAYGATE_WEBHOOK_SECRET"):
        chaos(paygate_server, *words)


@pytest.mark.parametrize("name", ["naive.py", "naive.mjs"])
def test_a_handler_says_that_its_port_is_in_use(name: str):
    path = HANDLERS / name
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = [PROGRAMS[path.suffix], str(path), "--port", str(port)]
        ran = subprocess.run(command, capture_output=True, text=True, check=False)

    sentence = f"port {port}: Address already in use; choose another one with --port\n"
    assert (ran.returncode, ran.stdout, ran.stderr) == (1, "", sentence)
