"""Clock: what time it is now, asked in one place, so that a test can set it."""

from datetime import UTC, datetime, timedelta

#: An event later than this from now cannot have happened yet in any time zone.
AHEAD = timedelta(days=1)


def now() -> datetime:
    """The UTC instant, without a zone."""
    return datetime.now(UTC).replace(tzinfo=None)
