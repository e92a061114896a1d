"""What a processor says of itself is true."""

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
from ..calls import tried
from ..cases import ProcessorCase
from ..rules import require, rule


@rule(
    "processor.describes_itself",
    why="the host refuses at start-up what has no usable name",
    remedy="give it `info`, a PluginInfo with an id of lower-case letters, digits and underscores",
)
async def describes_itself(case: ProcessorCase) -> None:
    """Has the members of a Processor, and an id that can stand in rows and logs."""
    processor = case.processor()
    seen = tried(lambda: check_members(processor, Processor))
    require(seen.raised is None, str(seen.raised))
    check_requirement(case.plugin_id, processor)
    named = tried(lambda: plugin_id(processor))
    require(named.raised is None, str(named.raised))
    is_right = isinstance(processor.capabilities, Capabilities)
    require(is_right, f"its capabilities are {quoted(processor.capabilities)}")


@rule(
    "processor.declares_what_it_does",
    why="a merchant is promised a refund that nobody can carry out",
    remedy="implement the method, or take the capability out of `capabilities`",
)
async def declares_what_it_does(case: ProcessorCase) -> None:
    """Declares exactly the capabilities that it has the methods for."""
    processor = case.processor()
    agreed = tried(lambda: check_agreement(processor))
    require(agreed.raised is None, str(agreed.raised))


@rule(
    "processor.capabilities_are_sound",
    why="the host routes by them; a misspelt currency means that no payment ever gets there",
    remedy="use ISO 4217 codes in capitals, whole minor units, and a grade from the list",
)
async def capabilities_are_sound(case: ProcessorCase) -> None:
    """Declares flows, currencies, bounds and grades that exist, in the types of Capabilities."""
    can = case.processor().capabilities
    sound = tried(lambda: check_capabilities(can))
    require(sound.raised is None, str(sound.raised))


@rule(
    "processor.names_flows",
    why="the host sends it what it names, and only that",
    remedy="map each method's code to a non-empty frozenset of flows",
)
async def names_flows(case: ProcessorCase) -> None:
    """Names at least one method, and at least one flow of each."""
    methods = case.processor().capabilities.methods
    require(methods, "it names no method")
    for code, flows in methods.items():
        is_code = isinstance(code, str) and 0 < len(code) <= METHOD_CODE_CHARS_MAX
        require(is_code, f"{code!r} is no method's code")
        is_set = isinstance(flows, frozenset | set) and all(isinstance(one, str) for one in flows)
        require(is_set and flows, f"the flows of {code} are {flows!r}")


@rule(
    "processor.description_stands",
    why="the host reads it once, at start-up, and the dashboard again",
    remedy="compute `info` and `capabilities` from the settings alone",
)
async def description_stands(case: ProcessorCase) -> None:
    """Describes itself in the same way however often it is asked, and after a restart."""
    processor, restarted = case.processor(), case.processor()
    said = (processor.info, processor.capabilities)
    for other in (processor, restarted):
        again = (other.info, other.capabilities)
        require(again == said, f"it was {said} and then {again}")
