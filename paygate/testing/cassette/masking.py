"""Mask what a cassette must not contain, as calls of plugins are masked before they are stored."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from ...core.redaction import MASK, mask_named, mask_state, names_a_secret
from .ids import ID

IGNORED = "[ignored]"
SECRET_CHARS_MIN = 8
"""Shorter texts occur in others by chance: they are masked by the name of their field only."""
PAYER_FIELDS = frozenset(
    "number vpa upiid iban accountnumber otp pin expiry expirymonth expiryyear expirydate exp "
    "expmonth expyear expiration expirationmonth expirationyear cardholder cardholdername "
    "nameoncard".split()
)
"""Fields that hold a payer's data, in lower case without ``_`` and ``-``."""
# An element of XML: its name, and a text without elements.
_ELEMENT = re.compile(r"(<(?:[\w-]+:)?([\w-]+)(?:\s[^<>]*)?>)([^<>]+)(?=</)")
_SCHEME = re.compile(r"(?:bearer|basic|token)\s+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class CassetteSettings:
    """What a cassette masks, ignores and keeps beside the usual. Names are those of fields.

    Args:
        secrets: Texts that are masked wherever they occur; at least 8 characters each.
        secret_fields: Masked too, such as ``merchant_key``.
        plain_fields: Not masked for their name, such as ``page_token``.
        ignored_fields: Not compared and not stored, such as ``nonce``; of requests and responses.
        response_headers: Stored too, such as ``x-rate-limit``.
    """

    secrets: Collection[str] = ()
    secret_fields: Collection[str] = ()
    plain_fields: Collection[str] = ()
    ignored_fields: Collection[str] = ()
    response_headers: Collection[str] = ()


@dataclass(slots=True)
class Masks:
    """Masks texts and JSON.

    Args:
        settings: The author's.
        secrets: Texts that are known to be secret, the settings' and those that were learned.
    """

    settings: CassetteSettings = field(default_factory=CassetteSettings)
    secrets: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.learn(*self.settings.secrets)

    def learn(self, *secrets: str) -> None:
        """Mask these texts from now on, unless they are short."""
        self.secrets.update(each for each in secrets if len(each) >= SECRET_CHARS_MIN)

    def learn_from_headers(self, headers: Mapping[str, str]) -> None:
        """Learn the credentials of a request: the bank may repeat them in its response."""
        for name, value in headers.items():
            if self._is_secret(name) or name.lower() == "cookie":
                self.learn(_SCHEME.sub("", value, count=1))

    def learn_from(self, value: Any, name: str = "") -> None:
        """Learn the values of secret fields of plain JSON."""
        match value:
            case Mapping():
                for key, inner in value.items():
                    self.learn_from(inner, str(key))
            case list() | tuple():
                for inner in value:
                    self.learn_from(inner, name)
            case str() if self._is_secret(name) and not ID.fullmatch(value):
                self.learn(value)

    def learn_from_text(self, text: str) -> None:
        """Learn the values of secret fields of JSON, XML, a form or a query."""
        try:
            self.learn_from(json.loads(text))
        except (ValueError, RecursionError):
            pairs = [*parse_qsl(text), *((found[2], found[3]) for found in _ELEMENT.finditer(text))]
            for name, value in pairs:
                self.learn_from(value, name)

    def json(self, value: Any, name: str = "") -> Any:
        """Return the JSON with secrets masked, and otherwise as it is."""
        if isinstance(value, str):
            return self.field(name, value)
        instead = self._instead(name)
        if instead == IGNORED or (instead and value is not None and not isinstance(value, bool)):
            return instead
        match value:
            case Mapping():
                return {self.text(key): self.json(inner, key) for key, inner in value.items()}
            case list():
                return [self.json(inner, name) for inner in value]
            case int() | float() if self.text(str(value)) != str(value):
                return MASK
        return value

    def field(self, name: str, value: str) -> str:
        """Return the value of a field, masked; an id of paygate is never a secret."""
        instead = self._instead(name)
        if instead != IGNORED and ID.fullmatch(value):
            return value
        return self.text(value) if instead is None else instead

    def text(self, text: str) -> str:
        """Return a text without secrets, cards and named codes; ids of paygate are kept."""
        # Every second part is an id, which may contain as many digits as a card.
        parts = ID.split(text)
        parts[::2] = [mask_named(mask_state(part, self.secrets)) for part in parts[::2]]
        return "".join(parts)

    def markup(self, text: str) -> str:
        """Return a text that may be XML: the elements of secret fields are masked."""
        masked = _ELEMENT.sub(lambda found: found[1] + self.field(found[2], found[3]), text)
        return self.text(masked)

    def _instead(self, name: str) -> str | None:
        if self._is_among(name, self.settings.ignored_fields):
            return IGNORED
        return MASK if self._is_secret(name) else None

    def _is_secret(self, name: str) -> bool:
        if not name or self._is_among(name, self.settings.plain_fields):
            return False
        return (
            names_a_secret(name)
            or _plain(name) in PAYER_FIELDS
            or self._is_among(name, self.settings.secret_fields)
        )

    @staticmethod
    def _is_among(name: str, names: Collection[str]) -> bool:
        return bool(names and name) and _plain(name) in {_plain(each) for each in names}


def _plain(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "")
