"""Strict SQL: every statement that a shop on BigQuery is sent passes Google's own analyser.

The statements are those that ran on the lenient emulator, in their order: load, first build,
increment, data tests, snapshots, withdrawal, reading. They are sent once more, over tables without
rows, to an emulator that is built around the analyser (`make test-strict` builds it).
"""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from bigquery_emulator import ROOT, BigQuery, CloudShop
from conftest import ORDINARY
from emulators import free_port, wait_until_up
from google.api_core.exceptions import GoogleAPICallError
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery as client_library

from estore import reading
from estore.console import Console
from estore.pipeline import withdraw
from estore.synth import Shop, write_shop
from estore.warehouse.bigquery import SCHEMAS

STRICT = ROOT / ".venv-tools" / "strict-bigquery"
pytestmark = pytest.mark.skipif(
    not STRICT.is_file(),
    reason="the strict analyser is not built: `make test-strict`, with Go 1.25",
)
#: What the strict emulator says of SQL that is wrong; other errors are its own, after the analysis.
_REFUSED = ("failed to analyze", "Syntax error", "failed to parse")


def _client(endpoint: str, project: str) -> client_library.Client:
    return client_library.Client(
        project=project,
        credentials=AnonymousCredentials(),  # type: ignore[no-untyped-call]
        client_options={"api_endpoint": endpoint},
        location="US",
    )


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[client_library.Client]:
    """A client of the strict emulator."""
    port = free_port()
    log = tmp_path_factory.mktemp("strict") / "log"
    with log.open("wb") as output, subprocess.Popen(
        [STRICT, "--project", "shop-ci", "--dataset", "none", "--host", "127.0.0.1",
         "--port", str(port), "--grpc-port", str(free_port())],
        stdout=output, stderr=output,
    ) as server:  # fmt: skip
        try:
            wait_until_up(f"http://127.0.0.1:{port}/", server)
            yield _client(f"http://127.0.0.1:{port}", "shop-ci")
        finally:
            server.kill()


@pytest.fixture(scope="module")
def recorded(
    bigquery: BigQuery, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, list[object]]:
    """The dataset's name, and every job of a shop from its first file to its last query."""
    name, bucket = bigquery.new_name(), bigquery.storage.new_bucket()
    folder = tmp_path_factory.mktemp("recorded")
    shop = CloudShop(folder / "home", f"{bucket}/", target="bigquery", bigquery=name)
    (path,) = write_shop(folder, Shop(events=1_500, months=1, seed=4, faults=()))
    lines = path.read_bytes().splitlines(keepends=True)
    bigquery.storage.put(f"{bucket}/a.csv", b"".join(lines[:1_000]) + b"bad,line,of,nine,,,,,\n")
    shop.run()
    bigquery.storage.put(f"{bucket}/b.csv", b"".join([lines[0], *lines[1_000:]]))
    bigquery.storage.put(f"{bucket}/c.csv", b"".join([lines[0], *reversed(lines[1_000:])]))
    bigquery.storage.put(f"{bucket}/a.csv", b"".join(lines[:900]))
    shop.run()
    withdraw(shop.settings, f"{bucket}/b.csv", Console(quiet=True))
    shop.run()
    reading.rejects(shop.settings, uri="a.csv", limit=3)
    reading.query(shop.settings, "select * from metrics.metrics_churn")
    lenient = _client(bigquery.environment["BIGQUERY_EMULATOR_HOST"], bigquery.project)
    jobs = lenient.list_jobs(max_results=10_000, page_size=10_000)
    return name, sorted(jobs, key=lambda job: job.created)


def test_every_statement_is_understood(
    strict: client_library.Client, recorded: tuple[str, list[object]]
) -> None:
    name, jobs = recorded
    dataset = name.split(".")[1]
    for schema in SCHEMAS:
        strict.create_dataset(f"{dataset}_{schema}", retry=None)
    refused, seen = replay(strict, dataset, jobs)
    print(f"{len(seen)} statements")
    assert len(seen) > 250
    assert not refused, "\n\n".join(refused)


def replay(
    strict: client_library.Client, dataset: str, jobs: list[object]
) -> tuple[list[str], set[str]]:
    """Send the jobs of a dataset again; returns what was refused, and what was sent."""
    refused: list[str] = []
    seen: set[str] = set()
    for job in jobs:
        if job.error_result:
            continue
        if job.job_type == "load" and job.destination.dataset_id.startswith(dataset):
            columns = [f"{field.name} {field.field_type}" for field in job.schema]
            table = (
                f"{job.destination.project}.{job.destination.dataset_id}.{job.destination.table_id}"
            )
            _send(strict, f"create or replace table `{table}` ({', '.join(columns)})", [])
        if job.job_type != "query" or f"{dataset}_" not in job.query:
            continue
        alike = re.sub(r"load_\w+|\d+", "", job.query)
        if alike in seen:
            continue
        seen.add(alike)
        if said := _send(strict, job.query, job.query_parameters):
            refused.append(f"{job.query[-3_000:]}\n-> {said}")
    return refused, seen


def _send(strict: client_library.Client, sql: str, parameters: list[object]) -> str | None:
    """What the analyser has against a statement."""
    config = client_library.QueryJobConfig(query_parameters=parameters)
    try:
        strict.query(sql, job_config=config, retry=None, job_retry=None, timeout=60).result(
            retry=None, job_retry=None, timeout=60
        )
    except GoogleAPICallError as error:
        said = str(error.message)
        return said if any(sign in said for sign in _REFUSED) else None
    return None


def test_the_analyser_refuses_what_the_lenient_one_accepts(strict: client_library.Client) -> None:
    assert _send(strict, "select 1 = '1a'", [])
    assert _send(strict, "select to_days(3)", [])
    assert not _send(strict, "select date_add(date '2020-01-01', interval 3 day)", [])


def test_lines_are_typed_as_strictly(strict: client_library.Client) -> None:
    """A mapping of names, a delimiter to be quoted, and a zone of the shop's own."""
    from estore.load.header import match_columns
    from estore.load.rows import typed_rows
    from estore.shop import ShopConfig
    from estore.warehouse.dialect import BIGQUERY

    shop = ShopConfig(event_types={"it's": "view"}, delimiter="|", time_zone="Europe/Berlin")
    header = match_columns(list(ORDINARY), shop)
    texts = ", ".join(f"'a' as c{position}" for position in range(len(header.names)))
    assert not _send(strict, typed_rows(f"(select {texts})", header, shop, dialect=BIGQUERY), [])


def test_the_pinned_version_is_the_documented_one() -> None:
    pinned = (Path(__file__).parent / "bigquery" / "strict" / "go.mod").read_text()
    (version,) = re.findall(r"^require github.com/goccy/bigquery-emulator (\S+)", pinned, re.M)
    assert f"bigquery-emulator {version}" in (ROOT / "docs" / "bigquery.md").read_text()
