"""Record the HTTP of a connector in a file, and replay it without its bank.

A cassette is a JSON file with one section for each test. Every request and response in it is
masked. Ids that paygate makes have numbers instead: ``{op_1}`` stands for another operation id in
each run. So a recording contains neither secrets nor anything that changes from run to run,
except what the bank itself writes into its responses.

The fixture is ``paygate_cassette``, and ``pytest --paygate-record`` records.
"""

from __future__ import annotations

from .errors import CassetteError
from .exchange import Exchange
from .file import read_section, write_section
from .masking import CassetteSettings
from .player import Cassette

__all__ = [
    "Cassette",
    "CassetteError",
    "CassetteSettings",
    "Exchange",
    "read_section",
    "write_section",
]
