"""``paygate x``: plugins' own verbs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.harness.installed import install
from tests.harness.processes import Stack

PLUGIN = """
from pydantic import BaseModel

from paygate import Command, hookimpl


class Options(BaseModel):
    since_days: int = 1
    dry_run: bool = False


async def reconcile(options, context):
    context.say(f"{options.since_days} {options.dry_run}")
    return 3


async def fail(options, context):
    raise RuntimeError("the bank is closed")


@hookimpl
def paygate_commands():
    return [
        Command("reconcile", "Compare the books", reconcile, Options),
        Command("fail", "Fail", fail),
    ]
"""


@pytest.fixture
def processes(database_url: str, redis_url: str, tmp_path: Path) -> Stack:
    folder = install(tmp_path / "plugins", "acme", PLUGIN)
    return Stack(database_url, redis_url, tmp_path, {"PYTHONPATH": str(folder)})


async def test_a_command_is_listed_and_run_with_its_options(processes: Stack):
    code, output, _ = await processes.run("x")
    assert (code, output) == (
        0,
        "paygate x acme reconcile  Compare the books\npaygate x acme fail  Fail\n",
    )
    ran = await processes.run("x", "acme", "reconcile", "--since-days", "3", "--dry-run")
    assert ran[:2] == (3, "3 True\n"), ran
    ran = await processes.run("x", "acme", "reconcile", "--since-days=7")
    assert ran[:2] == (3, "7 False\n"), ran
    code, output, _ = await processes.run("x", "acme", "reconcile", "--help")
    assert code == 0
    assert output == "paygate x acme reconcile [--since-days VALUE] [--dry-run]\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("acme", "reconcil"), "Did you mean acme reconcile"),
        (("nobody", "at"), "no plugin has this command"),
        (("acme", "reconcile", "--since-day", "3"), "Did you mean --since-days"),
        (("acme", "reconcile", "--since-days", "many"), "--since-days: Input should be a valid"),
        (("acme", "reconcile", "--since-days"), "--since-days needs a value"),
        (("acme", "reconcile", "stray"), "there is no option stray"),
        (("acme", "fail"), "the bank is closed"),
    ],
)
async def test_a_mistake_is_one_sentence_and_exit_code_2(
    processes: Stack, words: tuple[str, ...], message: str
):
    code, _, errors = await processes.run("x", *words)

    assert code == 2, errors
    assert message in errors
    assert len(errors.strip().splitlines()) == 1
    assert "Traceback" not in errors


async def test_the_trace_is_readable_and_help_loads_no_plugin(processes: Stack):
    _, _, errors = await processes.run(
        "plugins", PAYGATE_TRACE_PLUGINS="1", PAYGATE_LOG_LEVEL="info"
    )
    broken = Path(processes.environ["PYTHONPATH"]) / "acme.py"
    broken.write_text("raise RuntimeError('loaded')")
    code, output, _ = await processes.run("--help")

    line = next(line for line in errors.splitlines() if "paygate_commands" in line)
    assert "plugin hook" in line
    assert "acme" in line
    assert "ok" in line
    assert code == 0
    assert "Run a plugin's command" in output
