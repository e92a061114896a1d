"""A retry policy: soon at first, then in business hours."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from random import Random
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, Field, field_validator, model_validator

from paygate import RetryPolicy, Tries

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WAITS = tuple(timedelta(minutes=m) for m in (1, 5, 30, 120, 480, 1440, 1440))
SOON = 2
"""This number of waits ignores business hours: most receivers are back in minutes."""
LONGEST = timedelta(days=7)
"""If no business hours begin within this time, the plain schedule applies."""


class BusinessHoursSettings(BaseModel):
    """Read from ``PAYGATE_BUSINESS_HOURS_*``."""

    zone: str = Field("Asia/Kolkata", description="Time zone, such as Europe/Berlin.")
    opens: time = Field(time(9), description="Start of business hours.")
    closes: time = Field(time(18), description="End of business hours, after their start.")
    days: str = Field("mon,tue,wed,thu,fri", description="Business days; empty for none.")

    @field_validator("zone")
    @classmethod
    def _is_known(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("no time zone of that name") from None
        return zone

    @field_validator("days")
    @classmethod
    def _are_days(cls, days: str) -> str:
        unknown = [day for day in days.split(",") if day.strip() and day.strip() not in DAYS]
        if unknown:
            raise ValueError(f"{', '.join(unknown)}: days are {', '.join(DAYS)}")
        return days

    @model_validator(mode="after")
    def _is_a_day(self) -> "BusinessHoursSettings":
        if self.opens >= self.closes:
            raise ValueError("opens must be before closes")
        return self


class BusinessHours(RetryPolicy):
    """A schedule whose later waits end in business hours. It only uses its arguments.

    Calculations are in UTC; only business hours use the time zone. So a wait of thirty minutes
    lasts thirty minutes even when the clocks change.
    """

    name = "business_hours"
    applies_to: frozenset[Literal["delivery", "query", "operation"]] = frozenset({"delivery"})

    def __init__(self, settings: BusinessHoursSettings) -> None:
        self._zone = ZoneInfo(settings.zone)
        self._opens, self._closes = settings.opens, settings.closes
        self._days = {DAYS.index(day.strip()) for day in settings.days.split(",") if day.strip()}

    def next_delay(self, tries: Tries, *, now: datetime, rng: Random) -> timedelta | None:
        """Return the wait from now; None to give up."""
        if tries.count > len(WAITS):
            return None
        planned = WAITS[tries.count - 1]
        wait = max(planned, min(tries.retry_after or planned, LONGEST))
        if tries.count <= SOON:
            return wait
        due = now.astimezone(UTC) + wait
        opening = next((at for at in self._openings(due) if at - due <= LONGEST), due)
        return opening - now

    def _openings(self, due: datetime) -> Iterator[datetime]:
        """Yield times in business hours from ``due`` on, in UTC."""
        first = due.astimezone(self._zone).date()
        for offset in range(LONGEST.days + 1):
            day = first + timedelta(days=offset)
            # A local time that is skipped when clocks change counts as one hour later.
            opens, closes = (
                datetime.combine(day, at, self._zone).astimezone(UTC)
                for at in (self._opens, self._closes)
            )
            if day.weekday() in self._days and due < closes:
                yield max(due, opens)
