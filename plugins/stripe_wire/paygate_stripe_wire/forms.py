"""Forms with brackets, and the parameters of requests."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .errors import StripeError, unknown_parameter

_NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_PART = re.compile(r"\[([^\[\]]*)\]")
DEPTH_MAX = 6
AMOUNT_MAX = 10**12
METADATA_KEYS_MAX, METADATA_KEY_CHARS_MAX, METADATA_VALUE_CHARS_MAX = 50, 40, 500


def parsed(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Return a form as nested dicts and lists.

    ``a[b]=1&c[]=2`` is ``{"a": {"b": "1"}, "c": ["2"]}``.

    Raises:
        StripeError: A name is malformed, or contradicts another one.
    """
    tree: dict[str, Any] = {}
    for name, value in pairs:
        found = _NAME.fullmatch(name)
        path = [found[1], *_PART.findall(found[2])] if found else []
        if not path or len(path) > DEPTH_MAX:
            raise _malformed(name)
        place = tree
        for part in path[:-1]:
            place = place.setdefault(part or str(len(place)), {})
            if not isinstance(place, dict):
                raise _malformed(name)
        last = path[-1] or str(len(place))
        if isinstance(place.get(last), dict):
            raise _malformed(name)
        place[last] = value
    return {name: _with_lists(value) for name, value in tree.items()}


def _with_lists(tree: Any) -> Any:
    if not isinstance(tree, dict):
        return tree
    values = {name: _with_lists(value) for name, value in tree.items()}
    return list(values.values()) if all(name.isdigit() for name in values) else values


def _malformed(name: str) -> StripeError:
    return StripeError(400, f"Invalid form: {name[:100]}", code="parameter_invalid")


@dataclass(frozen=True, slots=True)
class Params:
    """The parameters of a request. What is read is checked; ``only`` refuses the others."""

    given: Mapping[str, Any]

    def only(self, *names: str) -> None:
        """Refuse parameters with other names.

        Raises:
            StripeError: There is one.
        """
        for name in self.given:
            if name not in {*names, "expand"}:
                raise unknown_parameter(name)

    def text(self, name: str, *, chars_max: int = 1000) -> str | None:
        """Return a text; None if it is missing or empty."""
        value = self.given.get(name)
        if value in {None, ""} if isinstance(value, str | None) else False:
            return None
        if not isinstance(value, str) or len(value) > chars_max:
            raise invalid(name, f"Invalid string: {name} must be a text of at most {chars_max}")
        return value

    def required(self, name: str) -> str:
        """Return a text that must be there."""
        value = self.text(name)
        if value is None:
            raise StripeError(
                400, f"Missing required param: {name}.", code="parameter_missing", param=name
            )
        return value

    def whole(self, name: str, *, least: int = 0) -> int | None:
        """Return a whole number; None if it is missing."""
        text = self.text(name, chars_max=20)
        if text is None:
            return None
        if not text.isascii() or not text.isdigit() or not least <= int(text) <= AMOUNT_MAX:
            raise StripeError(
                400, f"Invalid integer: {text[:20]}", code="parameter_invalid_integer", param=name
            )
        return int(text)

    def flag(self, name: str) -> bool:
        """Return whether a parameter is ``true``."""
        return self.choice(name, ("true", "false")) == "true"

    def choice(self, name: str, among: Sequence[str]) -> str | None:
        """Return one of several words; None if it is missing."""
        text = self.text(name)
        if text is not None and text not in among:
            raise invalid(name, f"Invalid {name}: must be one of {', '.join(among)}")
        return text

    def fields(self, name: str) -> Mapping[str, Any]:
        """Return nested fields; none if the parameter is missing or empty."""
        value = self.given.get(name) or {}
        if not isinstance(value, Mapping):
            raise invalid(name, f"Invalid object: {name}")
        return value

    def expanded(self) -> frozenset[str]:
        """Return the names in ``expand[]``."""
        value = self.given.get("expand") or []
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise invalid("expand", "Invalid array: expand")
        return frozenset(value)

    def metadata(self, before: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return the metadata after the request: an empty value removes a key.

        Raises:
            StripeError: There is too much of it.
        """
        if self.given.get("metadata") == "":
            return {}
        after = dict(before or {})
        for key, value in self.fields("metadata").items():
            if not isinstance(value, str) or len(value) > METADATA_VALUE_CHARS_MAX:
                raise invalid(
                    f"metadata[{key}]",
                    f"Metadata values are texts of at most {METADATA_VALUE_CHARS_MAX} characters",
                )
            if len(key) > METADATA_KEY_CHARS_MAX:
                raise invalid(
                    "metadata", f"Metadata keys have at most {METADATA_KEY_CHARS_MAX} characters"
                )
            after[key] = value
        kept = {key: value for key, value in after.items() if value != ""}
        if len(kept) > METADATA_KEYS_MAX:
            raise invalid("metadata", f"There are at most {METADATA_KEYS_MAX} metadata keys")
        return kept


def invalid(param: str, message: str) -> StripeError:
    """Return the refusal of a parameter's value."""
    return StripeError(400, message, code="parameter_invalid", param=param)
