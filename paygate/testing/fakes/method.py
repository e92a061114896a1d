"""A payment method that takes anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import BaseModel, ConfigDict

from ... import Instrument, InvalidInstrumentError, MethodContext, MethodInfo
from .processor import FLOW
from .script import ScriptExhaustedError


class AnyDetails(BaseModel):
    """Whatever a request holds."""

    model_config = ConfigDict(extra="allow")


class FakeMethod:
    """A way of paying that a test makes up, or that takes the place of one there is.

    Args:
        code: What requests say in ``method``. One that is installed is replaced, with
            its flows; a new one is carried out by a ``FakeProcessor``.
        flows: How it can be carried out; the first is what payments get.
        display: What may be shown and kept of an instrument.
        secret: What is sealed and handed to the processor only.
        refuse: A sentence: every payment is refused with it, before it is stored.
        refuse_field: The field that the refusal names.
        refuse_code: The code of the refusal.
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
        """See ``PaymentMethod.info``."""
        return self._info

    def take_flows(self, before: MethodInfo) -> None:
        """Be carried out as the method it stands in for, unless it has flows of its own."""
        if self._flow == FLOW:
            self._info = replace(self._info, flows=before.flows, label=before.label)
            self._flow = min(before.flows)

    def prepare(self, details: BaseModel, context: MethodContext) -> Instrument:  # noqa: ARG002 - it takes anything at any time
        """See ``PaymentMethod.prepare``."""
        self.calls.append(details.model_dump())
        if self._refuse is not None:
            raise InvalidInstrumentError(
                self._refuse, field=self._refuse_field, code=self.info.invalid_code
            )
        return Instrument(self.info.code, self._flow, display=self._display, secret=self._secret)
