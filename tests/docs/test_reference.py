"""The reference pages name every command, option, table, error and hook argument."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import pytest
import typer
from tortoise.models import Model

from paygate.adapters.postgres import tables as modules
from paygate.cli.verbs import app
from paygate.core.api.errors import TABLE
from paygate.core.outcome import DeclineCode
from paygate.plugins import hookspecs
from tests.conformance.test_common import COLUMNS
from tests.docs import plugin_objects_page
from tests.harness.apps import running_app

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
CLI = (REFERENCE / "cli.md").read_text()
TABLES = (REFERENCE / "tables.md").read_text()
ERRORS = (REFERENCE / "errors.md").read_text()
HOOKS = (REFERENCE / "hooks.md").read_text()
# Found in a table row's first cell: `name`.
FIRST_CELL = re.compile(r"^\| `(\w+)` \|", re.MULTILINE)


def commands(group: Any, words: str = "paygate") -> Iterator[tuple[str, Any]]:
    """Return every command with the words that call it."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, f"{words} {name}")
        else:
            yield f"{words} {name}", command


EVERY = dict(commands(typer.main.get_command(app)))


def test_the_page_of_the_plugin_apis_objects_is_current():
    made = (REFERENCE / "plugin-objects.md").read_text()

    assert made == plugin_objects_page.page(), "run `make reference`"


def test_every_command_is_named_and_no_other():
    named = {
        match
        for match in re.findall(r"`(paygate(?: [a-z-]+)+)", CLI)
        if match.split()[1] in {words.split()[1] for words in EVERY}
    }

    assert [words for words in EVERY if not any(each.startswith(words) for each in named)] == []
    assert [each for each in named if not any(each.startswith(words) for words in EVERY)] == []


def test_every_option_is_named_and_no_other():
    options = {
        parameter.opts[0]
        for command in (*EVERY.values(), typer.main.get_command(app))
        for parameter in command.params
        if parameter.opts[0].startswith("--")
        and parameter.opts[0] != "--help"
        # For processes that paygate starts itself.
        and not getattr(parameter, "hidden", False)
    }
    named = set(re.findall(r"`[^`]*?(--[a-z][a-z-]*[a-z])", CLI)) - {"--help"}

    assert named == options


def tables() -> set[str]:
    """Return the tables of the models."""
    found = set()
    for module in iter_modules(modules.__path__):
        for _, row in inspect.getmembers(
            import_module(f"{modules.__name__}.{module.name}"), inspect.isclass
        ):
            if issubclass(row, Model) and row._meta.db_table:
                found.add(row._meta.db_table)
    return found


# Tables without a model, which only SQL reads and writes.
CREATED_BY_SQL = {
    name
    for migration in (Path(modules.__file__).parents[1] / "migrations").glob("*.py")
    for name in re.findall(r"^CREATE TABLE (\w+)", migration.read_text(), re.MULTILINE)
}


def test_every_table_is_named_and_no_other():
    assert set(FIRST_CELL.findall(TABLES)) == tables() | CREATED_BY_SQL


@pytest.mark.parametrize("table", COLUMNS)
def test_the_documented_columns_match_the_contract(table: str):
    (row,) = [line for line in TABLES.splitlines() if line.startswith(f"| `{table}` | ")][:1]
    promised = re.findall(r"(\w+):", " ".join(COLUMNS[table].split()))

    assert re.findall(r"`(\w+)`", row)[1:] == promised


def test_every_error_is_named_with_its_status():
    named = {
        (int(status), code)
        for status, codes in re.findall(r"^\| (\d+) \| ([^|]+) \|", ERRORS, re.MULTILINE)
        for code in re.findall(r"`(\w+)`", codes)
    }

    assert {(status, code) for _, status, code in TABLE} <= named


def test_every_decline_code_is_named():
    assert [code for code in DeclineCode if f"| `{code}` |" not in ERRORS] == []


@pytest.mark.parametrize("hook", [name for name in vars(hookspecs) if name.startswith("paygate_")])
def test_a_hook_is_shown_with_the_arguments_of_its_specification(hook: str):
    section = re.search(rf"^## {hook}\n(.*?)(?=^## |\Z)", HOOKS, re.DOTALL | re.MULTILINE)
    assert section
    (code,) = re.findall(r"```python\n(.*?)```", section[1], re.DOTALL)
    (shown,) = [
        node
        for node in ast.parse(code).body
        if isinstance(node, ast.FunctionDef) and node.name == hook
    ]
    specified = inspect.signature(getattr(hookspecs, hook))

    assert [each.arg for each in shown.args.args] == list(specified.parameters)
    assert shown.returns
    assert ast.unparse(shown.returns) == specified.return_annotation


ROUTE = re.compile(r"`(GET|POST|PUT|PATCH|DELETE) (/[^`\s]*)[^`]*`")
# The route of the example receiver, not of paygate.
OF_THE_RECEIVER = {("GET", "/logs")}

# Pages about the API of the bank.
OF_THE_BANK = {"bank.md", "write-a-connector.md"}


def documented_routes() -> set[tuple[str, str]]:
    """Return every method and path that a page names, without the query."""
    pages = [
        page
        for page in REFERENCE.parent.rglob("*.md")
        if "adr" not in page.parts and page.name not in OF_THE_BANK
    ]
    found = set()
    for page in pages:
        for method, path in ROUTE.findall(page.read_text()):
            before, choice, after = re.fullmatch(
                r"([^{]*)(?:\{(\w+(?:,\w+)+)\})?(.*)", path
            ).groups()  # type: ignore[union-attr]  # it matches anything
            words = choice.split(",") if choice else [""]
            found |= {(method, f"{before}{word}{after}".partition("?")[0]) for word in words}
    return found - OF_THE_RECEIVER


async def test_every_route_that_a_page_names_is_served(database_url: str, tmp_path: Path):
    async with running_app(database_url, tmp_path) as app:
        routes = app.client.app.url_map.bind("localhost")
        missing = [
            f"{method} {path}"
            for method, path in sorted(documented_routes())
            if not any(
                routes.test(prefix + re.sub(r"\{\w+\}", "1", path), method)
                for prefix in ("", "/api/v1")
            )
        ]

    assert missing == []
