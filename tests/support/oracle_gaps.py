"""Tracking gaps and complete days in plain Python, from the definitions in docs/metrics.md.

Works on the counts of each hour, and uses no SQL of the project.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from math import log
from statistics import median

EPOCH = date(1970, 1, 1)
WEEK = 168
#: Thresholds in docs/metrics.md.
SHARE, SESSIONS, WEEKS, LEAST_DAYS = 0.2, 12, 8, 4
TYPES = ("view", "cart", "purchase")


@dataclass(frozen=True)
class Gap:
    """A run of hours without events: of a type, or of all types (`event`)."""

    subject: str
    first_hour: int
    last_hour: int


@dataclass
class Hours:
    """A shop's counts. Hours are numbered from 1970 on the shop's clock."""

    counts: Mapping[str, Mapping[int, int]]  # subject → hour → events
    per_session: Mapping[str, float]
    expected: dict[str, dict[int, float]] = field(default_factory=dict)
    ratio: dict[str, dict[int, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        seen = [hour for hour, count in self.counts["event"].items() if count]
        self.first, self.last = min(seen), max(seen)
        for subject in self.counts:
            self._expect(subject)

    def at(self, subject: str, hour: int) -> int:
        return self.counts[subject].get(hour, 0)

    def _expect(self, subject: str) -> None:
        """The average of the same hour in the eight weeks before and after, without an outlier."""
        expected, ratio = self.expected[subject], self.ratio[subject] = {}, {}
        for hour in range(self.first, self.last + 1):
            others = [
                hour + n * WEEK
                for n in range(-WEEKS, WEEKS + 1)
                if n and self.first <= hour + n * WEEK <= self.last
            ]
            if len(others) < LEAST_DAYS:
                continue
            values = [self.at(subject, other) for other in others]
            total, highest = sum(values), max(values)
            rest = (total - highest) / (len(values) - 1)
            expected[hour] = rest if highest > 3 * rest + 5 else total / len(values)
            of_others = sum(self.at("event", other) for other in others) - total
            ratio[hour] = total / of_others if of_others else 0.0


def gaps(hours: Hours) -> set[Gap]:
    """All gaps; one failure is one gap."""
    found = [gap for subject in hours.counts for gap in _gaps_of(hours, subject)]
    return {gap for gap in found if not any(_is_covered(gap, other) for other in found)}


def _is_covered(gap: Gap, other: Gap) -> bool:
    """Whether a gap is reported as part of another one."""
    touches = other.first_hour <= gap.last_hour + 1 and other.last_hour >= gap.first_hour - 1
    if not touches or gap.subject == other.subject:
        return False
    if (gap.subject, other.subject) == ("cart", "view"):
        return True
    gap_length, length = (each.last_hour - each.first_hour for each in (gap, other))
    if other.subject == "event":
        return gap_length <= length
    return gap.subject == "event" and length > gap_length


def _gaps_of(hours: Hours, subject: str) -> list[Gap]:
    expected = hours.expected[subject]

    def by_others(hour: int) -> float:
        others = hours.at("event", hour) - hours.at(subject, hour)
        return hours.ratio[subject][hour] * others

    def is_low(hour: int) -> bool:
        measured = hours.at(subject, hour)
        if subject == "event":
            return measured == 0
        return measured <= SHARE * expected[hour] and measured <= SHARE * by_others(hour)

    runs: list[list[int]] = []
    for hour in sorted(filter(is_low, expected)):
        if runs and runs[-1][-1] == hour - 1:
            runs[-1].append(hour)
        else:
            runs.append([hour])
    return [gap for run in runs if (gap := _gap(hours, subject, run))]


def _gap(hours: Hours, subject: str, run: list[int]) -> Gap | None:
    """The run as a gap if enough is missing, and if the shop is not closed at that time."""
    size = hours.per_session[subject]
    expected = hours.expected[subject]
    # Without any event, an hour says nothing about one type.
    counted = {
        hour: expected[hour] if subject == "event" or hours.at("event", hour) else 0.0
        for hour in run
    }
    measured = sum(hours.at(subject, hour) for hour in run)
    usual = min(sum(counted.values()), _by_the_rest(hours, subject, run, counted))
    if usual <= measured:
        return None
    missing = usual / size
    if measured:
        missing = (usual - measured + measured * log(measured / usual)) / (2 * size - 1)
    if missing < SESSIONS:
        return None
    for step in (-WEEK, WEEK):
        outside = [
            hour for hour in run
            if hour + step in expected and not run[0] <= hour + step <= run[-1]
        ]  # fmt: skip
        then = sum(counted[hour] for hour in outside)
        seen = sum(hours.at(subject, hour + step) for hour in outside)
        if outside and then >= 0.5 * sum(counted.values()) and seen <= SHARE * then:
            return None  # the shop is closed at this time of the week
    least = min(size * SESSIONS / 10, sum(counted.values()) / len(run))
    telling = [hour for hour in run if counted[hour] + 1e-6 >= least]
    return Gap(subject, telling[0], telling[-1])


def _by_the_rest(hours: Hours, subject: str, run: list[int], counted: dict[int, float]) -> float:
    """What the other events of the hour, or the rest of the day, make expect: a quiet day."""
    if subject != "event":
        return sum(
            hours.ratio[subject][hour] * (hours.at("event", hour) - hours.at(subject, hour))
            for hour in run
        )
    few = 5 * hours.per_session[subject]
    by_day: dict[int, list[int]] = defaultdict(list)
    for hour in run:
        by_day[hour // 24].append(hour)
    total = 0.0
    for day, own in by_day.items():
        known = [h for h in range(day * 24, day * 24 + 24) if h in hours.expected[subject]]
        rest = sum(hours.expected[subject][hour] for hour in known if hour not in own)
        seen = sum(hours.at(subject, hour) for hour in known)
        total += sum(counted[hour] for hour in own) * min(1, (seen + few) / (rest + few))
    return total


def complete_days(hours: Hours, last_seconds: Mapping[date, int]) -> dict[date, bool]:
    """Day with events → whether it is complete. last_seconds: the time of its last event."""
    newest = max(last_seconds)
    doubtful = {
        EPOCH + timedelta(days=number)
        for gap in gaps(hours)
        if gap.subject == "event"
        for number in range(gap.first_hour // 24, gap.last_hour // 24 + 1)
    }
    is_over = last_seconds[newest] >= _usual_end(last_seconds, newest)
    return {day: day not in doubtful and (day < newest or is_over) for day in last_seconds}


def _usual_end(last_seconds: Mapping[date, int], newest: date) -> float:
    """The second from which on the newest day counts as over."""
    earlier = [day for day in last_seconds if 0 < (newest - day).days <= WEEKS * 7]
    weekday = [last_seconds[day] for day in earlier if (newest - day).days % 7 == 0]
    for times, must_be_regular in (
        (weekday, True), ([last_seconds[day] for day in earlier], False)
    ):  # fmt: skip
        if len(times) < LEAST_DAYS:
            continue
        usual, latest = median(times), _quantile(times, 0.95)
        if latest - usual <= 3600:
            return usual - max(latest - usual, 900)
        if not must_be_regular:
            return latest
    return 23 * 3600


def _quantile(values: list[int], share: float) -> float:
    """Interpolated between the two nearest values."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])
