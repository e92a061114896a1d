"""The contract kit on the policy, and its local times."""

from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
from paygate_business_hours import BusinessHours, BusinessHoursSettings, paygate_retry_policies

from paygate import PluginContext, RetryPolicy, Tries
from paygate.testing import RetryPolicyContract

BERLIN = ZoneInfo("Europe/Berlin")


class TestBusinessHours(RetryPolicyContract):
    plugin_id = "business_hours"

    def make(self, context: PluginContext) -> RetryPolicy:
        [offered] = paygate_retry_policies(context)
        return offered


class TestElsewhere(TestBusinessHours):
    environ = {
        "PAYGATE_BUSINESS_HOURS_ZONE": "Europe/Berlin",
        "PAYGATE_BUSINESS_HOURS_OPENS": "02:30",
        "PAYGATE_BUSINESS_HOURS_CLOSES": "03:30",
        "PAYGATE_BUSINESS_HOURS_DAYS": "sun",
    }


class TestNever(TestBusinessHours):
    environ = {"PAYGATE_BUSINESS_HOURS_DAYS": ""}


def tried(now: datetime, *, tries: Tries | None = None, **settings: object) -> datetime:
    """When it is tried again, there; by default after the third try, which waits 30 min."""
    policy = BusinessHours(BusinessHoursSettings(zone="Europe/Berlin", **settings))
    wait = policy.next_delay(tries or Tries(3, 503), now=now.astimezone(UTC), rng=Random(1))
    assert wait is not None
    return (now.astimezone(UTC) + wait).astimezone(BERLIN)


def there(*parts: int, fold: int = 0) -> datetime:
    return datetime(*parts, tzinfo=BERLIN, fold=fold)


@pytest.mark.parametrize(
    ("failed", "again"),
    [
        (there(2026, 1, 15, 10, 0), there(2026, 1, 15, 10, 30)),  # a Thursday, at work
        (there(2026, 1, 15, 17, 29), there(2026, 1, 15, 17, 59)),
        (there(2026, 1, 15, 17, 30), there(2026, 1, 16, 9, 0)),  # closing time is closed
        (there(2026, 1, 15, 3, 0), there(2026, 1, 15, 9, 0)),
        (there(2026, 1, 16, 20, 0), there(2026, 1, 19, 9, 0)),  # over the week-end
    ],
)
def test_it_is_retried_in_business_hours(failed: datetime, again: datetime):
    assert tried(failed) == again


def test_the_first_attempts_are_made_at_any_hour():
    night = there(2026, 1, 17, 3, 0)

    assert tried(night, tries=Tries(1, 503)) == night + timedelta(minutes=1)
    assert tried(night, tries=Tries(2, 503)) == night + timedelta(minutes=5)


def test_opening_time_follows_daylight_saving_time():
    every_day = {"days": "mon,tue,wed,thu,fri,sat,sun"}
    spring = tried(there(2026, 3, 28, 20, 0), **every_day)
    autumn = tried(there(2026, 10, 24, 20, 0), **every_day)

    assert (spring, spring.utcoffset()) == (there(2026, 3, 29, 9, 0), timedelta(hours=2))
    assert (autumn, autumn.utcoffset()) == (there(2026, 10, 25, 9, 0), timedelta(hours=1))


def test_a_delay_across_a_daylight_saving_change_keeps_its_length():
    all_day = {"opens": "00:00", "closes": "23:59", "days": "sun"}
    failed = there(2026, 10, 25, 2, 45)  # the first of the two
    again = tried(failed, **all_day)

    assert again.astimezone(UTC) - failed.astimezone(UTC) == timedelta(minutes=30)
    assert (again.hour, again.minute, again.fold) == (2, 15, 1)


def test_an_opening_time_that_does_not_exist_moves_an_hour_later():
    again = tried(there(2026, 3, 29, 0, 30), opens="02:30", closes="05:00", days="sun")

    assert (again.hour, again.minute) == (3, 30)


def test_retry_after_lengthens_a_delay_within_limits():
    noon = there(2026, 1, 15, 12, 0)
    hour = Tries(3, 429, retry_after=timedelta(hours=2))
    month = Tries(3, 429, retry_after=timedelta(days=30))

    assert tried(noon, tries=hour) == there(2026, 1, 15, 14, 0)
    assert tried(noon, tries=month) == there(2026, 1, 22, 12, 0)


def test_without_business_days_delays_are_unchanged():
    night = there(2026, 1, 17, 3, 0)

    assert tried(night, days="") == night + timedelta(minutes=30)


@pytest.mark.parametrize(
    "wrong",
    [{"zone": "Mars/Base"}, {"zone": "../etc"}, {"days": "mon,someday"}, {"opens": "18:00"}],
)
def test_invalid_settings_stop_start_up(wrong: dict[str, str]):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        BusinessHoursSettings(**wrong)
