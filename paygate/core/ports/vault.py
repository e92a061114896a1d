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

    def digests(self, content: bytes) -> Sequence[str]:
        """The fingerprint of the content with each key, the one that seals first."""
        ...

    def fingerprint(self, content: bytes) -> str:
        """A keyed digest, in hex: equal for equal content, and telling nothing else."""
        ...
