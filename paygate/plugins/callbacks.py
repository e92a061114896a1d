"""The guard around a processor's callbacks: what it says of them is checked, and contained."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TypeVar

from ..core.errors import BadSignatureError, PluginContractError, PluginError
from ..core.limits import TEXT_CHARS_MAX
from ..core.money import Money
from ..core.outcome import Outcome
from ..core.payments.operation import OperationKind
from ..core.plugin_api.plugin import PluginInfo
from ..core.plugin_api.processor import (
    CanCallback,
    CanPlayPayer,
    Capabilities,
    FollowUp,
    Processor,
    RawCallback,
    Update,
    Verified,
)
from ..core.redaction import mask_secrets
from .answers import checked_outcome, words
from .fields import quoted
from .isolation import contained

Said = TypeVar("Said")

CALLBACK_PARTS_MAX = 100


@dataclass(frozen=True, slots=True)
class GuardedCallbacks:
    """See ``CanCallback``: raises ``PluginError`` and nothing else.

    Args:
        secrets: What the plugin was set to in confidence. Its failures may repeat it, and
            merchants see them.
    """

    plugin: Processor
    info: PluginInfo
    capabilities: Capabilities
    secrets: Callable[[], Sequence[str]] = field(default=tuple, kw_only=True)

    def split(self, callback: RawCallback) -> Sequence[RawCallback]:
        """See ``CanCallback.split``."""
        parts = self._said(
            lambda plugin: self._some(plugin.split(callback), "split a callback into")
        )
        return [self._raw(part) for part in parts]

    def verify(self, callback: RawCallback) -> Verified:
        """See ``CanCallback.verify``."""
        verified = self._said(lambda plugin: plugin.verify(callback))
        if not isinstance(verified, Verified) or not _is_key(verified.key):
            raise PluginContractError("verified a callback without a key", plugin=self.info.id)
        return verified

    def translate(self, verified: Verified) -> Sequence[Update]:
        """See ``CanCallback.translate``."""
        updates = self._said(
            lambda plugin: self._some(plugin.translate(verified), "translated a callback into")
        )
        return [self._update(update) for update in updates]

    def _some(self, answered: Iterable[object], did: str) -> list[object]:
        """The answer as a list. A longer one is refused: a part must not be lost unseen."""
        if isinstance(answered, str | bytes | Mapping):
            raise PluginContractError(f"{did} a {type(answered).__name__}", plugin=self.info.id)
        found = list(islice(answered, CALLBACK_PARTS_MAX + 1))
        if len(found) > CALLBACK_PARTS_MAX:
            more = f"{did} more than {CALLBACK_PARTS_MAX} parts"
            raise PluginContractError(more, plugin=self.info.id)
        return found

    def _raw(self, part: object) -> RawCallback:
        is_usable = (
            isinstance(part, RawCallback)
            and isinstance(part.body, bytes)
            and isinstance(part.headers, Mapping)
            and all(isinstance(text, str) for pair in part.headers.items() for text in pair)
        )
        if not is_usable or not isinstance(part, RawCallback):
            problem = f"{quoted(part)} is not a RawCallback of texts and bytes"
            raise PluginContractError(problem, plugin=self.info.id)
        return replace(part, headers=dict(part.headers))

    def _update(self, update: object) -> Update:
        if not isinstance(update, Update):
            problem = f"translated a callback into {quoted(update)}, not an Update"
            raise PluginContractError(problem, plugin=self.info.id)
        if not _is_key(update.operation_id):
            problem = f"Update.operation_id is {quoted(update.operation_id)}, not an id"
            raise PluginContractError(problem, plugin=self.info.id)
        amount: object = update.amount
        if amount is not None and not isinstance(amount, Money):
            problem = f"Update.amount is {quoted(amount)}, not a Money"
            raise PluginContractError(problem, plugin=self.info.id)
        return update

    def payer_decides(self, request: FollowUp, decision: str) -> RawCallback | None:
        """See ``CanPlayPayer.payer_decides``; None where nobody can be played."""
        plugin = self.plugin
        if not isinstance(plugin, CanPlayPayer):
            return None
        raw = self._contained(lambda: plugin.payer_decides(request, decision))
        return None if raw is None else self._raw(raw)

    def checked(self, update: Update, asked: Money, kind: OperationKind) -> Outcome:
        """The outcome that a callback told, if it can be one of that operation.

        Raises:
            PluginContractError: It cannot.
        """
        if update.amount is not None and update.amount != asked:
            raise PluginContractError(f"it is about {update.amount}, we asked for {asked}")
        return self._contained(
            lambda: checked_outcome(
                update.outcome, asked, kind, update.operation_id, by_callback=True
            )
        )

    def acknowledge(self, *, accepted: bool) -> tuple[int, bytes]:
        """See ``CanCallback.acknowledge``; a usable answer whatever the plugin says."""
        fallback = (200, b"OK") if accepted else (400, b"refused")
        try:
            answer: object = self._said(lambda plugin: plugin.acknowledge(accepted=accepted))
        except PluginError:
            return fallback
        match answer:
            case (int() as status, bytes() as body) if type(status) is int and 200 <= status < 500:
                return status, body
            case _:
                return fallback

    def _said(self, ask: Callable[[CanCallback], Said]) -> Said:
        plugin = self.plugin
        if not isinstance(plugin, CanCallback):
            raise PluginContractError("it takes no callbacks", plugin=self.info.id)
        return self._contained(lambda: ask(plugin))

    def _contained(self, call: Callable[[], Said]) -> Said:
        try:
            return contained(call, plugin=self.info.id)
        except PluginError as error:
            kind = (
                BadSignatureError if isinstance(error, BadSignatureError) else PluginContractError
            )
            raise kind(mask_secrets(words(error), self.secrets()), plugin=self.info.id) from error


def _is_key(key: object) -> bool:
    return isinstance(key, str) and 0 < len(key) <= TEXT_CHARS_MAX and key.isprintable()
