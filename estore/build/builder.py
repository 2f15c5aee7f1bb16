"""Transform: builds pending days, the tables that depend on them, and runs the data tests."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Literal

import duckdb

from estore import predict
from estore.build import batches
from estore.build.catalog import catalog, test_row
from estore.build.dbt_project import WITHOUT_IN_BATCHES, DbtProject
from estore.build.known_customers import write_known_customers
from estore.build.state import BuildState
from estore.errors import EstoreError
from estore.settings import Settings
from estore.shop import ShopConfig
from estore.warehouse import Warehouse, open_warehouse

#: Runs data tests whose tables are all selected; unit tests belong to `make test`.
DATA_TESTS = ("--exclude-resource-type", "unit_test", "--indirect-selection", "cautious")

#: Models that read predictions, and all that depend on them.
PREDICTED = "tag:predicted+"


@dataclass(frozen=True)
class TestResult:
    """A failed data test. rows: failing rows; compiled: the file with its query."""

    name: str
    description: str
    rows: int | None
    is_error: bool
    compiled: str


@dataclass
class BuildReport:
    """The result of a build: its batches, their events, and the data tests' results."""

    days: int = 0
    rows: int = 0
    is_full: bool = False
    is_skipped: bool = False
    tests_passed: int = 0
    test_rows: list[dict[str, Any]] = field(default_factory=list)
    problems: list[TestResult] = field(default_factory=list)

    @property
    def tests(self) -> dict[str, Any]:
        """The tests' summary: the number passed, and the warnings."""
        warnings = [problem.name for problem in self.problems if not problem.is_error]
        return {"passed": self.tests_passed, "warnings": warnings}

    @property
    def holds(self) -> bool:
        """Whether no data test failed; warnings are not failures."""
        return not any(problem.is_error for problem in self.problems)


class Transform:
    """Builds and tests one warehouse, and keeps the build state."""

    def __init__(
        self,
        settings: Settings,
        shop: ShopConfig,
        on_node: Callable[[Any], None] = lambda run: None,
    ) -> None:
        """on_node: see DbtProject."""
        self.settings = settings
        self.project = DbtProject(settings, shop, on_node)

    def build(
        self,
        *,
        full_refresh: bool = False,
        until: Literal["days", "marts", "tests"] = "tests",
        on_rows: Callable[[int, int], None] = lambda done, total: None,
        on_phase: Callable[[str], None] = lambda name: None,
    ) -> BuildReport:
        """Build pending days, then the tables that depend on them, then test the data.

        If no days are pending and nothing else changed, it does nothing. on_rows receives rows done
        and total rows; on_phase receives the phase's name.
        """
        report = BuildReport()
        with open_warehouse(self.settings) as warehouse:
            waiting = self._pending_batches(warehouse, report, full_refresh=full_refresh)
        if report.is_skipped:
            return report
        total = sum(batch.rows for batch in waiting)
        on_phase("events, sessions, orders")
        for batch in waiting:
            on_rows(report.rows, total)
            self._build_days(batch)
            report.days += batch.day_count
            report.rows += batch.rows
        on_rows(total, total)
        if waiting:
            with open_warehouse(self.settings) as warehouse:
                warehouse.forget_batch()
        if until == "days":
            return report
        on_phase("dimensions and metrics")
        with open_warehouse(self.settings) as warehouse, warehouse.transaction():
            variables = batches.user_variables(warehouse, **self._clock)
            state = BuildState(warehouse.control_tables)
            since = str(self.project.thresholds["customers_since"])
            if state.get("known_customers") != since:
                write_known_customers(warehouse, self.settings, self.project.known_customers)
                state.set("known_customers", since)
            if state.get("marts") != self.project.fingerprint:
                variables = {"all_users": "true", "last_day": variables["last_day"]}
            state.set("marts", None)  # if this is interrupted, the next build rebuilds all
        self._build_marts(variables)
        with open_warehouse(self.settings) as warehouse, warehouse.transaction():
            batches.finish_build(warehouse.control_tables)
            BuildState(warehouse.control_tables).set("marts", self.project.fingerprint)
        if until == "marts":
            return report
        on_phase("data tests")
        self._collect(
            report,
            self.project.run(
                "test", "--exclude", "tag:daily", *DATA_TESTS, variables=variables, may_fail=True
            ),
        )
        if report.holds:
            with open_warehouse(self.settings) as warehouse, warehouse.transaction():
                state = BuildState(warehouse.control_tables)
                state.set("built", self.project.fingerprint)
                state.set("built_at", datetime.now(UTC).isoformat(timespec="seconds"))
                state.set("thresholds", json.dumps(self.project.thresholds))
                state.set("tests", json.dumps(report.tests))
                state.set("test_rows", json.dumps(report.test_rows))
        return report

    def _build_marts(self, variables: dict[str, str]) -> None:
        """Build all tables that are not built by day; predictions between two runs of dbt."""
        models = ("build", "--resource-types", "seed", "model", "--exclude", "tag:daily")
        with open_warehouse(self.settings) as warehouse:
            is_long_enough = covered_days(warehouse.control_tables, self._as_of_date) >= int(
                self.project.thresholds["prediction_min_days"]
            )
            if not is_long_enough:
                predict.clear(warehouse, self.settings.temp)
            else:
                predict.prepare(warehouse, self.settings.temp)
        if not is_long_enough:  # all predictions are refused, so one run does it
            self.project.run(*models, variables=variables)
            return
        self.project.run(*models, PREDICTED, variables=variables)
        needs = predict.Needs(
            self.project.thresholds["prediction_min_buyers"],
            self.project.thresholds["prediction_min_repeat_buyers"],
        )
        with open_warehouse(self.settings) as warehouse:
            is_all = variables["all_users"] == "true"
            predict.predict(warehouse, needs, self.settings.temp, all_dates=is_all)
        self.project.run(*models, "--select", PREDICTED, variables=variables)

    @property
    def _as_of_date(self) -> date | None:
        found = self.project.thresholds["as_of_date"]
        return date.fromisoformat(found) if found else None

    def _pending_batches(
        self, warehouse: Warehouse, report: BuildReport, *, full_refresh: bool
    ) -> list[batches.Batch]:
        """The batches to build; the report notes a full rebuild, or that there is nothing to do."""
        state = BuildState(warehouse.control_tables)
        if full_refresh or self._days_are_stale(state):
            report.is_full = True
            with warehouse.transaction():
                state.set("daily", "stale")
            with warehouse.transaction():
                batches.forget_built(warehouse)
        with warehouse.transaction():
            batches.note_pending_days(warehouse.control_tables, self._time_zone)
        waiting = batches.pending_batches(warehouse.control_tables, self.settings.batch_rows)
        if not waiting and state.get("built") == self.project.fingerprint:
            report.is_skipped = True
            return []
        if not waiting and not _has_events(warehouse.control_tables):
            raise EstoreError("nothing is loaded yet: run `estore load PATH` first")
        with warehouse.transaction():
            state.set("built", None)
            state.set("published", None)
            state.set("daily", self.project.daily_fingerprint)
            state.set("daily_of", self.project.fingerprint)
        return waiting

    def changed_thresholds(self) -> list[str]:
        """Thresholds changed since the last complete build, as name: old → new."""
        with open_warehouse(self.settings) as warehouse:
            before = json.loads(BuildState(warehouse.control_tables).get("thresholds") or "{}")
        return [
            f"{name} {before[name]} → {value}"
            for name, value in self.project.thresholds.items()
            if name in before and before[name] != value
        ]

    def _days_are_stale(self, state: BuildState) -> bool:
        """Whether the inputs of the built days have changed.

        An unchanged project answers this without parsing.
        """
        if state.get("daily") in (None, "stale"):
            return state.get("daily") is not None
        if state.get("daily_of") == self.project.fingerprint:
            return False
        return state.get("daily") != self.project.daily_fingerprint

    def is_sound(self) -> bool:
        """Whether the last build was complete, used these rules, and passed its data tests."""
        with open_warehouse(self.settings) as warehouse:
            return BuildState(warehouse.control_tables).get("built") == self.project.fingerprint

    def is_published(self, version: str) -> bool:
        """Whether this snapshot belongs to the last build."""
        with open_warehouse(self.settings) as warehouse:
            return BuildState(warehouse.control_tables).get("published") == version

    def note_published(self, version: str) -> None:
        """Note that the last build was published."""
        with open_warehouse(self.settings) as warehouse, warehouse.transaction():
            BuildState(warehouse.control_tables).set("published", version)

    def last_tests(self) -> dict[str, Any]:
        """The data test results of the last build."""
        with open_warehouse(self.settings) as warehouse:
            return dict(json.loads(BuildState(warehouse.control_tables).get("tests") or "{}"))

    def documentation(self) -> dict[str, list[dict[str, Any]]]:
        """Tables for readers: definitions, lineage, and the data tests of the last build."""
        with open_warehouse(self.settings) as warehouse:
            state = BuildState(warehouse.control_tables)
            tests = [
                test
                for key in ("daily_test_rows", "test_rows")
                for test in json.loads(state.get(key) or "[]")
            ]
        return {**catalog(self.project.manifest), "build_tests": tests}

    def snapshot(self, *, only_if_new: bool) -> bool:
        """Record every customer's current segment and status; optionally once per as_of_date."""
        with open_warehouse(self.settings) as warehouse:
            state = BuildState(warehouse.control_tables)
            if state.get("built") is None:
                raise EstoreError("there is no complete build to record: run `estore build` first")
            as_of = str(warehouse.scalar("select as_of_date from intermediate.int_as_of"))
            if only_if_new and state.get("snapshot") == as_of:
                return False
        self.project.run("snapshot")
        with open_warehouse(self.settings) as warehouse, warehouse.transaction():
            BuildState(warehouse.control_tables).set("snapshot", as_of)
        return True

    def _build_days(self, batch: batches.Batch) -> None:
        with open_warehouse(self.settings) as warehouse:
            variables = batches.batch_variables(warehouse, batch, **self._clock)
        result = self.project.run(
            "build", "--select", "tag:daily", *DATA_TESTS,
            variables=variables, may_fail=True, without=WITHOUT_IN_BATCHES,
        )  # fmt: skip
        report = BuildReport()
        self._collect(report, result)
        if not report.holds:
            raise EstoreError(_in_words(report.problems))
        with open_warehouse(self.settings) as warehouse, warehouse.transaction():
            batches.finish_batch(warehouse.control_tables, batch)
            # A build without new days keeps the results of the days it is based on.
            BuildState(warehouse.control_tables).set(
                "daily_test_rows", json.dumps(report.test_rows)
            )

    def _collect(self, report: BuildReport, result: Any) -> None:
        for run in result.result or ():
            if run.node.resource_type != "test":
                continue
            status = str(run.status)
            report.test_rows.append(test_row(run))
            if status == "pass":
                report.tests_passed += 1
            elif status in ("fail", "warn"):
                report.problems.append(
                    TestResult(
                        run.node.name,
                        run.node.description or "",
                        run.failures,
                        status == "fail",
                        str(self.project.compiled(run.node)),
                    )
                )

    @property
    def _time_zone(self) -> str:
        return str(self.project.thresholds["shop_timezone"])

    @property
    def _clock(self) -> Any:
        """The thresholds that decide where days and sessions end."""
        return {
            "time_zone": self._time_zone,
            "timeout_minutes": self.project.thresholds["session_timeout_minutes"],
        }


def covered_days(connection: duckdb.DuckDBPyConnection, as_of_date: date | None) -> int:
    """Days from the first to the last day with events, or to as_of_date; in any time zone."""
    first, last = connection.execute(
        "select min(event_date), max(event_date) from raw.file_days"
    ).fetchone() or (None, None)
    last = as_of_date or last
    return (last - first).days + 3 if first and last else 0


def _has_events(connection: duckdb.DuckDBPyConnection) -> bool:
    return connection.execute("select 1 from raw.file_days limit 1").fetchone() is not None


def _in_words(problems: list[TestResult]) -> str:
    return "; ".join(
        f"{problem.name}: {problem.rows} failing rows (query: {problem.compiled})"
        for problem in problems
    )
