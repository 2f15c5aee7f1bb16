"""Creates the BigQuery datasets of a pull request, with an expiry and views, and deletes old ones.

python .ci/pr_datasets.py create pr_7_shop --like shop --expire-days 3 --days 14
python .ci/pr_datasets.py sweep --open "7 12"   # drops those of all other pull requests
"""

import argparse
import os
import re
import sys
from datetime import datetime, timedelta

from google.cloud import bigquery

#: The schemas of the dbt project and of the loader; terraform/main.tf has the same list.
SCHEMAS = (
    "raw", "staging", "intermediate", "marts", "metrics", "dashboard", "build", "snapshots",
)  # fmt: skip
LABELS = {"app": "estore", "purpose": "pull-request"}
DAY_MS = 24 * 3600 * 1000


def checked(prefix: str) -> str:
    """The prefix, if it belongs to a pull request. Raises ValueError for any other."""
    if not re.fullmatch(r"pr_\d+_[a-z0-9_]+", prefix):
        raise ValueError(f"{prefix} is no pull request's: those look like pr_7_shop")
    return prefix


def view_sql(table: str, partition: str | None, day_ids: list[str]) -> str:
    """A view on all rows of a table, or on those of some of its days (YYYYMMDD).

    The bounds are literals without a type, so that they fit date and timestamp columns.
    """
    if partition is None or not day_ids:
        return f"select * from `{table}`"
    first, last = (datetime.strptime(day, "%Y%m%d") for day in (min(day_ids), max(day_ids)))
    return (
        f"select * from `{table}` where {partition} >= '{first:%Y-%m-%d}' "
        f"and {partition} < '{last + timedelta(days=1):%Y-%m-%d}'"
    )


def create(
    client: bigquery.Client, prefix: str, like: str, expire_days: int, days: int
) -> list[str]:
    """Create all datasets, with expiring tables and views on the raw tables of `like`."""
    made = []
    for schema in SCHEMAS:
        dataset = bigquery.Dataset(f"{client.project}.{checked(prefix)}_{schema}")
        dataset.location = os.environ.get("ESTORE_LOCATION") or "US"
        dataset.default_table_expiration_ms = expire_days * DAY_MS
        dataset.labels = LABELS
        client.create_dataset(dataset, exists_ok=True)
        made.append(dataset.dataset_id)
    for item in client.list_tables(f"{client.project}.{like}_raw"):
        source = client.get_table(item.reference)
        partition = source.time_partitioning.field if source.time_partitioning else None
        known = client.list_partitions(source) if partition else []
        day_ids = sorted(day for day in known if re.fullmatch(r"\d{8}", day))[-days:]
        view = bigquery.Table(f"{client.project}.{prefix}_raw.{source.table_id}")
        view.view_query = view_sql(str(source.reference), partition, day_ids)
        client.delete_table(view, not_found_ok=True)
        client.create_table(view)
    return made


def sweep(client: bigquery.Client, still_open: set[int]) -> list[str]:
    """Drop the datasets of closed pull requests, found by name and label."""
    dropped = []
    for item in client.list_datasets():
        found = re.match(r"pr_(\d+)_", item.dataset_id)
        if found and item.labels == LABELS and int(found[1]) not in still_open:
            client.delete_dataset(item.reference, delete_contents=True, not_found_ok=True)
            dropped.append(item.dataset_id)
    return dropped


def main() -> None:
    """The commands above."""
    parser = argparse.ArgumentParser(description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    making = verbs.add_parser("create")
    making.add_argument("prefix")
    making.add_argument("--like", required=True, help="the datasets whose raw tables are read")
    making.add_argument("--expire-days", type=int, default=3)
    making.add_argument("--days", type=int, default=14, help="days of raw events, the last ones")
    sweeping = verbs.add_parser("sweep")
    sweeping.add_argument("--open", required=True, help="numbers of pull requests to keep")
    given = parser.parse_args()
    client = bigquery.Client(project=os.environ.get("ESTORE_BIGQUERY_PROJECT") or None)
    try:
        if given.verb == "create":
            names = create(client, given.prefix, given.like, given.expire_days, given.days)
        else:
            names = sweep(client, {int(number) for number in given.open.split()})
    except ValueError as error:
        sys.exit(f"error: {error}")
    print(given.verb, *names or ["nothing"])


if __name__ == "__main__":
    main()
