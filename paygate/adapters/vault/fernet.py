"""Sealing with Fernet: AES-128 in CBC mode, authenticated with HMAC-SHA256."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from ...core.domain.errors import InfrastructureError, OperatorError


class FernetVault:
    """See ``Vault``.

    Args:
        keys: Fernet keys (32 random bytes, URL-safe base64). The first seals; all
            open, so that a key can be replaced while rows sealed with the old one
            are still about.

    Raises:
        OperatorError: A key is not a Fernet key.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        try:
            self._fernet = MultiFernet([Fernet(key) for key in keys])
            self._digest_keys = [base64.urlsafe_b64decode(key) for key in keys]
        except ValueError as error:
            raise OperatorError(
                setting="PAYGATE_VAULT_KEY",
                problem="it is not a Fernet key",
                remedy="Make one with `paygate key` and keep it out of the database's backups",
            ) from error

    def seal(self, secret: Mapping[str, str], *, context: str) -> str:
        """See ``Vault.seal``."""
        text = json.dumps([context, dict(secret)])
        return self._fernet.encrypt(text.encode()).decode()

    def open(self, sealed: str, *, context: str) -> Mapping[str, str]:
        """See ``Vault.open``."""
        try:
            belongs_to, secret = json.loads(self._fernet.decrypt(sealed.encode()))
        except InvalidToken as error:
            raise InfrastructureError("a sealed secret cannot be opened with this key") from error
        if belongs_to != context:
            raise InfrastructureError("a sealed secret belongs to another row")
        opened: Mapping[str, str] = secret
        return opened

    def fingerprint(self, content: bytes) -> str:
        """See ``Vault.fingerprint``."""
        return self.digests(content)[0]

    def digests(self, content: bytes) -> Sequence[str]:
        """See ``Vault.digests``."""
        return [hmac.new(key, content, hashlib.sha256).hexdigest() for key in self._digest_keys]


def new_key() -> str:
    """A fresh key."""
    return Fernet.generate_key().decode()


def kept_key(path: Path) -> str:
    """The key in that file; one is made if there is none."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Two processes may start at once: each writes a file of its own, and linking
    # it into place succeeds for one of them.
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    if not path.exists():
        descriptor = os.open(fresh, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(new_key())
        with suppress(FileExistsError):
            os.link(fresh, path)
        fresh.unlink()
    return path.read_text().strip()
