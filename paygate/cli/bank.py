"""Serve the bank that connectors are tested against."""

from __future__ import annotations

import json
from dataclasses import asdict

from pydantic import ValidationError

from ..bank.operation import BankSettings
from ..bank.server import BankKeys, open_bank
from ..bank.wire import BankError
from ..core.errors import OperatorError
from .listening import address, end_with_stdin, listen, stop_signal


def bank_settings(**given: object) -> BankSettings:
    """Check the options.

    Raises:
        OperatorError: One is wrong.
    """
    try:
        return BankSettings.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise OperatorError(
            setting=f"--{str(first['loc'][0]).replace('_', '-')}",
            problem=first["msg"],
            remedy="See paygate bank --help",
        ) from None


async def serve_bank(
    host: str, port: int, settings: BankSettings, keys: BankKeys, *, with_stdin: bool
) -> None:
    """Serve the bank until SIGINT or SIGTERM; print a line of JSON when it is ready.

    Args:
        host: The address to listen on.
        port: 0 for any free port.
        settings: What it does unless a request says otherwise.
        keys: What the bank and its caller share.
        with_stdin: Also stop when the standard input ends.

    Raises:
        OperatorError: The port is in use, or there is no such scenario.
    """
    stopped = stop_signal()
    listening = listen(host, port, setting="--port")
    if with_stdin:
        end_with_stdin()
    try:
        async with open_bank(listening, settings, keys=keys):
            print(json.dumps({"url": address(listening), **asdict(keys)}), flush=True)
            await stopped.wait()
    except BankError as error:
        raise OperatorError(
            setting="--scenario", problem=error.message, remedy="See paygate scenarios"
        ) from error
