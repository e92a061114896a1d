"""Record the requests of one test, or replay them."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ...core.plugin_api.http_client import Http, HttpError, HttpResponse
from ..kit.stage import RecordingClient, Sent
from .differences import differences, nearest
from .errors import CassetteError
from .exchange import Exchange, Part, request_part, response_of, response_part
from .file import read_section, write_section
from .ids import Bindings, Numbers, ids_in, without_ids
from .masking import CassetteSettings, Masks
from .recorder import Recorder

SHOWN_MAX = 5


@dataclass(slots=True)
class _Recorded:
    """An exchange that is replayed once."""

    exchange: Exchange
    is_used: bool = False

    def __post_init__(self) -> None:
        self.text = _text(self.exchange.request)

    text: str = ""


@dataclass(slots=True)
class _Live:
    """A request that is recorded, and its response when it is known."""

    sent: Sent
    answer: HttpResponse | HttpError | None = None


class Cassette:
    """The HTTP of a connector in one test: recorded before, or recorded now.

    A request is replayed if method, path, query and body are equal after masking, and the ids of
    paygate are at the same places. Equal requests get their responses in the recorded order.

    Args:
        path: The file.
        test: The name of the test in the file.
        settings: What is masked and ignored.
        recorder: Sends requests to the bank, to record them; None replays.

    Attributes:
        problems: The errors that were found; the first one fails the test.
    """

    def __init__(
        self,
        path: Path,
        test: str,
        settings: CassetteSettings | None = None,
        *,
        recorder: Recorder | None = None,
    ) -> None:
        self.path = path
        self.test = test
        self.problems: list[CassetteError] = []
        self._masks = Masks(settings or CassetteSettings())
        self._recorder = recorder
        self._live: list[_Live] = []
        self._bindings = Bindings()
        section = None if recorder else read_section(path, test)
        self._is_recorded = section is not None
        self._recorded = [_Recorded(each) for each in section or ()]

    @property
    def is_recording(self) -> bool:
        """Whether requests go to the bank and are recorded."""
        return self._recorder is not None

    @property
    def client(self) -> Http:
        """An HTTP client for ``CallContext.http``, for tests that call a plugin directly."""
        client: Http = RecordingClient(self.network)
        return client

    def hide(self, *secrets: str) -> None:
        """Mask these texts wherever they occur; shorter ones than 8 characters are not."""
        self._masks.learn(*secrets)

    def network(self, sent: Sent) -> HttpResponse | Awaitable[HttpResponse]:
        """Respond to a request of the connector: ``network`` of a contract.

        Raises:
            CassetteError: It is not recorded.
            HttpError: It got no response when it was recorded.
        """
        self._learn(sent)
        if self._recorder is not None:
            return self._record(sent, self._recorder)
        try:
            return response_of(self._bindings.live(self._find(request_part(sent, self._masks))))
        except CassetteError as problem:
            self.problems.append(problem)
            raise

    def finish(self) -> None:
        """End the test: write what was recorded, or check that all of it was sent.

        Raises:
            CassetteError: A recorded request was not sent, or one before was not recorded.
        """
        if self.problems:
            raise self.problems[0]
        if self.is_recording:
            write_section(self.path, self.test, self._exchanges())
            return
        unused = [each.exchange.request for each in self._recorded if not each.is_used]
        if unused:
            raise CassetteError(
                f"{len(unused)} of {len(self._recorded)} recorded requests were not sent",
                {"recorded": shown(unused[0]), "file": self._where},
                self._remedy,
            )

    async def _record(self, sent: Sent, recorder: Recorder) -> HttpResponse:
        live = _Live(sent)
        self._live.append(live)
        try:
            live.answer = await recorder.send(sent)
        except HttpError as error:
            live.answer = error
            raise
        return live.answer

    def _exchanges(self) -> Sequence[Exchange]:
        # All are masked at the end: a response may repeat what is a secret of a later request.
        for live in self._live:
            if isinstance(live.answer, HttpResponse):
                self._masks.learn_from_text(live.answer.body.decode(errors="replace"))
        numbers = Numbers()
        return [
            Exchange(
                numbers.of_request(request_part(live.sent, self._masks)),
                numbers.of_response(response_part(live.answer, self._masks)),
            )
            for live in self._live
        ]

    def _learn(self, sent: Sent) -> None:
        self._masks.learn_from_headers(sent.headers)
        self._masks.learn_from_text(urlsplit(sent.url).query)
        self._masks.learn_from_text(sent.body.decode(errors="replace"))

    def _find(self, part: Part) -> Part:
        """Return the recorded response to a request, and use it up."""
        text = _text(part)
        equal = [each for each in self._recorded if without_ids(each.text) == without_ids(text)]
        for each in equal:
            if not each.is_used and self._bindings.unite(ids_in(each.text), ids_in(text)):
                each.is_used = True
                return each.exchange.response
        raise self._not_recorded(part, len(equal))

    def _not_recorded(self, part: Part, times: int) -> CassetteError:
        what = f"{part['method']} {part['url']}"
        sent = self._bindings.numbered(part, is_recorded=False)
        details = {"sent": shown(sent), "file": self._where}
        if not self._is_recorded:
            return CassetteError(f"Nothing is recorded for {what}", details, self._remedy)
        others = [each for each in self._recorded if not each.is_used] or self._recorded
        requests = [
            self._bindings.numbered(each.exchange.request, is_recorded=True) for each in others
        ]
        if not requests:
            return CassetteError(f"{what} is not recorded", details, self._remedy)
        closest = nearest(sent, requests)
        differing = differences(sent, closest)
        if not differing:
            problem = f"{what} is recorded {times} times, and was sent once more"
            return CassetteError(problem, details, self._remedy)
        details = {"sent": details["sent"], "nearest": shown(closest)}
        details["differs"] = "; ".join(differing[:SHOWN_MAX])
        details["file"] = self._where
        return CassetteError(f"{what} is not recorded", details, self._remedy)

    @property
    def _where(self) -> str:
        return f"{self.path} ({self.test})"

    @property
    def _remedy(self) -> str:
        return (
            "if the connector is meant to send this, record the test again with its bank: "
            "pytest --paygate-record"
        )


def shown(request: Mapping[str, Any]) -> str:
    """Return a request in one line."""
    rest = {name: part for name, part in request.items() if name not in {"method", "url"}}
    text = f"{request['method']} {request['url']}"
    return f"{text} {json.dumps(rest, ensure_ascii=False)}" if rest else text


def _text(part: Part) -> str:
    return json.dumps(part, ensure_ascii=False, sort_keys=True)
