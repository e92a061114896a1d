"""What every server of HTTP is configured with."""

from __future__ import annotations

BACKLOG = 1024
# How long requests may run after the server is stopped.
GRACE_S = 20
# A page that polls every five seconds could send a request at the moment when an idle
# connection is closed after five seconds. Browsers and proxies close idle connections after a
# minute or less, so they close them first. After a signal idle connections are closed at once.
KEEP_ALIVE_S = 75
# How much of a request's head is kept until the head is complete.
HEAD_BYTES_MAX = 16 * 1024
# Another protocol on the same connection is a tunnel that bypasses the rules of a proxy that
# forwards these headers, such as rate limits.
UPGRADES = frozenset({b"upgrade", b"http2-settings"})
