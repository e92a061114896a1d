"""``paygate plugin check``: run the contract kit against an installed plugin."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

from ..core.errors import OperatorError
from ..plugins.host import Found, installed_plugins, load_plugins
from ..plugins.setting_names import check_setting_names
from ..settings import setting_names

if TYPE_CHECKING:
    from ..testing.kit.judge import Finding

BROKEN = 1
UNJUDGED = 3
STILL_JUDGING_EVERY_S = 5.0


def plugin_check(name: str, *, as_json: bool) -> int:
    """Judge it, print what was found, and return the exit code.

    What the host itself refuses about the plugin is said first, and nothing is judged.

    Raises:
        OperatorError: There is no such plugin, the host refuses it, or there is no kit.
    """
    installed = installed_plugins()
    found = _named(name, installed)
    if find_spec("hypothesis") is None:
        raise OperatorError(
            setting="paygate plugin check",
            problem="hypothesis is not installed",
            remedy="In paygate's folder run pip install '.[testing]'",
        )
    from ..testing.kit import report  # noqa: PLC0415 - the server never needs it
    from ..testing.kit.installed import check, samples_of  # noqa: PLC0415 - the same
    from ..testing.kit.world import closed_network  # noqa: PLC0415 - the same

    others = [each for each in installed if each.name != name]
    environ: Mapping[str, str] = samples_of(found).get("environ", {})
    findings: list[Finding] = []
    with _still_judging(findings), closed_network():
        _load(found, others, environ)
        judged = _kept(check(found, others), findings)
        if as_json:
            list(judged)
            print(report.as_json(name, findings))
        else:
            for line in report.table(judged):
                print(line, flush=True)
    return _exit_code(findings, is_mostly_unjudged=report.is_mostly_unjudged(findings))


def _load(found: Found, others: list[Found], environ: Mapping[str, str]) -> None:
    """Load the plugin as the host does: alone, and beside all others.

    Raises:
        OperatorError: The host refuses it.
    """
    loaded = load_plugins([found], environ=environ)
    check_setting_names(environ, setting_names(), loaded.setting_names, every=environ)
    try:
        load_plugins([*others, found], environ=environ)
    except OperatorError as error:
        # Another plugin may lack a setting here; only what concerns this one counts.
        if error.setting == f"plugin {found.name}":
            raise
        print(f"note: beside the other installed plugins the host says: {error}", file=sys.stderr)


def _exit_code(findings: list[Finding], *, is_mostly_unjudged: bool) -> int:
    if any(each.verdict == "broken" for each in findings):
        return BROKEN
    if is_mostly_unjudged:
        print(
            "paygate plugin check: more rules were left unjudged than were judged. Give samples "
            "in `paygate_check_samples` of the plugin's module (docs/testing-plugins.md).",
            file=sys.stderr,
        )
        return UNJUDGED
    return 0


def _kept(findings: Iterable[Finding], kept: list[Finding]) -> Iterator[Finding]:
    for each in findings:
        kept.append(each)
        yield each


@contextmanager
def _still_judging(findings: list[Finding]) -> Iterator[None]:
    """Say every few seconds on stderr what is waited for, while one rule takes long."""
    over, out, began_s = threading.Event(), sys.stderr, time.monotonic()

    def tell() -> None:
        last = -1
        while not over.wait(STILL_JUDGING_EVERY_S):
            if len(findings) == last:
                took_s = time.monotonic() - began_s
                after = findings[-1].rule.id if findings else "the host has loaded the plugin"
                print(f"still judging after {after} ({took_s:.0f} s)", file=out, flush=True)
            last = len(findings)

    telling = threading.Thread(target=tell, daemon=True)
    telling.start()
    try:
        yield
    finally:
        over.set()
        telling.join()


def _named(name: str, installed: list[Found]) -> Found:
    for found in installed:
        if found.name == name:
            return found
    raise OperatorError(
        setting="paygate plugin check",
        problem=f"there is no plugin {name!r}",
        remedy=f"Installed are {', '.join(each.name for each in installed) or 'none'}",
    )
