"""When a delivery that failed is tried again: soon, and then in business hours."""

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
"""So many waits are kept at any hour: most receivers are back in minutes."""
LONGEST = timedelta(days=7)
"""No opening within this much is none: the plain timetable holds."""


class BusinessHoursSettings(BaseModel):
    """Read from ``PAYGATE_BUSINESS_HOURS_*``."""

    zone: str = Field("Asia/Kolkata", description="Of the people, such as Europe/Berlin.")
    opens: time = Field(time(9), description="When the day begins, there.")
    closes: time = Field(time(18), description="When it ends, there; later than it begins.")
    days: str = Field("mon,tue,wed,thu,fri", description="When there is anybody; empty for never.")

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
    """A timetable whose later waits end in business hours. Pure: history in, wait out.

    Reckoning is done in UTC; only the hours on the wall are asked of the zone. So a wait of
    thirty minutes lasts thirty minutes in the night the clocks change, too.
    """

    name = "business_hours"
    applies_to: frozenset[Literal["delivery", "query", "operation"]] = frozenset({"delivery"})

    def __init__(self, settings: BusinessHoursSettings) -> None:
        self._zone = ZoneInfo(settings.zone)
        self._opens, self._closes = settings.opens, settings.closes
        self._days = {DAYS.index(day.strip()) for day in settings.days.split(",") if day.strip()}

    def next_delay(self, tries: Tries, *, now: datetime, rng: Random) -> timedelta | None:
        """How long to wait, counted from now; None to give up."""
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
        """The moments from ``due`` on that business begins, or goes on, in UTC."""
        first = due.astimezone(self._zone).date()
        for offset in range(LONGEST.days + 1):
            day = first + timedelta(days=offset)
            # An hour that the clocks leap over is taken as the one after it.
            opens, closes = (
                datetime.combine(day, at, self._zone).astimezone(UTC)
                for at in (self._opens, self._closes)
            )
            if day.weekday() in self._days and due < closes:
                yield max(due, opens)
