"""Refuse misspelt settings, which nothing would read."""

from __future__ import annotations

import logging
import re
from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches

from ..core.errors import OperatorError
from .hookspecs import PROJECT

log = logging.getLogger(__name__)

PREFIX = f"{PROJECT.upper()}_"
# One or two different letters in a long name; less similar names may be another program's.
SIMILARITY_MIN = 0.85
# Used by paygate's tests and client libraries, and by ``paygate dev --with`` for its program.
_OTHERS = re.compile(rf"{PREFIX}(TEST_\w+|URL|API|KEY|SECRET|API_KEY|API_SECRET)")
# Kubernetes sets these for every service, also for one with the name paygate.
_KUBERNETES = re.compile(rf"{PREFIX}\w*(SERVICE_HOST|SERVICE_PORT\w*|PORT_\d+_(TCP|UDP)\w*)")


def check_setting_names(
    environ: Mapping[str, str],
    ours: Collection[str],
    of_plugins: Mapping[str, Collection[str]],
    *,
    every: Iterable[str] = (),
) -> None:
    """Refuse a variable that looks like a setting of paygate or a plugin but is not read.

    A name that begins with ``PAYGATE_`` is refused if it is similar to a known one, or
    begins with an installed plugin's prefix. Any other is logged: it may belong to another
    program, or to a plugin that is not installed in this process.

    Args:
        environ: The variables; an empty one counts as absent.
        ours: The variables that paygate reads.
        of_plugins: The variables that plugins read, by plugin.
        every: Names that must be known, whatever their prefix is.

    Raises:
        OperatorError: A name is misspelt; the message has the nearest correct name.
    """
    known = {*ours, *(name for names in of_plugins.values() for name in names)}
    for name in every:
        if name not in known:
            raise _refusal(name, "nothing reads this setting", known)
    unread = (name for name, value in environ.items() if value and _is_unread(name, value, known))
    for name in sorted(unread):
        owner = _owner(name, of_plugins)
        if owner is not None:
            raise _refusal(name, f"plugin {owner} has no such setting", of_plugins[owner])
        if get_close_matches(name, known, n=1, cutoff=SIMILARITY_MIN):
            raise _refusal(name, "nothing reads this setting", known)
        log.warning("%s is set, and neither paygate nor an installed plugin reads it", name)


def _is_unread(name: str, value: str, known: Collection[str]) -> bool:
    if not name.startswith(PREFIX) or name in known or _OTHERS.fullmatch(name):
        return False
    return not (_KUBERNETES.fullmatch(name) or value.startswith(("tcp://", "udp://")))


def _owner(name: str, of_plugins: Collection[str]) -> str | None:
    """Return the plugin whose prefix the name has; the longest prefix wins."""
    owners = [each for each in of_plugins if name.startswith(f"{PREFIX}{each}_".upper())]
    return max(owners, key=len, default=None)


def _refusal(name: str, problem: str, known: Collection[str]) -> OperatorError:
    near = get_close_matches(name, known, n=1, cutoff=SIMILARITY_MIN)
    if near:
        remedy = f"Did you mean {near[0]}"
    elif known and len(known) <= 10:
        remedy = f"Use one of {', '.join(sorted(known))}, or remove it"
    else:
        remedy = "Remove it, or see docs/reference/settings.md for the settings"
    return OperatorError(setting=name, problem=problem, remedy=remedy)
