"""Loading: raw files → raw events, as assets; the run's config names the files."""

from collections.abc import Iterator, Sequence
from typing import Any

import dagster as dg
from pydantic import Field

from estore import pipeline
from estore.errors import EstoreError
from estore.landing import LandedFile, find_files, list_landing
from estore.load import LoadReport
from estore.load.loader import Outcome
from estore.orchestration.context import POOL, ShopContext
from estore.orchestration.failures import failure, reporting, retry_policy
from estore.orchestration.log import RunLog

LANDING = dg.AssetKey(["landing", "files"])
FILES, EVENTS, REJECTS = (dg.AssetKey(["raw", name]) for name in ("files", "events", "rejects"))
KNOWN = dg.AssetKey(["raw", "known_customers"])
NOT_REFUSED = "no_file_is_refused"
#: The number of files that a run's page lists.
LISTED = 100


class LoadConfig(dg.Config):
    """The files that a run loads; by default all files in the landing."""

    contents: dict[str, str] = Field(default={}, description="uri → generation, set by the sensor")
    files: list[str] = Field(default=[], description="file names in the landing, paths or patterns")
    again: bool = Field(
        default=False, description="also reload loaded files, replacing their old rows"
    )


def loading_assets(shop: ShopContext) -> list[Any]:
    """The assets: what others fill, and the tables that a load writes."""
    landing = dg.AssetSpec(
        LANDING, group_name="landing", kinds={"file"},
        description=f"Event files as they arrive, watched at {shop.settings.landing or '(none)'}.",
    )  # fmt: skip

    known = dg.AssetSpec(
        KNOWN, group_name="raw", kinds={"file"},
        description="One row per customer in the file of customers_since, read by each build.",
    )  # fmt: skip

    @dg.multi_asset(
        name="load",
        specs=[
            _spec(EVENTS, "One row per row of a loaded file."),
            _spec(FILES, "The ledger: one row per file content ever seen."),
            _spec(REJECTS, "One row per rejected row, with its reason."),
        ],
        check_specs=[
            dg.AssetCheckSpec(
                NOT_REFUSED, asset=FILES, description="No file of this load was refused."
            )
        ],
        pool=POOL,
        retry_policy=retry_policy(shop.thresholds.retry_seconds),
    )
    def load(context: dg.AssetExecutionContext, config: LoadConfig) -> Iterator[Any]:
        with reporting(context, "fix the named problem, then launch this run again"):
            files = chosen_files(shop, config)
            run = pipeline.reload if config.again else pipeline.load
            report = run(shop.settings, shop.config, files, RunLog(context.log))
        yield from _results(report)

    return [landing, known, load]


def chosen_files(shop: ShopContext, config: LoadConfig) -> Sequence[LandedFile]:
    """The files that a run loads, as they are now; some may be gone.

    Raises EstoreError if a place has no event files.
    """
    if config.files:
        return find_files(_places(shop, config.files))
    if config.again:
        raise failure("no files named", "name files in the config's `files`, then launch again")
    if shop.settings.landing is None:
        raise EstoreError("no files to load: set ESTORE_LANDING, or name files in the config")
    listing = list_landing(shop.settings.landing).files
    wanted = config.contents
    return [file for file in listing if not wanted or file.uri in wanted]


def _places(shop: ShopContext, files: list[str]) -> list[str]:
    """The place of a name; a name without a folder is in the landing."""
    landing = (shop.settings.landing or ".").rstrip("/")
    return [name if "/" in name else f"{landing}/{name}" for name in files]


def _spec(key: dg.AssetKey, description: str) -> dg.AssetSpec:
    return dg.AssetSpec(
        key, deps=[LANDING], group_name="raw", description=description, kinds={"python"},
        skippable=True,
    )  # fmt: skip


def _results(report: LoadReport) -> Iterator[Any]:
    counts = {
        status: report.count(status)
        for status in ("loaded", "unchanged", "duplicate", "withdrawn", "refused")
    }
    yield dg.MaterializeResult(
        EVENTS, metadata={"new rows": report.total("loaded"), "lines": report.total("lines")}
    )
    yield dg.MaterializeResult(REJECTS, metadata={"new rows": report.total("rejected")})
    yield dg.MaterializeResult(FILES, metadata={**counts, "files": _table(report.outcomes)})
    yield dg.AssetCheckResult(
        asset_key=FILES, check_name=NOT_REFUSED, passed=not report.refused,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"refused": [outcome.error or "" for outcome in report.refused[:LISTED]]},
    )  # fmt: skip


def _note(outcome: Outcome) -> str:
    return outcome.error or "; ".join((*outcome.warnings, *outcome.notes))


def _table(outcomes: list[Outcome]) -> Any:
    records = [
        dg.TableRecord(
            {"file": outcome.uri, "outcome": outcome.status, "lines": outcome.lines,
             "rejected": outcome.rejected, "note": _note(outcome)}
        )
        for outcome in outcomes[:LISTED]
    ]  # fmt: skip
    return dg.MetadataValue.table(records) if records else dg.MetadataValue.text("none")
