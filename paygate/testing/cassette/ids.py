"""Ids that paygate makes, and the numbers that a cassette stores instead of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...core.ids import RANDOM_CHARS, IdKind

_KINDS = "|".join(kind.value for kind in IdKind)
ID = re.compile(rf"(?<![A-Za-z0-9])((?:{_KINDS})[A-Za-z0-9]{{{RANDOM_CHARS}}})(?![A-Za-z0-9])")
"""An id of paygate; a longer text may contain it, such as the bank's ``bank_op_…``."""
_TOKEN = re.compile(rf"\{{(?P<number>(?:{_KINDS})\d+)\}}|{ID.pattern}")
"""An id, or the number of one in braces."""


@dataclass(slots=True)
class Numbers:
    """The numbers of the ids of one test, while it is recorded.

    Only an id that a request names before any response is paygate's. Another one that looks
    like one is the bank's, and is stored as it is.
    """

    _names: dict[str, str] = field(default_factory=dict)
    _foreign: set[str] = field(default_factory=set)

    def of_request(self, part: Any) -> Any:
        """Return the part with numbers, new ones for new ids."""
        return replace_texts(part, lambda text: ID.sub(lambda found: self._name(found[1]), text))

    def of_response(self, part: Any) -> Any:
        """Return the part with the numbers of known ids."""
        return replace_texts(part, lambda text: ID.sub(lambda found: self._known(found[1]), text))

    def _name(self, id: str) -> str:
        if id in self._foreign:
            return id
        prefix = id[:-RANDOM_CHARS]
        count = sum(name.startswith("{" + prefix) for name in self._names.values())
        return self._names.setdefault(id, f"{{{prefix}{count + 1}}}")

    def _known(self, id: str) -> str:
        if id not in self._names:
            self._foreign.add(id)
        return self._names.get(id, id)


@dataclass(slots=True)
class Bindings:
    """Which id of this run each number of a recording stands for."""

    _ids: dict[str, str] = field(default_factory=dict)

    def unite(self, recorded: Sequence[str], sent: Sequence[str]) -> bool:
        """Bind the numbers to the ids at the same places, if that contradicts nothing.

        Args:
            recorded: The ids and numbers of a recorded request, in order.
            sent: Those of a request of this run that is otherwise equal.
        """
        ids = dict(self._ids)
        for name, id in zip(recorded, sent, strict=True):
            if not name.startswith("{"):
                if name != id:
                    return False
            elif ids.setdefault(name, id) != id:
                return False
        if len(set(ids.values())) < len(ids):
            return False
        self._ids = ids
        return True

    def live(self, part: Any) -> Any:
        """Return a recorded part with the ids of this run."""
        return replace_texts(
            part, lambda text: _TOKEN.sub(lambda found: self._ids.get(found[0], found[0]), text)
        )

    def numbered(self, part: Any, *, is_recorded: bool) -> Any:
        """Return a part for a comparison: with numbers, and ``{op_?}`` for ids without one."""
        names = {id: name for name, id in self._ids.items()}

        def shown(found: re.Match[str]) -> str:
            token = found[0]
            if is_recorded and token.startswith("{"):
                return token if token in self._ids else _general(found)
            return names.get(token, token if is_recorded else _general(found))

        return replace_texts(part, lambda text: _TOKEN.sub(shown, text))


def without_ids(text: str) -> str:
    """Return the text with ``{op_?}`` instead of each id and number, to compare the rest."""
    return _TOKEN.sub(_general, text)


def ids_in(text: str) -> list[str]:
    """Return the ids and numbers of a text, in order."""
    return [found[0] for found in _TOKEN.finditer(text)]


def replace_texts(part: Any, change: Callable[[str], str]) -> Any:
    """Return plain JSON with each text changed, and names of fields too."""
    match part:
        case str():
            return change(part)
        case Mapping():
            return {change(name): replace_texts(inner, change) for name, inner in part.items()}
        case list() | tuple():
            return [replace_texts(inner, change) for inner in part]
        case _:
            return part


def _general(found: re.Match[str]) -> str:
    token = found["number"] or found[0]
    return f"{{{token[: token.index('_') + 1]}?}}"
