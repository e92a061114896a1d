"""``paygate plugin check``: run the contract kit against an installed plugin."""

from __future__ import annotations

from importlib.util import find_spec

from ..core.domain.errors import OperatorError
from ..plugins.host import Found, installed_plugins

BROKEN = 1


def plugin_check(name: str, *, as_json: bool) -> int:
    """Judge it, print what was found, and return the exit code.

    Raises:
        OperatorError: There is no such plugin, or no kit.
    """
    installed = installed_plugins()
    found = _named(name, installed)
    if find_spec("hypothesis") is None:
        raise OperatorError(
            setting="paygate plugin check",
            problem="hypothesis is not installed",
            remedy="Install paygate[testing]",
        )
    from ..testing.kit import report  # noqa: PLC0415 - the server never needs it
    from ..testing.kit.installed import check  # noqa: PLC0415 - the same

    others = [each for each in installed if each.name != name]
    findings = list(check(found, others))
    print(report.as_json(name, findings) if as_json else report.as_table(findings))
    return BROKEN if any(each.verdict == "broken" for each in findings) else 0


def _named(name: str, installed: list[Found]) -> Found:
    for found in installed:
        if found.name == name:
            return found
    raise OperatorError(
        setting="paygate plugin check",
        problem=f"there is no plugin {name!r}",
        remedy=f"Installed are {', '.join(each.name for each in installed) or 'none'}",
    )
