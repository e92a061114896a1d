"""Fixtures for the tests of programs that use paygate; pytest finds them by itself.

Nothing of paygate is imported before a test asks for one of them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from paygate.testing import Clock, Inbox, PaygateApp, PaygateServer, Scenario
    from paygate.testing.session import Session


@pytest.fixture(scope="session")
def paygate_session(request: pytest.FixtureRequest) -> Iterator[Session]:
    """What all apps of this process share: a PostgreSQL server, and databases in advance.

    The server is the one that ``PAYGATE_TEST_DATABASE_URL`` names (a database on it that
    may be connected to; it stays untouched), or one that is started and thrown away. The
    processes of pytest-xdist share it.
    """
    from paygate.testing.session import open_session  # noqa: PLC0415 - see above

    # pytest-xdist gives all its processes one name for the run.
    worker = getattr(request.config, "workerinput", {})
    server_url = os.environ.get("PAYGATE_TEST_DATABASE_URL", "")
    with open_session(server_url, run=worker.get("testrunuid")) as session:
        yield session


@pytest.fixture
def paygate_settings() -> Mapping[str, str]:
    """Settings of paygate and its plugins, by their variables. Override it for your tests."""
    return {}


@pytest.fixture
def paygate_app(
    paygate_session: Session, paygate_settings: Mapping[str, str]
) -> Iterator[PaygateApp]:
    """A gateway of the test's own, with methods to await."""
    with paygate_session.app(paygate_settings) as app:
        yield app


@pytest.fixture
def paygate_server(
    paygate_session: Session, paygate_settings: Mapping[str, str]
) -> Iterator[PaygateServer]:
    """A gateway of the test's own on a port of this machine, with methods that block."""
    with paygate_session.server(paygate_settings) as server:
        yield server


@pytest.fixture
def webhook_inbox(paygate_app: PaygateApp) -> Inbox:
    """Where the webhooks of ``paygate_app`` arrive."""
    return paygate_app.inbox


@pytest.fixture
def clock(paygate_app: PaygateApp) -> Clock:
    """The clock of ``paygate_app``; it stands still until it is moved."""
    return paygate_app.clock


@pytest.fixture
def scenario(paygate_app: PaygateApp) -> Scenario:
    """What the payments of ``paygate_app`` play."""
    return paygate_app.scenario
