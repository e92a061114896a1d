"""Parse ``DATABASE_URL``; all connections use the result.

A parameter of the URL is used or refused with an error. Values that the URL omits are read
from the ``PG*`` variables, as in other PostgreSQL clients.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlsplit

from ...core.errors import OperatorError

SETTING = "DATABASE_URL"
CONNECT_TIMEOUT_S = 5.0
NAME = "paygate"

# URL parameters that asyncpg supports.
_CLIENT = frozenset(
    {
        *("host", "port", "user", "password", "passfile", "dbname", "database"),
        *("sslmode", "sslcert", "sslkey", "sslrootcert", "sslcrl", "sslpassword"),
        *("ssl_min_protocol_version", "ssl_max_protocol_version", "sslnegotiation"),
        *("target_session_attrs", "krbsrvname", "gsslib"),
    }
)

# Parameters that are sent to the server when a connection is opened.
_SERVER = frozenset({"application_name", "options"})

# Parameters with values that request asyncpg's default behaviour.
_DEFAULT_BEHAVIOUR = {
    "channel_binding": frozenset({"prefer", "disable"}),
    "gssencmode": frozenset({"prefer", "disable"}),
}
_TIMEOUT = "connect_timeout"
_DATABASE = frozenset({"dbname", "database"})


@dataclass(frozen=True, slots=True)
class DatabaseUrl:
    """A checked URL of a PostgreSQL database.

    Args:
        text: The URL without the parameters that only paygate reads.
        setting: The setting that errors name.
        connect_timeout_s: How long to wait for a connection.
        server_settings: Settings of the server in the URL.
    """

    text: str = field(repr=False)
    setting: str = SETTING
    connect_timeout_s: float = CONNECT_TIMEOUT_S
    server_settings: Mapping[str, str] = field(default_factory=dict)

    def arguments(self, **server_settings: str) -> dict[str, Any]:
        """Return the arguments of ``asyncpg.connect`` and ``asyncpg.create_pool``.

        Args:
            server_settings: Defaults of paygate; the URL takes precedence.
        """
        found: dict[str, Any] = {
            "dsn": self.text,
            "timeout": self.connect_timeout_s,
            "server_settings": {
                "application_name": NAME,
                **server_settings,
                **self.server_settings,
            },
        }
        if ("sslmode", "disable") in parse_qsl(urlsplit(self.text).query):
            # Without TLS there is no negotiation, whatever PGSSLNEGOTIATION and PGGSSLIB are.
            found |= {"direct_tls": False, "gsslib": "gssapi"}
        return found

    def named(self, application: str) -> DatabaseUrl:
        """Return a copy with another application name for the server."""
        return replace(
            self, server_settings={**self.server_settings, "application_name": application}
        )


def parse_database_url(url: str, *, setting: str = SETTING) -> DatabaseUrl:
    """Parse ``postgresql://user:password@host:port/name?parameter=value``.

    Several hosts are separated by commas; a Unix socket is ``?host=/folder``.

    Args:
        url: The URL.
        setting: The setting that errors name.

    Raises:
        OperatorError: The URL is invalid, or has an unsupported parameter.
    """
    try:
        parts = urlsplit(url)
        given = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
        _check_ports(parts.netloc, given)
    except ValueError as error:
        raise _bad(setting, str(error)) from error
    if parts.scheme not in {"postgresql", "postgres"}:
        raise _bad(setting, "it does not begin with postgresql://")
    twice = _named_twice(parts, [name for name, _ in given])
    if twice:
        raise _bad(setting, f"it contains its {twice} twice")
    if not unquote(parts.path.lstrip("/")) and not any(name in _DATABASE for name, _ in given):
        raise _bad(setting, "it has no database name")
    timeout_s, server, kept = CONNECT_TIMEOUT_S, {}, []
    for name, value in given:
        if name in _CLIENT and value:
            kept.append((name, value))
        elif name in _SERVER:
            server[name] = value
        elif name == _TIMEOUT:
            timeout_s = _seconds(setting, value)
        elif value not in _DEFAULT_BEHAVIOUR.get(name, ()):
            raise _unknown(setting, name, value)
    netloc = parts.netloc if parts.netloc or _has_host(kept) else "localhost"
    query = f"?{urlencode(kept, quote_via=quote)}" if kept else ""
    text = f"postgresql://{netloc}{parts.path}{query}"
    return _checked(DatabaseUrl(text, setting, timeout_s, server))


def with_database(url: str, name: str) -> str:
    """Return the URL of another database on the same server."""
    parts = urlsplit(url)
    query = [pair for pair in parse_qsl(parts.query) if pair[0] not in _DATABASE]
    asked = f"?{urlencode(query, quote_via=quote, safe='/')}" if query else ""
    return f"{parts.scheme}://{parts.netloc}/{quote(name)}{asked}"


def _named_twice(parts: SplitResult, names: list[str]) -> str | None:
    """Return a value that is given before and after the question mark, or twice after it."""
    hosts = parts.netloc.rpartition("@")[2]
    before = {
        "user": parts.username,
        "password": parts.password,
        "host": hosts,
        "port": ":" in hosts.rpartition("]")[2],
        "database": parts.path.lstrip("/"),
    }
    given = [name for name, value in before.items() if value]
    given += ["database" if name in _DATABASE else name for name in names]
    return next((name for name in given if given.count(name) > 1), None)


def _check_ports(netloc: str, given: list[tuple[str, str]]) -> None:
    hosts = netloc.rpartition("@")[2].split(",")
    ports = [each.rpartition(":")[2] for each in hosts if ":" in each.rpartition("]")[2]]
    ports += [port for name, value in given if name == "port" for port in value.split(",")]
    for port in ports:
        if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
            raise ValueError(f"{port!r} is not a port")


def _has_host(kept: list[tuple[str, str]]) -> bool:
    return any(name == "host" for name, _ in kept)


def _seconds(setting: str, value: str) -> float:
    if not (value.isascii() and value.isdigit()):
        raise _bad(setting, f"connect_timeout={value} is not a number of seconds")
    # In libpq 0 means no limit, and 1 is too short to be intended.
    return float(max(2, int(value))) if int(value) else CONNECT_TIMEOUT_S


def _checked(url: DatabaseUrl) -> DatabaseUrl:
    """Let asyncpg parse it now, so that errors are not raised in a background task."""
    from asyncpg.connect_utils import _parse_connect_dsn_and_args  # noqa: PLC0415 - asyncpg has no public reader

    arguments = {name: value for name, value in url.arguments().items() if name != "timeout"}
    nothing = dict.fromkeys(
        "host port user password passfile database ssl service servicefile direct_tls "
        "target_session_attrs krbsrvname gsslib".split()
    )
    try:
        _parse_connect_dsn_and_args(**{**nothing, **arguments})
    except (ValueError, OSError) as error:
        raise _bad(url.setting, str(error).splitlines()[0]) from error
    return url


def _unknown(setting: str, name: str, value: str) -> OperatorError:
    known = ", ".join(sorted({*_CLIENT, *_SERVER, _TIMEOUT}))
    shown = f"{name}={value}" if name in _DEFAULT_BEHAVIOUR else name
    return OperatorError(
        setting=setting,
        problem=f"its parameter {shown} is not supported",
        remedy=f"Remove it; these are supported: {known}",
    )


def _bad(setting: str, why: str) -> OperatorError:
    remedy = "Write it as postgresql://user:password@host:5432/name"
    if setting == SETTING:
        remedy += ", or leave it empty to start an embedded database"
    return OperatorError(setting=setting, problem=why, remedy=remedy)
