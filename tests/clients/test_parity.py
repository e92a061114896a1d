"""Both client libraries offer the same, so that they do not drift apart."""

from __future__ import annotations

import inspect
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import paygate_client
from paygate_client import AsyncPaygateClient, PaygateClient
from tests.clients.test_node_client import node

ROOT = Path(__file__).parents[2]
KEYS = {"api_key": "key_1", "api_secret": "secret_1", "base_url": "http://pay.example"}
# What Python needs and Node does not have, or the other way round.
ONLY_PYTHON = {"PaygateClient.close"}
ONLY_PYTHON_NAMES = {"AsyncPaygateClient", "UNSET", "models", "__version__"}
ONLY_NODE_NAMES = {"VERSION"}
# Types of Node have no values at run time.
TYPES = {"Event", "Page", "RetryPolicy"}
LIST = """
import * as library from "@paygate/server";
const keys = { apiKey: "key_1", apiSecret: "secret_1" };
const client = new library.PaygateClient({ ...keys, baseUrl: "http://pay.example" });
const found = [];
const walk = (thing, name) => {
  let kind = Object.getPrototypeOf(thing);
  for (; kind !== Object.prototype; kind = Object.getPrototypeOf(kind)) {
    for (const each of Object.getOwnPropertyNames(kind)) {
      if (each !== "constructor") found.push(`${name}.${each}`);
    }
  }
  for (const [part, below] of Object.entries(thing)) walk(below, `${name}.${part}`);
};
walk(client, "PaygateClient");
console.log(JSON.stringify({ methods: found, names: Object.keys(library) }));
"""


def methods_of(thing: Any, name: str = "PaygateClient") -> Iterator[str]:
    """Yield the names of all public methods of a client and of its resources."""
    for each, _ in inspect.getmembers(thing, callable):
        if not each.startswith("_"):
            yield f"{name}.{each}"
    for part, below in vars(thing).items():
        if not part.startswith("_"):
            yield from methods_of(below, f"{name}.{part}")


def snake(name: str) -> str:
    """Return a Node name as Python writes it; names of classes stay as they are."""
    if name[0].isupper() and "." not in name:
        return name
    head, _, rest = name.partition(".")
    text = rest or head
    written = re.sub(r"(?<=[a-z])([A-Z])", lambda each: f"_{each[1].lower()}", text)
    return f"{head}.{written}" if rest else written


@pytest.fixture(scope="module")
def of_node() -> dict[str, list[str]]:
    ran = node("--input-type=module", "-e", LIST)
    assert ran.returncode == 0, ran.stderr
    found: dict[str, list[str]] = json.loads(ran.stdout)
    return found


def test_both_libraries_have_the_same_methods(of_node: dict[str, list[str]]):
    in_python = set(methods_of(PaygateClient(**KEYS))) - ONLY_PYTHON

    assert in_python == {snake(each) for each in of_node["methods"]}


def test_the_async_client_has_the_same_methods():
    blocking, awaited = PaygateClient(**KEYS), AsyncPaygateClient(**KEYS)

    assert set(methods_of(blocking)) == set(methods_of(awaited))


def test_both_libraries_have_the_same_names(of_node: dict[str, list[str]]):
    in_python = set(paygate_client.__all__) - ONLY_PYTHON_NAMES - TYPES

    assert in_python == {snake(each) for each in of_node["names"]} - ONLY_NODE_NAMES


def test_the_table_is_what_the_clients_have():
    table = tomllib.loads((ROOT / "sdk" / "operations.toml").read_text())

    def listed(part: dict[str, Any], name: str) -> Iterator[str]:
        for each, below in part.items():
            if each == "methods":
                yield from (f"{name}.{method}" for method in below)
            elif each != "about":
                yield from listed(below, f"{name}.{each}")

    written = {"PaygateClient.close", "PaygateClient.events.follow"}
    in_python = {each for each in methods_of(PaygateClient(**KEYS)) if ".iterate" not in each}

    assert in_python - written == set(listed(table, "PaygateClient"))


def test_both_libraries_have_the_same_version(of_node: dict[str, list[str]]):
    package = json.loads((ROOT / "sdk/js/server/package.json").read_text())
    project = tomllib.loads((ROOT / "sdk/python/pyproject.toml").read_text())["project"]
    shown = node(
        "--input-type=module", "-e", 'import {VERSION} from "@paygate/server"; console.log(VERSION)'
    )

    versions = {paygate_client.__version__, package["version"], project["version"]}
    assert versions == {shown.stdout.strip()}


def test_both_libraries_retry_alike():
    """The policies have the same numbers: seconds in Python, milliseconds in Node."""
    policy = paygate_client.RetryPolicy()
    source = (ROOT / "sdk/js/server/src/retrying.ts").read_text()
    _, _, declared = source.partition("RETRY_POLICY: RetryPolicy = {")
    numbers = re.findall(r"(\w+): ([0-9_]+),", declared.partition("};")[0])
    in_node = {name: int(value.replace("_", "")) for name, value in numbers}

    assert in_node == {
        "retriesMax": policy.retries_max,
        "firstPauseMs": policy.first_pause_s * 1000,
        "longestPauseMs": policy.longest_pause_s * 1000,
        "totalMs": policy.total_s * 1000,
    }
