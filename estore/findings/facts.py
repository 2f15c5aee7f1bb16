"""Facts: the numbers behind findings, and the finding itself."""

from dataclasses import dataclass, field
from typing import Any

import duckdb

from estore.snapshot.manifest import Manifest


@dataclass(frozen=True)
class Finding:
    """One claim. numbers: the values behind the sentence, with numerator and denominator."""

    topic: str
    sentence: str
    period: str
    numbers: dict[str, Any] = field(default_factory=dict)
    caveat: str | None = None


class Facts:
    """The snapshot's rows as dicts, and the period they cover."""

    def __init__(self, snapshot: duckdb.DuckDBPyConnection, manifest: Manifest) -> None:
        self.snapshot, self.manifest = snapshot, manifest
        self.currency = manifest.currency
        self.days = self.rows(
            "select min(event_date) as first, max(event_date) as last, count(*) as known, "
            "count(*) filter (not is_complete) as incomplete from int_event_days"
        )[0]
        self.period = f"{self.days['first']} to {self.days['last']}"
        self.span = (self.days["last"] - self.days["first"]).days + 1

    def money(self, amount: Any, *, exact: bool = False) -> str:
        """The amount in the shop's currency."""
        return self.currency.amount(amount, exact=exact)

    def rows(self, sql: str) -> list[dict[str, Any]]:
        cursor = self.snapshot.execute(sql)
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
