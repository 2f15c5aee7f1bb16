"""Exports: writes the file of an audience and its record, completely or not at all.

Both are written under temporary names first. Then a journal names them, and from that moment the
export counts: if the process ends here, the next command completes it.
"""

import json
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from estore import clock
from estore.audiences.contacts import Suppressed, read_contacts, read_suppressed
from estore.audiences.customers import Customers, open_customers
from estore.audiences.definitions import Audience, Definitions, ExportSettings
from estore.audiences.formats import csv_text, format_named
from estore.audiences.groups import Candidate, History, assign
from estore.audiences.records import EXPORTED, Export, Member, Records, synced
from estore.errors import EstoreError
from estore.settings import Settings


@dataclass(frozen=True)
class Exported:
    """The result of an export, in counts only."""

    export: Export
    place: str
    members: Sequence[Member]

    def count(self, name: str) -> int:
        """The number of customers with a change or a result."""
        return self.export.counts.get(name, 0)


@dataclass(frozen=True)
class Request:
    """What to export where. place: a file, or a folder of a bucket; None: the current folder."""

    audience: Audience
    form: str
    place: str | None = None
    exports: ExportSettings = field(default_factory=ExportSettings)
    only_new: bool = False
    raw: bool = False


def export_audience(settings: Settings, definitions: Definitions, request: Request) -> Exported:
    """Export an audience and record it; raises EstoreError, and then nothing was exported."""
    audience, exports, records = request.audience, request.exports, Records(settings)
    code = exports.phone_country_code
    contacts = read_contacts(exports.contacts, code) if exports.contacts else None
    suppressed = read_suppressed(exports.suppress, code) if exports.suppress else Suppressed()
    form = format_named(request.form, has_contacts=contacts is not None)
    if contacts is None and form.needs != "nothing":
        raise EstoreError(
            f"the format {request.form} needs {form.needs}: name a contacts.csv with the columns "
            "user_id, email, phone and consent, with --contacts or in audiences.toml under "
            "[exports]"
        )
    with records.alone(), open_customers(settings, definitions) as customers:
        complete_export(settings)
        earlier = records.exports(audience.name)
        history = History(
            {each.user_id: each for each in records.members(earlier[-1])} if earlier else {},
            records.assigned(audience.name),
        )
        manifest = customers.manifest
        members = assign(
            audience, _candidates(customers, audience), history,
            date.fromisoformat(manifest.as_of_date), form, contacts, suppressed,
            only_new=request.only_new,
        )  # fmt: skip
        export = Export(
            audience.name, earlier[-1].number + 1 if earlier else 1,
            clock.now().isoformat(timespec="seconds"), manifest.as_of_date, manifest.version,
            request.form, audience.control_share, audience.seed or audience.name, _counts(members),
        )  # fmt: skip
        rows = [
            form.cells(each.user_id, contacts.get(each.user_id) if contacts else None,
                       audience.name)
            for each in members if each.result == EXPORTED
        ]  # fmt: skip
        place = _place(request, export)
        text = csv_text(form.columns, rows, raw=request.raw)
        _deliver(settings, records, export, members, place, text)
    return Exported(export, place, members)


def is_interrupted(settings: Settings) -> bool:
    """Whether a decided export is not complete: a crash interrupted it, or it is in progress."""
    return (settings.home / "audiences" / "pending.json").exists()


def complete_export(settings: Settings) -> None:
    """Complete an export that a crash interrupted after it was decided; the caller has the lock."""
    folder = settings.home / "audiences"
    journal = folder / "pending.json"
    if not journal.exists():
        return
    pending = json.loads(journal.read_text(encoding="utf-8"))
    record, final = Path(pending["record"]), Path(pending["record_final"])
    file = Path(pending["file"])
    if file.exists():
        _place_file(file, pending["place"])
    if record.exists():
        record.replace(final)
        synced(final.parent)
    journal.unlink()
    synced(folder)


def _deliver(
    settings: Settings, records: Records, export: Export, members: Sequence[Member], place: str,
    text: str,
) -> None:  # fmt: skip
    final = records.file(export.audience, export.number)
    record = final.with_suffix(".tmp")
    is_local = "://" not in place
    file = Path(f"{place}.tmp") if is_local else records.folder / "outgoing.tmp"
    try:
        _write_private(file, text)
        records.write(record, export, members)
    except OSError as error:
        for leftover in (file, record):
            leftover.unlink(missing_ok=True)
        raise EstoreError(f"{place}: cannot be written: {error.strerror}") from error
    journal = records.folder / "pending.json"
    _write_private(journal.with_suffix(".tmp"), json.dumps({
        "record": str(record), "record_final": str(final), "file": str(file), "place": place,
    }))  # fmt: skip
    journal.with_suffix(".tmp").replace(journal)
    synced(records.folder)
    try:
        complete_export(settings)
    except EstoreError:  # a bucket that cannot be written: nothing was exported
        for leftover in (journal, file, record):
            leftover.unlink(missing_ok=True)
        raise


def _place_file(file: Path, place: str) -> None:
    """Move the file to its place, or upload it; repeating this after a crash changes nothing."""
    if "://" in place:
        from estore.buckets.stores import open_store, split_uri

        scheme, bucket, key = split_uri(place)
        open_store(scheme).upload(file, bucket, key)
        file.unlink()
    else:
        file.replace(place)
        synced(Path(place).parent)


def _place(request: Request, export: Export) -> str:
    """The address of the file: as asked, or named after the audience and the export."""
    name = f"{export.audience}-{export.number:06d}.csv"
    place = request.place
    if place is None:
        return str(Path(name).absolute())
    if "://" in place:
        return place if place.endswith(".csv") else f"{place.rstrip('/')}/{name}"
    path = Path(place).expanduser().absolute()
    return str(path / name if path.is_dir() or place.endswith("/") else path)


def _write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whatever existed under this name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _candidates(customers: Customers, audience: Audience) -> list[Candidate]:
    columns = ["user_id", "coalesce(order_count, 0)", "coalesce(net_revenue_amount, 0)"]
    return [Candidate(*row) for row in customers.rows(audience, columns)]


def _counts(members: Sequence[Member]) -> dict[str, int]:
    """Customers by change and by result, and all who are in the audience."""
    changes = Counter(member.change for member in members)
    results = Counter(member.result for member in members if member.result != member.change)
    return {**changes, **results, "members": len(members) - changes["left"]}
