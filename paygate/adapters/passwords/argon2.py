"""Hash passwords with Argon2id in separate threads."""

from __future__ import annotations

import asyncio
import base64
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from ...core.errors import TooManyError

# OWASP's second recommendation of equal strength: 19 MiB, two passes, parallelism 1.
TIME_COST = 2
MEMORY_KIB = 19 * 1024
PARALLELISM = 1
# Limited: many logins must leave memory and cores for payments.
THREADS = 2
# One hash takes about 20 ms, so each login waits for a fraction of a second.
ADMITTED_MAX = 16
# On Linux a thread has a priority of its own: requests go before hashes.
NICE = 10


class Argon2Passwords:
    """Implements ``Passwords``."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher(TIME_COST, MEMORY_KIB, PARALLELISM)
        self._threads = ThreadPoolExecutor(
            THREADS, thread_name_prefix="argon2", initializer=_lower_priority
        )
        self._admitted = 0
        # Compared if no hash is stored, so that this takes as long as any check. It is a
        # constant, because hashing takes as long as the start of an app.
        self._dummy_hash = _dummy_hash(self._hasher)

    @contextmanager
    def admit(self) -> Iterator[None]:
        if self._admitted >= ADMITTED_MAX:
            raise TooManyError("Too many passwords are being checked: try again in a second")
        self._admitted += 1
        try:
            yield
        finally:
            self._admitted -= 1

    async def hash(self, password: str) -> str:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._hasher.hash, password)

    async def verify(self, stored: str | None, password: str) -> bool:
        loop = asyncio.get_running_loop()
        found = stored or self._dummy_hash
        matches = await loop.run_in_executor(self._threads, self._matches, found, password)
        return bool(stored) and matches

    def _matches(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (Argon2Error, InvalidHashError):
            return False

    def close(self) -> None:
        """Stop the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _lower_priority() -> None:
    # Other systems have no priority of a single thread.
    with suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)


def _dummy_hash(hasher: PasswordHasher) -> str:
    salt, digest = (_encoded(bytes(length)) for length in (hasher.salt_len, hasher.hash_len))
    costs = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    return f"$argon2id$v=19${costs}${salt}${digest}"


def _encoded(value: bytes) -> str:
    return base64.b64encode(value).decode().rstrip("=")
