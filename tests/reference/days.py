"""Local time: days, the periods they are in, hours of the week, and instants that come back."""

from datetime import UTC, date, datetime, time, timedelta, tzinfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def local(time_ms: int, zone: tzinfo) -> datetime:
    """The local reading of an instant."""
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=time_ms)).astimezone(zone)


def local_day(time_ms: int, zone: tzinfo) -> date:
    return local(time_ms, zone).date()


def hour_of_week(time_ms: int, zone: tzinfo) -> str:
    """`mon 09`."""
    at = local(time_ms, zone)
    return f"{DAYS[at.weekday()]} {at.hour:02}"


def hour_order(name: str) -> tuple[int, str]:
    """The place of an hour of the week in the week."""
    return DAYS.index(name[:3]), name


def instant(day: date, minute: int, zone: tzinfo) -> int:
    """The instant at which clocks show so many minutes after midnight; 1440 is the next one.

    Where a reading occurs twice, the first; where it does not occur, as before the change.
    """
    over, within = divmod(minute, 1440)
    at = datetime.combine(day + timedelta(days=over), time(within // 60, within % 60), zone)
    return round(at.timestamp() * 1000)


def period_of(day: date, period: str) -> str:
    """The name of the period a day is in; weeks are those of ISO 8601."""
    match period:
        case "day":
            return day.isoformat()
        case "week":
            year, week, _ = day.isocalendar()
            return f"{year}-W{week:02}"
        case "month":
            return f"{day:%Y-%m}"
        case "quarter":
            return f"{day.year}-Q{(day.month + 2) // 3}"
        case _:
            return f"{day.year}"


def days_of(name: str, period: str, near: date) -> list[date]:
    """All days of a named period, found around one of them."""
    around = (near + timedelta(days=n) for n in range(-370, 371))
    return [day for day in around if period_of(day, period) == name]
