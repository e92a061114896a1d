"""``paygate psql``: SQL on paygate's database, wherever it is."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from ..adapters.embedded import start_servers
from ..adapters.embedded.binaries import find_postgres
from ..adapters.embedded.machine import Machine
from ..core.errors import OperatorError
from .setup import Setup, refuse_in_production

# Where Debian and its relatives keep one folder for each major version.
INSTALLATIONS = Path("/usr/lib/postgresql")


def psql(setup: Setup, arguments: Sequence[str]) -> int:
    """Run psql with the database's address; its exit code.

    The database of ``paygate dev`` is joined while that runs, and started otherwise.

    Args:
        setup: The settings.
        arguments: Passed on to psql.

    Raises:
        OperatorError: There is no psql on this machine, or no database.
    """
    settings = setup.settings
    if settings.database_url:
        url = settings.database_direct_url or settings.database_url
        return _run(url, arguments, os.environ, shown="what DATABASE_URL says")
    refuse_in_production(settings)
    with start_servers(settings.home, redis=False) as servers:
        url = servers.urls.database_url
        # What the shell says about other servers is not meant for ours.
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        return _run(url, arguments, kept, shown=url)


def _run(url: str, arguments: Sequence[str], environ: Mapping[str, str], *, shown: str) -> int:
    program = _find()
    if program is None:
        raise OperatorError(
            setting="PATH",
            problem="it leads to no psql",
            remedy=f"Install it (Debian: apt-get install postgresql-client), or connect to {shown}",
        )
    done = subprocess.run([program, url, *arguments], env=dict(environ), check=False)  # noqa: S603 - the person's own psql
    return done.returncode


def _find() -> str | None:
    places = [os.environ.get("PATH", os.defpath)]
    places += map(str, sorted(INSTALLATIONS.glob("*/bin"), reverse=True))
    with suppress(OperatorError):
        places.append(str(find_postgres(Machine()).folder))
    return shutil.which("psql", path=os.pathsep.join(places))
