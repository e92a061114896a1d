"""The contract kit on the processor, and its callbacks."""

from datetime import timedelta
from random import Random
from types import SimpleNamespace
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from paygate_signed_wallet import SignedWallet, WalletSettings, paygate_processors, samples
from paygate_signed_wallet.signatures import FRESH, sign

from paygate import (
    AuthorizeRequest,
    BadSignatureError,
    CallContext,
    FollowUp,
    HttpError,
    HttpResponse,
    Instrument,
    Money,
    NotSentError,
    OperationKind,
    PluginContext,
    Processor,
    RawCallback,
    Unknown,
)
from paygate.testing import ProcessorContract, Sent

SUM = Money(500, "INR")


class TestSignedWallet(ProcessorContract):
    plugin_id = "signed_wallet"
    environ = samples.SAMPLES["environ"]
    approved = {"wallet_id": "W-1234"}
    declined = {"wallet_id": "W-0000"}

    def make(self, context: PluginContext) -> Processor:
        [offered] = paygate_processors(context)
        return offered

    def network(self, sent: Sent) -> HttpResponse:
        return samples.network(sent)

    def callback(self, operation_id: str, amount: Money) -> RawCallback:
        return samples.callback(operation_id, amount)

    def stale_callback(self) -> RawCallback:
        return samples.stale_callback()


@pytest.fixture
def wallet() -> SignedWallet:
    return SignedWallet(WalletSettings(public_key=samples.PUBLIC_KEY))


@pytest.mark.parametrize("late", [-FRESH, FRESH])
def test_a_callback_within_the_clock_tolerance_is_accepted(wallet: SignedWallet, late: timedelta):
    raw = samples.callback("op_1", SUM)
    came = RawCallback(raw.headers, raw.body, received_at=samples.AT + late)
    too_late = RawCallback(raw.headers, raw.body, received_at=samples.AT + late * 1.01)

    assert wallet.verify(came).key == "cb-op_1"
    with pytest.raises(BadSignatureError, match="too long ago"):
        wallet.verify(too_late)


def test_the_signature_covers_the_timestamp(wallet: SignedWallet):
    raw = samples.callback("op_1", SUM)
    later = samples.AT + timedelta(hours=1)
    headers = {**raw.headers, "wallet-timestamp": str(int(later.timestamp()))}

    with pytest.raises(BadSignatureError, match="not signed"):
        wallet.verify(RawCallback(headers, raw.body, received_at=later))


def test_the_signature_of_another_wallet_is_refused(wallet: SignedWallet):
    raw = samples.callback("op_1", SUM)

    with pytest.raises(BadSignatureError):
        wallet.verify(sign(raw.body, Ed25519PrivateKey.generate(), samples.AT))


def test_an_invalid_key_stops_start_up():
    with pytest.raises(ValueError, match="public_key"):
        WalletSettings(public_key="c2hvcnQ=")


class Refusing:
    """A network on which the wallet cannot be reached."""

    async def post(self, url: str, **_: object) -> HttpResponse:
        raise HttpError("refused_address", "the address is refused")


async def test_a_query_that_does_not_arrive_says_nothing_about_the_charge(wallet: SignedWallet):
    """``NotSentError`` would send the charge again, which the wallet may have executed."""
    context = CallContext(
        merchant_id=UUID(int=1),
        operation_id="op_1",
        deadline=timedelta(seconds=1),
        clock=SimpleNamespace(now=lambda: samples.AT),
        rng=Random(1),
        http=Refusing(),
        logger=SimpleNamespace(),
    )
    about = FollowUp(
        "pay_1",
        "op_1",
        SUM,
        Instrument("wallet", "app", display={"wallet_id": "W-1234"}),
        asked_at=samples.AT,
    )

    with pytest.raises(NotSentError):
        await wallet.authorize(AuthorizeRequest("pay_1", SUM, about.instrument), context)
    assert isinstance(await wallet.query(OperationKind.CHARGE, about, context), Unknown)
