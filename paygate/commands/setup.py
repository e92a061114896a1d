"""What every verb needs first: settings, logging, and servers to talk to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from ..logs import configure_logging
from ..settings import Settings, environment, read_settings


@dataclass(frozen=True, slots=True)
class Setup:
    """Settings, and the environment they came from."""

    settings: Settings
    environ: Mapping[str, str]


def read_setup(**overrides: object) -> Setup:
    """Settings from the environment, some replaced by options of the command line.

    Raises:
        OperatorError: A value is wrong.
    """
    environ = environment()
    given = {name: value for name, value in overrides.items() if value is not None}
    settings = read_settings(environ).model_copy(update=given)
    configure_logging(level=settings.log_level, format=settings.log_format)
    return Setup(settings, environ)


@contextmanager
def with_servers(setup: Setup) -> Iterator[Setup]:
    """The same, with addresses: servers of our own stand in for those not named.

    They are joined if another paygate process runs them already, and stop with
    the process that started them.

    Raises:
        OperatorError: They cannot be started, or production was to use them.
    """
    settings = setup.settings
    if settings.database_url:
        yield setup
        return
    refuse_in_production(settings)
    from ..adapters.embedded.servers import start_servers  # noqa: PLC0415 - not needed with DATABASE_URL

    with start_servers(settings.home, redis=not settings.redis_url) as servers:
        urls = {
            "database_url": servers.urls.database_url,
            "redis_url": settings.redis_url or servers.urls.redis_url,
        }
        yield Setup(settings.model_copy(update=urls), setup.environ)


def refuse_in_production(settings: Settings, *, verb: str = "") -> None:
    """Production names its database; a folder beside the code is no place for money.

    Args:
        settings: Of paygate.
        verb: What is only for development, whatever database is named.

    Raises:
        OperatorError: This is production.
    """
    from ..core.errors import OperatorError  # noqa: PLC0415 - only on this path

    if settings.is_production and verb:
        raise OperatorError(
            setting="PAYGATE_ENV",
            problem=f"`{verb}` is for development only, with credentials that everyone knows",
            remedy="Start `paygate serve` and `paygate work` instead",
        )
    if settings.is_production:
        raise OperatorError(
            setting="DATABASE_URL",
            problem="production needs a database of its own",
            remedy="Set DATABASE_URL and REDIS_URL",
        )
