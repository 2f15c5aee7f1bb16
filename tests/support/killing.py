"""A shop whose runs are killed and compared with an undisturbed run."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
from conftest import COMPARED_SCHEMAS, COMPARED_TABLES, NOT_COMPARED

from estore import pipeline, reading
from estore.console import Console
from estore.landing import find_files
from estore.queries.ask import ask
from estore.settings import Settings
from estore.shop import ShopConfig
from estore.snapshot.manifest import current_version, read_manifest
from estore.snapshot.reader import open_snapshot
from estore.synth import SyntheticShop, write_shop
from estore.warehouse.duckdb import open_warehouse

SCENARIOS = ("initial", "incremental", "replacement")
PHASES = ("start", "load", "build", "snapshots", "publish", "findings", "ended")
#: Seconds that dbt needs for the first parse of the project in a home. Later runs reuse the result.
PARSING = 4
#: Targets of a kill: anywhere in the run, or a phase that is too short to be hit by chance.
AIMS = ("anywhere", "anywhere", "load", "build", "snapshots", "publish", "pointer")

#: The ledger and the rejects without numbers and times of loads: a killed load has used up
#: a file id, and its second try comes later.
LEDGER = """
select uri, content_hash, bytes, lines, loaded, rejected, first_date, last_date, status, error,
    (select uri from raw.files as original where original.file_id = files.same_as) as same_as,
    (select list((event_date, event_count) order by event_date) from raw.file_days
     where file_days.file_id = files.file_id) as days
from raw.files order by all
"""
REJECTS = "select uri, line_number, line_text, reason from raw.rejects order by all"
EVENTS = "select uri, events.* exclude (file_id) from raw.events join raw.files using (file_id)"
WAITING = "select event_date from raw.touched_days union all from build.pending_days"


@dataclass
class Undisturbed:
    """The result of an undisturbed run, and its duration."""

    state: dict[str, Any]
    seconds: float


@dataclass
class Statistics:
    """The number of kills per phase."""

    kills: Counter[tuple[str, str]] = field(default_factory=Counter)

    def __str__(self) -> str:
        rows = [("", *PHASES, "all")]
        for name in SCENARIOS:
            counts = [self.kills[name, phase] for phase in PHASES]
            rows.append((name, *map(str, [*counts, sum(counts)])))
        return "\n".join("".join(f"{cell:>12}" for cell in row) for row in rows)


class Killing:
    """One home, always at the same path, that is reset to the start of a scenario.

    dbt keeps its parse for a path; at another one each run would begin with five seconds of it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.landing = folder, folder / "landing"
        self.settings = Settings(home=folder / "home", chunk_rows=17_000, threads=2)
        self.before = {name: folder / f"before-{name}" for name in SCENARIOS}
        self.undisturbed: dict[str, Undisturbed] = {}
        self.statistics = Statistics()
        self._write_landing()
        self._prepare()

    # ------------------------------------------------------------------ arranging

    def _write_landing(self) -> None:
        """Eight days with some 8,000 rows, some of them bad. The third day has two versions."""
        (whole,) = write_shop(
            self.folder / "synth", SyntheticShop(events=250_000, months=1, seed=7, faults=())
        )
        header, *lines = whole.read_text().splitlines()
        days: dict[str, list[str]] = defaultdict(list)
        for line in lines:
            days[line[:10]].append(line)
        self.landing.mkdir()
        for number, day in enumerate(sorted(days)[:8], 1):
            rows = [header, *days[day], "no,event", days[day][0].replace(day, "yesterday")]
            (self.landing / f"{number}.csv").write_text("\n".join(rows) + "\n")
        third = self.landing / "3.csv"
        self.versions = {name: third.read_text() for name in SCENARIOS}
        rows = third.read_text().splitlines()
        changed = [header, *rows[4000:], *rows[1:9], "nor,this"]
        self.versions["replacement"] = "\n".join(changed) + "\n"

    def _prepare(self) -> None:
        """Run each scenario once undisturbed. The two others start from the result of the first."""
        after_initial = self.folder / "after-initial"
        for name in SCENARIOS:
            if name == "initial":
                self.before[name].mkdir()
            else:
                shutil.copytree(after_initial, self.before[name])
            began = time.monotonic()
            with self.started(name) as run:
                assert run.wait() == 0, self.said()
            self.undisturbed[name] = Undisturbed(self.state(), time.monotonic() - began)
            if name == "initial":
                shutil.copytree(self.settings.home, after_initial)
                shutil.copytree(self.settings.logs / "dbt", self.before[name] / "logs" / "dbt")
                self.undisturbed[name].seconds -= PARSING

    def arrange(self, scenario: str) -> None:
        """Reset the home and the landing folder to the start of the scenario."""
        shutil.rmtree(self.settings.home, ignore_errors=True)
        shutil.copytree(self.before[scenario], self.settings.home)

    def paths(self, scenario: str) -> list[str]:
        """The files for a scenario's run."""
        (self.landing / "3.csv").write_text(self.versions[scenario])
        numbers = range(1, 9 if scenario == "incremental" else 7)
        return [str(self.landing / f"{number}.csv") for number in numbers]

    # ------------------------------------------------------------------ running

    @contextmanager
    def started(
        self, scenario: str, *, keep_home: bool = False, **environment: str
    ) -> Iterator[subprocess.Popen[bytes]]:
        """`estore run` in its own process group, which is killed at the end at the latest."""
        if not keep_home:
            self.arrange(scenario)
        self.versions_before = len(self._versions())
        with (self.folder / "said").open("wb") as said:
            run = subprocess.Popen(
                [sys.executable, "-m", "estore.cli", "--home", str(self.settings.home), "run",
                 *self.paths(scenario)],
                stdout=subprocess.DEVNULL, stderr=said, start_new_session=True, cwd=self.folder,
                env={**os.environ, **self.environment, **environment},
            )  # fmt: skip
        try:
            yield run
        finally:
            if run.poll() is None:
                os.killpg(run.pid, signal.SIGKILL)
            run.wait()

    @property
    def environment(self) -> dict[str, str]:
        return {
            "ESTORE_CHUNK_ROWS": str(self.settings.chunk_rows),
            "ESTORE_THREADS": str(self.settings.threads),
        }

    def said(self) -> str:
        """The last run's output on stderr."""
        return (self.folder / "said").read_text()

    def phase(self, run: subprocess.Popen[bytes]) -> str:
        """The phase of a run, from its output and files: each phase reports its end."""
        if run.poll() is not None:
            return "ended"
        said = self.said()
        if "publish: " in said:
            return "findings"
        if "build: " in said:
            return "publish" if self._is_publishing() else "snapshots"
        if "load: " in said:
            return "build"
        return "load" if self._holds_lock(run) else "start"

    def _is_publishing(self) -> bool:
        return any(self.settings.published.glob("*.tmp")) or self._has_new_version()

    def _has_new_version(self) -> bool:
        return len(self._versions()) > self.versions_before

    def _versions(self) -> list[Path]:
        return list(self.settings.published.glob("v??????"))

    def _holds_lock(self, run: subprocess.Popen[bytes]) -> bool:
        lock = self.settings.home / "run.lock"
        return lock.is_file() and f'"pid": {run.pid},' in lock.read_text()

    def wait_for(
        self, run: subprocess.Popen[bytes], *phases: str, until: Callable[[], bool] | None = None
    ) -> None:
        """Wait until a run is in one of the phases, or has ended."""
        while (phase := self.phase(run)) not in (*phases, "ended"):
            if until and until():
                return
            time.sleep(0.001 if phase in ("snapshots", "publish") else 0.01)

    def kill(self, scenario: str, choice: random.Random, *, keep_home: bool = False) -> str:
        """Start a scenario's run, kill it at a random moment, and return its phase."""
        aim, share = choice.choice(AIMS), choice.random()
        with self.started(scenario, keep_home=keep_home) as run:
            if aim == "anywhere":
                began = time.monotonic()
                instant = 1.05 * share * self.undisturbed[scenario].seconds
                while time.monotonic() - began < instant and run.poll() is None:
                    time.sleep(0.005)
                if run.poll() is not None:  # the machine was busier when this was measured
                    self.undisturbed[scenario].seconds = time.monotonic() - began
            elif aim == "load":
                self.wait_for(run, "load", "build", "snapshots", "publish", "findings")
                time.sleep(share * 0.6)
            elif aim == "build":
                self.wait_for(run, "build", "snapshots", "publish", "findings")
                time.sleep(share * 0.6 * self.undisturbed[scenario].seconds)
            elif aim == "snapshots":
                self.wait_for(run, "snapshots", "publish", "findings")
                time.sleep(share * 0.5)
            elif aim == "publish":
                self.wait_for(run, "publish", "findings")
                time.sleep(share * 0.1)
            else:  # while the new version gets its name
                self.wait_for(run, "findings", until=self._has_new_version)
                time.sleep(share * 0.01)
            phase = self.phase(run)
        self.statistics.kills[scenario, phase] += 1
        return phase

    def run_again(self, scenario: str, *, apart: bool) -> None:
        """The next run, in this process or, more slowly, in a new one."""
        if apart:
            with self.started(scenario, keep_home=True) as run:
                assert run.wait(120) == 0, self.said()
            return
        report = pipeline.run(
            self.settings, ShopConfig(), find_files(self.paths(scenario)), Console(quiet=True)
        )
        assert report.snapshot and not report.loaded.refused

    # ------------------------------------------------------------------ checking

    def state(self) -> dict[str, Any]:
        """Every built and published table, the ledger and the rejects; large tables as a hash.

        Snapshots record when they were taken; compared is what was recorded.
        """
        with open_warehouse(self.settings) as connection:
            found: dict[str, Any] = {
                "ledger": connection.execute(LEDGER).fetchall(),
                "rejects": connection.execute(REJECTS).fetchall(),
                "waiting": connection.execute(WAITING).fetchall(),
                "events": _print(connection, f"({EVENTS})"),
            }
            names = connection.execute(
                COMPARED_TABLES,
                {"schemas": [*COMPARED_SCHEMAS, "snapshots"], "not_compared": NOT_COMPARED},
            ).fetchall()
            for (name,) in names:
                found[name] = _print(connection, name)
            folder = current_version(self.settings)
            assert folder
            for path in folder.glob("*.parquet"):
                if path.stem != "raw_files":
                    found[f"published {path.stem}"] = _print(connection, f"'{path}'")
        return found

    def assert_nothing_half_visible(self, scenario: str) -> None:
        """Right after a kill, every version is complete and every reader gets an answer."""
        for folder in self._versions():
            manifest = read_manifest(folder)
            with duckdb.connect() as connection:
                for path in folder.glob("*.parquet"):
                    (rows,) = connection.execute(f"select count(*) from '{path}'").fetchone() or ()
                    assert rows == manifest.tables[path.stem], path
            assert {path.stem for path in folder.glob("*.parquet")} == {
                name for name in manifest.tables if not name.startswith("raw.")
            }
        folder = current_version(self.settings)
        if folder is None:
            assert scenario == "initial"
            return
        assert folder.is_dir()
        assert reading.status(self.settings)["loaded_files"] >= 6
        (answer,) = ask(self.settings, "select 1 as one").rows
        assert answer == (1,)
        with open_snapshot(self.settings) as (connection, _):
            assert connection.execute("select count(*) from metrics_daily_sales").fetchall()

    def assert_as_undisturbed(self, scenario: str, seen: str) -> None:
        """Assert that everything equals an undisturbed run."""
        wanted, found = self.undisturbed[scenario].state, self.state()
        assert found.keys() == wanted.keys(), seen
        different = [name for name in wanted if found[name] != wanted[name]]
        assert not different, f"{seen}: {different}"
        assert not list(self.settings.published.glob("*.tmp"))


def _print(connection: duckdb.DuckDBPyConnection, table: str) -> tuple[Any, ...]:
    """A hash of a table's rows in any order, without dbt's own columns, which contain the time."""
    columns = [
        f'"{name}"'
        for name, *_ in connection.execute(f"describe select * from {table}").fetchall()
        if not name.startswith("dbt_")
    ]
    sql = f"""
        select count(*), bit_xor(row_hash), sum(cast(row_hash as hugeint))
        from (select hash({", ".join(columns)}) as row_hash from {table})
    """
    return connection.execute(sql).fetchone() or ()
