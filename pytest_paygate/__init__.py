"""Pytest fixtures for programs that use paygate; pytest finds them by itself.

paygate is imported only when a test uses one of them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pytest

from .cassettes import (
    check_recording,
    paygate_cassette,
    paygate_cassette_settings,
    pytest_runtest_call,
)
from .scenarios_covered import ScenarioCoverage

if TYPE_CHECKING:
    from paygate.testing import BankServer, Chaos, Clock, Inbox, PaygateApp, PaygateServer, Scenario
    from paygate.testing.session import Session


__all__ = ["paygate_cassette", "paygate_cassette_settings", "pytest_runtest_call"]
COVERAGE = pytest.StashKey[ScenarioCoverage]()
SENT_AS = "paygate_coverage"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of scenario coverage and of cassettes."""
    group = parser.getgroup("paygate")
    group.addoption(
        "--paygate-coverage",
        action="store_true",
        help="show which scenarios of simulated processors the tests met and asserted",
    )
    group.addoption(
        "--paygate-coverage-min",
        type=int,
        default=0,
        metavar="N",
        help="fail if fewer scenarios have an asserted ending; implies --paygate-coverage",
    )
    group.addoption(
        "--paygate-record",
        action="store_true",
        help="send the requests of tests with a cassette to the bank, and write their files anew",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Begin to count, if that is wanted.

    Raises:
        UsageError: Cassettes are to be recorded by several processes.
    """
    check_recording(config)
    if config.getoption("paygate_coverage") or config.getoption("paygate_coverage_min"):
        config.stash[COVERAGE] = ScenarioCoverage()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Add what a process of pytest-xdist has seen."""
    if COVERAGE in node.config.stash and SENT_AS in getattr(node, "workeroutput", {}):
        node.config.stash[COVERAGE].add_names(node.workeroutput[SENT_AS])


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail below the floor; a process of pytest-xdist sends what it has seen."""
    config = session.config
    if COVERAGE not in config.stash:
        return
    coverage = config.stash[COVERAGE]
    if hasattr(config, "workeroutput"):
        config.workeroutput[SENT_AS] = coverage.names()
    elif len(coverage.asserted) < config.getoption("paygate_coverage_min"):
        session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Show the coverage."""
    if COVERAGE in config.stash:
        terminalreporter.section("scenarios of paygate")
        for line in config.stash[COVERAGE].lines(config.getoption("paygate_coverage_min")):
            terminalreporter.line(line)


@pytest.fixture(scope="session")
def paygate_session(request: pytest.FixtureRequest) -> Iterator[Session]:
    """Provide the session of this process: a PostgreSQL server, and databases created in advance.

    ``PAYGATE_TEST_DATABASE_URL`` names a database on the server to use (it is not changed);
    without it a temporary server is started. The processes of pytest-xdist share it.
    """
    from paygate.testing.session import open_session  # noqa: PLC0415 - see above

    # pytest-xdist gives all its processes one id of the run.
    worker = getattr(request.config, "workerinput", {})
    server_url = os.environ.get("PAYGATE_TEST_DATABASE_URL", "")
    with open_session(server_url, run=worker.get("testrunuid")) as session:
        if COVERAGE in request.config.stash:
            session.on_scenarios = request.config.stash[COVERAGE].add
        yield session


@pytest.fixture
def paygate_settings() -> Mapping[str, str]:
    """Provide settings of paygate and its plugins, by variable name. Override it in your tests."""
    return {}


@pytest.fixture
def paygate_app(
    paygate_session: Session, paygate_settings: Mapping[str, str]
) -> Iterator[PaygateApp]:
    """Provide a gateway for one test, with methods to await."""
    with paygate_session.app(paygate_settings) as app:
        yield app


@pytest.fixture
def paygate_server(
    paygate_session: Session, paygate_settings: Mapping[str, str]
) -> Iterator[PaygateServer]:
    """Provide a gateway for one test on a local port, with blocking methods."""
    with paygate_session.server(paygate_settings) as server:
        yield server


@pytest.fixture
def webhook_inbox(paygate_app: PaygateApp) -> Inbox:
    """Provide the receiver of the webhooks of ``paygate_app``."""
    return paygate_app.inbox


@pytest.fixture
def clock(paygate_app: PaygateApp) -> Clock:
    """Provide the clock of ``paygate_app``; it is stopped until a test moves it."""
    return paygate_app.clock


@pytest.fixture
def scenario(paygate_app: PaygateApp) -> Scenario:
    """Provide the scenarios of the payments of ``paygate_app``."""
    return paygate_app.scenario


@pytest.fixture
def chaos(paygate_server: PaygateServer) -> Chaos:
    """Provide the bad days of the payments of ``paygate_server``, for a webhook handler."""
    return paygate_server.chaos


@pytest.fixture
def paygate_bank() -> Iterator[BankServer]:
    """Provide a bank over HTTP for one test, to test a connector against."""
    from paygate.testing.bank import bank_server  # noqa: PLC0415 - see above

    with bank_server() as bank:
        yield bank
