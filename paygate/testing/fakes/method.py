"""A payment method that accepts any details."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import BaseModel, ConfigDict

from ... import Instrument, InvalidInstrumentError, MethodContext, MethodInfo
from .processor import FLOW
from .script import ScriptExhaustedError


class AnyDetails(BaseModel):
    """Accepts any fields of a request."""

    model_config = ConfigDict(extra="allow")


class FakeMethod:
    """A payment method for a test: a new one, or a replacement of an installed one.

    Args:
        code: Its code in the field ``method`` of requests. An installed method is replaced
            and its flows are kept; a new one needs a ``FakeProcessor``.
        flows: Its flows; payments get the first one.
        display: What may be shown and stored of an instrument.
        secret: What is encrypted and passed to the processor only.
        refuse: A message: every payment is rejected with it before it is stored.
        refuse_field: The field that the error names.
        refuse_code: The code of the error.
    """

    def __init__(
        self,
        code: str = "fake",
        *,
        flows: tuple[str, ...] = (FLOW,),
        display: Mapping[str, str] | None = None,
        secret: Mapping[str, str] | None = None,
        refuse: str | None = None,
        refuse_field: str = "method",
        refuse_code: str = "bad_request",
    ) -> None:
        self._info = MethodInfo(code, code.title(), frozenset(flows), AnyDetails, refuse_code)
        self.calls: list[Mapping[str, Any]] = []
        self.problems: list[ScriptExhaustedError] = []
        self._flow = flows[0]
        self._display = dict(display or {})
        self._secret = dict(secret) if secret else None
        self._refuse = refuse
        self._refuse_field = refuse_field

    @property
    def info(self) -> MethodInfo:
        return self._info

    def take_flows(self, before: MethodInfo) -> None:
        """Use the flows of the replaced method, unless it has its own."""
        if self._flow == FLOW:
            self._info = replace(self._info, flows=before.flows, label=before.label)
            self._flow = min(before.flows)

    def prepare(self, details: BaseModel, context: MethodContext) -> Instrument:  # noqa: ARG002 - the context has no influence
        self.calls.append(details.model_dump())
        if self._refuse is not None:
            raise InvalidInstrumentError(
                self._refuse, field=self._refuse_field, code=self.info.invalid_code
            )
        return Instrument(self.info.code, self._flow, display=self._display, secret=self._secret)
