"""The guard around a processor's callbacks: what it says of them is checked, and contained."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from ..core.domain.errors import PluginContractError, PluginError
from ..core.domain.limits import TEXT_CHARS_MAX
from ..core.domain.money import Money
from ..core.domain.operation import OperationKind
from ..core.domain.outcome import Outcome
from ..core.ports.callbacks import CanCallback, CanPlayPayer, RawCallback, Update, Verified
from ..core.ports.plugins import PluginInfo
from ..core.ports.processor import Capabilities, FollowUp, Processor
from .answers import checked_outcome, words

Said = TypeVar("Said")

CALLBACK_PARTS_MAX = 100


@dataclass(frozen=True, slots=True)
class GuardedCallbacks:
    """See ``CanCallback``: raises ``PluginError`` and nothing else."""

    guest: Processor
    info: PluginInfo
    capabilities: Capabilities

    def split(self, callback: RawCallback) -> Sequence[RawCallback]:
        """See ``CanCallback.split``."""
        parts = list(self._said(lambda guest: guest.split(callback)))
        if not all(isinstance(part, RawCallback) for part in parts):
            raise PluginContractError("split a callback into what is none", plugin=self.info.id)
        return parts[:CALLBACK_PARTS_MAX]

    def verify(self, callback: RawCallback) -> Verified:
        """See ``CanCallback.verify``."""
        verified = self._said(lambda guest: guest.verify(callback))
        if not isinstance(verified, Verified) or not _is_key(verified.key):
            raise PluginContractError("verified a callback without a key", plugin=self.info.id)
        return verified

    def translate(self, verified: Verified) -> Sequence[Update]:
        """See ``CanCallback.translate``."""
        updates = list(self._said(lambda guest: guest.translate(verified)))
        if not all(isinstance(update, Update) for update in updates):
            raise PluginContractError("translated a callback into junk", plugin=self.info.id)
        return updates

    def payer_decides(self, request: FollowUp, decision: str) -> RawCallback | None:
        """See ``CanPlayPayer.payer_decides``; None where nobody can be played."""
        guest = self.guest
        if not isinstance(guest, CanPlayPayer):
            return None
        try:
            raw = guest.payer_decides(request, decision)
        except Exception as error:
            raise PluginContractError(words(error), plugin=self.info.id) from error
        return raw if isinstance(raw, RawCallback) else None

    def checked(self, update: Update, asked: Money, kind: OperationKind) -> Outcome:
        """The outcome that a callback told, if it can be one of that operation.

        Raises:
            PluginContractError: It cannot.
        """
        if update.amount is not None and update.amount != asked:
            raise PluginContractError(f"it is about {update.amount}, we asked for {asked}")
        return checked_outcome(update.outcome, asked, kind, update.operation_id)

    def acknowledge(self, *, accepted: bool) -> tuple[int, bytes]:
        """See ``CanCallback.acknowledge``; a usable answer whatever the guest says."""
        fallback = (200, b"OK") if accepted else (400, b"refused")
        try:
            status, body = self._said(lambda guest: guest.acknowledge(accepted=accepted))
        except (PluginError, TypeError, ValueError):
            return fallback
        is_usable = type(status) is int and 200 <= status < 500 and isinstance(body, bytes)
        return (status, body) if is_usable else fallback

    def _said(self, ask: Callable[[CanCallback], Said]) -> Said:
        guest = self.guest
        if not isinstance(guest, CanCallback):
            raise PluginContractError("it takes no callbacks", plugin=self.info.id)
        try:
            return ask(guest)
        except PluginError:
            raise
        except Exception as error:
            raise PluginContractError(words(error), plugin=self.info.id) from error


def _is_key(key: object) -> bool:
    return isinstance(key, str) and 0 < len(key) <= TEXT_CHARS_MAX and key.isprintable()
