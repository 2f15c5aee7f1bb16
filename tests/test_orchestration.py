"""The Dagster code location: its definitions, and its jobs on a real warehouse."""

import json
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml
from conftest import Workshop
from dagster._core.launcher.base import WorkerStatus
from dagster._core.storage.tags import GRPC_INFO_TAG
from emulators import free_port
from orchestrating import EAGER

from estore.audiences.records import Records
from estore.errors import Busy, EstoreError, RefusedFile
from estore.orchestration import definitions as location
from estore.orchestration.alerts import Alert
from estore.orchestration.audiences import export_job, export_schedules, size_alerts
from estore.orchestration.context import POOL, ShopContext, Thresholds
from estore.orchestration.failures import may_pass, retry_policy
from estore.orchestration.jobs import schedules
from estore.orchestration.launcher import WatchedRunLauncher
from estore.orchestration.notifications import failure_alert
from estore.orchestration.project import LAYERS
from estore.settings import Settings
from estore.shop import ShopConfig
from estore.snapshot.manifest import current_version

LOCATION = Path(location.__file__).parent
GROUPS = {"landing", *LAYERS, "published", "audiences"}


@dataclass
class Location:
    """The complete code location of one shop, with an instance that keeps its runs."""

    workshop: Workshop
    instance: dg.DagsterInstance
    loaded: Any = None
    transformed: Any = None

    def __post_init__(self) -> None:
        settings = self.workshop.settings.model_copy(update={"landing": str(self.workshop.landing)})
        self.shop = ShopContext(settings)
        self.shop.config = self.workshop.shop
        self.definitions = location.build_definitions(self.shop)
        self.graph = self.definitions.resolve_asset_graph()

    def run(self, job: str, **config: Any) -> Any:
        """Execute a job with the config of its first op. Returns its result, even if it failed."""
        op = {"load_files": "load", "reload_files": "load"}.get(job, "build")
        return self.definitions.resolve_job_def(job).execute_in_process(
            run_config={"ops": {op: {"config": config}}} if config else None,
            instance=self.instance, raise_on_error=False,
        )  # fmt: skip

    def alert(self, result: Any) -> Alert:
        """The alert for a failed run."""
        events = [event for event in result.all_events if event.is_run_failure]
        context = dg.build_run_status_sensor_context(
            "failure_sensor", events[0], self.instance, result.dagster_run
        )
        return failure_alert(context.for_run_failure())


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Location]:
    """A shop with two days loaded, built and published through its jobs."""
    config = ShopConfig(orchestration=EAGER)
    workshop = Workshop(tmp_path_factory.mktemp("shop"), config, threads=2)
    workshop.write("1.csv", day(1))
    workshop.write("2.csv", day(2))
    with dg.DagsterInstance.ephemeral() as instance:
        opened = Location(workshop, instance)
        opened.loaded = opened.run("load_files")
        opened.transformed = opened.run("transform")
        yield opened


def day(number: int) -> list[dict[str, str]]:
    start = datetime(2019, 10, number, 12)
    return [
        {
            "event_time": f"{start + timedelta(minutes=n)} UTC", "user_id": str(n),
            "user_session": f"{number}-{n}", "event_type": "purchase" if n % 3 == 0 else "view",
        }
        for n in range(30)
    ]  # fmt: skip


def keys(result: Any) -> set[str]:
    """The assets that a run materialized."""
    return {
        event.materialization.asset_key.to_user_string()
        for event in result.get_asset_materialization_events()
    }


def test_the_asset_lineage_is_the_data_flow(shop: Location) -> None:
    report = dg.AssetKey(["published", "report"])
    behind = {key.to_user_string() for key in shop.graph.get_ancestor_asset_keys(report)}
    for step in ("landing/files", "raw/events", "staging/stg_events", "intermediate/int_sessions",
                 "marts/dim_user_rfm", "metrics/metrics_churn", "dashboard/cube_sales",
                 "published/snapshot"):  # fmt: skip
        assert step in behind
    roots = {node.key.to_user_string() for node in shop.graph.asset_nodes if not node.parent_keys}
    assert roots == {"landing/files", "raw/known_customers", "rules/rfm_segments"}


def test_a_server_can_load_the_definitions(shop: Location) -> None:
    dg.Definitions.validate_loadable(shop.definitions)


def test_every_model_is_a_described_asset_in_the_group_of_its_layer(shop: Location) -> None:
    folder = Path(__file__).parents[1] / "transform" / "models"
    models = {path.stem: path.relative_to(folder).parts[0] for path in folder.rglob("*.sql")}
    for name, folder in models.items():
        node = shop.graph.get(dg.AssetKey([folder, name]))
        assert node.group_name == folder
        assert node.description.startswith("One row per")
        if folder in ("marts", "metrics", "dashboard"):
            columns = node.metadata["dagster/column_schema"].columns
            assert all(column.description for column in columns)
    assert {node.group_name for node in shop.graph.asset_nodes} == GROUPS


def test_a_check_describes_what_it_tests(shop: Location) -> None:
    descriptions = [
        shop.graph.get_check_spec(key).description for key in shop.graph.asset_check_keys
    ]
    assert "unique key: user_id, order_id; sample_by user_id" in descriptions
    assert "every line of a file is loaded or rejected" in descriptions
    assert all(descriptions)


def test_every_writing_job_takes_the_single_slot_of_the_pool(shop: Location) -> None:
    pools = {
        op.name: op.pool
        for name in ("load_files", "reload_files", "transform", "rebuild_days", "record_history")
        for op in shop.definitions.resolve_job_def(name).nodes
        for op in [op.definition]
    }
    assert pools == {
        "load": POOL, "build": POOL, "record": POOL, "published__report": None, "audiences": None,
    }  # fmt: skip
    instance = yaml.safe_load((LOCATION / "dagster.yaml").read_text())
    assert instance["concurrency"]["pools"] == {"default_limit": 1, "granularity": "run"}
    assert instance["telemetry"] == {"enabled": False}


def test_every_job_has_a_timeout(shop: Location) -> None:
    for name in ("load_files", "reload_files", "transform", "rebuild_days", "record_history"):
        job = shop.definitions.resolve_job_def(name)
        assert job.tags["dagster/max_runtime"] == "43200"


def test_the_schedules_are_in_the_time_of_the_shop() -> None:
    config = ShopConfig(thresholds={"shop_timezone": "Europe/Berlin"})
    shop = ShopContext(Settings())
    shop.config = config
    daily, weekly = schedules(shop)
    assert (daily.name, daily.job_name, daily.cron_schedule) == ("daily", "transform", "0 4 * * *")
    assert (weekly.job_name, weekly.cron_schedule) == ("record_history", "0 5 * * 1")
    assert daily.execution_timezone == "Europe/Berlin"


def test_every_threshold_of_orchestration_is_documented_with_its_default() -> None:
    page = (LOCATION.parents[1] / "docs" / "operations.md").read_text()
    descriptions = tomllib.loads(page.split("```toml")[1].split("```")[0])["orchestration"]
    assert descriptions == Thresholds().model_dump()


def test_a_wrong_threshold_is_reported(tmp_path: Path) -> None:
    shop = ShopContext(Settings(home=tmp_path))
    for entry, said in (("tries = 0", "tries"), ("polls = 1", "polls"), ("tries = 'a'", "tries")):
        (tmp_path / "shop.toml").write_text(f"[orchestration]\n{entry}\n")
        with pytest.raises(EstoreError, match=rf"shop.toml: \[orchestration\] {said}: "):
            print(ShopContext(shop.settings).thresholds)


RESET = ConnectionError("reset by peer")


@pytest.mark.parametrize(
    ("error", "cause", "passes"),
    [
        (Busy("locked"), None, True),
        (TimeoutError("no answer"), None, True),
        (EstoreError("cannot be reached"), RESET, True),
        (RefusedFile("cannot be read"), RESET, False),
        (EstoreError("memory ran out"), None, False),
        (PermissionError("no"), None, False),
        (ValueError("a fault of ours"), None, False),
    ],
)
def test_temporary_errors_are_distinguished_from_permanent_ones(
    error: Exception, cause: Exception | None, passes: bool
) -> None:
    error.__cause__ = cause
    assert may_pass(error) is passes


def test_each_retry_waits_twice_as_long() -> None:
    policy = retry_policy(30)
    assert (policy.max_retries, policy.delay, policy.backoff) == (3, 30, dg.Backoff.EXPONENTIAL)


def test_a_load_run_reports_the_result_of_each_file(shop: Location) -> None:
    assert shop.loaded.success
    assert keys(shop.loaded) == {"raw/files", "raw/events", "raw/rejects"}
    (files,) = shop.loaded.asset_materializations_for_node("load")[-1:]
    assert files.metadata["loaded"].value == 2


def test_a_run_reports_every_model_with_its_rows_and_every_data_test(shop: Location) -> None:
    assert shop.transformed.success
    made = keys(shop.transformed)
    wanted = {
        key.to_user_string()
        for key in shop.graph.materializable_asset_keys
        if key.path[0] not in ("raw",)
    }
    assert made == wanted
    counted = {
        event.materialization.asset_key.path[-1]: event.materialization.metadata[
            "dagster/row_count"
        ].value
        for event in shop.transformed.get_asset_materialization_events()
        if "dagster/row_count" in event.materialization.metadata
    }
    ((orders,),) = shop.workshop.query("select count(*) from marts.fct_orders")
    assert counted["int_orders"] == orders == 20
    checks = shop.transformed.get_asset_check_evaluations()
    asked = {key for key in shop.graph.asset_check_keys if key.name != "no_file_is_refused"}
    assert {check.asset_check_key for check in checks} == asked
    assert all(check.passed for check in checks)


def test_the_snapshot_and_the_report_are_there(shop: Location) -> None:
    assert current_version(shop.shop.settings)
    page = (shop.shop.settings.home / "report.html").read_text()
    assert page.startswith("<!doctype html>")


def test_audiences_have_their_size_and_scheduled_exports_a_file(
    shop: Location, tmp_path: Path
) -> None:
    settings = shop.workshop.settings
    sizes = {
        event.materialization.asset_key.path[-1]: event.materialization.metadata["customers"].value
        for event in shop.transformed.get_asset_materialization_events()
        if event.materialization.asset_key.path[0] == "audiences"
    }
    assert len(sizes) == 10
    assert sum(sizes.values()) == 9, "the id 0 of the tenth buyer is a placeholder"
    file = settings.home / "audiences.toml"
    file.write_text(
        f"[exports]\nfolder = '{tmp_path}/lists'\n[mine]\nwhere = 'order_count > 0'\n"
        "schedule = '0 6 * * 1'\n[wrong-time]\nwhere = 'true'\nschedule = 'x x x x x'\n"
    )
    try:
        (schedule,) = export_schedules(shop.shop)
        assert (schedule.name, schedule.cron_schedule) == ("export_mine", "0 6 * * 1")
        config = {"ops": {"export": {"config": {"audiences": ["mine"]}}}}
        job = export_job(shop.shop)
        assert job.execute_in_process(run_config=config, instance=shop.instance).success
    finally:
        file.unlink()
    (export,) = Records(settings).exports("mine")
    rows = (tmp_path / "lists" / "mine-000001.csv").read_text().splitlines()
    assert len(rows) - 1 == export.counts["exported"]


def test_an_audience_that_changes_by_more_than_half_is_reported() -> None:
    before = {"halved": 100, "less": 100, "more": 100, "small": 10, "gone": 40}
    now = {"halved": 50, "less": 49, "more": 151, "small": 29, "gone": 0, "added": 500}
    found = {alert.subject for alert in size_alerts(before, now, "v000002")}
    assert found == {"audience less", "audience more", "audience gone"}


def test_without_new_data_nothing_is_built(shop: Location) -> None:
    version = current_version(shop.shop.settings)
    again = shop.run("transform")
    assert again.success
    assert keys(again) == set()
    assert current_version(shop.shop.settings) == version


def test_a_rebuilt_range_of_days_is_the_same(shop: Location) -> None:
    before = shop.workshop.everything()
    version = current_version(shop.shop.settings)
    shop.workshop.query(
        "delete from intermediate.int_sessions where session_start_date = '2019-10-01'"
    )
    result = shop.run("rebuild_days", first_day="2019-09-01", last_day="2019-10-01")
    assert result.success
    assert shop.workshop.everything() == before
    assert current_version(shop.shop.settings) != version


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (("2018-01-01", "2018-01-31"), "no events are loaded for 2018-01-01 to 2018-01-31"),
        (("2019-10-02", "2019-10-01"), "last_day 2019-10-01 is before first_day 2019-10-02"),
        (("2019-10-02", ""), "must both be days, e.g. 2019-10-01"),
        (("yesterday", "today"), "must both be days, e.g. 2019-10-01"),
    ],
)
def test_a_wrong_range_is_reported_and_not_retried(
    shop: Location, days: tuple[str, str], said: str
) -> None:
    result = shop.run("rebuild_days", first_day=days[0], last_day=days[1])
    assert not result.success
    assert not [event for event in result.all_node_events if event.is_step_up_for_retry]
    alert = shop.alert(result)
    assert said in alert.words
    assert alert.subject.startswith("rebuild_days (run ")


def test_a_file_is_loaded_again_by_its_name(shop: Location) -> None:
    ((before,),) = shop.workshop.query("select max(file_id) from raw.files")
    assert shop.run("reload_files", files=["2.csv"], again=True).success
    assert shop.workshop.query("select status, lines from raw.files where file_id > ?", before) == [
        ("loaded", 30)
    ]
    ((rows,),) = shop.workshop.query("select count(*) from raw.events")
    assert rows == 60
    nameless = shop.run("reload_files")
    assert not nameless.success
    assert "no files named" in shop.alert(nameless).words


def test_a_failed_data_test_is_reported_by_name_and_publishes_nothing(shop: Location) -> None:
    version = current_version(shop.shop.settings)
    shop.workshop.query("update raw.files set lines = lines + 1 where ends_with(uri, '1.csv')")
    result = shop.run("rebuild_days", first_day="2019-10-01", last_day="2019-10-01")
    shop.workshop.query("update raw.files set lines = lines - 1 where ends_with(uri, '1.csv')")

    assert not result.success
    assert not [event for event in result.all_node_events if event.is_step_up_for_retry]
    failed = [check for check in result.get_asset_check_evaluations() if not check.passed]
    assert [check.check_name for check in failed] == ["every_line_of_a_file_is_loaded_or_rejected"]
    assert "marts/dim_users" in keys(result), "finished assets are reported"
    assert current_version(shop.shop.settings) == version
    alert = shop.alert(result)
    assert "every_line_of_a_file_is_loaded_or_rejected" in alert.words
    assert "withdraw" in alert.what_to_do
    assert shop.run("transform").success


def test_the_history_is_recorded_by_its_own_job(shop: Location) -> None:
    result = shop.run("record_history")
    assert result.success
    assert keys(result) == {"history/snap_user_rfm", "history/snap_user_status"}


@pytest.mark.parametrize(
    ("served", "why"),
    [(False, "it was never sent to a code server"), (True, "its code server is gone")],
)
def test_a_run_that_lost_its_server_is_marked_as_failed(served: bool, why: str) -> None:
    @dg.job
    def load_files() -> None:
        """Nothing."""

    where = {"host": "127.0.0.1", "port": free_port()}
    with dg.DagsterInstance.ephemeral() as instance:
        run = instance.create_run_for_job(
            load_files, tags={GRPC_INFO_TAG: json.dumps(where)} if served else {}
        )
        launcher = WatchedRunLauncher()
        launcher.register_instance(instance)
        found = launcher.check_run_worker_health(run)
    assert (found.status, found.msg) == (WorkerStatus.NOT_FOUND, why)
