"""Words: results of an export and of a lift in sentences, which name no customer."""

from typing import Any

from estore.audiences.exports import Exported
from estore.audiences.groups import (
    COOLDOWN,
    NO_CONSENT,
    NO_CONTACT,
    NOT_NEW,
    REASONS,
    SUPPRESSED,
    UNUSABLE,
)
from estore.audiences.lift import Difference, Lift, imbalances_of
from estore.audiences.records import CONTROL, EXPORTED
from estore.currency import Currency
from estore.tables import to_table

_REASONS = {
    SUPPRESSED: "on the suppress list",
    NO_CONTACT: "not in the contacts",
    NO_CONSENT: "without consent",
    UNUSABLE: "without a usable email or phone",
    COOLDOWN: "exported within cooldown_days",
    NOT_NEW: "exported before (--only-new)",
}


def export_text(done: Exported) -> str:
    """An export in a few lines."""
    export, count = done.export, done.count
    lines = [
        f"{done.place}: {count(EXPORTED):,} customers ({export.format}, export {export.number} of "
        f"{export.audience}, as of {export.as_of_date})",
        f"  audience: {count('members'):,} customers"
        + (
            f"; since the export before, {count('entered'):,} entered, {count('stayed'):,} "
            f"stayed, {count('left'):,} left"
            if export.number > 1
            else ""
        ),
        f"  held out as control: {count(CONTROL):,}"
        + ("" if export.control_share else "; control_share is 0, so no lift can be measured"),
    ]
    left_out = [
        f"{count(reason):,} {_REASONS[reason]}" for reason in REASONS if count(reason)
    ]  # fmt: skip
    if left_out:
        lines.append(f"  left out: {', '.join(left_out)}")
    return "\n".join([*lines, *_warnings(imbalances_of(done.members))])


def export_json(done: Exported) -> dict[str, Any]:
    """The same for a program."""
    return {
        "file": done.place, "audience": done.export.audience, "export": done.export.number,
        "as_of_date": done.export.as_of_date, "snapshot": done.export.snapshot,
        "format": done.export.format, "customers": done.count("members"),
        "entered": done.count("entered"), "stayed": done.count("stayed"),
        "left": done.count("left"), "exported": done.count(EXPORTED),
        "control": done.count(CONTROL),
        "left_out": {reason: done.count(reason) for reason in REASONS},
        "differs_before": imbalances_of(done.members),
    }  # fmt: skip


def lift_text(lift: Lift, currency: Currency) -> str:
    """A lift as a small table and its meaning."""
    table = to_table(
        ["per customer", "exported", "control", "difference", "95 % interval"],
        [
            ["orders", *_cells(lift.orders, lambda value: f"{value:,.3f}")],
            ["revenue",
             *_cells(lift.revenue, lambda value: currency.amount(round(value, 3), exact=True))],
        ],
    )  # fmt: skip
    said = [
        f"{lift.audience}: {lift.treated_count:,} exported and {lift.control_count:,} held-out "
        f"customers, each observed for {lift.days} days after the export",
        "", table, "", _meaning("orders", lift.orders), _meaning("revenue", lift.revenue),
    ]  # fmt: skip
    return "\n".join([*said, *_warnings(lift.imbalances)])


def _cells(found: Difference, write: Any) -> list[str]:
    return [
        write(found.treated), write(found.control),
        f"{'-' if found.difference < 0 else '+'}{write(abs(found.difference))}",
        f"{write(found.low)} to {write(found.high)}",
    ]  # fmt: skip


def _meaning(name: str, found: Difference) -> str:
    needed = (
        f" To see an effect of 5 %, {found.customers_needed:,} customers are needed."
        if found.customers_needed
        else ""
    )
    if not found.is_clear:
        return f"No clear effect on {name}: the interval includes 0.{needed}"
    direction = "more" if found.difference > 0 else "less"
    share = f" ({found.difference / found.control:+.1%})" if found.control else ""
    return f"Exported customers had {direction} {name} than the control group{share}.{needed}"


def _warnings(names: tuple[str, ...]) -> list[str]:
    if not names:
        return []
    return [
        f"  ! the groups differ in {' and '.join(names)} before the export, by more than chance: "
        "a later difference may have the same reason. Use another seed"
    ]
