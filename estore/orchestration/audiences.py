"""Audiences: their sizes as assets after every snapshot, and scheduled exports."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import dagster as dg
from pydantic import Field

from estore.audiences.customers import open_customers
from estore.audiences.definitions import Audience, Definitions, read_definitions, ready_audiences
from estore.audiences.exports import Request, export_audience
from estore.audiences.words import export_json
from estore.errors import EstoreError
from estore.orchestration.alerts import Alert, Outbox
from estore.orchestration.context import ShopContext
from estore.orchestration.failures import reporting, retry_policy
from estore.orchestration.jobs import MAX_RUNTIME
from estore.orchestration.transforming import SNAPSHOT

GROUP, EXPORT = "audiences", "export_audiences"
#: An audience that changes by more than this share between two snapshots is reported.
CHANGE = 0.5
#: Smaller audiences change by half by chance.
FEWEST = 30
NEXT = "fix the named entry of audiences.toml, then launch this job again"


class ExportConfig(dg.Config):
    """The audiences that a run exports."""

    audiences: list[str] = Field(default=[], description="names, as `estore audience list` shows")


def audience_assets(shop: ShopContext, outbox: Outbox) -> Any:
    """One asset per audience: its size in the newest snapshot."""

    @dg.multi_asset(
        name=GROUP, can_subset=True, retry_policy=retry_policy(shop.thresholds.retry_seconds),
        specs=[
            dg.AssetSpec(
                dg.AssetKey([GROUP, audience.name]), deps=[SNAPSHOT], group_name=GROUP,
                skippable=True, kinds={"parquet"}, description=audience.description or None,
            )
            for audience in _known(shop)
        ],
    )  # fmt: skip
    def audiences(context: dg.AssetExecutionContext) -> Iterator[Any]:
        with reporting(context, NEXT):
            definitions = read_definitions(shop.settings)
            found = list(definitions.audiences.values())
            with open_customers(shop.settings, definitions) as customers:
                sizes, total = customers.sizes(found), customers.count()
                version = customers.manifest.version
        file = shop.settings.home / "audiences" / "sizes.json"
        for alert in size_alerts(_sizes_before(file, version), sizes, version):
            outbox.add(alert, time.time())
        _keep_sizes(file, version, sizes)
        for key in context.selected_asset_keys:
            if key.path[-1] in sizes:  # otherwise its definition was removed since the start
                yield dg.MaterializeResult(
                    key, metadata={"customers": sizes[key.path[-1]], "all customers": total,
                                   "snapshot": version},
                )  # fmt: skip

    return audiences


def export_job(shop: ShopContext) -> dg.JobDefinition:
    """The job that exports audiences to the folder or bucket of audiences.toml."""

    @dg.op(name="export", retry_policy=retry_policy(shop.thresholds.retry_seconds))
    def export(context: dg.OpExecutionContext, config: ExportConfig) -> None:
        with reporting(context, NEXT):  # type: ignore[arg-type]
            definitions = read_definitions(shop.settings)
            for name in config.audiences:
                done = export_json(_export(shop, definitions, definitions.named(name)))
                context.log_event(
                    dg.AssetObservation(
                        dg.AssetKey([GROUP, name]),
                        metadata={key: str(value) for key, value in done.items()},
                    )
                )

    @dg.job(
        name=EXPORT, description="Export the audiences named in the config, without their control.",
        tags={MAX_RUNTIME: str(shop.thresholds.timeout_hours * 3600)},
    )  # fmt: skip
    def export_audiences() -> None:
        export()

    return export_audiences


def export_schedules(shop: ShopContext) -> list[dg.ScheduleDefinition]:
    """A schedule for each audience that has one; a wrong one is left out with a warning."""
    schedules = []
    for audience in _known(shop):
        if not audience.schedule:
            continue
        try:
            schedules.append(
                dg.ScheduleDefinition(
                    name="export_" + audience.name.replace("-", "_"), job_name=EXPORT,
                    cron_schedule=audience.schedule, execution_timezone=shop.time_zone,
                    run_config={"ops": {"export": {"config": {"audiences": [audience.name]}}}},
                    default_status=dg.DefaultScheduleStatus.RUNNING,
                    description=f"Exports the audience {audience.name}.",
                )
            )  # fmt: skip
        except dg.DagsterInvalidDefinitionError as error:
            dg.get_dagster_logger().warning("audience %s: %s", audience.name, error)
    return schedules


def size_alerts(before: Mapping[str, int], now: Mapping[str, int], version: str) -> list[Alert]:
    """An alert for each audience that changed by more than half."""
    return [
        Alert(
            "quality", f"audience {name} {version}", f"audience {name}",
            f"changed from {before[name]:,} to {size:,} customers",
            "check the data issues of this snapshot and the audience's where, before the next "
            "export",
        )
        for name, size in now.items()
        if name in before
        and max(size, before[name]) >= FEWEST
        and abs(size - before[name]) > CHANGE * before[name]
    ]  # fmt: skip


def _known(shop: ShopContext) -> Sequence[Audience]:
    """All audiences; only the ready ones if audiences.toml is wrong, which each run reports."""
    try:
        return list(read_definitions(shop.settings).audiences.values())
    except EstoreError as error:
        dg.get_dagster_logger().warning("only the ready audiences are known: %s", error)
        return ready_audiences()


def _export(shop: ShopContext, definitions: Definitions, audience: Audience) -> Any:
    folder = definitions.exports.folder
    if not folder:
        raise EstoreError(
            f"{definitions.path}: scheduled exports need a folder under [exports], as in "
            'folder = "gs://bucket/lists"'
        )
    request = Request(
        audience, audience.format, f"{folder.rstrip('/')}/", definitions.exports,
        only_new=audience.only_new,
    )  # fmt: skip
    return export_audience(shop.settings, definitions, request)


def _sizes_before(file: Path, version: str) -> dict[str, int]:
    """The sizes in the snapshot before; empty if unknown, or for the same snapshot."""
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
        return {} if kept["version"] == version else {**kept["sizes"]}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _keep_sizes(file: Path, version: str, sizes: Mapping[str, int]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    unfinished = file.with_suffix(".tmp")
    unfinished.write_text(json.dumps({"version": version, "sizes": sizes}), encoding="utf-8")
    unfinished.replace(file)
