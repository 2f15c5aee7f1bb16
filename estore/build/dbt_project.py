"""The dbt project: its location, its inputs, and how dbt runs in this process."""

import atexit
import gc
import hashlib
import json
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb

from estore.build.fingerprint import daily_fingerprint
from estore.build.known_customers import known_file
from estore.build.thresholds import read_thresholds
from estore.currency import currency
from estore.errors import EstoreError
from estore.escaping import shortened
from estore.settings import Settings, bigquery_emulator
from estore.shop import ShopConfig, read_shop
from estore.warehouse import advice

#: The project's own sources. dbt writes other folders next to them when run by hand.
SOURCES = (
    "macros", "models", "seeds", "snapshots", "tests", "dbt_project.yml", "profiles.yml",
)  # fmt: skip
#: Optimizers to turn off in a batch: DuckDB would keep a copy of all events in memory, although
#: reading them again costs less.
WITHOUT_IN_BATCHES = "common_subplan"
#: Optimizers to turn off after the batches: DuckDB would compress join keys and then not filter by
#: them when it reads a long table for a few users.
WITHOUT = "common_subplan,compressed_materialization"


def project_folder() -> Path:
    """The dbt project's folder: in the installed package, or next to it in a checkout."""
    package = Path(__file__).parents[1]
    inside = package / "transform_project"
    return inside if inside.is_dir() else package.parent / "transform"


def read_checked_shop(path: Path, *, must_exist: bool = False) -> ShopConfig:
    """A shop.toml with checked thresholds; `load` needs the check before a build."""
    shop = read_shop(path, must_exist=must_exist)
    if shop.thresholds:
        read_thresholds(project_folder(), shop, path)
    return shop


class DbtProject:
    """The dbt project on one warehouse, with a shop's thresholds; it reuses its parse."""

    def __init__(
        self,
        settings: Settings,
        shop: ShopConfig,
        on_node: Callable[[Any], None] = lambda run: None,
    ) -> None:
        """on_node: receives dbt's result of every model, test and seed after each run."""
        self.settings = settings
        self.on_node = on_node
        self.folder = project_folder()
        self.thresholds = read_thresholds(self.folder, shop, settings.shop_file)
        #: The file of known customers, if the shop has one.
        self.known_customers = known_file(
            shop.thresholds.get("customers_since"), settings.shop_file
        )

    def run(
        self, command: str, *arguments: str, variables: dict[str, str] | None = None,
        may_fail: bool = False, without: str = WITHOUT,
    ) -> Any:  # fmt: skip
        """Run a dbt command; returns dbt's result.

        variables: in addition to the thresholds. may_fail: a failed data test is not an error.
        without: optimizers to turn off. Raises EstoreError if a model fails or dbt cannot start;
        the engine's errors and KeyboardInterrupt pass unchanged.
        """
        from dbt.cli.main import dbtRunner

        values = _variables({**self.thresholds, **(variables or {})})
        with self._environment(without):
            try:
                result = dbtRunner(manifest=self.manifest).invoke(
                    [command, *self._common, *arguments, "--vars", values]
                )
            finally:
                self._close_connections()
        for run in getattr(result.result, "results", ()):
            self.on_node(run)
        self._raise_errors(result, may_fail=may_fail)
        return result

    def _close_connections(self) -> None:
        """Close dbt's connections, which share our engine and would keep it open."""
        if self.settings.target == "duckdb":
            from dbt.adapters.duckdb.connections import DuckDBConnectionManager

            DuckDBConnectionManager.close_all_connections()

    @property
    def manifest(self) -> Any:
        """The parsed project; parsed once per process, since it takes longer than a small day.

        Thresholds have no effect on it: they are read when a statement is written. So it is parsed
        with their defaults and serves shops with any thresholds.
        """
        from dbt.cli.main import dbtRunner

        # A manifest contains the BigQuery datasets of its tables.
        parsed_as = f"{self.settings.target} {self.settings.bigquery} {self._code}"
        if parsed_as not in _parsed:
            variables = _variables(
                read_thresholds(self.folder, ShopConfig(), self.settings.shop_file)
            )
            with self._environment():
                result = dbtRunner().invoke(["parse", *self._common, "--vars", variables])
            self._raise_errors(result, may_fail=False)
            _parsed[parsed_as] = result.result
            # It lives as long as the process, so garbage collection can skip it. At exit it
            # is collected again, or extension modules report a leak.
            gc.freeze()
            atexit.register(gc.unfreeze)
        return _parsed[parsed_as]

    def manifest_file(self) -> Path:
        """dbt's manifest of the current project; parsed only if none is stored."""
        path = self.target / f"manifest-{self.fingerprint[:16]}.json"
        if not path.is_file():
            manifest = json.dumps(self.manifest.writable_manifest().to_dict(omit_none=False))
            path.parent.mkdir(parents=True, exist_ok=True)
            for old in self.target.glob("manifest-*.json"):
                old.unlink(missing_ok=True)
            unfinished = path.with_suffix(f".{os.getpid()}")
            unfinished.write_text(manifest, encoding="utf-8")
            unfinished.replace(path)
        return path

    @cached_property
    def daily_fingerprint(self) -> str:
        """The fingerprint of everything that built days depend on; needs the parsed project."""
        return daily_fingerprint(self.manifest, self.thresholds)

    @cached_property
    def fingerprint(self) -> str:
        """The fingerprint of the complete project and its thresholds."""
        return _digest(self._files, self.thresholds)

    @cached_property
    def _code(self) -> str:
        return _digest(self._files, {})

    @property
    def _files(self) -> list[Path]:
        return [
            file
            for source in SOURCES
            for file in _files(self.folder / source, ".sql", ".csv", ".yml")
        ]

    def compiled(self, node: Any) -> Path:
        """The file with a node's last query."""
        return self.target / "compiled" / "estore" / str(node.original_file_path)

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
                f"{run.node.name}: {shortened(str(run.message), 300)}" for run in broken[:3]
            )
            raise EstoreError(
                f"the transforms failed: {said or 'see the log'} ({self.settings.logs})"
            )

    @property
    def target(self) -> Path:
        """The folder for dbt's parse and compiled SQL."""
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
        """Set the profile's variables and silence dbt's log setup."""
        from estore.build.dbt_log import only_shown_events  # dbt takes a second to import

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
        # If dbt's log cannot be written (full disk), the error that stops the work reports it.
        raises_exceptions, logging.raiseExceptions = logging.raiseExceptions, False
        flags = _flags_of_adapters()
        known_flags = len(flags)
        os.environ.update(values)
        try:
            with only_shown_events():
                yield
        finally:
            del flags[known_flags:]
            logging.raiseExceptions = raises_exceptions
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


def _flags_of_adapters() -> list[Any]:
    """Reset dbt's global list of flags, to which each BigQuery adapter adds its own.

    Otherwise every later adapter of this process becomes slower, by seconds after a hundred builds.
    """
    from dbt.adapters.base.impl import DEFAULT_BASE_BEHAVIOR_FLAGS

    flags: list[Any] = DEFAULT_BASE_BEHAVIOR_FLAGS
    return flags


_parsed: dict[str, Any] = {}


def _variables(values: dict[str, Any]) -> str:
    """dbt's variables: thresholds and a batch's variables, with the format of the currency."""
    of_shop = currency(values["shop_currency"])
    written = {"currency_symbol": of_shop.symbol, "currency_digits": of_shop.digits}
    return json.dumps({**values, **written})


def _files(path: Path, *suffixes: str) -> list[Path]:
    """The files in a folder, or the file itself, without editor and system files."""
    return sorted(
        file
        for file in ([path] if path.is_file() else path.rglob("*"))
        if file.suffix in suffixes and not file.name.startswith(".") and file.is_file()
    )


def _digest(files: list[Path], values: dict[str, Any]) -> str:
    digest = hashlib.sha256(json.dumps(values, sort_keys=True).encode())
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()
