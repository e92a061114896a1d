"""Seals what a processor needs and we must not keep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol


class Vault(Protocol):
    """Encrypts small secrets with a key that the database does not have."""

    def seal(self, secret: Mapping[str, str], *, context: str) -> str:
        """The secret as text that only ``open`` with the same context can read.

        Args:
            secret: What to hide.
            context: What it belongs to (an operation's id); moving the text to
                another row makes it unreadable.
        """
        ...

    def open(self, sealed: str, *, context: str) -> Mapping[str, str]:
        """The secret again.

        Raises:
            InfrastructureError: The key or the context is another, or the text
                was changed.
        """
        ...

    @property
    def key_ids(self) -> Sequence[str]:
        """Names of the keys; a sealed text holds those of the keys that open it."""
        ...

    def digests(self, content: bytes, *, purpose: str) -> Sequence[str]:
        """Return every keyed digest of the content that this vault recognizes, in hex.

        Compare with these what another instance may have stored or handed out: it
        may have only some of the keys, or be of an earlier version.

        Args:
            content: What the digest is of.
            purpose: What it is used for; digests for other purposes differ.
        """
        ...

    def fingerprint(self, content: bytes, *, purpose: str) -> str:
        """Return the digest to hand out: one that every instance recognizes.

        While a key is replaced, it is made with the key that all instances have.
        """
        ...
