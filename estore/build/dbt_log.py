"""dbt's events: formats them only if a log shows them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from dbt_common.events.base_types import EventLevel
from dbt_common.events.event_manager import EventManager
from dbt_common.events.event_manager_client import ctx_set_event_manager, get_event_manager


class ShownEvents(EventManager):
    """Skips debug events unless a log shows them.

    Nine of ten events are for debugging. dbt formats each one before a log drops it, which takes a
    seventh of a small build.
    """

    def fire_event(self, e: Any, level: Any = None, *others: Any, **named: Any) -> None:
        is_shown = (level or e.level_tag()) is not EventLevel.DEBUG
        if is_shown or any(logger.level is EventLevel.DEBUG for logger in self.loggers):
            super().fire_event(e, level, *others, **named)


@contextmanager
def only_shown_events() -> Iterator[None]:
    """Sends dbt's events to ShownEvents inside the block."""
    before = get_event_manager()
    ctx_set_event_manager(ShownEvents())
    try:
        yield
    finally:
        ctx_set_event_manager(before)
