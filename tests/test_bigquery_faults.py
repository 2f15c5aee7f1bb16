"""Faults of BigQuery: each has a message with the fix, nothing is half visible, the next run works.

A network between the client library and the emulator responds as BigQuery would where
the emulator has no such rule, or loses requests and responses.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from bigquery_emulator import BigQuery, CloudShop
from click.testing import CliRunner
from faulty_network import Fault, FaultyNetwork, faulty_network
from google.api_core.retry import retry_base, retry_unary
from landing_files import lines, text
from test_bucket_faults import logged_out  # noqa: F401 (fixture)

from estore.cli import FAILED, main
from estore.console import Console
from estore.errors import EstoreError
from estore.landing import find_files
from estore.load.loader import Outcome
from estore.pipeline import load
from estore.warehouse import open_warehouse

LOAD_JOB, COMMIT = r"POST \S*/jobs\?.*\"load\"", r"POST \S*/jobs\?.*begin transaction"
FIRST_LOAD = r"POST \S*/jobs\?.*estore_load_\w+_0"
ANY_QUERY = r"POST \S*/jobs\?.*\"query\""


def answer(status: int, reason: str, message: str) -> dict[str, Any]:
    """An error as BigQuery sends it."""
    error = {"code": status, "message": message, "errors": [{"reason": reason, "message": message}]}
    return {"status": status, "body": json.dumps({"error": error}).encode()}


#: BigQuery's response, but not the emulator's, if a job with that id exists.
DUPLICATE = answer(409, "duplicate", "Already Exists: Job")


class Cloud(CloudShop):
    """A bucket whose objects are loaded one after another."""

    def __init__(self, folder: Path, bigquery: BigQuery) -> None:
        bucket = bigquery.storage.new_bucket()
        super().__init__(folder, bucket, target="bigquery", bigquery=bigquery.new_name())
        self.storage, self.count = bigquery.storage, 0

    def new(self) -> str:
        """The name of a new object with seven rows."""
        self.count += 1
        name = f"{self.count:03}.csv"
        self.storage.put(f"{self.bucket}/{name}", text(lines(7, first=1_000 * self.count)))
        return name

    def load(self, *names: str) -> list[Outcome]:
        """The results of loading these objects."""
        files = find_files([f"{self.bucket}/{name}" for name in names])
        return load(self.settings, self.shop, files, Console(quiet=True)).outcomes

    def held(self) -> dict[str, tuple[str, int]]:
        """Object → its status and its number of rows."""
        with open_warehouse(self.settings) as warehouse:
            rows = dict(warehouse.select(
                "select file_id, count(*) from raw.events "
                "where event_time >= timestamp '1970-01-01' group by file_id"
            ))  # fmt: skip
            files = warehouse.control_tables.execute(
                "select file_id, uri, status from raw.files"
            ).fetchall()
        configs = {uri.rpartition("/")[2]: (status, rows.pop(id, 0)) for id, uri, status in files}
        assert not rows, "there are rows without a file"
        return configs


LOADED = ("loaded", 7)


@pytest.fixture(scope="module")
def network(bigquery: BigQuery) -> Iterator[FaultyNetwork]:
    """The network between client library and emulator; the library retries without waiting."""
    pauses: list[float] = []
    clock = SimpleNamespace(sleep=pauses.append, monotonic=lambda: sum(pauses))
    with (
        pytest.MonkeyPatch.context() as patch,
        faulty_network(bigquery.environment["BIGQUERY_EMULATOR_HOST"]) as (network, endpoint),
    ):
        patch.setenv("BIGQUERY_EMULATOR_HOST", endpoint)
        for module in (retry_base, retry_unary):
            patch.setattr(module, "time", clock)
        network.pauses = pauses
        yield network


@pytest.fixture(scope="module")
def shop(
    network: FaultyNetwork, bigquery: BigQuery, tmp_path_factory: pytest.TempPathFactory
) -> Cloud:
    """A shop behind that network, with one object loaded."""
    cloud = Cloud(tmp_path_factory.mktemp("faults"), bigquery)
    cloud.load(cloud.new())
    return cloud


@pytest.fixture
def cloud(shop: Cloud, network: FaultyNetwork) -> Iterator[Cloud]:
    """The same shop, with a network that works before and after the test."""
    network.asked.clear()
    network.pauses.clear()
    yield shop
    network.faults.clear()


#: The request, BigQuery's error → the message for the user.
REFUSALS = {
    "permission": (LOAD_JOB, answer(403, "accessDenied", "Access Denied: Project shop-ci: User "
                   "does not have bigquery.jobs.create permission"), "BigQuery Job User"),
    "location": (LOAD_JOB, answer(404, "notFound", "Not found: Dataset shop-ci:d was not found in "
                 "location EU"), "ESTORE_LOCATION = US"),
    "bucket elsewhere": (LOAD_JOB, answer(400, "invalid", "Cannot read and write in different "
                         "locations: source: EU, destination: US"), "ESTORE_LOCATION = US"),
    "quota": (LOAD_JOB, answer(403, "quotaExceeded", "Quota exceeded: Your table exceeded quota "
              "for imports or query appends per table"), "quota of BigQuery is used up"),
    "bytes": (ANY_QUERY, answer(400, "bytesBilledLimitExceeded", "Query exceeded limit for bytes "
              "billed: 10. 20 or higher required."), "ESTORE_MAX_BYTES_BILLED = 0"),
    "at the end": (COMMIT, answer(403, "accessDenied", "Access Denied: Table shop-ci:d.events: "
                   "Permission bigquery.tables.updateData denied"), "BigQuery Data Editor"),
    "another": (COMMIT, answer(400, "invalidQuery", "Transaction is aborted due to concurrent "
                "update against table shop-ci:d.state"), "another run has written"),
}  # fmt: skip


@pytest.mark.parametrize("refusal", list(REFUSALS))
def test_a_refusal_is_reported_and_the_next_load_continues(
    cloud: Cloud, network: FaultyNetwork, refusal: str
) -> None:
    pattern, refused, said = REFUSALS[refusal]
    name, before = cloud.new(), cloud.held()
    network.faults = [Fault(pattern, **refused)]
    with pytest.raises(EstoreError, match=said):
        cloud.load(name)
    network.faults.clear()
    assert cloud.held() == before
    assert [outcome.status for outcome in cloud.load(name)] == ["loaded"]
    assert cloud.held() == before | {name: LOADED}


def test_a_load_job_that_fails_halfway_is_restarted_by_the_next_run(
    cloud: Cloud, network: FaultyNetwork
) -> None:
    broken = {"reason": "backendError", "message": "Error encountered during execution."}

    def fail(body: bytes) -> bytes:
        job = json.loads(body)
        return json.dumps(job | {"status": {"state": "DONE", "errorResult": broken}}).encode()

    name, before = cloud.new(), cloud.held()
    network.faults = [
        Fault(FIRST_LOAD, times=1, edit=fail), Fault(FIRST_LOAD, **DUPLICATE),
        Fault(r"GET \S*/jobs/estore_load_\w+_0", edit=fail),
    ]  # fmt: skip
    with pytest.raises(EstoreError, match="internal error of BigQuery: run this again"):
        cloud.load(name)
    assert cloud.held() == before
    assert [outcome.status for outcome in cloud.load(name)] == ["loaded"]
    assert cloud.held() == before | {name: LOADED}
    begun = [re.findall(r"estore_load_\w+_(\d)", asked) for asked in network.asked
             if re.search(LOAD_JOB, asked)]  # fmt: skip
    assert begun == [["0"], ["0"], ["1"]]


def test_a_temporary_error_is_retried_after_growing_pauses(
    cloud: Cloud, network: FaultyNetwork
) -> None:
    name, before = cloud.new(), cloud.held()
    away = answer(503, "backendError", "The service is currently unavailable")
    network.faults = [Fault(LOAD_JOB, times=2, **away), Fault(COMMIT, times=3, **away)]
    assert [outcome.status for outcome in cloud.load(name)] == ["loaded"]
    assert [fault.times for fault in network.faults] == [0, 0]
    assert len(network.pauses) == 5
    assert cloud.held() == before | {name: LOADED}


@pytest.mark.parametrize(
    ("pattern", "then"),
    [(LOAD_JOB, [Fault(FIRST_LOAD, **DUPLICATE)]), (COMMIT, [Fault(COMMIT, **DUPLICATE)]),
     (COMMIT, [])],
    ids=["load", "commit", "commit that runs twice"],
)  # fmt: skip
def test_a_lost_response_changes_nothing(
    cloud: Cloud, network: FaultyNetwork, pattern: str, then: list[Fault]
) -> None:
    """The request was done, so a retry must not do it twice."""
    name, before = cloud.new(), cloud.held()
    network.faults = [Fault(pattern, times=1, lost=True), *then]
    assert [outcome.status for outcome in cloud.load(name)] == ["loaded"]
    assert not network.faults[0].times
    assert cloud.held() == before | {name: LOADED}


@pytest.mark.parametrize(
    ("pattern", "is_done"), [(LOAD_JOB, False), (COMMIT, True)], ids=["load", "commit"]
)
def test_a_network_that_stays_down_ends_the_load_and_the_next_one_continues(
    cloud: Cloud, network: FaultyNetwork, pattern: str, is_done: bool
) -> None:
    """Only the first request arrived: the next run checks its result."""
    name, before = cloud.new(), cloud.held()
    away = Fault(".", times=0, **answer(503, "backendError", "The service is unavailable"))
    last = Fault(pattern, times=1, lost=True, before=lambda: setattr(away, "times", 1_000_000))
    network.faults = [last, away]
    with pytest.raises(EstoreError, match="cannot be reached after several minutes"):
        cloud.load(name)
    network.faults.clear()
    assert cloud.held() == before | ({name: LOADED} if is_done else {})
    assert [outcome.status for outcome in cloud.load(name)] == [
        "unchanged" if is_done else "loaded"
    ]
    assert cloud.held() == before | {name: LOADED}


def test_an_object_that_vanishes_before_its_load_job_is_refused_alone(
    cloud: Cloud, network: FaultyNetwork
) -> None:
    gone, name = cloud.new(), cloud.new()
    refused = answer(404, "notFound", f"Not found: URI {cloud.bucket}/{gone}")
    network.faults = [Fault(
        LOAD_JOB, times=1, before=lambda: cloud.storage.delete(f"{cloud.bucket}/{gone}"), **refused
    )]  # fmt: skip
    first, second = cloud.load(gone, name)
    assert f"{gone} changed while it was being read" in (first.error or "")
    assert second.status == "loaded"
    assert cloud.held()[gone] == ("refused", 0)


def test_every_job_has_a_byte_limit_a_label_and_a_timeout(
    cloud: Cloud, network: FaultyNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float | None] = []
    send = requests.Session.request

    def noted(self: Any, *arguments: Any, timeout: Any = None, **options: Any) -> Any:
        waited.append(timeout)
        return send(self, *arguments, timeout=timeout, **options)

    monkeypatch.setattr(requests.Session, "request", noted)
    settings = cloud.settings.model_copy(update={"max_bytes_billed": 12_345})
    monkeypatch.setattr(cloud, "settings", settings)
    cloud.load(cloud.new())
    assert len(waited) > 10 and None not in waited
    configs = [
        json.loads(asked[asked.index(" {") :])["configuration"]
        for asked in network.asked
        if asked.startswith("POST ") and "/jobs?" in asked
    ]
    assert len(configs) >= 4
    assert {config["labels"]["app"] for config in configs} == {"estore"}
    bounds = {config["query"]["maximumBytesBilled"] for config in configs if "query" in config}
    assert bounds == {"12345"}


def test_a_byte_limit_that_a_model_exceeds_is_reported(
    cloud: Cloud, network: FaultyNetwork
) -> None:
    """Errors of dbt's own jobs become messages of estore."""
    _, refused, said = REFUSALS["bytes"]
    network.faults = [Fault(ANY_QUERY + ".*dbt", **refused)]
    result = _run(cloud, "build")
    assert result.exit_code == FAILED and said in result.output and "Traceback" not in result.output
    assert "1 pending day" in cloud.estore("status")


def test_a_bucket_that_does_not_exist_is_reported(cloud: Cloud) -> None:
    result = _run(cloud, "run", "gs://no-such-bucket/folder/")
    assert result.exit_code == FAILED
    assert "gs://no-such-bucket/folder/: bucket not found" in result.output


@pytest.mark.usefixtures("logged_out")
@pytest.mark.parametrize("command", [["status"], ["query", "select 1"], ["load", "."]])
def test_without_credentials_the_error_says_how_to_log_in(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BIGQUERY_EMULATOR_HOST", raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.csv").write_bytes(text(lines(5)))
    environment = {"ESTORE_TARGET": "bigquery", "ESTORE_BIGQUERY": "shop-ci.estore"}
    result = CliRunner().invoke(main, ["--home", "home", *command], env=environment)
    assert result.exit_code == FAILED, result.output
    assert "gcloud auth application-default login" in result.output


def _run(cloud: Cloud, *arguments: str) -> Any:
    environment = {"ESTORE_TARGET": "bigquery", "ESTORE_BIGQUERY": cloud.settings.bigquery}
    return CliRunner().invoke(
        main, ["--home", str(cloud.settings.home), *arguments], env=environment
    )
