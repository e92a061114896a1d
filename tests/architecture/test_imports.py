"""The allowed imports."""

import ast
import subprocess
import sys
from pathlib import Path

import paygate
from tests.architecture.sources import ROOT, STDLIB, host, plugins

# The libraries that the core may import, and where.
CORE_LIBRARIES = {
    "paygate/core/plugin_api/extensions.py": {"pydantic"},
    "paygate/core/plugin_api/plugin.py": {"pydantic"},
    "paygate/core/plugin_api/method.py": {"pydantic"},
    "paygate/core/payments/create.py": {"pydantic"},
    "paygate/core/registry.py": {"pydantic"},
    "paygate/core/api/": {
        *("orjson", "pydantic", "pydantic_core", "quart", "typing_extensions", "werkzeug")
    },
}
# One technology, one place: replacing it means replacing a folder.
HOMES = {
    # The bank breaks connections, which no server of ASGI apps lets an app do.
    "aiohttp": ("paygate/adapters/http/", "paygate/bank/"),
    "asyncpg": ("paygate/adapters/postgres/",),
    "cryptography": ("paygate/adapters/vault/",),
    "hypercorn": ("paygate/adapters/serving/",),
    "httptools": ("paygate/adapters/serving/",),
    "hypothesis": ("paygate/testing/",),
    "opentelemetry": ("paygate/adapters/traces/",),
    "pluggy": ("paygate/plugins/",),
    "pytest": ("paygate/testing/",),
    "quart": ("paygate/core/api/",),
    "redis": (
        "paygate/adapters/buckets/",
        "paygate/adapters/notifier/",
        "paygate/adapters/redis_connections.py",
    ),
    "saq": ("paygate/adapters/notifier/",),
    "tortoise": ("paygate/adapters/postgres/",),
    "typer": ("paygate/cli/",),
    "uvicorn": ("paygate/adapters/serving/",),
}


# Imports inside functions hide from import-linter; these are known, and why.
INSIDE_FUNCTIONS = {
    "paygate/cli/": "each verb imports what it runs, so that `paygate --help` is quick",
}


def test_the_import_contracts_hold():
    # In a process of its own: it switches off every logger there is.
    linted = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert linted.returncode == 0, linted.stdout + linted.stderr


def test_the_core_imports_only_the_listed_libraries():
    foreign = [
        f"{source.name}:{line} imports {library}"
        for source in host()
        if source.name.startswith("paygate/core/")
        for line, library in source.third_parties()
        if not any(
            source.name.startswith(place) and library in allowed
            for place, allowed in CORE_LIBRARIES.items()
        )
    ]

    assert foreign == []


def test_each_technology_is_imported_in_one_place():
    astray = [
        f"{source.name}:{line} imports {library}"
        for source in host()
        for line, library in source.third_parties()
        if library in HOMES and not source.name.startswith(HOMES[library])
    ]

    assert astray == []


def test_every_listed_technology_is_still_used():
    used = {library for source in host() for _, library in source.third_parties()}

    assert set(HOMES) <= used


def test_a_plugin_imports_only_the_public_module():
    prying = [
        f"{source.name}:{line} imports {module}"
        for source in plugins()
        for line, module in source.imports()
        if module.startswith("paygate.")
    ]

    assert prying == []


def test_a_plugin_imports_only_what_paygate_exports():
    exported = set(paygate.__all__)
    unknown = [
        f"{source.name}:{node.lineno} imports {alias.name}"
        for source in plugins()
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ImportFrom) and node.module == "paygate" and node.level == 0
        for alias in node.names
        if alias.name not in exported
    ]

    assert unknown == []


# What a plugin's own distribution declares beside paygate.
PLUGIN_LIBRARIES = {"paygate_upi_sim": {"segno"}, "paygate_signed_wallet": {"cryptography"}}


def test_a_plugin_needs_paygate_the_standard_library_pydantic_and_itself():
    foreign = []
    for source in plugins():
        own = next(part for part in source.path.parts if part.startswith("paygate_"))
        foreign += [
            f"{source.name}:{line} imports {module}"
            for line, module in source.imports()
            if module.partition(".")[0]
            not in {*STDLIB, "paygate", "pydantic", own, *PLUGIN_LIBRARIES.get(own, ())}
        ]

    assert foreign == []


# A sink that writes to files of the operator's: waits for disks in threads, syncs and locks.
PLUGIN_EXCEPTIONS = {"paygate_event_stream": {"asyncio", "os"}}


def test_a_plugin_uses_no_clock_network_or_environment_directly():
    doors = {"asyncio", "socket", "ssl", "http", "urllib", "os", "subprocess", "threading", "time"}
    reaching = [
        f"{source.name}:{line} imports {module}"
        for source in plugins()
        for line, module in source.imports()
        if module.partition(".")[0] in doors - _own_doors(source) and module != "urllib.parse"
    ]

    assert reaching == []


def _own_doors(source):
    own = next(part for part in source.path.parts if part.startswith("paygate_"))
    return PLUGIN_EXCEPTIONS.get(own, set())


def test_every_exported_name_exists_and_is_sorted():
    assert all(hasattr(paygate, name) for name in paygate.__all__)

    # Constants, classes, functions: as ruff sorts them.
    def place(name):
        return (not name.isupper(), name[0].islower(), name)

    assert list(paygate.__all__) == sorted(paygate.__all__, key=place)


def test_no_function_contains_an_import():
    hidden = [
        f"{source.name}:{node.lineno}"
        for source in [*host(), *plugins()]
        if not source.name.startswith(tuple(INSIDE_FUNCTIONS))
        for function in ast.walk(source.tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.ImportFrom)
        and (node.level or (node.module or "").startswith("paygate"))
    ]

    assert hidden == []
