"""Who may frame the checkout, asked of the API: for a server that has no database."""

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
    """Answers from the ``Content-Security-Policy`` that the API sends with its own page.

    Args:
        api: Where this server reaches the API, such as ``http://api:8000``.
        public: Where browsers reach it. The API is asked by that name, as it need not know
            the other.
    """

    def __init__(self, api: str, public: str) -> None:
        self._address = f"{api.rstrip('/')}/checkout"
        self._headers = {"Host": urlsplit(public).netloc}

    async def __call__(self, order_id: str, payment_id: str) -> Sequence[str] | None:
        """Return the origins that may frame this order or payment; None where any may.

        Raises:
            InfrastructureError: The API did not answer.
        """
        if not order_id and not payment_id:
            return None
        named = {"order_id": order_id, "payment_id": payment_id}
        try:
            policy = await self._policy(named)
        except (aiohttp.ClientError, TimeoutError, _NoPolicyError) as error:
            log.warning(
                "%s does not answer (%s): no page may frame the checkout. "
                "Set PAYGATE_API_INTERNAL_URL to where this server reaches the API.",
                self._address,
                str(error) or type(error).__name__,
            )
            raise InfrastructureError("the API does not answer") from error
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
            # A redirect and a page of something in between say nothing of who may.
            if answer.status != HTTPStatus.OK or policy is None:
                raise _NoPolicyError(f"status {answer.status}, without the checkout's policy")
            return policy


class _NoPolicyError(Exception):
    """What answered is not the API's checkout page."""


def _origins(policy: str) -> Sequence[str] | None:
    for part in policy.split(";"):
        if part.strip().startswith(RULE):
            return part.strip().removeprefix(RULE).split()
    return None
