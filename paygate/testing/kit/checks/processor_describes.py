"""A processor's info and capabilities are valid and true."""

from __future__ import annotations

from ....core.limits import METHOD_CODE_CHARS_MAX
from ....core.plugin_api.processor import Capabilities, Processor
from ....plugins.checks import (
    check_agreement,
    check_capabilities,
    check_members,
    check_requirement,
    plugin_id,
)
from ....plugins.results import quoted
from ..calls import run_sync
from ..cases import ProcessorCase
from ..rules import require, rule


@rule(
    "processor.describes_itself",
    why="the host refuses to start with a processor that has no valid id",
    remedy="give it `info`, a PluginInfo with an id of lower-case letters, digits and underscores",
)
async def describes_itself(case: ProcessorCase) -> None:
    """Has the members of a Processor, and an id that can be used in rows and logs."""
    processor = case.processor()
    seen = run_sync(lambda: check_members(processor, Processor))
    require(seen.raised is None, str(seen.raised))
    check_requirement(case.plugin_id, processor)
    named = run_sync(lambda: plugin_id(processor))
    require(named.raised is None, str(named.raised))
    is_right = isinstance(processor.capabilities, Capabilities)
    require(is_right, f"its capabilities are {quoted(processor.capabilities)}")


@rule(
    "processor.declares_implemented_capabilities",
    why="a merchant relies on an operation that is not supported",
    remedy="implement the method, or remove the capability from `capabilities`",
)
async def declares_implemented_capabilities(case: ProcessorCase) -> None:
    """Declares exactly the capabilities that it has methods for."""
    processor = case.processor()
    agreed = run_sync(lambda: check_agreement(processor))
    require(agreed.raised is None, str(agreed.raised))


@rule(
    "processor.declares_valid_capabilities",
    why="the host uses them for routing; a misspelt currency never gets a payment",
    remedy="use ISO 4217 codes in upper case, whole minor units, and a grade from the list",
)
async def declares_valid_capabilities(case: ProcessorCase) -> None:
    """Declares valid flows, currencies, limits and grades, in the types of Capabilities."""
    can = case.processor().capabilities
    sound = run_sync(lambda: check_capabilities(can))
    require(sound.raised is None, str(sound.raised))


@rule(
    "processor.names_flows",
    why="the host sends only the flows that it names",
    remedy="map each method's code to a non-empty frozenset of flows",
)
async def names_flows(case: ProcessorCase) -> None:
    """Names at least one method, and at least one flow of each."""
    methods = case.processor().capabilities.methods
    require(methods, "it names no method")
    for code, flows in methods.items():
        is_code = isinstance(code, str) and 0 < len(code) <= METHOD_CODE_CHARS_MAX
        require(is_code, f"{code!r} is not the code of a method")
        is_set = isinstance(flows, frozenset | set) and all(isinstance(one, str) for one in flows)
        require(is_set and flows, f"the flows of {code} are {flows!r}")


@rule(
    "processor.has_a_constant_description",
    why="the host reads them once at start-up, and the dashboard later",
    remedy="calculate `info` and `capabilities` from the settings only",
)
async def has_a_constant_description(case: ProcessorCase) -> None:
    """Has the same info and capabilities every time, also after a restart."""
    processor, restarted = case.processor(), case.processor()
    first = (processor.info, processor.capabilities)
    for other in (processor, restarted):
        again = (other.info, other.capabilities)
        require(again == first, f"it was {first} and then {again}")
