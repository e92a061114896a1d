"""The plugin's fixtures, on the server that all our tests use."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from paygate.testing.session import Session, open_session


@pytest.fixture(scope="session")
def paygate_session(server_urls: tuple[str, str]) -> Iterator[Session]:
    with open_session(server_urls[0]) as session:
        yield session
