"""Encryption with AES-256-GCM and keyed digests, with one or several keys."""

from __future__ import annotations

import base64
import hmac
import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ...core.errors import InfrastructureError, OperatorError

VERSION = "v2"
NONCE_BYTES = 12
KEY_BYTES = 32
UNREADABLE = "a secret cannot be decrypted with this key"


class KeyedVault:
    """Implements ``Vault``.

    A secret is encrypted with its own key, which is encrypted with each of the vault's keys:
    every instance with one of these keys can decrypt it. The text is
    ``v2.KEY_ID.WRAPPED[.KEY_ID.WRAPPED…].CIPHERTEXT``. Texts of the first version (Fernet)
    can still be decrypted.

    Args:
        keys: 32 random bytes each, URL-safe base64; the newest first. During a rotation
            some instances only have the old key, so new digests are made with the
            last.

    Raises:
        OperatorError: A key is not 32 bytes in base64.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        try:
            self._keys = [_Key.read(key) for key in keys]
        except ValueError as error:
            raise OperatorError(
                setting="PAYGATE_VAULT_KEY",
                problem="it is not a key of 32 bytes in URL-safe base64",
                remedy="Create one with `paygate key` and keep it out of the database's backups",
            ) from error

    def seal(self, secret: Mapping[str, str], *, context: str) -> str:
        once = os.urandom(KEY_BYTES)
        wrapped = [part for key in self._keys for part in (key.id, _text(key.wrap(once)))]
        sealed = _encrypt(AESGCM(once), json.dumps(dict(secret)).encode(), context.encode())
        return ".".join([VERSION, *wrapped, _text(sealed)])

    def open(self, sealed: str, *, context: str) -> Mapping[str, str]:
        version, *parts = sealed.split(".")
        if version != VERSION:
            return self._open_first_version(sealed, context)
        wrapped = dict(zip(parts[:-1:2], parts[1:-1:2], strict=False))
        for key in self._keys:
            if key.id in wrapped:
                opened: Mapping[str, str] = json.loads(
                    _decrypt(AESGCM(key.unwrap(wrapped[key.id])), parts[-1], context.encode())
                )
                return opened
        raise InfrastructureError(UNREADABLE)

    @property
    def key_ids(self) -> Sequence[str]:
        return [key.id for key in self._keys]

    def digests(self, content: bytes, *, purpose: str) -> Sequence[str]:
        own = [_digest(_derived(key.secret, purpose), content) for key in self._keys]
        return own + [_digest(key.secret, content) for key in self._keys]

    def fingerprint(self, content: bytes, *, purpose: str) -> str:
        return _digest(_derived(self._keys[-1].secret, purpose), content)

    def _open_first_version(self, sealed: str, context: str) -> Mapping[str, str]:
        for key in self._keys:
            try:
                belongs_to, secret = json.loads(key.fernet.decrypt(sealed.encode()))
            except InvalidToken:
                continue
            if belongs_to != context:
                raise InfrastructureError("an encrypted secret belongs to another row")
            opened: Mapping[str, str] = secret
            return opened
        raise InfrastructureError(UNREADABLE)


@dataclass(frozen=True, slots=True)
class _Key:
    id: str
    secret: bytes = field(repr=False)
    sealing: AESGCM = field(repr=False)
    fernet: Fernet = field(repr=False)

    @classmethod
    def read(cls, text: str) -> _Key:
        secret = base64.urlsafe_b64decode(text)
        size = len(secret)
        if size != KEY_BYTES:
            raise ValueError("a key is 32 bytes")
        key_id = _derived(secret, "key id").hex()[:16]
        return cls(key_id, secret, AESGCM(_derived(secret, "seal")), Fernet(text))

    def wrap(self, once: bytes) -> bytes:
        return _encrypt(self.sealing, once, self.id.encode())

    def unwrap(self, wrapped: str) -> bytes:
        return _decrypt(self.sealing, wrapped, self.id.encode())


@lru_cache(maxsize=256)
def _derived(secret: bytes, purpose: str) -> bytes:
    """Derive a key for one purpose, so that different uses never share a key."""
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=f"paygate {purpose}".encode()).derive(secret)


def _digest(key: bytes, content: bytes) -> str:
    return hmac.digest(key, content, "sha256").hex()


def _encrypt(cipher: AESGCM, plain: bytes, bound_to: bytes) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, plain, bound_to)


def _decrypt(cipher: AESGCM, text: str, bound_to: bytes) -> bytes:
    try:
        sealed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        return cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound_to)
    except (InvalidTag, ValueError) as error:
        raise InfrastructureError(UNREADABLE) from error


def _text(sealed: bytes) -> str:
    return base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def new_key() -> str:
    """Generate a key for ``PAYGATE_VAULT_KEY``."""
    return base64.urlsafe_b64encode(os.urandom(KEY_BYTES)).decode()


def kept_key(path: Path) -> str:
    """Return the key in a file; create the file if it is missing."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Two processes may start at the same time: each writes its own file, and only one can
    # link it to the final name.
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    if not path.exists():
        descriptor = os.open(fresh, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(new_key())
        with suppress(FileExistsError):
            os.link(fresh, path)
        fresh.unlink()
    return path.read_text().strip()
