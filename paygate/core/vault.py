"""The vault port: seals secrets that processors need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol


class Vault(Protocol):
    """Encrypts small secrets with a key that the database does not have."""

    def seal(self, secret: Mapping[str, str], *, context: str) -> str:
        """Encrypt a secret as text that only ``open`` with the same context can read.

        Args:
            secret: The secret.
            context: What it belongs to (an operation's id). The text is unreadable in
                another row.
        """
        ...

    def open(self, sealed: str, *, context: str) -> Mapping[str, str]:
        """Decrypt a sealed secret.

        Raises:
            InfrastructureError: The key or the context differs, or the text was
                changed.
        """
        ...

    @property
    def key_ids(self) -> Sequence[str]:
        """Ids of the keys; a sealed text names the keys that open it."""
        ...

    def digests(self, content: bytes, *, purpose: str) -> Sequence[str]:
        """Return every keyed digest of the content that this vault recognizes, in hex.

        Compare them with a digest that another instance has stored or handed out: it may
        have fewer keys, or run an earlier version.

        Args:
            content: What the digest is of.
            purpose: Its use; digests for other purposes differ.
        """
        ...

    def fingerprint(self, content: bytes, *, purpose: str) -> str:
        """Return the digest to hand out: one that every instance recognizes.

        While a key is replaced, the digest uses the key that all instances have.
        """
        ...
