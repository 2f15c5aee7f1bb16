"""Jobs: what can be launched, by a sensor, by the clock or by a person; and the two schedules."""

from typing import Any

import dagster as dg

from estore.orchestration.context import ShopContext

LOAD, RELOAD = "load_files", "reload_files"
TRANSFORM, REBUILD, HISTORY = "transform", "rebuild_days", "record_history"
MAX_RUNTIME = "dagster/max_runtime"


def jobs(shop: ShopContext, assets: dict[str, Any]) -> list[Any]:
    """Each with the time after which it is stopped. assets: op's name → what it makes."""
    tags = {MAX_RUNTIME: str(shop.thresholds.timeout_hours * 3600)}
    load = dg.AssetSelection.assets(assets["load"])
    build = dg.AssetSelection.assets(assets["build"], assets["report"])

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
        job(LOAD, load, "Load files: those that the config names, else whatever is new."),
        job(
            RELOAD, load, "Read files again, as after a change of shop.toml; name them in `files`.",
            load={"again": True, "files": []},
        ),
        job(TRANSFORM, build, "Build what waits, test it, publish a snapshot and the report."),
        job(
            REBUILD, build, "Build a range of days anew, then all that is made of them.",
            build={"first_day": "2019-10-01", "last_day": "2019-10-31"},
        ),
        job(
            HISTORY, dg.AssetSelection.assets(assets["record"]),
            "Record what is said of every customer now: segment and status.",
        ),
    ]  # fmt: skip


def schedules(shop: ShopContext) -> list[dg.ScheduleDefinition]:
    """The transforms once a day, whatever was missed; the customers' history once a week."""
    return [
        dg.ScheduleDefinition(
            name=name, job_name=job, cron_schedule=cron, execution_timezone=shop.time_zone,
            default_status=dg.DefaultScheduleStatus.RUNNING, description=description,
        )
        for name, job, cron, description in (
            ("daily", TRANSFORM, shop.thresholds.daily_at, "Builds what still waits, if anything."),
            ("weekly", HISTORY, shop.thresholds.weekly_at, "Records every customer's segment."),
        )
    ]  # fmt: skip
