"""Messages between windows name their receiver, and their sender is checked."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

SOURCES = Path(__file__).parents[2]
# A port has one receiver, which was given it; a window may contain any page.
SAYS = re.compile(r"(?<!port)\.postMessage\(", re.IGNORECASE)
HEARS = re.compile(r"""addEventListener\(\s*["']message["']|\bonmessage\b""")
# What checks window, origin, nonce and instance; the only way a message is read.
READER = "messageFrom("


def scripts() -> list[Path]:
    folders = ("sdk/js/src", "dashboard/src", "examples")
    found = (path for folder in folders for path in (SOURCES / folder).rglob("*"))
    return [path for path in found if path.suffix in {".ts", ".tsx", ".js", ".html"}]


def arguments(text: str, start: int) -> list[str]:
    """Return the arguments of the call whose bracket is before ``start``."""
    depth, parts, part = 0, [], ""
    for sign in text[start:]:
        if sign in ")]}" and depth == 0:
            break
        depth += (sign in "([{") - (sign in ")]}")
        if sign == "," and depth == 0:
            parts.append(part.strip())
            part = ""
        else:
            part += sign
    return [*parts, part.strip()]


@pytest.mark.parametrize("path", scripts(), ids=lambda path: path.name)
def test_every_message_is_addressed_to_an_origin_that_is_a_variable(path: Path):
    text = path.read_text()
    for call in SAYS.finditer(text):
        given = arguments(text, call.end())
        assert len(given) >= 2, f"{path}: {given}"
        assert re.fullmatch(r"[\w.#]*[oO]rigin", given[1]), f"{path}: posted to {given[1]}"


@pytest.mark.parametrize("path", scripts(), ids=lambda path: path.name)
def test_every_message_listener_checks_the_sender(path: Path):
    text = path.read_text()
    if HEARS.search(text):
        assert READER in text, f"{path} listens to anybody"


def test_the_sender_check_compares_origin_window_nonce_and_instance():
    protocol = (SOURCES / "sdk/js/src/shared/protocol.ts").read_text()
    body = protocol[protocol.index("export function messageFrom") :]
    for compared in (
        "event.source !==",
        "senderOf(event) === from.origin",
        "originOf(event.origin)",
        '"nonce"] !==',
        '"instance"] !==',
    ):
        assert compared in body


@pytest.mark.parametrize(
    ("call", "given"),
    [
        ('({ a: [1, 2] }, "*")', ["{ a: [1, 2] }", '"*"']),
        ("(f(x, y), this.#origin)", ["f(x, y)", "this.#origin"]),
    ],
)
def test_arguments_are_distinguished(call: str, given: list[str]):
    assert arguments(call, 1) == given
