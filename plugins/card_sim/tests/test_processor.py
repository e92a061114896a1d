import tomllib
from pathlib import Path
from typing import ClassVar

import pytest

import paygate_card_sim
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
from paygate_card_sim import CardMethod, CardSim, CardSimSettings
from paygate_card_sim.processor import TEST_CARDS

AMOUNT = Money(49_900, "INR")
CHARGE = OperationKind.CHARGE
HERE = Path(__file__).parents[1]
VISA = "4111111111111111"


def instrument(number, *, sealed=False):
    secret = None if sealed else {"number": number, "expiry_month": "12", "expiry_year": "2030"}
    display = {"network": "visa", "last4": number[-4:]}
    return Instrument("card", "frictionless", display, secret)


def request_for(number=VISA, *, sealed=False):
    return AuthorizeRequest("pay_1", AMOUNT, instrument(number, sealed=sealed))


def follow_up(clock, number=VISA):
    return FollowUp("pay_1", "op_1", AMOUNT, instrument(number, sealed=True), asked_at=clock.now())


def in_test_mode(**settings):
    return CardSim(CardSimSettings(test_mode=True, **settings))


def test_the_processor_supports_every_flow_of_the_method():
    processor, method = CardSim(CardSimSettings()), CardMethod()

    assert processor.capabilities.methods == {method.info.code: method.info.flows}


def test_the_default_success_rate_is_95_percent():
    field = CardSimSettings.model_fields["success_rate"]

    assert CardSimSettings().success_rate == 0.95
    assert field.json_schema_extra == {"env": "CARD_SUCCESS_RATE"}
    assert CardSimSettings.model_validate({"success_rate": "0.5"}).success_rate == 0.5


@pytest.mark.parametrize("text", ["-0.1", "1.1", "nan"])
def test_a_success_rate_outside_zero_to_one_is_refused(text):
    with pytest.raises(ValueError, match="success_rate"):
        CardSimSettings.model_validate({"success_rate": text})


async def test_a_payment_is_pending_and_then_approved(call, clock):
    processor = in_test_mode()

    first = await processor.authorize(request_for(), call())
    clock.at += first.resolve_after
    then = await processor.query(CHARGE, follow_up(clock), call(state=first.state))

    assert isinstance(first, Pending)
    assert then == Approved("card_sim_op_1", AMOUNT)


async def test_test_mode_can_decline_everything(call):
    processor = in_test_mode(test_processing_delay_ms=0, test_payment_success=False)

    answer = await processor.authorize(request_for(), call())

    assert answer == Declined(DeclineCode.DECLINED)


@pytest.mark.parametrize("number", sorted(TEST_CARDS))
async def test_a_declined_card_is_declined_in_every_mode(call, clock, number):
    at_once = in_test_mode(test_processing_delay_ms=0, test_payment_success=True)
    drawn = CardSim(CardSimSettings(success_rate=1))

    answer = await at_once.authorize(request_for(number), call())
    first = await drawn.authorize(request_for(number), call())
    clock.at += first.resolve_after
    then = await drawn.query(CHARGE, follow_up(clock, number), call(state=first.state))

    assert answer == then == TEST_CARDS[number]


@pytest.mark.parametrize("number", sorted(TEST_CARDS))
def test_the_method_accepts_a_card_that_the_processor_declines(at, number):
    method = CardMethod()
    card = {"number": number, "expiry_month": 12, "expiry_year": 2030}

    instrument = method.prepare(method.info.input_model.model_validate({"card": card}), at())

    assert instrument.secret["number"] == number


async def test_a_declined_card_is_recorded_if_the_response_is_lost(call, clock, tmp_path):
    processor = in_test_mode(book=tmp_path / "book.jsonl")
    number = "4000000000009995"
    lost = await processor.authorize(request_for(number), call())
    clock.at += lost.resolve_after

    answer = await processor.query(CHARGE, follow_up(clock, number), call())

    assert answer == TEST_CARDS[number]


async def test_no_card_number_is_stored_in_state_or_record(call, tmp_path):
    path = tmp_path / "book.jsonl"

    answer = await in_test_mode(book=path).authorize(request_for(), call())

    assert VISA not in repr(answer)
    assert VISA not in path.read_text()


async def test_without_a_number_nothing_is_sent(call):
    with pytest.raises(NotSentError, match="number is missing"):
        await in_test_mode().authorize(request_for(sealed=True), call())


async def test_an_unknown_operation_may_be_sent_again(call, clock):
    with pytest.raises(NotSentError):
        await in_test_mode().query(CHARGE, follow_up(clock), call())


def test_the_readme_lists_every_declined_card_with_its_reason():
    readme = (HERE / "README.md").read_text()

    for number, decline in TEST_CARDS.items():
        assert f"| `{number}` | `{decline.code}` |" in readme


def test_the_hooks_offer_one_method_and_one_processor():
    class Context:
        plugin_id = "card_sim"
        scenarios: ClassVar[dict[str, object]] = {}

        def config(self, model):
            return model()

    (method,) = paygate_card_sim.paygate_methods(Context())
    (processor,) = paygate_card_sim.paygate_processors(Context())

    assert (method.info.code, processor.info.id) == ("card", "card_sim")


def test_every_part_has_the_version_of_the_distribution():
    version = tomllib.loads((HERE / "pyproject.toml").read_text())["project"]["version"]

    assert CardMethod().info.version == version
    assert CardSim(CardSimSettings()).info.version == version
