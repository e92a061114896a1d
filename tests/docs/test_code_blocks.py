"""The code blocks of the documentation work."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/**/*.md"),
        *ROOT.glob("plugins/*/README.md"),
        ROOT / "sdk/python/README.md",
        ROOT / "sdk/js/server/README.md",
    ]
)
# Their programs need a gateway: see test_client_libraries_page.py, test_first_payment_page.py,
# test_languages_page.py and tests/wire/test_pages.py.
WITH_A_GATEWAY = {
    "docs/how-to/take-a-payment-without-code.md",
    "docs/how-to/test-a-razorpay-integration.md",
    "docs/how-to/test-a-stripe-integration.md",
    "docs/how-to/test-in-your-language.md",
    "docs/how-to/use-the-client-libraries.md",
    "docs/tutorials/first-payment.md",
    "sdk/python/README.md",
    "sdk/js/server/README.md",
}
BLOCK = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)")


def blocks(language: str) -> list[tuple[str, str]]:
    return [
        (page.relative_to(ROOT).as_posix(), code)
        for page in PAGES
        for found, code in BLOCK.findall(page.read_text())
        if found == language
    ]


@pytest.mark.parametrize(
    ("page", "code"), [each for each in blocks("python") if each[0] not in WITH_A_GATEWAY]
)
def test_a_python_block_runs(page: str, code: str):
    exec(compile(code, page, "exec"), {"__name__": "documentation"})


@pytest.mark.parametrize(("page", "code"), blocks("json"))
def test_a_json_block_is_json(page: str, code: str):
    json.loads(code)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_link_to_a_file_leads_to_one(page: Path):
    broken = [to for to in LINK.findall(page.read_text()) if not (page.parent / to).exists()]

    assert broken == []


def test_every_setting_of_the_host_is_documented():
    from paygate.settings import Settings

    text = (ROOT / "docs" / "reference" / "settings.md").read_text()
    missing = [f.alias for f in Settings.model_fields.values() if f"`{f.alias}`" not in text]

    assert missing == []


def test_the_documented_plugin_can_be_loaded_and_is_complete():
    from types import SimpleNamespace

    from paygate import hookimpl
    from paygate.plugins.collecting import Found
    from paygate.plugins.host import load_plugins

    page = (ROOT / "docs" / "how-to" / "write-a-processor.md").read_text()
    names: dict[str, object] = {"__name__": "documentation"}
    for _, code in [b for b in BLOCK.findall(page) if b[0] == "python"]:
        exec(compile(code, "writing-plugins.md", "exec"), names)
    plugin = SimpleNamespace(
        paygate_methods=hookimpl(lambda: [names["IbanMethod"]()]),  # type: ignore[operator]
        paygate_processors=hookimpl(lambda: [names["AcmeProcessor"]()]),  # type: ignore[operator]
    )
    loaded = load_plugins([Found("acme", plugin, "1")], environ={})

    assert set(loaded.registry.methods) == {"iban"}
    assert set(loaded.registry.processors) == {"acme"}
