"""The plugins, the tests and the programs that the documentation shows do what it says."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from paygate import CommandContext
from paygate.plugins.host import installed_plugins
from paygate.testing import PaygateServer
from paygate.testing.session import Session
from tests.docs.blocks import BLOCK, ROOT, blocks_of, plugin_of
from tests.harness.advisers import Advice, OtherProcessor
from tests.harness.apps import KEYS, running_app
from tests.harness.fakes import Fakes
from tests.testing.test_suites import run

OFFER = """
from paygate import hookimpl

@hookimpl
def paygate_methods():
    return [IbanMethod()]

@hookimpl
def paygate_processors():
    return [AcmeProcessor()]
"""
SUITES = ("tutorials/test-your-shop.md", "how-to/test-a-plugin.md")
COVERAGE = "--paygate-coverage"


async def test_the_documented_processor_takes_a_payment(database_url: str, tmp_path: Path):
    found = plugin_of("acme", blocks_of("how-to/write-a-processor.md"), add=OFFER)
    async with (
        running_app(database_url, tmp_path, plugins=[*installed_plugins(), found]) as app,
        app.working(),
    ):
        good = await app.pay(method="iban", iban="DE00SIM0001")
        bad = await app.pay(method="iban", iban="XX00SIM0001")
        wrong = await app.pay(method="iban", iban="DE 00")
        paid = await app.until(good.json["id"], "success")
        declined = await app.until(bad.json["id"], "failed")

    assert paid["processor"] == "acme"
    assert declined["decline_code"] == "invalid_instrument"
    assert wrong.json["error"]["code"] == "INVALID_IBAN"


async def test_the_documented_hooks_work_together(database_url: str, tmp_path: Path):
    hooks = plugin_of("acme", blocks_of("reference/hooks.md"))
    plugins = [*Fakes().found(), Advice(other=OtherProcessor()).found(), hooks]
    printed: list[str] = []
    async with running_app(database_url, tmp_path, plugins=plugins) as app, app.working():
        payment_id = await app.paid()
        await app.until(payment_id, "success")
        decisions = await app.rows("SELECT kind FROM payment_decisions ORDER BY kind")
        shown = await app.client.get("/plugins/acme/rates/INR", headers=KEYS)
        changed = await app.client.post("/plugins/acme/rates", headers=KEYS, json={"percent": 2})
        panel = await app.call("GET", "/plugins/panels/acme.today")
        deps = app.app.deps
        command = deps.registry.commands["acme", "reconcile"]
        assert command.command.options
        context = CommandContext(
            clock=deps.clock,
            http=deps.http,
            logger=deps.logger,
            say=printed.append,
            history_of=lambda _id: pytest.fail("the documented command asks for no history"),
        )
        code = await command.run(command.command.options(), context)
        rate, answer = await shown.get_json(), await changed.get_json()

    assert [each["kind"] for each in decisions] == ["risk", "route"]
    assert rate == {"currency": "INR", "percent": 1.5}
    assert (changed.status_code, answer) == (201, {"percent": 2})
    assert panel.json["figures"] == [{"label": "Payments", "value": 1, "unit": ""}]
    assert (code, printed) == (0, ["looking back 1 day(s)"])


@pytest.mark.parametrize("name", SUITES)
def test_the_documented_tests_pass(
    tmp_path: Path, server_urls: tuple[str, str], paygate_session: Session, name: str
):
    (tmp_path / "pytest.ini").write_text("".join(blocks_of(name, "ini")))
    suites = [code for code in blocks_of(name) if "def test_" in code or "class Test" in code]
    for number, code in enumerate(suites):
        (tmp_path / f"test_{number}.py").write_text(code)

    commands = [code.split()[1:] for code in blocks_of(name, "console") if COVERAGE in code]
    ran = run(
        tmp_path, *(part for command in commands for part in command), server_url=server_urls[0]
    )

    assert suites
    assert ran.returncode == 0, ran.stdout + ran.stderr
    for printed in (code for code in blocks_of(name, "text") if "scenarios have" in code):
        assert printed.removesuffix("…\n") in ran.stdout


def test_the_documented_reader_of_the_stream_reads_it(paygate_server: PaygateServer):
    (code,) = [code for code in blocks_of("reference/api.md") if "def follow" in code]
    names: dict[str, Any] = {"__name__": "documentation"}
    exec(compile(code, "api.md", "exec"), names)
    names["KEYS"] = paygate_server.headers
    payment = paygate_server.pay()
    stream = names["follow"](paygate_server.url, cursor="0")
    events = [next(stream) for _ in range(3)]
    stream.close()

    assert [type for _, type, _ in events] == [
        "payment.created",
        "payment.pending",
        "payment.success",
    ]
    assert {event["data"]["payment"]["id"] for *_, event in events} == {payment["id"]}


async def test_the_documented_statements_run(database_url: str, tmp_path: Path):
    statements = [
        code
        for page in (ROOT / "docs").rglob("*.md")
        for language, code in BLOCK.findall(page.read_text())
        if language == "sql"
    ]
    async with running_app(database_url, tmp_path) as app:
        for statement in statements:
            await app.rows(statement)

    assert statements


def test_a_toml_block_is_toml():
    for page in (ROOT / "docs").rglob("*.md"):
        for language, code in BLOCK.findall(page.read_text()):
            if language == "toml":
                assert tomllib.loads(code), page
