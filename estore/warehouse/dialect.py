"""Dialect: the SQL expressions that the rules of `rows.py` need from each engine."""

import re
from abc import ABC, abstractmethod
from datetime import datetime

from estore import clock
from estore.clock_changes import Change, changes, gap_hours
from estore.sources import EPOCHS, Source
from estore.warehouse.quoting import quoted

_DAY_AND_TIME = "[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)?"
_OFFSET = "[+-](0[0-9]|1[0-4])(:?[0-5][0-9])?"
#: A name after an offset, as Go writes it: the offset decides.
_NAMED_OFFSET = f"{_OFFSET}( [A-Z]{{3,5}})?"
_ZONE = f" *([Zz]|UTC|utc|GMT|gmt|{_NAMED_OFFSET})"
_EPOCH = "-?[0-9]{1,18}([.][0-9]{1,9})?"
#: Separators of groups of three digits, besides a point or comma.
_GROUPS = " '\u2019\u00a0\u202f"
#: Blank characters at the ends of a field: spaces, tabs, line breaks and invisible marks. The
#: engines' own trim functions each know other ones.
SPACES = (
    " \t\n\v\f\r\x1c\x1d\x1e\x1f\x85\u00a0\u00ad\u061c\u1680\u180e"
    + "".join(map(chr, (*range(0x2000, 0x2010), *range(0x2028, 0x2030))))
    + "\u205f\u2060\u2061\u2062\u2063\u2064\u2800\u3000\u3164\uffa0\ufeff"
)


class Dialect(ABC):
    """SQL expressions over text columns. trimmed: the column without spaces, null if blank."""

    #: The types of text and of a time without a zone.
    text_type: str
    local_type: str

    @abstractmethod
    def quoted(self, text: str) -> str:
        """Text as a literal."""

    @abstractmethod
    def trimmed(self, column: str) -> str:
        """The text without surrounding spaces; null if nothing is left."""

    def compact(self, kind: str, column: str, clean: str) -> str:
        """An id as this type; null if that would change how it reads."""
        raise NotImplementedError(f"{type(self).__name__} keeps ids as text")

    @abstractmethod
    def contains(self, value: str, text: str) -> str:
        """Whether a value contains a text."""

    @abstractmethod
    def has(self, value: str, pattern: str) -> str:
        """Whether a part of a value matches."""

    @abstractmethod
    def is_like(self, value: str, pattern: str) -> str:
        """Whether a complete value matches."""

    @abstractmethod
    def price(self, column: str, trimmed: str) -> str:
        """A price, exact to a tenth of a cent, below 10^15; null if it is not a number."""

    @abstractmethod
    def whole(self, trimmed: str) -> str:
        """A whole number, from digits with an optional fraction of zeros."""

    @abstractmethod
    def instant(self, column: str, trimmed: str, source: Source) -> str:
        """The UTC instant of a date and time in the source's format.

        Null for an invalid time, and for a local time that the clocks skipped. For a local time
        that occurred twice, the later instant.
        """

    @abstractmethod
    def local(self, trimmed: str, time_format: str | None) -> str:
        """A date and time without a zone, unchanged; null if it is invalid."""

    @abstractmethod
    def of_zone(self, local: str, zone: str) -> str:
        """The UTC instant of a local time; zone: a name or an offset such as +01:00."""

    def plain_number(self, trimmed: str, decimal: str) -> str:
        """A number with this decimal sign and optional groups, rewritten with a point only."""
        groups = f"[{'.' if decimal == ',' else ','}{_GROUPS}]"
        sign = re.escape(decimal)
        pattern = f"[+-]?(([0-9]+|[0-9]{{1,3}}({groups}[0-9]{{3}})+)({sign}[0-9]*)?|{sign}[0-9]+)"
        texts = f"{decimal}{'.' if decimal == ',' else ','}{_GROUPS}"
        return (
            f"case when {self.is_like(trimmed, pattern)} "
            f"then translate({trimmed}, {self.quoted(texts)}, '.') end"
        )

    def is_in(self, local: str, zone: str, first: datetime, last: datetime) -> str | None:
        """Whether a local time occurred twice; None if these days have no such time."""
        ranges = [
            f"({local} >= {self._naive(change.start)} and {local} < {self._naive(change.end)})"
            for change in changes(zone)
            if not change.is_gap and first <= change.end and change.start <= last
        ]
        return " or ".join(ranges) or None

    def _naive(self, moment: datetime) -> str:
        return f"cast('{moment:%Y-%m-%d %H:%M:%S}' as {self.local_type})"

    def _named(self, trimmed: str, source: Source) -> str:
        """Cases for times that end with a zone name."""
        cases = ""
        for name, zone in source.zone_names.items():
            rest = self.trimmed(f"left({trimmed}, length({trimmed}) - {len(name)})")
            cases += (
                f" when {self.has(trimmed, f'[0-9 ]{re.escape(name)}$')} "
                f"then {self.of_zone(self.local(rest, source.time_format), zone)}"
            )
        return cases

    @abstractmethod
    def latest(self) -> str:
        """The latest possible event: a later one is in the future in every time zone."""


class DuckDB(Dialect):
    """DuckDB's SQL. What few values need is inside a case, so only these compute it."""

    text_type, local_type = "varchar", "timestamp"

    def quoted(self, text: str) -> str:
        return quoted(text)

    def trimmed(self, column: str) -> str:
        """Only values that need it are trimmed: with a list of characters, that is slow.

        The blanks up to the space are one byte long, all others several.
        """
        needs_it = (
            f"{column} < '!' or ord({column}[-1]) <= 32 or strlen({column}) > length({column})"
        )
        text = f"nullif(trim({column}, {quoted(SPACES)}), '')"
        return f"case when {needs_it} then {text} else {column} end"

    def compact(self, kind: str, column: str, clean: str) -> str:
        forms = (
            f"when cast(try_cast({text} as {kind}) as varchar) = {text} "
            f"then try_cast({text} as {kind})"
            for text in (column, clean)
        )
        return f"case {' '.join(forms)} end"

    def contains(self, value: str, text: str) -> str:
        return f"contains({value}, {quoted(text)})"

    def has(self, value: str, pattern: str) -> str:
        return f"regexp_matches({value}, {quoted(pattern)})"

    def is_like(self, value: str, pattern: str) -> str:
        return f"regexp_full_match({value}, {quoted(pattern)})"

    def price(self, column: str, trimmed: str) -> str:
        """A price; excludes 1_000, which the engine would read as a number."""
        number = "try_cast({} as decimal(18, 3))"
        return (
            f"case when not contains({column}, '_') "
            f"then coalesce({number.format(column)}, {number.format(trimmed)}) end"
        )

    def whole(self, trimmed: str) -> str:
        return f"try_cast({trimmed} as bigint)"

    def instant(self, column: str, trimmed: str, source: Source) -> str:
        """The instant; the most common form is first, as a plain cast is five times faster."""
        written = source.time_format
        if written in EPOCHS:
            micros = f"try_cast({trimmed} as decimal(38, 9)) * {1_000_000 // EPOCHS[written]}"
            is_count = self.is_like(trimmed, _EPOCH)
            return f"case when {is_count} then make_timestamp(cast({micros} as bigint)) end"
        named, local = self._named(trimmed, source), self.local(trimmed, written)
        if written:
            plain = (
                f"timezone('UTC', {local})" if "%z" in written
                else self.of_zone(local, source.time_zone)
            )  # fmt: skip
            return f"case{named} else {plain} end" if named else plain
        # The engine reads a zone only if no space comes before it. It would turn a list of five
        # values after `in` into a join, which reads the values of all rows.
        ends = f"regexp_replace({trimmed}, ' *({_OFFSET})( [A-Z]{{3,5}})?$', '\\1')"
        ends = f"regexp_replace({ends}, ' *(Z|UTC|GMT)$', 'Z', 'i')"
        zoned = (
            f"case when contains('CTctz', right({trimmed}, 1)) "
            f"or contains(substr({trimmed}, 17), ' ') then {ends} else {trimmed} end"
        )
        return f"""case
            when {column} like '____-__-__ __:__:__ UTC' then try_cast({column} as timestamp){named}
            when {self.is_like(trimmed, _DAY_AND_TIME)}
                then {self.of_zone(f"try_cast({trimmed} as timestamp)", source.time_zone)}
            when {self.is_like(trimmed, _DAY_AND_TIME + _ZONE)}
                then timezone('UTC', try_cast({zoned} as timestamptz))
        end"""

    def local(self, trimmed: str, time_format: str | None) -> str:
        if time_format:
            return f"try_strptime({trimmed}, {quoted(time_format)})"
        is_local = self.is_like(trimmed, _DAY_AND_TIME)
        return f"case when {is_local} then try_cast({trimmed} as timestamp) end"

    def of_zone(self, local: str, zone: str) -> str:
        """The UTC instant; it checks for a gap only in hours of the day that have had one."""
        if zone == "UTC":
            return local
        if zone[0] in "+-":
            return f"{local} - interval ({_minutes(zone)}) minutes"
        instant = f"timezone({quoted(zone)}, {local})"
        if not (hours := gap_hours(zone)):
            return f"timezone('UTC', {instant})"
        return (
            f"case when extract(hour from {local}) not in ({', '.join(map(str, hours))}) "
            f"or timezone({quoted(zone)}, {instant}) = {local} then timezone('UTC', {instant}) end"
        )

    def latest(self) -> str:
        return "cast($latest as timestamp)"


class BigQuery(Dialect):
    """BigQuery's SQL. Patterns filter values before casts, so it accepts what DuckDB accepts."""

    text_type, local_type = "string", "datetime"

    def quoted(self, text: str) -> str:
        escaped = text.replace("\\", "\\\\").replace("'", "\\'")
        for raw, name in {"\n": "n", "\r": "r", "\t": "t"}.items():
            escaped = escaped.replace(raw, f"\\{name}")
        return f"'{escaped}'"

    def trimmed(self, column: str) -> str:
        return f"nullif(trim({column}, {self.quoted(SPACES)}), '')"

    def contains(self, value: str, text: str) -> str:
        return f"strpos({value}, {self.quoted(text)}) > 0"

    def has(self, value: str, pattern: str) -> str:
        return f"regexp_contains({value}, {self.quoted(pattern)})"

    def is_like(self, value: str, pattern: str) -> str:
        return self.has(value, f"^(?:{pattern})$")

    def price(self, column: str, trimmed: str) -> str:
        number = f"round(safe_cast({trimmed} as bignumeric), 3)"
        is_number = self.is_like(trimmed, "[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]{1,2})?")
        return (
            f"case when {is_number} and abs({number}) < 1000000000000000 "
            f"then cast({number} as numeric) end"
        )

    def whole(self, trimmed: str) -> str:
        return f"safe_cast(regexp_extract({trimmed}, '^[0-9]+') as int64)"

    def instant(self, column: str, trimmed: str, source: Source) -> str:
        written = source.time_format
        if written in EPOCHS:
            micros = f"safe_cast({trimmed} as bignumeric) * {1_000_000 // EPOCHS[written]}"
            micros = f"safe_cast(trunc({micros}) as int64)"
            return f"case when {self.is_like(trimmed, _EPOCH)} then timestamp_micros({micros}) end"
        named, local = self._named(trimmed, source), self.local(trimmed, written)
        if written:
            plain = (
                f"safe.parse_timestamp({self.quoted(_parts(written))}, {trimmed})"
                if "%z" in written else self.of_zone(local, source.time_zone)
            )  # fmt: skip
            return f"case{named} else {plain} end" if named else plain
        hours = _extracted(trimmed, ".{16}.*([+-][0-9]{2}):?[0-9]{0,2}(?: [A-Z]{3,5})?$", "+00")
        minutes = _extracted(trimmed, ".{16}.*[+-][0-9]{2}:?([0-9]{2})(?: [A-Z]{3,5})?$", "00")
        return f"""case{named}
            when {self.is_like(trimmed, _DAY_AND_TIME)}
                then {self.of_zone(local, source.time_zone)}
            when {self.is_like(trimmed, _DAY_AND_TIME + _ZONE)}
                then safe_cast(concat({self._time(trimmed)}, {hours}, ':', {minutes}) as timestamp)
        end"""

    def _time(self, trimmed: str) -> str:
        """The time with seconds, at most six fractional digits."""
        seconds = _extracted(trimmed, "^.{16}(:[0-9]{2})", ":00")
        fraction = _extracted(trimmed, "^.{19}([.][0-9]{1,6})", "")
        return (
            f"concat(substr({trimmed}, 1, 10), ' ', substr({trimmed}, 12, 5), "
            f"{seconds}, {fraction})"
        )

    def local(self, trimmed: str, time_format: str | None) -> str:
        if time_format:
            # The emulator knows no safe.parse_datetime; without a zone, both mean UTC here.
            return f"datetime(safe.parse_timestamp({self.quoted(_parts(time_format))}, {trimmed}))"
        is_local = self.is_like(trimmed, _DAY_AND_TIME)
        return f"case when {is_local} then safe_cast({self._time(trimmed)} as datetime) end"

    def of_zone(self, local: str, zone: str) -> str:
        """The UTC instant. The engine picks the earlier of two, so it adds the clock change."""
        name = self.quoted(zone)
        instant = f"safe.timestamp({local}, {name})"
        if zone == "UTC" or zone[0] in "+-":
            return instant
        put_back = sorted({_length(change) for change in changes(zone) if not change.is_gap})
        later = " ".join(
            f"when datetime(timestamp_add({instant}, interval {minutes} minute), {name}) = {local} "
            f"then timestamp_add({instant}, interval {minutes} minute)"
            for minutes in put_back
        )
        return f"case {later} when datetime({instant}, {name}) = {local} then {instant} end"

    def latest(self) -> str:
        return f"timestamp '{clock.now() + clock.AHEAD:%Y-%m-%d %H:%M:%S}+00:00'"


def _parts(time_format: str) -> str:
    """A strptime format with BigQuery's name for fractions of a second."""
    return time_format.replace("%S.%f", "%E*S")


def _minutes(offset: str) -> int:
    hours, minutes = offset[1:].split(":")
    return int(f"{offset[0]}1") * (60 * int(hours) + int(minutes))


def _length(change: Change) -> int:
    return int((change.end - change.start).total_seconds() // 60)


def _extracted(text: str, pattern: str, otherwise: str) -> str:
    return f"coalesce(regexp_extract({text}, '{pattern}'), '{otherwise}')"


DUCKDB, BIGQUERY = DuckDB(), BigQuery()
