"""The plugin's fixtures, on the server that all our tests use."""

from __future__ import annotations

import pytest

from paygate.testing.session import Session
from tests.harness.databases import Databases


@pytest.fixture(scope="session")
def paygate_session(databases: Databases) -> Session:
    return Session(databases.loop, databases.made_ahead)
