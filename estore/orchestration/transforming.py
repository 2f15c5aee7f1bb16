"""Transforming: models, published snapshot and report as assets, by the pipeline's own build."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import dagster as dg
from pydantic import Field

from estore import pipeline, reading
from estore.dashboard.report import make_report
from estore.errors import Busy, Damaged, EstoreError
from estore.findings.findings import as_markdown, key_findings
from estore.orchestration.context import POOL, ShopContext
from estore.orchestration.failures import failure, reporting, retry_policy
from estore.orchestration.loading import FILES, REJECTS
from estore.orchestration.log import RunLog
from estore.orchestration.project import Project
from estore.orchestration.results import Results
from estore.snapshot.manifest import Manifest, current_version
from estore.snapshot.reader import open_snapshot

SNAPSHOT, REPORT = dg.AssetKey(["published", "snapshot"]), dg.AssetKey(["published", "report"])
NEXT_BUILD = "fix the named problem, then launch `transform`; the last snapshot is still served"
NEXT_TESTS = (
    "check the rows with the named query; fix the file or `estore withdraw` it, then launch "
    "`transform`; until then the last snapshot is served"
)


class BuildConfig(dg.Config):
    """What to build in addition to pending days."""

    first_day: str = Field(
        default="", description="the first of the days to rebuild; needs last_day"
    )
    last_day: str = Field(default="", description="the last of these days, e.g. 2019-10-31")
    full_refresh: bool = Field(default=False, description="rebuild all days")


def transforming_assets(shop: ShopContext, project: Project) -> list[Any]:
    """One op for all models: `Transform` plans the batches and holds the lock throughout."""
    models = project.specs(exclude="resource_type:snapshot")
    checks = project.checks({spec.key for spec in models})
    history = project.specs(select="resource_type:snapshot")
    retries = retry_policy(shop.thresholds.retry_seconds)
    published = dg.AssetSpec(
        SNAPSHOT, deps=[*project.published(), FILES, REJECTS], group_name="published",
        skippable=True, kinds={"parquet"},
        description="The small tables of a tested build, in one versioned folder for readers.",
    )  # fmt: skip

    @dg.multi_asset(
        name="build", specs=[*models, published], check_specs=list(checks.values()),
        can_subset=True, pool=POOL, retry_policy=retries,
    )  # fmt: skip
    def build(context: dg.AssetExecutionContext, config: BuildConfig) -> Iterator[Any]:
        results = Results(project, checks, context)
        before = _newest(shop)
        try:
            with reporting(context, NEXT_BUILD):
                built, manifest = pipeline.build(
                    shop.settings, shop.config, RunLog(context.log), days=_days(config),
                    full_refresh=config.full_refresh, on_node=results.add,
                )  # fmt: skip
        except dg.Failure as failed:
            if not failed.allow_retries:  # otherwise the next try reports it
                yield from results.events({})
            raise
        yield from results.events(_row_counts(shop, results))
        if manifest is None:
            raise failure(
                "; ".join(
                    f"data test {problem.name} failed: {problem.rows} rows ({problem.compiled})"
                    for problem in built.problems
                    if problem.is_error
                ),
                NEXT_TESTS,
            )
        if manifest.version != before:
            yield _snapshot_result(shop, manifest)
        else:
            context.log.info("nothing new: the last snapshot is current")

    @dg.asset(
        key=REPORT, deps=[SNAPSHOT], group_name="published", kinds={"html"},
        description="The snapshot's dashboard in one file, with the key findings.",
    )  # fmt: skip
    def report(context: dg.AssetExecutionContext) -> dg.MaterializeResult[Any]:
        with reporting(context, "fix the named problem, then launch `transform`"):
            made = make_report(shop.settings, first=None, last=None, with_ids=False)
            path = shop.settings.home / "report.html"
            path.write_text(made.html, encoding="utf-8")
            with open_snapshot(shop.settings) as (connection, manifest):
                said = as_markdown(key_findings(connection, manifest), manifest)
        return dg.MaterializeResult(
            metadata={"file": dg.MetadataValue.path(path.resolve()), "bytes": made.size,
                      "findings": dg.MetadataValue.md(said)}
        )  # fmt: skip

    @dg.multi_asset(name="record", specs=history, pool=POOL, retry_policy=retries)
    def record(context: dg.AssetExecutionContext) -> Iterator[Any]:
        results = Results(project, {}, context)
        with reporting(context, NEXT_BUILD):
            pipeline.snapshot(shop.settings, shop.config, RunLog(context.log), results.add)
        yield from results.events(_row_counts(shop, results))

    return [build, report, record]


def _days(config: BuildConfig) -> tuple[date, date] | None:
    """The days to rebuild, if the config names any; raises EstoreError for an invalid day."""
    named = [day for day in (config.first_day, config.last_day) if day]
    if not named:
        return None
    try:
        first, last = (date.fromisoformat(day) for day in named)
    except ValueError as error:
        raise EstoreError(
            f"first_day {config.first_day!r} and last_day {config.last_day!r} must both be days, "
            "e.g. 2019-10-01"
        ) from error
    if last < first:
        raise EstoreError(f"last_day {last} is before first_day {first}")
    return first, last


def _newest(shop: ShopContext) -> str | None:
    """The name of the newest snapshot; None if the build must repair it."""
    try:
        folder = current_version(shop.settings)
    except Damaged:
        return None
    return folder.name if folder else None


def _row_counts(shop: ShopContext, results: Results) -> dict[str, int]:
    """Table → rows for the tables made; empty if another process is writing."""
    try:
        return reading.row_counts(shop.settings, [table for table in results.tables() if table])
    except Busy:
        return {}


def _snapshot_result(shop: ShopContext, manifest: Manifest) -> dg.MaterializeResult[Any]:
    folder = shop.settings.published / manifest.version
    return dg.MaterializeResult(
        SNAPSHOT,
        metadata={
            "version": manifest.version, "as_of_date": manifest.as_of_date,
            "folder": dg.MetadataValue.path(folder.resolve()),
            "tables": dg.MetadataValue.json(manifest.tables),
        },
    )  # fmt: skip
