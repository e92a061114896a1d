"""A limit on how often one instrument pays."""

from collections.abc import Iterable

from paygate import PluginContext, RiskCheck, hookimpl

from .check import Velocity, VelocitySettings


@hookimpl
def paygate_risk_checks(context: PluginContext) -> Iterable[RiskCheck]:
    """Offer ``instrument_velocity``."""
    return [Velocity(context.config(VelocitySettings))]
