"""Transform: runs the dbt project, for the days that wait and then for what is made of them."""

import atexit
import gc
import hashlib
import json
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import duckdb

from estore import steps
from estore.catalogue import catalogue, test_row
from estore.errors import EstoreError
from estore.settings import Settings, bigquery_emulator
from estore.shop import ShopConfig
from estore.state import State
from estore.thresholds import read_thresholds
from estore.warehouse import Warehouse, advice, open_warehouse

#: What a day's events become depends on these; a change of theirs means a full refresh.
DAILY_SOURCES = (
    "macros", "models/staging", "models/intermediate", "models/marts/fct_orders.sql",
)  # fmt: skip
DAILY_THRESHOLDS = (
    "shop_timezone", "session_timeout_minutes", "repeated_purchases_are_units",
)  # fmt: skip
#: Optimizers that DuckDB is better without. In a step: it would keep a copy of all its events in
#: memory, where reading them again costs less.
WITHOUT_IN_STEPS = "common_subplan"
#: In what follows: it would pack join keys narrower, and then not filter by them as it reads a long
#: table for a few users.
WITHOUT = "common_subplan,compressed_materialization"
#: Data tests whose tables are all selected; unit tests belong to `make test`.
DATA_TESTS = ("--exclude-resource-type", "unit_test", "--indirect-selection", "cautious")


def project_folder() -> Path:
    """The dbt project: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).parent
    inside = package / "transform_project"
    return inside if inside.is_dir() else package.parent / "transform"


@dataclass(frozen=True)
class TestResult:
    """A data test that did not hold. rows: that break it; compiled: the file with its query."""

    name: str
    description: str
    rows: int | None
    is_error: bool
    compiled: str


@dataclass
class BuildReport:
    """What a build did: steps of days, events in them, and the data tests' results."""

    days: int = 0
    rows: int = 0
    is_full: bool = False
    is_skipped: bool = False
    tests_passed: int = 0
    test_rows: list[dict[str, Any]] = field(default_factory=list)
    problems: list[TestResult] = field(default_factory=list)

    @property
    def tests(self) -> dict[str, Any]:
        """For the record: how many held, and which warned."""
        warnings = [problem.name for problem in self.problems if not problem.is_error]
        return {"passed": self.tests_passed, "warnings": warnings}

    @property
    def holds(self) -> bool:
        """No data test failed (a warning is no failure)."""
        return not any(problem.is_error for problem in self.problems)


class Transform:
    """The dbt project on one warehouse. dbt runs in this process; its parse is kept and reused."""

    def __init__(
        self,
        settings: Settings,
        shop: ShopConfig,
        on_node: Callable[[Any], None] = lambda run: None,
    ) -> None:
        """on_node: is told dbt's result of every model, test and seed after each pass."""
        self.settings = settings
        self.on_node = on_node
        self.folder = project_folder()
        self.thresholds = read_thresholds(self.folder, shop, settings.shop_file)

    # ------------------------------------------------------------------ what to do

    def build(
        self,
        *,
        full_refresh: bool = False,
        until: Literal["days", "marts", "tests"] = "tests",
        on_rows: Callable[[int, int], None] = lambda done, total: None,
        on_phase: Callable[[str], None] = lambda name: None,
    ) -> BuildReport:
        """Build what waits, then everything made of it, then test the data.

        Work is for the days that wait; with none, and nothing else changed, there is nothing to
        do. on_rows is told lines done and in all; on_phase, what begins.
        """
        report = BuildReport()
        with open_warehouse(self.settings) as warehouse:
            waiting = self._what_waits(warehouse, report, full_refresh=full_refresh)
        if report.is_skipped:
            return report
        total = sum(step.rows for step in waiting)
        on_phase("events, sessions, orders")
        for step in waiting:
            on_rows(report.rows, total)
            self._build_days(step)
            report.days += step.day_count
            report.rows += step.rows
        on_rows(total, total)
        if waiting:
            with open_warehouse(self.settings) as warehouse:
                warehouse.forget_step()
        if until == "days":
            return report
        on_phase("dimensions and metrics")
        with open_warehouse(self.settings) as warehouse, warehouse.transaction():
            variables = steps.user_variables(warehouse, **self._clock)
            state = State(warehouse.books)
            if state.get("marts") != self._fingerprint:
                variables = {"all_users": "true"}
            state.set("marts", None)  # if this ends before its end, the next makes all anew
        self._dbt(
            "build", "--exclude", "tag:daily", "--resource-types", "seed", "model",
            variables=variables,
        )  # fmt: skip
        with open_warehouse(self.settings) as warehouse, warehouse.transaction():
            steps.finish_build(warehouse.books)
            State(warehouse.books).set("marts", self._fingerprint)
        if until == "marts":
            return report
        on_phase("data tests")
        self._collect(
            report,
            self._dbt(
                "test", "--exclude", "tag:daily", *DATA_TESTS, variables=variables, may_fail=True
            ),
        )
        if report.holds:
            with open_warehouse(self.settings) as warehouse, warehouse.transaction():
                state = State(warehouse.books)
                state.set("built", self._fingerprint)
                state.set("built_at", datetime.now(UTC).isoformat(timespec="seconds"))
                state.set("tests", json.dumps(report.tests))
                state.set("test_rows", json.dumps(report.test_rows))
        return report

    def _what_waits(
        self, warehouse: Warehouse, report: BuildReport, *, full_refresh: bool
    ) -> list[steps.Step]:
        """The steps to build; notes in the report what is made anew, or that nothing is to do."""
        state = State(warehouse.books)
        if full_refresh or state.get("daily") not in (None, self._daily_fingerprint):
            report.is_full = True
            with warehouse.transaction():
                state.set("daily", "stale")
            with warehouse.transaction():
                steps.forget_built(warehouse)
        with warehouse.transaction():
            steps.note_pending_days(warehouse.books, self._time_zone)
        waiting = steps.pending_steps(warehouse.books, self.settings.step_rows)
        if not waiting and state.get("built") == self._fingerprint:
            report.is_skipped = True
            return []
        if not waiting and not _has_events(warehouse.books):
            raise EstoreError("nothing is loaded yet: `estore load PATH` comes first")
        with warehouse.transaction():
            state.set("built", None)
            state.set("published", None)
            state.set("daily", self._daily_fingerprint)
        return waiting

    def is_sound(self) -> bool:
        """The last build ended, with these rules, and its data tests held."""
        with open_warehouse(self.settings) as warehouse:
            return State(warehouse.books).get("built") == self._fingerprint

    def is_published(self) -> bool:
        """The newest snapshot holds the last build."""
        with open_warehouse(self.settings) as warehouse:
            return State(warehouse.books).get("published") is not None

    def note_published(self, version: str) -> None:
        """A snapshot of the last build is there."""
        with open_warehouse(self.settings) as warehouse, warehouse.transaction():
            State(warehouse.books).set("published", version)

    def last_tests(self) -> dict[str, Any]:
        """How the data tests of the last build ended."""
        with open_warehouse(self.settings) as warehouse:
            return dict(json.loads(State(warehouse.books).get("tests") or "{}"))

    def told(self) -> dict[str, list[dict[str, Any]]]:
        """Tables for readers: definitions, lineage, and the data tests of the last build."""
        with open_warehouse(self.settings) as warehouse:
            state = State(warehouse.books)
            tests = [
                test
                for key in ("daily_test_rows", "test_rows")
                for test in json.loads(state.get(key) or "[]")
            ]
        return {**catalogue(self._manifest), "build_tests": tests}

    def snapshot(self, *, only_if_new: bool) -> bool:
        """Record what is said of every customer now; at most once for an as_of_date if so asked."""
        with open_warehouse(self.settings) as warehouse:
            state = State(warehouse.books)
            if state.get("built") is None:
                raise EstoreError(
                    "there is no complete build to record: `estore build` comes first"
                )
            as_of = str(warehouse.scalar("select as_of_date from intermediate.int_as_of"))
            if only_if_new and state.get("snapshot") == as_of:
                return False
        self._dbt("snapshot")
        with open_warehouse(self.settings) as warehouse, warehouse.transaction():
            State(warehouse.books).set("snapshot", as_of)
        return True

    def manifest_file(self) -> Path:
        """dbt's manifest of the project as it is now; parsed only where none was kept."""
        path = self.target / f"manifest-{self._fingerprint[:16]}.json"
        if not path.is_file():
            manifest = json.dumps(self._manifest.writable_manifest().to_dict(omit_none=False))
            path.parent.mkdir(parents=True, exist_ok=True)
            for old in self.target.glob("manifest-*.json"):
                old.unlink(missing_ok=True)
            unfinished = path.with_suffix(f".{os.getpid()}")
            unfinished.write_text(manifest, encoding="utf-8")
            unfinished.replace(path)
        return path

    # ------------------------------------------------------------------ how

    def _build_days(self, step: steps.Step) -> None:
        with open_warehouse(self.settings) as warehouse:
            variables = steps.step_variables(warehouse, step, **self._clock)
        result = self._dbt(
            "build", "--select", "tag:daily", *DATA_TESTS,
            variables=variables, may_fail=True, without=WITHOUT_IN_STEPS,
        )  # fmt: skip
        report = BuildReport()
        self._collect(report, result)
        if not report.holds:
            raise EstoreError(_in_words(report.problems))
        with open_warehouse(self.settings) as warehouse, warehouse.transaction():
            steps.finish_step(warehouse.books, step)
            # A build without new days keeps those of the days that it stands on.
            State(warehouse.books).set("daily_test_rows", json.dumps(report.test_rows))

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
                        str(self.target / "compiled" / "estore" / run.node.original_file_path),
                    )
                )

    def _dbt(
        self, command: str, *arguments: str, variables: dict[str, str] | None = None,
        may_fail: bool = False, without: str = WITHOUT,
    ) -> Any:  # fmt: skip
        from dbt.cli.main import dbtRunner

        with self._environment(without):
            try:
                result = dbtRunner(manifest=self._manifest).invoke(
                    [command, *self._common, *arguments, "--vars", self._vars(variables)]
                )
            finally:
                self._close_connections()
        for run in getattr(result.result, "results", ()):
            self.on_node(run)
        self._raise_errors(result, may_fail=may_fail)
        return result

    def _close_connections(self) -> None:
        """dbt's share the engine with ours, and would keep it open."""
        if self.settings.target == "duckdb":
            from dbt.adapters.duckdb.connections import DuckDBConnectionManager

            DuckDBConnectionManager.close_all_connections()

    @property
    def _manifest(self) -> Any:
        """The parsed project; parsing costs more than building a small day, so once a process."""
        from dbt.cli.main import dbtRunner

        # A manifest names the datasets of BigQuery that its tables are in.
        parsed_as = f"{self.settings.target} {self.settings.bigquery} {self._fingerprint}"
        if parsed_as not in _parsed:
            with self._environment():
                result = dbtRunner().invoke(["parse", *self._common, "--vars", self._vars(None)])
            self._raise_errors(result, may_fail=False)
            _parsed[parsed_as] = result.result
            # It lives as long as the process: a collector of garbage need not look through it again
            # and again. At the end it must, or extension modules call it a leak.
            gc.freeze()
            atexit.register(gc.unfreeze)
        return _parsed[parsed_as]

    def _raise_errors(self, result: Any, *, may_fail: bool) -> None:
        if result.exception:
            if isinstance(result.exception, (KeyboardInterrupt, duckdb.Error)):
                raise result.exception
            said = str(result.exception)
            raise EstoreError(
                advice(said, self.settings) or f"the transforms could not start: {said}"
            )
        if result.success:
            return
        broken = [
            run for run in getattr(result.result, "results", ()) if str(run.status) == "error"
        ]
        if broken or not may_fail:
            said = "\n".join(str(run.message) for run in broken)
            if fix := advice(said, self.settings):
                raise EstoreError(fix)
            said = "; ".join(
                f"{run.node.name}: {' '.join(str(run.message).split())[:300]}" for run in broken[:3]
            )
            raise EstoreError(
                f"the transforms failed: {said or 'see the log'} ({self.settings.logs})"
            )

    def _vars(self, variables: dict[str, str] | None) -> str:
        return json.dumps({**self.thresholds, **(variables or {})})

    @property
    def target(self) -> Path:
        """Where dbt keeps its parse and the compiled SQL."""
        return self.settings.logs.resolve() / "dbt"

    @property
    def _common(self) -> list[str]:
        return [
            "--project-dir", str(self.folder), "--profiles-dir", str(self.folder),
            "--target", self.settings.target, "--target-path", str(self.target),
            "--log-path", str(self.settings.logs.resolve()), "--log-level", "none",
            "--log-level-file", "info", "--no-use-colors", "--no-send-anonymous-usage-stats",
            "--no-version-check", "--no-write-json",
        ]  # fmt: skip

    @contextmanager
    def _environment(self, without: str = WITHOUT) -> Iterator[None]:
        """What the dbt profile reads, and a log that keeps quiet about itself."""
        values = {
            **self._of_bigquery,
            "ESTORE_WAREHOUSE": str(self.settings.warehouse.resolve()),
            "ESTORE_TEMP": str(self.settings.temp),
            "ESTORE_MEMORY_LIMIT": self.settings.memory_limit,
            "ESTORE_BLOCK_MEMORY": self.settings.block_memory,
            "ESTORE_WITHOUT_OPTIMIZERS": without,
            "ESTORE_THREADS": str(self.settings.threads or os.cpu_count() or 1),
            "DO_NOT_TRACK": "1",
        }
        before = {name: os.environ.get(name) for name in values}
        # Where dbt's log cannot be written, as on a full disk, what stops the work tells of it.
        tells_of_itself, logging.raiseExceptions = logging.raiseExceptions, False
        flags = _flags_of_adapters()
        known_flags = len(flags)
        os.environ.update(values)
        try:
            yield
        finally:
            del flags[known_flags:]
            logging.raiseExceptions = tells_of_itself
            for name, value in before.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value

    @property
    def _of_bigquery(self) -> dict[str, str]:
        if self.settings.target != "bigquery":
            return {}
        from estore.warehouse.bigquery import split_name

        project, dataset = split_name(self.settings)
        values = {
            "ESTORE_BIGQUERY_PROJECT": project,
            "ESTORE_BIGQUERY_DATASET": dataset,
            "ESTORE_LOCATION": self.settings.location,
            "ESTORE_MAX_BYTES_BILLED": str(self.settings.max_bytes_billed),
        }
        if emulator := bigquery_emulator():
            values |= {"ESTORE_BIGQUERY_METHOD": "oauth-secrets", "ESTORE_BIGQUERY_TOKEN": "none",
                       "ESTORE_BIGQUERY_ENDPOINT": emulator}  # fmt: skip
        return values

    @property
    def _time_zone(self) -> str:
        return str(self.thresholds["shop_timezone"])

    @property
    def _clock(self) -> Any:
        """What decides where days and sessions end."""
        return {
            "time_zone": self._time_zone,
            "timeout_minutes": self.thresholds["session_timeout_minutes"],
        }

    @cached_property
    def _daily_fingerprint(self) -> str:
        files = [file for source in DAILY_SOURCES for file in _sql_files(self.folder / source)]
        return _digest(files, {name: self.thresholds[name] for name in DAILY_THRESHOLDS})

    @cached_property
    def _fingerprint(self) -> str:
        files = [*_sql_files(self.folder), *sorted(self.folder.rglob("*.yml"))]
        return _digest(files, self.thresholds)


def _flags_of_adapters() -> list[Any]:
    """dbt's one list of flags, to which each BigQuery adapter adds its own.

    Left there, they would slow down every later adapter of this process, by seconds after a
    hundred builds.
    """
    from dbt.adapters.base.impl import DEFAULT_BASE_BEHAVIOR_FLAGS

    flags: list[Any] = DEFAULT_BASE_BEHAVIOR_FLAGS
    return flags


_parsed: dict[str, Any] = {}


def _has_events(connection: duckdb.DuckDBPyConnection) -> bool:
    return connection.execute("select 1 from raw.file_days limit 1").fetchone() is not None


def _sql_files(path: Path) -> list[Path]:
    return sorted([path] if path.is_file() else [*path.rglob("*.sql"), *path.rglob("*.csv")])


def _digest(files: list[Path], values: dict[str, Any]) -> str:
    digest = hashlib.sha256(json.dumps(values, sort_keys=True).encode())
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _in_words(problems: list[TestResult]) -> str:
    return "; ".join(
        f"{problem.name}: {problem.rows} rows break it (query: {problem.compiled})"
        for problem in problems
    )
