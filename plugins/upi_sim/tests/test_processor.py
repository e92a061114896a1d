import tomllib
from pathlib import Path
from typing import ClassVar

import pytest

import paygate_upi_sim
from paygate import (
    Approved,
    AuthorizeRequest,
    DeclineCode,
    Declined,
    FollowUp,
    Instrument,
    Money,
    NotSentError,
    OperationKind,
    Pending,
)
from paygate_upi_sim import UpiMethod, UpiSim, UpiSimSettings
from paygate_upi_sim.processor import TEST_ADDRESSES

AMOUNT = Money(49_900, "INR")
CHARGE = OperationKind.CHARGE
HERE = Path(__file__).parents[1]


def instrument(vpa="user@paytm"):
    return Instrument("upi", "collect", {"vpa": vpa})


def request_for(vpa="user@paytm"):
    return AuthorizeRequest("pay_1", AMOUNT, instrument(vpa))


def follow_up(clock, vpa="user@paytm"):
    return FollowUp("pay_1", "op_1", AMOUNT, instrument(vpa), asked_at=clock.now())


def in_test_mode(**settings):
    return UpiSim(UpiSimSettings(test_mode=True, **settings))


def test_the_processor_supports_every_flow_of_the_method():
    processor, method = UpiSim(UpiSimSettings()), UpiMethod()

    assert processor.capabilities.methods == {method.info.code: method.info.flows}


def test_the_default_success_rate_is_90_percent():
    field = UpiSimSettings.model_fields["success_rate"]

    assert UpiSimSettings().success_rate == 0.90
    assert field.json_schema_extra == {"env": "UPI_SUCCESS_RATE"}
    assert UpiSimSettings.model_validate({"success_rate": "0.5"}).success_rate == 0.5


@pytest.mark.parametrize("text", ["-0.1", "1.1", "nan"])
def test_a_success_rate_outside_zero_to_one_is_refused(text):
    with pytest.raises(ValueError, match="success_rate"):
        UpiSimSettings.model_validate({"success_rate": text})


async def test_a_payment_is_pending_and_then_approved(call, clock):
    processor = in_test_mode()

    first = await processor.authorize(request_for(), call())
    clock.at += first.resolve_after
    then = await processor.query(CHARGE, follow_up(clock), call(state=first.state))

    assert isinstance(first, Pending)
    assert then == Approved("upi_sim_op_1", AMOUNT)


@pytest.mark.parametrize("vpa", sorted(TEST_ADDRESSES))
async def test_a_declined_address_is_declined_in_every_mode(call, clock, vpa):
    at_once = in_test_mode(test_processing_delay_ms=0, test_payment_success=True)
    drawn = UpiSim(UpiSimSettings(success_rate=1))

    answer = await at_once.authorize(request_for(vpa.upper()), call())
    first = await drawn.authorize(request_for(vpa), call())
    clock.at += first.resolve_after
    then = await drawn.query(CHARGE, follow_up(clock, vpa), call(state=first.state))

    assert answer == then == TEST_ADDRESSES[vpa]


async def test_an_address_similar_to_a_declined_one_follows_the_mode(call):
    processor = in_test_mode(test_processing_delay_ms=0)

    answer = await processor.authorize(request_for("no-failure@upi"), call())

    assert isinstance(answer, Approved)


async def test_test_mode_can_decline_everything(call):
    processor = in_test_mode(test_processing_delay_ms=0, test_payment_success=False)

    answer = await processor.authorize(request_for(), call())

    assert answer == Declined(DeclineCode.DECLINED)


async def test_an_unknown_operation_may_be_sent_again(call, clock):
    with pytest.raises(NotSentError):
        await in_test_mode().query(CHARGE, follow_up(clock), call())


def test_the_readme_lists_every_address_with_its_reason():
    readme = (HERE / "README.md").read_text()

    for address, decline in TEST_ADDRESSES.items():
        assert f"| `{address}` | `{decline.code}` |" in readme


def test_the_hooks_offer_one_method_and_one_processor():
    class Context:
        plugin_id = "upi_sim"
        scenarios: ClassVar[dict[str, object]] = {}

        def config(self, model):
            return model()

    (method,) = paygate_upi_sim.paygate_methods()
    (processor,) = paygate_upi_sim.paygate_processors(Context())

    assert (method.info.code, processor.info.id) == ("upi", "upi_sim")


def test_every_part_has_the_version_of_the_distribution():
    version = tomllib.loads((HERE / "pyproject.toml").read_text())["project"]["version"]

    assert UpiMethod().info.version == version
    assert UpiSim(UpiSimSettings()).info.version == version
