"""Jobs: everything that sensors, schedules or people can launch, and the two schedules."""

from typing import Any

import dagster as dg

from estore.orchestration.context import ShopContext

LOAD, RELOAD = "load_files", "reload_files"
TRANSFORM, REBUILD, HISTORY = "transform", "rebuild_days", "record_history"
MAX_RUNTIME = "dagster/max_runtime"


def jobs(shop: ShopContext, assets: dict[str, Any]) -> list[Any]:
    """All jobs, each with its time limit. assets: op name → the assets it makes."""
    tags = {MAX_RUNTIME: str(shop.thresholds.timeout_hours * 3600)}
    load = dg.AssetSelection.assets(assets["load"])
    build = dg.AssetSelection.assets(assets["build"], assets["report"], assets["audiences"])

    def job(name: str, selection: dg.AssetSelection, description: str, **config: Any) -> Any:
        ops = {op: {"config": values} for op, values in config.items()}
        return dg.define_asset_job(
            name,
            selection,
            description=description,
            tags=tags,
            config={"ops": ops} if ops else None,
        )

    return [
        job(LOAD, load, "Load the files named in the config, or all new files."),
        job(
            RELOAD, load, "Reload the files named in `files`, e.g. after shop.toml changed.",
            load={"again": True, "files": []},
        ),
        job(
            TRANSFORM, build,
            "Build and test pending days; publish a snapshot, the report, sizes of audiences.",
        ),
        job(
            REBUILD, build, "Rebuild a range of days and all tables that depend on them.",
            build={"first_day": "2019-10-01", "last_day": "2019-10-31"},
        ),
        job(
            HISTORY, dg.AssetSelection.assets(assets["record"]),
            "Record every customer's current segment and status.",
        ),
    ]  # fmt: skip


def schedules(shop: ShopContext) -> list[dg.ScheduleDefinition]:
    """The schedules: transforms once a day, customer history once a week."""
    return [
        dg.ScheduleDefinition(
            name=name, job_name=job, cron_schedule=cron, execution_timezone=shop.time_zone,
            default_status=dg.DefaultScheduleStatus.RUNNING, description=description,
        )
        for name, job, cron, description in (
            ("daily", TRANSFORM, shop.thresholds.daily_at, "Builds pending days, if any."),
            ("weekly", HISTORY, shop.thresholds.weekly_at, "Records every customer's segment."),
        )
    ]  # fmt: skip
