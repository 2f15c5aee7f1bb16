"""dbt's log has the requested events, and no message is formatted for others."""

from collections import Counter
from typing import Any

import pytest
from conftest import Workshop
from dbt_common.events import event_manager
from dbt_common.events.event_manager_client import get_event_manager


def test_no_message_is_formatted_for_events_that_no_log_shows(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: Counter[str] = Counter()
    make = event_manager.msg_from_base_event

    def count(event: Any, level: Any = None) -> Any:
        message = make(event, level)
        made[message.info.level] += 1
        return message

    monkeypatch.setattr(event_manager, "msg_from_base_event", count)
    before = get_event_manager()
    workshop.write("a.csv", [{}])
    workshop.load()
    workshop.build(until="days")

    log = (workshop.settings.logs / "dbt.log").read_text()
    assert "OK created sql" in log and "[debug]" not in log
    assert made["info"] > 50 and made["debug"] == 0, made
    assert get_event_manager() is before, "other users of dbt in this process get fewer events now"


def test_a_debug_log_has_the_statements(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DBT_DEBUG", "1")
    workshop.write("a.csv", [{}])
    workshop.load()
    workshop.build(until="days")

    log = (workshop.settings.logs / "dbt.log").read_text()
    assert "On model.estore.int_sessions: " in log
