"""The built-in retry policies and the example keep the kit's rules."""

from __future__ import annotations

import sys
from pathlib import Path

from paygate.plugins.defaults import paygate_retry_policies
from paygate.testing import PaymentMethodContract, ProcessorContract, RetryPolicyContract

FOLDER = Path(__file__).parents[2] / "examples" / "plugins" / "acme_wallet"
sys.path.insert(0, str(FOLDER))

from paygate_acme_wallet.method import WalletMethod  # noqa: E402 - found in its folder
from paygate_acme_wallet.processor import AcmeProcessor, AcmeSettings  # noqa: E402 - the same

sys.path.remove(str(FOLDER))


class TestDeliveries(RetryPolicyContract):
    name = "deliveries"

    def make(self, context):
        return next(each for each in paygate_retry_policies(context) if each.name == self.name)


class TestDeliveriesInTests(TestDeliveries):
    environ = {"WEBHOOK_RETRY_INTERVALS_TEST": "true"}


class TestQueries(TestDeliveries):
    name = "queries"


class TestOperations(TestDeliveries):
    name = "operations"


class TestWallet(PaymentMethodContract):
    valid = ({"wallet_id": "W-1234"},)
    invalid = ({"wallet_id": "1234567"}, {})

    def make(self, context):
        return WalletMethod()


class TestAcme(ProcessorContract):
    plugin_id = "acme_wallet"
    environ = {"PAYGATE_ACME_WALLET_LIMIT_MINOR": "5000000"}
    approved = {"wallet_id": "W-1234"}
    declined = {"wallet_id": "W-0000"}

    def method(self, context):
        return WalletMethod()

    def make(self, context):
        return AcmeProcessor(context.config(AcmeSettings))
