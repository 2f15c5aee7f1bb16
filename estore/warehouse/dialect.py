"""Dialect: what the rules of `rows.py` need of an engine, said the same way in each one's SQL."""

from abc import ABC, abstractmethod

from estore import clock
from estore.warehouse.quoting import quoted

_DAY_AND_TIME = "[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)?"
_ZONE = " ?(Z|UTC|GMT|[+-][0-9]{2}(:?[0-9]{2})?)"
#: What an engine's own trim removes differs: these are the spaces of Unicode.
SPACES = " \u00a0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u202f\u205f\u3000"


class Dialect(ABC):
    """Pieces of SQL over columns of text. trimmed: the same column, null where it is blank."""

    #: The type of text.
    text_type: str

    @abstractmethod
    def quoted(self, text: str) -> str:
        """Text as a literal."""

    @abstractmethod
    def trimmed(self, column: str) -> str:
        """Without spaces around it; null where nothing is left."""

    @abstractmethod
    def clean(self, column: str) -> str:
        """The same, for columns of which few values need it."""

    def compact(self, kind: str, column: str, clean: str) -> str:
        """An id as of this type; null where that would not read as the id does."""
        raise NotImplementedError(f"{type(self).__name__} keeps ids as text")

    @abstractmethod
    def contains(self, value: str, text: str) -> str:
        """Whether a text lies in a value."""

    @abstractmethod
    def has(self, value: str, pattern: str) -> str:
        """Whether some part of a value matches."""

    @abstractmethod
    def is_like(self, value: str, pattern: str) -> str:
        """Whether all of a value matches."""

    @abstractmethod
    def price(self, column: str, trimmed: str) -> str:
        """Exact to a tenth of a cent, below 10^15; null for what is no number."""

    @abstractmethod
    def whole(self, trimmed: str) -> str:
        """A whole number, from text that is known to be one but for a fraction of zeros."""

    @abstractmethod
    def instant(self, column: str, trimmed: str, zone: str) -> str:
        """The UTC instant of a day and time; zone: of those that name none."""

    @abstractmethod
    def latest(self) -> str:
        """An event later than this cannot have happened yet in any time zone."""


class DuckDB(Dialect):
    """What few values need stands inside a case: it is computed for these alone."""

    text_type = "varchar"

    def quoted(self, text: str) -> str:
        return quoted(text)

    def trimmed(self, column: str) -> str:
        return f"nullif(trim({column}), '')"

    def clean(self, column: str) -> str:
        may_need_it = (
            f"{column} < '!' or contains({column}, ' ') or strlen({column}) > length({column})"
        )
        return f"case when {may_need_it} then {self.trimmed(column)} else {column} end"

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
        """The engine would read 1_000 as a number."""
        number = "try_cast({} as decimal(18, 3))"
        return (
            f"case when not contains({column}, '_') "
            f"then coalesce({number.format(column)}, {number.format(trimmed)}) end"
        )

    def whole(self, trimmed: str) -> str:
        return f"try_cast({trimmed} as bigint)"

    def instant(self, column: str, trimmed: str, zone: str) -> str:
        """The real data's own form goes first: a plain cast is five times faster."""
        zoneless = (
            f"try_cast({trimmed} as timestamp)"
            if zone == "UTC"
            else f"timezone('UTC', timezone({quoted(zone)}, try_cast({trimmed} as timestamp)))"
        )
        return f"""case
            when {column} like '____-__-__ __:__:__ UTC' then try_cast({column} as timestamp)
            when {self.is_like(trimmed, _DAY_AND_TIME)} then {zoneless}
            when {self.is_like(trimmed, _DAY_AND_TIME + _ZONE)}
                then timezone('UTC', try_cast(replace({trimmed}, 'GMT', 'UTC') as timestamptz))
        end"""

    def latest(self) -> str:
        return "cast($latest as timestamp)"


class BigQuery(Dialect):
    """Casts only see what a pattern has let through: so they understand what DuckDB does."""

    text_type = "string"

    def quoted(self, text: str) -> str:
        escaped = text.replace("\\", "\\\\").replace("'", "\\'")
        for raw, name in {"\n": "n", "\r": "r", "\t": "t"}.items():
            escaped = escaped.replace(raw, f"\\{name}")
        return f"'{escaped}'"

    def trimmed(self, column: str) -> str:
        return f"nullif(trim({column}, {self.quoted(SPACES)}), '')"

    def clean(self, column: str) -> str:
        return self.trimmed(column)

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

    def instant(self, column: str, trimmed: str, zone: str) -> str:
        """Seconds where there are none, six digits at most; +0530 is refused as by DuckDB."""
        seconds = _extracted(trimmed, "^.{16}(:[0-9]{2})", ":00")
        fraction = _extracted(trimmed, "^.{19}([.][0-9]{1,6})", "")
        time = (
            f"concat(substr({trimmed}, 1, 10), ' ', substr({trimmed}, 12, 5), "
            f"{seconds}, {fraction})"
        )
        hours = _extracted(trimmed, ".{16}.*([+-][0-9]{2}):?[0-9]{0,2}$", "+00")
        minutes = _extracted(trimmed, ".{16}.*[+-][0-9]{2}:?([0-9]{2})$", "00")
        return f"""case
            when {self.is_like(trimmed, _DAY_AND_TIME)}
                then safe.timestamp(safe_cast({time} as datetime), {self.quoted(zone)})
            when {self.is_like(trimmed, _DAY_AND_TIME + _ZONE.replace(":?", ":"))}
                then safe_cast(concat({time}, {hours}, ':', {minutes}) as timestamp)
        end"""

    def latest(self) -> str:
        return f"timestamp '{clock.now() + clock.AHEAD:%Y-%m-%d %H:%M:%S}+00:00'"


def _extracted(text: str, pattern: str, otherwise: str) -> str:
    return f"coalesce(regexp_extract({text}, '{pattern}'), '{otherwise}')"


DUCKDB, BIGQUERY = DuckDB(), BigQuery()
