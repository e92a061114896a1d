"""Retries failed webhooks in business hours."""

from collections.abc import Iterable

from paygate import PluginContext, RetryPolicy, hookimpl

from .policy import BusinessHours, BusinessHoursSettings


@hookimpl
def paygate_retry_policies(context: PluginContext) -> Iterable[RetryPolicy]:
    """Offer ``business_hours``, in place of the built-in policy for deliveries."""
    return [BusinessHours(context.config(BusinessHoursSettings))]
