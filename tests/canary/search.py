"""Search for marked values, in every form that they could be stored in."""

from __future__ import annotations

import base64
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

import redis

from paygate.adapters.embedded.binaries import find_postgres
from paygate.adapters.embedded.machine import Machine

Places = Mapping[str, bytes]
"""What was stored, logged or sent, by where it was."""

# A shorter one occurs by chance: it counts only as a number of its own.
LONG_CHARS = 8
_TABLE = re.compile(rb"^COPY public\.(\w+) ", re.MULTILINE)


def forms(value: str) -> Iterator[bytes]:
    """Yield the value as it is, for a URL, in hex, and in base64 at each offset."""
    raw = value.encode()
    yield raw
    yield quote(value, safe="").encode()
    yield raw.hex().encode()
    yield raw.hex().upper().encode()
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for offset in range(3):
            # The first and the last characters depend on what is beside the value.
            encoded = encode(b"\0" * offset + raw).rstrip(b"=")
            yield encoded[offset + 1 if offset else 0 :][
                : -2 if len(encoded) > LONG_CHARS else None
            ]
    if value.isdigit():
        yield b" ".join(raw[at : at + 4] for at in range(0, len(raw), 4))
        yield b"-".join(raw[at : at + 4] for at in range(0, len(raw), 4))


def contains(text: bytes, value: str) -> bool:
    """Check whether a text contains a value in any of its forms."""
    if len(value) < LONG_CHARS:
        # Not part of a longer number, nor the fraction of a time.
        alone = rb"(?<![\w])(?<!\d[.,:+-])" + re.escape(value.encode()) + rb"(?!\w)"
        return re.search(alone, text) is not None
    return any(form in text for form in forms(value))


def found_in(places: Places, marks: Mapping[str, str]) -> set[tuple[str, str]]:
    """Return which marked values are where."""
    return {
        (mark, place)
        for place, text in places.items()
        for mark, value in marks.items()
        if contains(text, value)
    }


def tables_of(database_url: str) -> dict[str, bytes]:
    """Dump a database with ``pg_dump``; return the rows of each table, and the rest."""
    program = find_postgres(Machine()).folder / "pg_dump"
    dump = subprocess.run([program, "--dbname", database_url], check=True, capture_output=True)
    parts = _TABLE.split(dump.stdout)
    pairs = zip(parts[1::2], parts[2::2], strict=True)
    return {"table schema": parts[0], **{f"table {name.decode()}": text for name, text in pairs}}


def keys_of(redis_url: str) -> dict[str, bytes]:
    """Return the name, the value and the serialized form of every key in every database."""
    found = []
    with redis.Redis.from_url(redis_url) as client:
        for key in client.scan_iter(count=1000):
            kind = client.type(key).decode()
            found += [key, client.dump(key) or b"", *_values(client, key, kind)]
        databases = {name for name in client.info("keyspace") if name != "db0"}
    assert not databases, "paygate uses one database"
    return {"redis": b"\n".join(found)}


def _values(client: redis.Redis, key: bytes, kind: str) -> list[bytes]:
    read = {
        "string": lambda: client.get(key),
        "hash": lambda: client.hgetall(key),
        "list": lambda: client.lrange(key, 0, -1),
        "set": lambda: client.smembers(key),
        "zset": lambda: client.zrange(key, 0, -1, withscores=True),
        "stream": lambda: client.xrange(key),
        # It has ended since it was listed.
        "none": lambda: None,
    }
    value = read[kind]()
    return [value] if isinstance(value, bytes) else [_bytes_of(value)]


def _bytes_of(value: object) -> bytes:
    if isinstance(value, bytes):
        return value
    if isinstance(value, Mapping):
        return b"\n".join(_bytes_of(each) for pair in value.items() for each in pair)
    if isinstance(value, list | tuple | set):
        return b"\n".join(_bytes_of(each) for each in value)
    return str(value).encode()


def logs_of(folder: Path) -> dict[str, bytes]:
    """Return everything that each process wrote."""
    return {f"log {path.stem}": path.read_bytes() for path in sorted(folder.rglob("*.log"))}
