"""Faults of the real files, planted in a synthetic shop's: what a tracker or a shop does wrong."""

from dataclasses import dataclass
from pathlib import Path

import duckdb


@dataclass(frozen=True)
class Fault:
    """What is done to the rows of a shop, and the alerts that must tell it: kind, subject, days."""

    sql: str
    alerts: frozenset[tuple[str, str, str, str]]


def fault(sql: str, *alerts: tuple[str, str, str, str]) -> Fault:
    return Fault(sql, frozenset(alerts))


#: On three months from October 2019. `moment` is the instant of a row.
FAULTS = {
    "no purchases for a day and a half": fault(
        "delete from rows where event_type = 'purchase' "
        "and moment between '2019-11-14 18:09' and '2019-11-16 08:32'",
        ("missing_events", "purchase", "2019-11-14", "2019-11-16"),
    ),
    "only purchases for a day": fault(
        "delete from rows where event_type <> 'purchase' "
        "and moment between '2019-12-10 10:00' and '2019-12-11 13:59:59'",
        ("missing_events", "view", "2019-12-10", "2019-12-11"),
        ("missing_events", "cart", "2019-12-10", "2019-12-11"),
    ),
    "purchases logged twice": fault(
        "insert into rows select * from rows where event_type = 'purchase' "
        "and moment between '2019-11-24 07:23' and '2019-11-29 20:00'",
        ("duplicate_burst", "purchase", "2019-11-24", "2019-11-29"),
    ),
    "most carts not logged": fault(
        "delete from rows where event_type = 'cart' and hash(user_session) % 3 > 0 "
        "and moment between '2019-10-07' and '2019-10-12 23:59:59'",
        ("purchases_without_carts", "cart", "2019-10-07", "2019-10-12"),
    ),
    "another taxonomy": fault(
        "update rows set category_id = category_id + 1000000, "
        "category_code = 'construction.tools.light' "
        "where moment >= '2019-12-01' and hash(product_id) % 5 > 0",
        ("taxonomy_break", "category", "2019-12-01", "2019-12-02"),
    ),
    "a day that was not delivered": fault(
        "delete from rows where moment between '2019-10-20' and '2019-10-20 23:59:59'",
        ("missing_events", "event", "2019-10-20", "2019-10-20"),
    ),
    "a cap on prices": fault(
        "update rows set price = 1000.01 where price > 1000",
        ("price_cap", "purchase", "2019-10-01", "2019-12-31"),
    ),
    "purchases without a price": fault(
        "update rows set price = 0 where event_type = 'purchase' "
        "and moment between '2019-11-04' and '2019-11-05 23:59:59'",
        ("unpriced_purchases", "purchase", "2019-11-04", "2019-11-05"),
    ),
    "a robot": fault(
        "insert into rows select strftime(timestamp '2019-10-30 10:00' + to_seconds(7 * n), "
        "'%Y-%m-%d %H:%M:%S UTC'), 'view', product_id, category_id, category_code, brand, price, "
        "999, 'robot', timestamp '2019-10-30 10:00' + to_seconds(7 * n) "
        "from (select * from rows limit 1), range(800) as numbers (n)",
        ("robots", "session", "2019-10-30", "2019-10-30"),
    ),
}


def plant(paths: list[Path], names: list[str]) -> None:
    """Write the shop's files again, as one, with the faults named."""
    first, *others = paths
    with duckdb.connect() as connection:
        connection.execute(
            "create table rows as "
            "select *, strptime(event_time, '%Y-%m-%d %H:%M:%S UTC') as moment "
            "from read_csv($paths, header = true, types = {'event_time': 'varchar'})",
            {"paths": [str(path) for path in paths]},
        )
        for name in names:
            connection.execute(FAULTS[name].sql)
        connection.execute(
            "copy (select * exclude (moment) from rows order by moment, event_type) "
            f"to '{first}' (header)"
        )
    for path in others:
        path.unlink()
