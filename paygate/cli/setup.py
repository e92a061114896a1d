"""What every command needs first: settings, logging and servers."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.errors import OperatorError

if TYPE_CHECKING:
    from ..settings import Settings


@dataclass(frozen=True, slots=True)
class Setup:
    """The settings, and the environment they come from."""

    settings: Settings
    environ: Mapping[str, str]


def read_setup(**overrides: object) -> Setup:
    """Read the settings from the environment; options of the command line override them.

    Raises:
        OperatorError: A value is wrong.
    """
    from ..logs import configure_logging

    setup = read_setup_without_logs(**overrides)
    configure_logging(level=setup.settings.log_level, format=setup.settings.log_format)
    return setup


def read_setup_without_logs(**overrides: object) -> Setup:
    """Read the settings for a command that starts others, and logs nothing itself.

    Raises:
        OperatorError: A value is wrong.
    """
    from ..settings import environment, read_settings

    environ = environment()
    given = {name: value for name, value in overrides.items() if value is not None}
    return Setup(read_settings(environ).model_copy(update=given), environ)


@contextmanager
def with_servers(setup: Setup) -> Iterator[Setup]:
    """Fill in missing database URLs with servers that this process runs.

    If another paygate process runs these servers, they are shared. They stop with the
    process that started them.

    Raises:
        OperatorError: They cannot be started, or the environment is production.
    """
    settings = setup.settings
    if settings.database_url:
        yield setup
        return
    refuse_in_production(settings)
    from ..adapters.embedded.servers import start_servers

    with start_servers(settings.home, redis=not settings.redis_url) as servers:
        urls = {
            "database_url": servers.urls.database_url,
            "redis_url": settings.redis_url or servers.urls.redis_url,
        }
        yield Setup(settings.model_copy(update=urls), setup.environ)


def announce(urls: Mapping[str, str], pipes: Iterable[int]) -> None:
    """Tell waiting processes which servers to use. See ``announced_servers``.

    Args:
        urls: ``DATABASE_URL`` and ``REDIS_URL``.
        pipes: The writing ends of their pipes; closed.
    """
    for pipe in pipes:
        # A process that has ended does not read; its end is found by those who wait for it.
        with suppress(BrokenPipeError), os.fdopen(pipe, "w") as announced:
            announced.write(json.dumps(urls))


def announced_servers(setup: Setup, pipe: int) -> Setup:
    """Wait until the parent process has started its servers, and use them.

    Args:
        setup: The settings without the servers.
        pipe: The reading end of the pipe that the parent process writes to.

    Raises:
        SystemExit: The parent process could not start them, and says why.
    """
    with os.fdopen(pipe) as announced:
        text = announced.read()
    if not text:
        raise SystemExit(1)
    urls = json.loads(text)
    found = {"database_url": urls["DATABASE_URL"], "redis_url": urls["REDIS_URL"]}
    return Setup(setup.settings.model_copy(update=found), {**setup.environ, **urls})


def refuse_in_production(settings: Settings, *, verb: str = "") -> None:
    """Refuse production without a database URL, or with a command for development.

    Args:
        settings: The settings of paygate.
        verb: A command that is for development only, whatever database is set.

    Raises:
        OperatorError: The environment is production.
    """
    if settings.is_production and verb:
        raise OperatorError(
            setting="PAYGATE_ENV",
            problem=f"`{verb}` is for development only, with published credentials",
            remedy="Start `paygate serve` and `paygate work` instead",
        )
    if settings.is_production:
        raise OperatorError(
            setting="DATABASE_URL",
            problem="production needs its own database",
            remedy="Set DATABASE_URL and REDIS_URL",
        )


# Where Debian keeps one folder for each major version.
INSTALLATIONS = Path("/usr/lib/postgresql")


def psql(setup: Setup, arguments: Sequence[str]) -> int:
    """Run psql with the database's URL; return its exit code.

    The database of ``paygate dev`` is shared while that runs, and started otherwise.

    Args:
        setup: The settings.
        arguments: Passed to psql.

    Raises:
        OperatorError: psql is not installed, or there is no database.
    """
    settings = setup.settings
    if settings.database_url:
        url = settings.database_direct_url or settings.database_url
        return _run(url, arguments, os.environ, shown="the URL in DATABASE_URL")
    refuse_in_production(settings)
    from ..adapters.embedded import start_servers

    with start_servers(settings.home, redis=False) as servers:
        url = servers.urls.database_url
        # PG* variables of the shell are meant for other servers.
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        return _run(url, arguments, kept, shown=url)


def _run(url: str, arguments: Sequence[str], environ: Mapping[str, str], *, shown: str) -> int:
    program = _find()
    if program is None:
        raise OperatorError(
            setting="PATH",
            problem="psql is not installed",
            remedy=f"Install it (Debian: apt-get install postgresql-client), or connect to {shown}",
        )
    done = subprocess.run([program, url, *arguments], env=dict(environ), check=False)  # noqa: S603 - the user's psql
    return done.returncode


def _find() -> str | None:
    from ..adapters.embedded.binaries import find_postgres
    from ..adapters.embedded.machine import Machine

    places = [os.environ.get("PATH", os.defpath)]
    places += map(str, sorted(INSTALLATIONS.glob("*/bin"), reverse=True))
    with suppress(OperatorError):
        places.append(str(find_postgres(Machine()).folder))
    return shutil.which("psql", path=os.pathsep.join(places))
