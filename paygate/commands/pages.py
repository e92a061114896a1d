"""``paygate pages``: the dashboard or the checkout page on a port of their own."""

from __future__ import annotations

import socket

from ..adapters.serving.server import answer
from ..bootstrap import pages
from ..core.api.app import WebApp
from ..core.api.pages.own_ports import KINDS, Kind
from ..core.errors import OperatorError
from ..logs import logger
from ..production import refuse_unsafe
from ..settings import Settings
from .listening import address, listen, refuse_remote_development
from .setup import Setup

SETTINGS = {"dashboard": "PAYGATE_DASHBOARD_PORT", "checkout": "PAYGATE_CHECKOUT_PORT"}


async def serve_pages(kind: Kind, setup: Setup, *, port: int | None = None) -> None:
    """Serve one kind of pages until SIGINT or SIGTERM. Needs no database.

    Raises:
        OperatorError: The port is taken.
    """
    from .serve import stop_signal  # noqa: PLC0415 - serve imports this module

    settings = setup.settings
    refuse_unsafe(settings, setup.environ, needs_vault=False)
    refuse_remote_development(settings)
    chosen = _port(kind, settings) if port is None else port
    listening = listen(settings.host, chosen, setting=SETTINGS[kind])
    logger("paygate").info("serving pages", kind=kind, at=address(listening))
    await answer(pages(kind, settings), listening, stop_signal())


def listening_pages(settings: Settings) -> list[tuple[WebApp, socket.socket]]:
    """The pages whose ports are free. One that is taken is somebody's, and no reason to stop."""
    found = []
    for kind in KINDS:
        try:
            listening = listen(settings.host, _port(kind, settings), setting=SETTINGS[kind])
        except OperatorError as error:
            logger("paygate").info("pages are served on the API's port only", reason=str(error))
            continue
        found.append((pages(kind, settings), listening))
    return found


def _port(kind: Kind, settings: Settings) -> int:
    return settings.dashboard_port if kind == "dashboard" else settings.checkout_port
