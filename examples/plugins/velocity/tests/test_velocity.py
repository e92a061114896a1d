"""The contract kit on the check, and its fail mode."""

import pytest
from paygate_velocity import Velocity, VelocitySettings, paygate_risk_checks

from paygate import PluginContext, RiskCheck
from paygate.testing import RiskCheckContract


class TestVelocity(RiskCheckContract):
    plugin_id = "velocity"

    def make(self, context: PluginContext) -> RiskCheck:
        [offered] = paygate_risk_checks(context)
        return offered


class TestStrict(TestVelocity):
    environ = {
        "PAYGATE_VELOCITY_PAYMENTS": "1",
        "PAYGATE_VELOCITY_WINDOW_MINUTES": "44640",
        "PAYGATE_VELOCITY_SAME": "merchant",
        "PAYGATE_VELOCITY_FAIL": "closed",
        "PAYGATE_VELOCITY_CODE": "suspected_fraud",
    }


@pytest.mark.parametrize("fail", ["open", "closed"])
def test_the_check_declares_its_fail_mode(fail: str):
    assert Velocity(VelocitySettings(fail=fail)).fail == fail


@pytest.mark.parametrize(
    "wrong", [{"payments": 0}, {"window_minutes": 44_641}, {"code": "because"}, {"fail": "half"}]
)
def test_invalid_settings_stop_start_up(wrong: dict[str, object]):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        VelocitySettings(**wrong)
