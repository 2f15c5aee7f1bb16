"""Clock: the current time, from one place so tests can set it."""

from datetime import UTC, datetime, timedelta

#: An event further ahead than this is in the future in every time zone.
AHEAD = timedelta(days=1)


def now() -> datetime:
    """The current UTC time, without a zone."""
    return datetime.now(UTC).replace(tzinfo=None)
