"""``paygate grade`` with the real gateway: options, reports, exit codes, and its pages."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import aiohttp
import pytest
import pytest_asyncio

from paygate.grade.clauses import CLAUSES
from paygate.grade.clauses_page import page
from paygate.grade.gateway import ALL_FAILED
from tests.docs.blocks import ROOT, blocks_of
from tests.grade.faults import FAULTS, request
from tests.grade.small_gateway import Call, Fault, Reply, serve
from tests.harness.apps import KEYS
from tests.harness.databases import Databases
from tests.harness.processes import Client, Stack, free_port, stack

HOW_TO = "how-to/grade-a-gateway.md"
SETTINGS = re.compile(r"(TEST_\w+|WEBHOOK_RETRY_INTERVALS_TEST)=(\w+)")


def settings_of_the_page() -> dict[str, str]:
    (line,) = [each for each in blocks_of(HOW_TO, "console") if "paygate dev" in each]
    return dict(SETTINGS.findall(line))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(
    databases: Databases, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[Stack, Client]]:
    """A gateway with the settings that the page names."""
    url = await databases.clone()
    home = tmp_path_factory.mktemp("gateway")
    async with stack(url, redis_url, home, settings_of_the_page()) as processes:
        yield processes, await processes.serve("--prepare", "--with-worker")
    await databases.drop(url)


def page_commands(base: str) -> list[list[str]]:
    """Return the arguments of the page's commands. The first is the second one, only slower."""
    lines = filter(None, "\n".join(blocks_of(HOW_TO, "bash")).splitlines())
    return [shlex.split(line.replace("http://localhost:8000", base))[1:] for line in lines]


async def namespace(client: Client) -> Any:
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{client.base}/api/v1/test/namespaces", json={}) as answer,
    ):
        return await answer.json()


async def test_paygate_itself_passes_and_gets_its_webhook_url_back(
    running: tuple[Stack, Client], tmp_path: Path
):
    processes, client = running
    other, before = await namespace(client), "http://127.0.0.1:9/hook"
    await client.call("PATCH", "/api/v1/merchant/webhook", json={"webhook_url": before})
    junit = tmp_path / "grade.xml"

    code, printed, errors = await processes.run(
        *(*page_commands(f"{client.base}/api/v1/")[1], "--json", "--junit", str(junit)),
        PAYGATE_OTHER_API_KEY=other["api_key"],
        PAYGATE_OTHER_API_SECRET=other["api_secret"],
    )

    report = json.loads(printed)
    verdicts = {each["id"]: each["verdict"] for each in report["clauses"]}
    assert verdicts == {each.id: "passed" if each.check else "not checked" for each in CLAUSES}, (
        report
    )
    assert (code, report["is_right"], report["passed"], report["not_checked"]) == (0, True, 19, 1)
    suite = ElementTree.parse(junit).getroot()[0]
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("20", "0", "1")
    assert "K18  passed" in errors
    _, config = await client.call("GET", "/api/v1/merchant/config")
    assert config["webhook_url"] == before
    assert other["api_secret"] not in printed + errors


async def test_some_clauses_are_checked(running: tuple[Stack, Client]):
    processes, client = running

    code, printed, _ = await processes.run(*page_commands(client.base)[2])

    assert code == 0, printed
    clauses = [line[:4].strip() for line in printed.splitlines() if line.startswith("K")]
    assert clauses == ["K3", "K7"]
    assert "\n2 passed, 0 failed, 0 not checked" in printed


async def test_without_a_second_merchant_its_parts_are_not_checked(running: tuple[Stack, Client]):
    processes, client = running

    _, printed, _ = await processes.run("grade", client.base, "--only", "K6")

    assert "not checked: another merchant's order: give a second merchant's keys" in printed
    assert "1 passed, 0 failed, 0 not checked" in printed


def error(description: str) -> str:
    return f'{{"error": {{"code": "BAD_REQUEST_ERROR", "description": {description}}}}}'


async def test_a_failed_clause_is_shown_with_what_came_and_no_secret(
    running: tuple[Stack, Client], tmp_path: Path
):
    processes, _ = running
    _, fault = FAULTS["a bad amount as 422"]
    junit = tmp_path / "grade.xml"
    async with serve(fault) as (gateway, url):
        own = ("--api-key", gateway.own.key, "--api-secret", gateway.own.secret)
        code, printed, _ = await processes.run(
            "grade", url, *own, "--only", "k4, K20", "--junit", str(junit)
        )

    assert code == 1
    lines = [line.strip() for line in printed.splitlines()]
    assert lines[0].startswith("K4   FAILED       `POST /orders` answers 400")
    assert lines[1:5] == [
        "problem: the status is 422, not 400",
        'sent: POST /api/v1/orders (with the merchant\'s keys): {"amount": 99}',
        "expected: status 400: " + error("<a text that is not empty>"),
        "came: status 422: " + error('"amount must be at least 100"'),
    ]
    assert lines[-1].startswith("0 passed, 1 failed, 1 not checked")
    assert "secret_small" not in printed
    (suite,) = ElementTree.parse(junit).getroot()
    failure = suite[0].find("failure")
    assert failure is not None
    assert failure.get("message") == "the status is 422, not 400"
    assert failure.text is not None
    assert "came: status 422" in failure.text


async def test_the_report_on_the_page_is_real(running: tuple[Stack, Client]):
    processes, _ = running

    def crash(call: Call, reply: Reply) -> None:
        if call.method == "POST" and call.body.get("amount") == "x":
            inner = {"code": "SERVER_ERROR", "description": "Internal server error"}
            reply.status, reply.body = 500, {"error": inner}

    async with serve(Fault(after=crash)) as (gateway, url):
        own = ("--api-key", gateway.own.key, "--api-secret", gateway.own.secret)
        code, printed, _ = await processes.run("grade", url, *own, "--only", "K4")

    (shown,) = blocks_of(HOW_TO, "text")
    assert code == 1
    assert printed.startswith(shown)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("localhost:8000",), "URL: 'localhost:8000' is no address"),
        (("http://127.0.0.1:9",), "there is no gateway"),
        (("URL", "--api-secret", "wrong"), "the gateway refuses the key and the secret"),
        (
            ("URL", "--other-api-key", "x", "--other-api-secret", "y"),
            "--other-api-key: the gateway",
        ),
        (
            (
                "URL",
                "--other-api-key",
                KEYS["X-Api-Key"],
                "--other-api-secret",
                KEYS["X-Api-Secret"],
            ),
            "--other-api-key: it is the same merchant's",
        ),
        (("URL", "--only", "K1,K21"), "there is no clause K21"),
        (("URL", "--webhook-url", "here:4000"), "--webhook-url: 'here:4000' is no address"),
        (("URL", "--only", "K1", "--junit", "/no/such/x"), "the report cannot be written"),
        (("URL", "--webhook-port", "PORT"), "--webhook-port: 127.0.0.1:"),
    ],
)
async def test_a_mistake_of_the_user_is_explained(
    running: tuple[Stack, Client], words: tuple[str, ...], message: str
):
    processes, client = running
    port = client.base.rpartition(":")[2]
    given = [{"URL": client.base, "PORT": port}.get(word, word) for word in words]

    code, printed, errors = await processes.run("grade", *given)

    assert (code, printed) == (2, "")
    assert message in errors


async def test_without_a_payment_that_succeeds_half_of_k10_is_not_checked(
    databases: Databases, redis_url: str, tmp_path: Path
):
    url = await databases.clone()
    declining = {**settings_of_the_page(), "TEST_PAYMENT_SUCCESS": "false"}
    async with stack(url, redis_url, tmp_path, declining) as processes:
        client = await processes.serve("--prepare", "--with-worker")
        code, printed, _ = await processes.run("grade", client.base, "--only", "K10", "--json")
    await databases.drop(url)

    (result,) = json.loads(printed)["clauses"]
    assert (code, result["verdict"]) == (0, "not checked")
    assert result["not_checked"] == [ALL_FAILED]


async def test_without_any_webhook_at_a_given_url_the_clause_fails(running: tuple[Stack, Client]):
    processes, client = running
    other = await namespace(client)
    own = ("--api-key", other["api_key"], "--api-secret", other["api_secret"])
    elsewhere = ("--webhook-url", "http://127.0.0.1:9/hook", "--webhook-port", str(free_port()))

    code, printed, _ = await processes.run(
        "grade", client.base, *own, *elsewhere, "--only", "K17", "--timeout", "3", "--json"
    )

    (result,) = json.loads(printed)["clauses"]
    assert (code, result["verdict"]) == (1, "failed")
    assert result["problem"].startswith("no webhook payment.success arrived at http://127.0.0.1:9")


async def test_a_gateway_that_does_not_reach_the_receiver_is_not_blamed(
    running: tuple[Stack, Client],
):
    processes, _ = running

    def lead_elsewhere(call: Any) -> None:
        call.body["webhook_url"] = "http://127.0.0.1:9/hook"

    async with serve(request("PUT /webhooks/config", lead_elsewhere)) as (gateway, url):
        own = ("--api-key", gateway.own.key, "--api-secret", gateway.own.secret)
        code, printed, _ = await processes.run(
            "grade", url, *own, "--only", "K17", "--timeout", "3", "--json"
        )

    (result,) = json.loads(printed)["clauses"]
    assert (code, result["verdict"]) == (0, "not checked")
    assert "the gateway does not reach http://127.0.0.1:" in result["not_checked"][0]


async def test_a_gateway_without_a_route_for_the_url_is_not_checked(
    running: tuple[Stack, Client],
):
    processes, _ = running

    def hide_routes(call: Any) -> None:
        call.path = call.path.replace("/config", "/nothing")

    async with serve(Fault(before=hide_routes)) as (gateway, url):
        own = ("--api-key", gateway.own.key, "--api-secret", gateway.own.secret)
        code, printed, _ = await processes.run("grade", url, *own, "--only", "K17,K19", "--json")

    results = json.loads(printed)["clauses"]
    assert code == 0
    assert [each["verdict"] for each in results] == ["not checked"] * 2
    assert all("no known route sets" in each["not_checked"][0] for each in results)


async def test_a_webhook_url_that_stays_is_reported(running: tuple[Stack, Client]):
    processes, _ = running

    def keep_the_url(call: Call) -> None:
        if call.body.get("webhook_url") is None:
            call.path = "/webhooks/nothing"

    async with serve(request("PUT /webhooks/config", keep_the_url)) as (gateway, url):
        own = ("--api-key", gateway.own.key, "--api-secret", gateway.own.secret)
        code, printed, errors = await processes.run("grade", url, *own, "--only", "K19", "--json")
        kept = gateway.own.url

    (result,) = json.loads(printed)["clauses"]
    assert (code, result["verdict"]) == (0, "not checked")
    assert "no known route sets" in result["not_checked"][0]
    assert f"the merchant's webhook URL is still {kept}" in errors


def test_the_page_of_the_contract_is_current():
    made = (ROOT / "docs" / "reference" / "common-contract.md").read_text()

    assert made == page(), "run `make reference`"


def test_every_clause_has_a_place_and_a_sentence():
    assert [each.id for each in CLAUSES] == [f"K{number}" for number in range(1, 21)]
    for each in CLAUSES:
        assert each.requires.endswith("."), each.id
        assert not {"|", "\n"} & set(each.requires + "".join(each.unseen)), each.id
        assert each.check or each.unseen, each.id


def test_the_test_merchant_is_the_one_of_the_options():
    from paygate.cli.merchant.options import TEST_KEY, TEST_SECRET

    assert {"X-Api-Key": TEST_KEY, "X-Api-Secret": TEST_SECRET} == KEYS
