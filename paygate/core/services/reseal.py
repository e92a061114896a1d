"""Sealing stored secrets anew, for the keys that the vault has now."""

from __future__ import annotations

import logging

from ..domain.errors import InfrastructureError
from .deps import Deps

log = logging.getLogger(__name__)


async def reseal(deps: Deps) -> int:
    """Seal what is kept for long so that each of the vault's keys opens it.

    While a key is replaced, this makes the old one superfluous: what instances with only
    the old key have sealed is opened with it once more.

    Returns:
        How many texts were sealed anew.
    """
    done, unreadable = 0, []
    for each in await deps.storage.sealed_texts.lacking(deps.vault.key_ids):
        try:
            secret = deps.vault.open(each.text, context=each.context)
        except InfrastructureError:
            unreadable.append(f"{each.column} of {each.row_id}")
            continue
        sealed = deps.vault.seal(secret, context=each.context)
        done += await deps.storage.sealed_texts.replace(each, sealed)
    if unreadable:
        log.warning(
            "%d sealed secret(s) cannot be opened with PAYGATE_VAULT_KEY, such as %s: put the "
            "key that sealed them after the present one",
            len(unreadable),
            unreadable[0],
        )
    return done
