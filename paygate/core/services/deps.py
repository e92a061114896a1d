"""What a use case may reach, put together once per app by ``bootstrap``."""

from __future__ import annotations

from dataclasses import dataclass

from ..ports.bell import Bell
from ..ports.clock import Clock
from ..ports.http import Http
from ..ports.ids import Ids
from ..ports.plugins import Logger
from ..ports.present import EventPresenter
from ..ports.storage import Storage
from ..ports.vault import Vault
from .registry import Registry


@dataclass(frozen=True, slots=True)
class TestMerchant:
    """The merchant that is seeded outside production and shown without a login.

    Args:
        api_secret: In clear: it is a setting that everyone may read, which is why
            production refuses it.
    """

    id: str
    name: str
    email: str
    api_key: str
    api_secret: str
    webhook_secret: str


@dataclass(frozen=True, slots=True)
class Deps:
    """The machines and the guests of one app.

    Args:
        seed: Everything random in a simulation is drawn from it.
        replay_mismatches: Answer a reused key from memory even when the request
            is another one, as some older gateways do.
        test_merchant: None in production.
    """

    storage: Storage
    bell: Bell
    clock: Clock
    ids: Ids
    vault: Vault
    http: Http
    registry: Registry
    present: EventPresenter
    logger: Logger
    seed: int = 0
    replay_mismatches: bool = False
    test_merchant: TestMerchant | None = None
