"""Folders that servers may live in."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from paygate.adapters.embedded.throwaway import throwaway_parent


@contextmanager
def open_folder() -> Iterator[Path]:
    """Provide a folder that is removed afterwards, with the servers' data.

    As root the servers run as another user. pytest's own folders are closed to
    that user, and its data would be kept somewhere else for ever.
    """
    with tempfile.TemporaryDirectory(
        prefix="paygate-test-", dir=throwaway_parent(), ignore_cleanup_errors=True
    ) as name:
        folder = Path(name)
        folder.chmod(0o711)
        yield folder
