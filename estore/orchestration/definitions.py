"""Definitions: the Dagster code location, for `dagster -m estore.orchestration.definitions`."""

import dagster as dg

from estore.build.dbt_project import DbtProject
from estore.orchestration.alerts import Outbox
from estore.orchestration.audiences import audience_assets, export_job, export_schedules
from estore.orchestration.context import ShopContext
from estore.orchestration.jobs import jobs, schedules
from estore.orchestration.loading import loading_assets
from estore.orchestration.notifications import notification_sensors
from estore.orchestration.project import Project
from estore.orchestration.standstill import standstill_sensor
from estore.orchestration.transforming import transforming_assets
from estore.orchestration.watching import landing_sensor, transform_sensor
from estore.settings import Settings


def build_definitions(shop: ShopContext) -> dg.Definitions:
    """All definitions for one shop. Steps run in the run's process, which has dbt loaded."""
    project = Project(DbtProject(shop.settings, shop.config).manifest_file())
    landing, known, load = loading_assets(shop)
    build, report, record = transforming_assets(shop, project)
    outbox = Outbox(
        shop.settings.home, pause=shop.thresholds.alert_seconds,
        repeat=shop.thresholds.repeat_hours * 3600,
    )  # fmt: skip
    made = {
        "load": load,
        "build": build,
        "report": report,
        "record": record,
        "audiences": audience_assets(shop, outbox),
    }
    return dg.Definitions(
        assets=[landing, known, *made.values()],
        jobs=[*jobs(shop, made), export_job(shop)],
        schedules=[*schedules(shop), *export_schedules(shop)],
        sensors=[
            landing_sensor(shop, outbox), transform_sensor(shop),
            *notification_sensors(shop, outbox),
            standstill_sensor(shop, outbox),
        ],
        executor=dg.in_process_executor,
    )  # fmt: skip


@dg.definitions
def defs() -> dg.Definitions:
    """The definitions for the shop named in the environment."""
    return build_definitions(ShopContext(Settings()))
