"""The fixture that records the HTTP of a connector and replays it."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from paygate.testing import Cassette, CassetteSettings

CASSETTE = pytest.StashKey["Cassette"]()
FOLDER = "cassettes"


def check_recording(config: pytest.Config) -> None:
    """Refuse to record in several processes, which would write the same files.

    Raises:
        UsageError: pytest-xdist has more processes than one.
    """
    if config.getoption("paygate_record") and getattr(config.option, "numprocesses", None):
        raise pytest.UsageError("--paygate-record writes files: run it in one process, with -n 0")


@pytest.fixture
def paygate_cassette_settings() -> CassetteSettings:
    """Provide what cassettes mask and ignore. Override it in your tests."""
    from paygate.testing import CassetteSettings  # noqa: PLC0415 - imported only when it is used

    return CassetteSettings()


@pytest.fixture
def paygate_cassette(
    request: pytest.FixtureRequest, paygate_cassette_settings: CassetteSettings
) -> Iterator[Cassette]:
    """Provide the recorded HTTP of one test; with ``--paygate-record`` it is recorded.

    The file is ``cassettes/<name of the test's file>.json`` beside the test.
    """
    from paygate.testing.cassette.player import Cassette  # noqa: PLC0415 - see above
    from paygate.testing.cassette.recorder import recording  # noqa: PLC0415 - see above

    path = request.path.parent / FOLDER / f"{request.path.stem}.json"
    test = request.node.nodeid.partition("::")[2]
    with ExitStack() as stack:
        is_recording = request.config.getoption("paygate_record")
        recorder = stack.enter_context(recording()) if is_recording else None
        cassette = Cassette(path, test, paygate_cassette_settings, recorder=recorder)
        request.node.stash[CASSETTE] = cassette
        yield cassette


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, None]:
    """Fail a test by the first problem of its cassette, whatever else it reports."""
    outcome = yield
    if CASSETTE not in item.stash:
        return
    cassette = item.stash[CASSETTE]
    try:
        if cassette.problems or outcome.excinfo is None:
            cassette.finish()
    except AssertionError as problem:
        # Without the stack of the request: it leads through the gateway, and helps no one.
        outcome.force_exception(pytest.fail.Exception(str(problem), pytrace=False))
