"""Choose the scenario of a payment, and simulate its payer."""

from __future__ import annotations

from dataclasses import dataclass

from ..deps import Deps
from ..errors import InvalidInputError, NoActionError, NotFoundError, UnsupportedError
from ..instrument import Instrument
from ..money import Money
from ..registry import ScenarioInfo
from .call import follow_up_of
from .callbacks import ReceiveCallback, receive_callback
from .model import Payment

HEADER = "Paygate-Scenario"

# An amount that ends in 9 and the three digits of a scenario: 19021 plays number 21.
AMOUNT_MARK = 9


def choose_scenario(
    asked: str | None, instrument: Instrument, amount: Money, default: str | None, deps: Deps
) -> str | None:
    """Return the name of the scenario, or None.

    Raises:
        InvalidInputError: The scenario does not exist or does not apply to the method,
            or this server plays no scenarios.
    """
    if not deps.policy.allows_simulators:
        # Test addresses, test cards and test amounts have no meaning in production.
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
    if not deps.policy.scenario_amounts or mark != AMOUNT_MARK:
        return None
    named = (each.name for each in deps.registry.scenarios.values() if each.number == number)
    return next(named, None)


@dataclass(frozen=True, slots=True)
class SimulatePayer:
    """A decision of the simulated payer."""

    payment_id: str
    decision: str


async def simulate_payer(command: SimulatePayer, deps: Deps) -> Payment:
    """Send the payer's decision as a callback of the simulated processor.

    Raises:
        NotFoundError: No such payment.
        NoActionError: The payment does not wait for its payer.
        UnsupportedError: Its processor cannot simulate a payer.
    """
    claimed = await deps.storage.operations.find_charge(command.payment_id)
    if claimed is None:
        raise NotFoundError("Payment")
    if claimed.payment.next_action is None:
        raise NoActionError
    processor = deps.registry.processors.get(claimed.operation.processor)
    raw = processor and processor.payer_decides(follow_up_of(claimed), command.decision)
    if not raw:
        raise UnsupportedError(f"Processor {claimed.operation.processor} cannot simulate a payer")
    await receive_callback(ReceiveCallback(claimed.operation.processor, raw), deps)
    after = await deps.storage.payments.get(command.payment_id)
    assert after is not None, "a payment is never deleted"
    return after
