"""Cassettes: what is stored of a connector's HTTP, and which requests it answers later."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from paygate import HttpError, HttpResponse
from paygate.testing import Cassette, CassetteError, CassetteSettings, Sent
from pytest_paygate.cassettes import check_recording
from tests.harness.suites import run_suite

Answer = Callable[[Sent], HttpResponse]
CARD = "4111111111111111"
IBAN = "DE89370400440532013000"
SECRETS = {
    "api_key": "canary-of-the-key",
    "signature": "c0ffee0ddba11c0ffee0ddba11",
    "setting": "canary-of-a-setting",
    "token": "canary-of-a-token",
    "vpa": "canary@okbank",
    "card": CARD,
    "spaced card": "4111 1111 1111 1111",
    "cvv": "4937",
    "iban": IBAN,
    "merchant key": "canary-of-a-merchant",
}


class BankOf:
    """A bank that answers as a test says, in place of the network."""

    def __init__(self, answer: Answer):
        self.answer = answer

    async def send(self, sent: Sent) -> HttpResponse:
        return self.answer(sent)


def json_answer(content: Any, **headers: str) -> HttpResponse:
    body = json.dumps(content).encode()
    return HttpResponse(200, {"content-type": "application/json", **headers}, body, False)


def request(path: str, content: Any = None, method: str = "POST", **headers: str) -> Sent:
    body = content if isinstance(content, bytes) else json.dumps(content or {}).encode()
    kinds = (
        headers if "content-type" in headers else {"content-type": "application/json", **headers}
    )
    return Sent(f"https://bank.example{path}", body, kinds, timedelta(seconds=1), method)


def record(
    path: Path,
    sent: Sequence[Sent],
    answer: Answer = lambda _: json_answer({}),
    settings: CassetteSettings | None = None,
    test: str = "a test",
) -> str:
    """Record the requests, and return the file."""
    cassette = Cassette(path, test, settings, recorder=BankOf(answer))
    cassette.hide(SECRETS["setting"])

    async def send() -> None:
        for each in sent:
            with suppress(HttpError):
                await cassette.network(each)

    asyncio.run(send())
    cassette.finish()
    return path.read_text()


def op(letter: str) -> str:
    return "op_" + letter * 16


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "cassettes" / "test_bank.json"


def test_no_secret_of_a_request_or_a_response_is_in_the_file(file: Path):
    own = {name: SECRETS[name] for name in ("api_key", "signature", "vpa", "cvv", "iban")}
    card = {"number": CARD, "holder": "asha", "text": f"card {SECRETS['spaced card']}, cvv 4937"}
    headers = {
        "Authorization": f"Bearer {SECRETS['api_key']}",
        "X-Signature": SECRETS["signature"],
        "Idempotency-Key": op("A"),
        "Op-And-Key": f"{op('A')} {SECRETS['api_key']}",
    }
    form = f"card_number={CARD}&cvv=4937&otp=canary-otp&note={SECRETS['setting']}".encode()
    parts = f"<cvv>4937</cvv><vpa>{SECRETS['vpa']}</vpa><pin>canary-of-an-element</pin>{CARD}"
    xml = f"<pay>{parts}</pay>".encode()
    sent = [
        request("/tokens"),
        request(
            f"/charge/{SECRETS['token']}?sign=1&api_key=canary-of-a-query&to={CARD}",
            own | card,
            **headers,
        ),
        request("/form", form, **{"content-type": "application/x-www-form-urlencoded"}),
        request("/xml", xml, **{"content-type": "text/xml"}),
        request("/deep", {"merchant_key": SECRETS["merchant key"], "list": [int(CARD)]}),
    ]

    def answer(each: Sent) -> HttpResponse:
        # It repeats everything, under names that reveal nothing.
        repeated = [*SECRETS.values(), f"cvv: {SECRETS['cvv']}", {SECRETS["api_key"]: 1}]
        repeated.remove(SECRETS["cvv"])
        repeated.remove(SECRETS["token"])
        repeated += ["canary-otp", "canary-of-a-query", "canary-of-an-element"]
        return json_answer(
            {"repeated": repeated, "access_token": SECRETS["token"]},
            location=f"/at/{SECRETS['token']}",
        )

    settings = CassetteSettings(secret_fields=["MerchantKey"])
    text = record(file, sent, answer, settings)

    assert {name for name, secret in SECRETS.items() if secret in text} == set()
    assert "canary" not in text
    assert json.loads(text)["tests"]["a test"][1]["request"]["headers"] == {
        "idempotency-key": "{op_1}",
        "op-and-key": "{op_1} [redacted]",
    }


def test_a_recording_answers_with_the_ids_of_the_run_that_replays_it(file: Path):
    def answer(each: Sent) -> HttpResponse:
        key = each.headers["key"]
        return json_answer({"reference": key, "id": f"bank_{key}", "own": "pay_" + "x" * 16})

    # The digits of the second id pass the check of a card number.
    first, second, digits = op("A"), op("B"), "op_KIT0000000000018"
    one = [request("/charges", {"of": f"pay_{'A' * 16}"}, key=key) for key in (first, second)]
    text = record(file, [*one, request("/charges", {"own": "pay_" + "x" * 16}, key=digits)], answer)

    cassette = Cassette(file, "a test")
    # In another order, with other ids, and with the id that the bank has made.
    two = [request("/charges", {"of": f"pay_{'Z' * 16}"}, key=key) for key in (op("Y"), digits)]
    last = request("/charges", {"own": "pay_" + "x" * 16}, key=op("W"))
    replies = [json.loads(cassette.network(each).body) for each in (two[1], last, two[0])]
    cassette.finish()

    assert first not in text
    assert [reply["reference"] for reply in replies] == [digits, op("W"), op("Y")]
    assert replies[0] == {"reference": digits, "id": f"bank_{digits}", "own": "pay_" + "x" * 16}


def test_the_same_id_at_another_place_is_another_request(file: Path):
    record(file, [request(f"/a/{op('A')}"), request(f"/b/{op('A')}")], lambda _: json_answer(1))
    cassette = Cassette(file, "a test")
    cassette.network(request(f"/a/{op('B')}"))

    with pytest.raises(CassetteError, match=r"url was sent as \"/b/\{op_\?\}\" and recorded as"):
        cassette.network(request(f"/b/{op('C')}"))


def test_equal_requests_get_their_responses_in_the_recorded_order(file: Path):
    states = iter(["pending", "approved"])
    query = request("/operations/1", method="GET")
    record(file, [query, query], lambda _: json_answer({"status": next(states)}))
    cassette = Cassette(file, "a test")
    replies = [json.loads(cassette.network(query).body)["status"] for _ in range(2)]

    assert replies == ["pending", "approved"]
    with pytest.raises(CassetteError, match="is recorded 2 times, and was sent once more"):
        cassette.network(query)
    with pytest.raises(CassetteError, match="sent once more"):
        cassette.finish()


def test_a_changed_request_fails_and_names_the_nearest_recorded_one(file: Path):
    sent = [
        request("/charges", {"amount": 500, "is_new": True}),
        request("/refunds", {"amount": 600}),
    ]
    record(file, sent)
    cassette = Cassette(file, "a test")
    with pytest.raises(CassetteError) as caught:
        cassette.network(request("/charges", {"amount": 600, "is_new": True, "cvv": "123"}))

    assert (
        str(caught.value)
        == f"""\
POST /charges is not recorded
  sent     POST /charges {{"json": {{"amount": 600, "is_new": true, "cvv": "[redacted]"}}}}
  nearest  POST /charges {{"json": {{"amount": 500, "is_new": true}}}}
  differs  json.amount was sent as 600 and recorded as 500; json.cvv was sent as "[redacted]" and \
not recorded
  file     {file} (a test)
  do       if the connector is meant to send this, record the test again with its bank: \
pytest --paygate-record"""
    )
    with pytest.raises(CassetteError, match="Nothing is recorded for POST /charges\n"):
        Cassette(file, "another test").network(request("/charges"))


def test_a_recorded_request_that_is_not_sent_fails(file: Path):
    record(file, [request("/a"), request("/b")])
    cassette = Cassette(file, "a test")
    cassette.network(request("/b"))

    with pytest.raises(CassetteError, match=r"1 of 2 recorded requests were not sent\n .* POST /a"):
        cassette.finish()


def test_fields_that_change_in_each_run_can_be_ignored(file: Path):
    settings = CassetteSettings(ignored_fields=["nonce"], plain_fields=["page_token"])
    body = {"nonce": 17, "page_token": "next page", "list": [{"nonce": "a"}]}
    text = record(file, [request("/a?nonce=b", body)], settings=settings)
    other = {"nonce": 18, "page_token": "next page", "list": [{"nonce": "c"}]}
    Cassette(file, "a test", settings).network(request("/a?nonce=d", other))

    assert '"page_token": "next page"' in text
    with pytest.raises(CassetteError, match="page_token"):
        Cassette(file, "a test", settings).network(
            request("/a?nonce=d", {**other, "page_token": ""})
        )


def test_failures_forms_and_texts_are_replayed_as_they_were(file: Path):
    form = HttpResponse(
        302, {"Content-Type": "application/x-www-form-urlencoded"}, b"a=1&b=+", True
    )
    page = HttpResponse(
        502, {"date": "today"}, b"<html>Bad gateway</html>", False, broken="timeout"
    )

    def answer(each: Sent) -> HttpResponse:
        if each.url.endswith("/lost"):
            raise HttpError("connection", "a detail")
        return form if each.url.endswith("/form") else page

    sent = [request(path) for path in ("/lost", "/form", "/page")]
    record(file, sent, answer)
    cassette = Cassette(file, "a test")
    with pytest.raises(HttpError) as caught:
        cassette.network(sent[0])

    assert caught.value.kind == "connection"
    assert cassette.network(sent[1]) == HttpResponse(
        302, {"content-type": form.headers["Content-Type"]}, form.body, True
    )
    assert cassette.network(sent[2]) == HttpResponse(502, {}, page.body, False, broken="timeout")


def test_a_body_that_cannot_be_masked_is_not_recorded(file: Path):
    with pytest.raises(CassetteError, match="it is not text, so nothing in it can be masked"):
        record(file, [request("/a", b"\xff\xfe")])

    assert not file.exists()


def test_a_recording_replaces_its_own_test_only(file: Path):
    record(file, [request("/a")])
    before = file.read_text()
    both = record(file, [request("/b")], test="b test")
    after = record(file, [], test="b test")

    assert list(json.loads(both)["tests"]) == ["a test", "b test"]
    assert after == before


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("[", "it is not JSON"),
        ("{}", 'it has no "tests"'),
        ('{"paygate_cassette": 2, "tests": {}}', "it has format 2; this paygate reads 1"),
        (
            '{"paygate_cassette": 1, "tests": {"a": [{"request": {}}]}}',
            'it has no "tests" with lists',
        ),
    ],
)
def test_a_file_that_is_no_cassette_is_refused_with_the_reason(
    file: Path, content: str, reason: str
):
    file.parent.mkdir()
    file.write_text(content)

    with pytest.raises(CassetteError, match=f"test_bank.json is not a cassette: {reason}"):
        Cassette(file, "a")


SUITE = """
from datetime import timedelta

import pytest

@pytest.mark.parametrize("amount", [500, 600])
async def test_charge(amount, paygate_cassette, request):
    url, key = "http://127.0.0.1:1", "none"
    if paygate_cassette.is_recording:
        bank = request.getfixturevalue("paygate_bank")
        url, key = bank.url, bank.api_key
    try:
        response = await paygate_cassette.client.request(
            "POST",
            url + "/charges",
            body=b'{"amount": %d, "currency": "INR"}' % (amount + EXTRA),
            headers={"Authorization": f"Bearer {key}", "Idempotency-Key": "op_" + "A" * 16},
            timeout=timedelta(seconds=30),
        )
    except AssertionError:
        return  # As a gateway does, which contains what a plugin raises.
    assert response.status == 200
"""


def test_the_option_records_a_suite_that_then_runs_without_its_bank(tmp_path: Path):
    test = tmp_path / "test_bank.py"
    (tmp_path / "pytest.ini").write_text("[pytest]\nasyncio_mode = auto\n")
    test.write_text(SUITE.replace("EXTRA", "0"))
    recorded = run_suite("--paygate-record", cwd=tmp_path, environ=os.environ)
    test.write_text(SUITE.replace("EXTRA", "amount % 500"))
    changed = run_suite(cwd=tmp_path, environ=os.environ)

    assert recorded.returncode == 0, recorded.stdout
    # Without a bank; one of the requests is another one now.
    assert "1 failed, 1 passed" in changed.stdout
    assert "json.amount was sent as 700 and recorded as 600\n" in changed.stdout
    assert "bank_test_key" not in (tmp_path / "cassettes" / "test_bank.json").read_text()


def test_several_processes_do_not_record(
    pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(pytestconfig.option, "paygate_record", True)
    monkeypatch.setattr(pytestconfig.option, "numprocesses", 2, raising=False)

    with pytest.raises(pytest.UsageError, match="run it in one process, with -n 0"):
        check_recording(pytestconfig)
