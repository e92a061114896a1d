"""What simulated processors are to play of a payment.

The request's own word counts most, then the instrument's, then the amount's, then the
merchant's default; where nobody names one, simulators draw.
"""

from __future__ import annotations

from ..domain.errors import InvalidInputError
from ..domain.instrument import Instrument
from ..domain.money import Money
from .deps import Deps
from .registry import ScenarioInfo

HEADER = "Paygate-Scenario"
# An amount that ends in a 9 and a scenario's three digits: 19021 plays number 21.
AMOUNT_MARK = 9


def choose_scenario(
    asked: str | None, instrument: Instrument, amount: Money, default: str | None, deps: Deps
) -> str | None:
    """The name of the scenario, or None.

    Raises:
        InvalidInputError: The request names one that is not, or not for this method,
            or this server plays none.
    """
    if not deps.allows_simulators:
        # Test addresses, test cards and amounts mean nothing where money is real.
        if asked:
            raise InvalidInputError("This server plays no scenarios", field=HEADER)
        return None
    known = deps.registry.scenarios
    if asked:
        scenario = known.get(asked)
        if scenario is None:
            raise InvalidInputError(f"There is no scenario {asked[:64]!r}", field=HEADER)
        if not _fits(scenario, instrument):
            raise InvalidInputError(
                f"Scenario {asked} is for {', '.join(sorted(scenario.methods))}", field=HEADER
            )
        return asked
    for name in (instrument.scenario, _by_amount(amount, deps), default):
        scenario = known.get(name) if name else None
        if scenario is not None and _fits(scenario, instrument):
            return scenario.name
    return None


def _fits(scenario: ScenarioInfo, instrument: Instrument) -> bool:
    return not scenario.methods or instrument.method in scenario.methods


def _by_amount(amount: Money, deps: Deps) -> str | None:
    mark, number = divmod(amount.minor % 10_000, 1000)
    if not deps.scenario_amounts or mark != AMOUNT_MARK:
        return None
    named = (each.name for each in deps.registry.scenarios.values() if each.number == number)
    return next(named, None)
