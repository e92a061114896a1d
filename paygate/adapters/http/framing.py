"""Ask the API which origins may embed the checkout, for a server without a database."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from http import HTTPStatus
from urllib.parse import urlsplit

import aiohttp

from ...core.errors import InfrastructureError

ANSWER_WITHIN_S = 5
RULE = "frame-ancestors "

log = logging.getLogger("paygate.pages")


class AskedFramers:
    """Reads the ``Content-Security-Policy`` of the API's checkout page.

    Args:
        api: URL of the API for this server, such as ``http://api:8000``.
        public: URL of the API for browsers. It is sent as the host, as the API may not know
            the other.
    """

    def __init__(self, api: str, public: str) -> None:
        self._address = f"{api.rstrip('/')}/checkout"
        self._headers = {"Host": urlsplit(public).netloc}

    async def __call__(self, order_id: str, payment_id: str) -> Sequence[str] | None:
        """Return the origins that may embed this order or payment; None if any may.

        Raises:
            InfrastructureError: The API does not respond.
        """
        if not order_id and not payment_id:
            return None
        named = {"order_id": order_id, "payment_id": payment_id}
        try:
            policy = await self._policy(named)
        except (aiohttp.ClientError, TimeoutError, _NoPolicyError) as error:
            log.warning(
                "%s does not respond (%s): no page may embed the checkout. "
                "Set PAYGATE_API_INTERNAL_URL to the API's URL for this server.",
                self._address,
                str(error) or type(error).__name__,
            )
            raise InfrastructureError("the API does not respond") from error
        return _origins(policy)

    async def _policy(self, named: dict[str, str]) -> str:
        timeout = aiohttp.ClientTimeout(total=ANSWER_WITHIN_S)
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(
                self._address, params=named, headers=self._headers, allow_redirects=False
            ) as answer,
        ):
            policy: str | None = answer.headers.get("Content-Security-Policy")
            # A redirect, or a page of a proxy, is not the checkout's policy.
            if answer.status != HTTPStatus.OK or policy is None:
                raise _NoPolicyError(f"status {answer.status}, without the checkout's policy")
            return policy


class _NoPolicyError(Exception):
    """The response is not the API's checkout page."""


def _origins(policy: str) -> Sequence[str] | None:
    for part in policy.split(";"):
        if part.strip().startswith(RULE):
            return part.strip().removeprefix(RULE).split()
    return None
