"""Loader: decides what each landed file is, and loads new content, one transaction per file."""

import shutil
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial

from estore.errors import CHANGED, EstoreError, RefusedFile
from estore.landing import LandedFile, printable
from estore.load import advice, event_types, replacement
from estore.load.content import (
    BackgroundTask,
    Content,
    Text,
    check_kind,
    guess_lines,
    read_content,
    read_text,
)
from estore.load.copies import Copies
from estore.load.forgotten import Forgotten
from estore.load.header import Header
from estore.load.intake import Intake, NotWellFormed, OnProgress, TextIds, open_intake
from estore.load.ledger import Entry, Ledger, duplicate_of, new_entry
from estore.load.rows import BEFORE
from estore.settings import Settings
from estore.shop import ShopConfig
from estore.warehouse import Warehouse

#: A smaller file is always hashed: its date and size alone may miss a quick second write.
_TRUSTED_BY_DATE = 64 << 20
#: A larger one that can be no repeat is hashed while it is loaded.
_READ_BESIDE = 64 << 20


@dataclass(frozen=True)
class Outcome:
    """The outcome for one file. status: loaded, unchanged, duplicate, withdrawn or refused."""

    uri: str
    status: str
    lines: int = 0
    loaded: int = 0
    rejected: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    error: str | None = None
    ignored: int = 0


@dataclass
class LoadReport:
    """The outcomes of all files of one load."""

    outcomes: list[Outcome] = field(default_factory=list)

    def count(self, status: str) -> int:
        """How many files have this status."""
        return sum(outcome.status == status for outcome in self.outcomes)

    @property
    def refused(self) -> list[Outcome]:
        """Files that could not be loaded."""
        return [outcome for outcome in self.outcomes if outcome.status == "refused"]

    def total(self, counted: str) -> int:
        """The sum of lines, loaded, rejected or ignored over all files."""
        return sum(getattr(outcome, counted) for outcome in self.outcomes)


def load_files(
    warehouse: Warehouse,
    files: Iterable[LandedFile],
    shop: ShopConfig,
    settings: Settings,
    *,
    restore: bool = False,
    again: bool = False,
    on_outcome: Callable[[Outcome], None] = lambda outcome: None,
    on_progress: OnProgress = lambda bytes_done, lines_done: None,
) -> LoadReport:
    """Load the new files; a refused file does not stop the others.

    restore: also load withdrawn content. again: read known content as if it were new and replace
    its old rows, for example after the mapping changed. on_progress receives the progress over
    all files.
    """
    report, files = LoadReport(), list(files)
    held = {} if again else Ledger(warehouse).generations(and_withdrawn=not restore)
    held = {key: entry for key, entry in held.items() if not entry.is_due}
    wanted = [file for file in files if file.is_object and _generation(file) not in held]
    copies = Copies(wanted, settings.temp / "objects")
    bytes_before = lines_before = 0
    for file in files:
        if file.is_object and (entry := held.get(_generation(file))):
            outcome = _unchanged(entry)
        else:
            so_far = partial(_add, on_progress, bytes_before, lines_before)
            intake = open_intake(warehouse, file, shop, settings, so_far)
            load = _Load(warehouse, file, settings, intake, copies, again=again)
            outcome = load.run(restore=restore)
        report.outcomes.append(outcome)
        on_outcome(outcome)
        bytes_before += file.bytes
        lines_before += outcome.lines
        on_progress(bytes_before, lines_before)
    return report


def _generation(file: LandedFile) -> tuple[str, str, int]:
    """The hash of an object whose content was seen before, without its bytes."""
    return file.uri, file.generation, file.bytes


def _add(
    on_progress: OnProgress, bytes_before: int, lines_before: int, done: int, lines: int
) -> None:
    on_progress(bytes_before + done, lines_before + lines)


def withdraw(warehouse: Warehouse, uri: str) -> tuple[Entry, Entry | None]:
    """Remove a file's rows; returns its entry and the duplicate that keeps the rows, if any.

    Raises EstoreError if no rows of such a file are loaded.
    """
    ledger = Ledger(warehouse)
    entries = ledger.entries("uri = ? and status in ('loaded', 'duplicate')", uri)
    if not entries:
        raise EstoreError(
            f"{uri}: no rows of this file are loaded; `estore status` lists the files"
        )
    with warehouse.transaction():
        if entries[0].status == "duplicate":
            originals = ledger.entries("file_id = ?", entries[0].same_as)
            ledger.set_status(entries[0], "withdrawn")
            return entries[0], originals[0]
        return entries[0], ledger.retire(entries[0], "withdrawn")


class _Load:
    """The load of one file."""

    def __init__(
        self,
        warehouse: Warehouse,
        file: LandedFile,
        settings: Settings,
        intake: Intake,
        copies: Copies,
        *,
        again: bool = False,
    ) -> None:
        self.warehouse, self.file, self.settings = warehouse, file, settings
        self.intake, self.copies, self.again = intake, copies, again
        self.ledger = Ledger(warehouse)
        self._gone: dict[date, int] = {}  # rows loaded earlier from this path, by day
        self._successor: Entry | None = None  # the duplicate that owns them now
        self._content: Content | BackgroundTask[Content] = Content("unread", None)

    @property
    def content(self) -> Content:
        """The file's hash; waits for it if it is read in the background."""
        if isinstance(self._content, BackgroundTask):
            reading, self._content = self._content, Content("unread", None)
            self._content = reading.result()
        return self._content

    def run(self, *, restore: bool) -> Outcome:
        if (shown := printable(self.file.uri)) != self.file.uri:
            return Outcome(
                shown, "refused", error=f"{shown} has a name that is not UTF-8; rename it"
            )
        try:
            return self._decide(restore=restore)
        except RefusedFile as error:
            with suppress(RefusedFile):
                _ = self.content  # for the ledger, if it can be read
            said = str(error).replace(str(self.file.path), self.file.uri)
            if not (self.again and self._holds_rows()):  # otherwise its old rows and its entry stay
                entry = self._new_entry("refused")
                with self.warehouse.transaction():
                    self.ledger.record(entry, said)
            return Outcome(self.file.uri, "refused", error=f"{self.file.name} {said}")
        finally:
            shutil.rmtree(self.intake.scratch, ignore_errors=True)
            if self.file.copy:
                self.file.copy.unlink(missing_ok=True)

    def _decide(self, *, restore: bool) -> Outcome:
        if self.again:
            self._copy_here()
            check_kind(self.file)
            return self._load_content()
        known = self.ledger.entries("uri = ? and status <> 'replaced'", self.file.uri)
        if known and self._looks_unchanged(known[0]) and not restore:
            return Outcome(self.file.uri, "unchanged")
        self._copy_here()
        if self._is_surely_new():
            check_kind(self.file)
            return self._load_content()
        self._content = self.intake.content()
        same = self.ledger.entries("content_hash = ?", self.content.content_hash)
        here = [
            entry
            for entry in same
            if entry.uri == self.file.uri and entry.status not in ("refused", "replaced")
        ]
        if here and not (restore and here[0].status == "withdrawn"):
            with self.warehouse.transaction():
                self.ledger.refresh(here[0], self.file)
            if here[0].is_due:
                self.again = True
                return self._load_content()
            return _unchanged(here[0])
        if originals := [entry for entry in same if entry.status == "loaded"]:
            return self._keep_duplicate(originals[0])
        if not restore and any(entry.status == "withdrawn" for entry in same):
            return self._keep_out()
        return self._load_content()

    def _copy_here(self) -> None:
        """Copy an object to this machine, which is half of its progress."""
        if self.file.is_object and self.intake.reads_here:
            on_progress = self.intake.on_progress
            self.file = self.copies.fetch(self.file, lambda done: on_progress(done // 2, 0))
            half = self.file.bytes // 2
            self.intake.file = self.file
            self.intake.on_progress = lambda done, lines: on_progress(half + done // 2, lines)

    def _looks_unchanged(self, entry: Entry) -> bool:
        return (
            entry.status in ("loaded", "duplicate", "withdrawn")
            and entry.generation == self.file.generation
            and not entry.is_due
            and self.file.bytes >= _TRUSTED_BY_DATE
        )

    def _is_surely_new(self) -> bool:
        """Whether no known content has this size, so the hash can wait until after the load."""
        return (
            self.intake.reads_here
            and (self.file.format, self.file.compression) == ("csv", "none")
            and self.file.bytes >= _READ_BESIDE
            and not self.ledger.entries("bytes = ?", self.file.bytes)
        )

    def _new_entry(self, status: str) -> Entry:
        return new_entry(self.ledger.next_id(), self.file, self.content, status)

    def _keep_duplicate(self, original: Entry) -> Outcome:
        """Handle content whose rows are already loaded, from another path or in another format."""
        with self.warehouse.transaction():
            entry = duplicate_of(self._new_entry("duplicate"), original)
            if self.again and original.uri != self.file.uri:
                # The same content: its entry is removed next.
                self._retire_predecessor(entry.file_id)
            self.ledger.record(entry)
            days = self.ledger.days(original.file_id)
            self._retire_predecessor(entry.file_id)
        note = f"has the same rows as {original.uri}; nothing was loaded twice"
        if original.uri == self.file.uri:
            note = "has the same rows as before; nothing was loaded twice"
            return Outcome(self.file.uri, "duplicate", notes=(note,))
        return self._with_replaced(Outcome(self.file.uri, "duplicate", notes=(note,)), days)

    def _keep_out(self) -> Outcome:
        """Keep rows out that were withdrawn under another name."""
        with self.warehouse.transaction():
            entry = self._new_entry("withdrawn")
            self.ledger.record(entry)
            self._retire_predecessor(entry.file_id)
        return self._with_replaced(_still_withdrawn(entry), {})

    def _retire_predecessor(self, file_id: int) -> None:
        """Remove what the same path had loaded before, unless another file has the same rows."""
        for old in self.ledger.entries("uri = ? and file_id <> ?", self.file.uri, file_id):
            if old.status == "loaded":
                self._gone = self.ledger.days(old.file_id)
                self._successor = self.ledger.retire(old, "replaced")
            elif old.status in ("duplicate", "withdrawn"):
                self.ledger.set_status(old, "replaced")

    def _with_replaced(self, outcome: Outcome, days: dict[date, int]) -> Outcome:
        """The outcome, with a note on the path's earlier rows. days: those of its new content."""
        held = (self._gone, days, self._successor.uri if self._successor else None)
        warning = replacement.warning(*held)
        note = None if warning else replacement.note(*held)
        return replace(
            outcome,
            notes=(*outcome.notes, *filter(None, [note])),
            warnings=(*outcome.warnings, *filter(None, [warning])),
        )

    def _load_content(self) -> Outcome:
        """Load new content: the fast way if possible, otherwise the careful way."""
        query = self.intake.source.query
        name = query.final_name(self.file.name) if query else None
        if name and (final := self._loaded_as(name)):
            note = f"{final[0].uri} has the final rows of this file; nothing was loaded"
            return Outcome(self.file.uri, "unchanged", notes=(note,))
        header = self.intake.header()
        try:
            if self.intake.is_expanded:
                if self._content == Content("unread", None):
                    self._content = self.intake.content()
                return self._keep_rows(header, self.intake.insert_expanded)
            if self.file.format == "parquet":
                return self._keep_rows(header, self.intake.insert_parquet)
            try:
                fast = partial(self.intake.insert_csv, text=self._counted())
                return self._keep_rows(header, fast)
            except NotWellFormed:
                return self._keep_rows(header, self.intake.insert_repaired)
        except _SameRows as same:
            if self.again and not self._still_holds_rows(same.original):
                note = "has the same rows as before; nothing changed"
                return Outcome(self.file.uri, "unchanged", notes=(note,))
            return self._keep_duplicate(same.original)

    def _loaded_as(self, name: str) -> list[Entry]:
        """The loaded files of the same folder with this name, whatever their suffix."""
        start = f"{self.file.uri.rpartition('/')[0]}/{name}."
        return self.ledger.entries("status = 'loaded' and starts_with(uri, ?)", start)

    def _holds_rows(self) -> bool:
        return bool(
            self.ledger.entries("uri = ? and status in ('loaded', 'duplicate')", self.file.uri)
        )

    def _still_holds_rows(self, entry: Entry) -> bool:
        """Whether the rows are still loaded after a rollback, not only inside it."""
        return bool(self.ledger.entries("file_id = ? and status = 'loaded'", entry.file_id))

    def _counted(self) -> Callable[[], Text]:
        """The lines of the file; counted in the background if not known yet."""
        if not self.intake.reads_here:
            return Text
        if self._content == Content("unread", None):
            self._content = BackgroundTask(
                partial(read_content, self.file, self.intake.source.delimiter)
            )
            self.intake.expected_lines = guess_lines(self.file)
        elif self.content.text:
            self.intake.expected_lines = self.content.text.lines
        else:
            return BackgroundTask(
                partial(read_text, self.file, self.intake.source.delimiter)
            ).result
        return lambda: self.content.text or Text()

    def _keep_rows(
        self, header: Header, insert: Callable[[int, Header], tuple[int, int]]
    ) -> Outcome:
        """Write rows, rejects and ledger in one transaction, in which the counts must add up."""
        try:
            return self._keep_rows_as_typed(header, insert)
        except TextIds as found:
            with self.warehouse.transaction():
                self.intake.keep_as_text(found.column)
            return self._keep_rows(header, insert)

    def _keep_rows_as_typed(
        self, header: Header, insert: Callable[[int, Header], tuple[int, int]]
    ) -> Outcome:
        with self.warehouse.transaction():
            file_id = self.ledger.next_id()
            if self.again:
                self._retire_predecessor(file_id)
            lines, loaded = insert(file_id, header)
            rejected = self.intake.rejected(file_id)
            ignored = sum(self.intake.ignored.values())
            if lines != loaded + rejected + ignored:
                raise RefusedFile(
                    f"does not add up: {lines} rows, but {loaded} loaded, {rejected} rejected and "
                    f"{ignored} ignored. "
                    "Nothing was loaded from it; please report this file's format"
                )
            reasons = self.intake.reasons(file_id)
            self._check_share(file_id, lines, rejected, reasons)
            self.intake.note_days(file_id)
            events, rejects = Forgotten(self.warehouse).keep_out(file_id)
            loaded, rejected = loaded - events, rejected - rejects
            entry = replace(
                new_entry(file_id, self.file, self.content, "loaded"),
                lines=lines, loaded=loaded, rejected=rejected, forgotten=events + rejects or None,
                other_event_types=self.intake.other_event_types(file_id),
                recheck_at=self.intake.recheck_at(file_id),
                ignored=ignored,
                ignored_event_types=event_types.kept(self.intake.ignored.items(), ignored),
                source=used.identity if (used := self.intake.source.query) else None,
            )  # fmt: skip
            if original := self.ledger.duplicate_of(entry):
                raise _SameRows(original)
            self.ledger.record(entry)
            self._retire_predecessor(file_id)
            query = self.intake.source.query
            if query and (name := query.early_name(self.file.name)):
                for early in self._loaded_as(name):
                    self.ledger.retire(early, "replaced")
                    self.intake.notes.append(f"replaces the rows of {early.uri}")
            self.ledger.touch(file_id)
            self._check_still()
            days = self.ledger.days(file_id)
        notes = (*header.notes, *self.intake.notes)
        if not lines:
            notes = (*notes, "has a header but no rows")
        warning = event_types.warning(entry.other_event_types, loaded)
        note = None if warning else event_types.note(entry.other_event_types, loaded)
        if ignored:
            named = event_types.named([entry.ignored_event_types])
            notes = (*notes, f"{ignored:,} rows ignored by type: {named}")
        outcome = Outcome(
            self.file.uri, "loaded", lines, loaded, rejected, reasons,
            (*notes, *filter(None, [note])), tuple(filter(None, [warning])), ignored=ignored,
        )  # fmt: skip
        # A file that is read again replaces its earlier outcome.
        return outcome if self.again else self._with_replaced(outcome, days)

    def _check_share(
        self, file_id: int, lines: int, rejected: int, reasons: dict[str, int]
    ) -> None:
        """Refuse a file with too many rejected rows, apart from those that a reset clock dated."""
        of_clock = sum(count for reason, count in reasons.items() if reason.startswith(BEFORE))
        counted = rejected - of_clock if of_clock < lines / 2 else rejected
        share = self.settings.max_reject_share
        is_alone = counted == 1 < lines and share > 0  # a single row does not block others
        if counted and counted / lines > share and not is_alone:
            kind = next(iter(reasons))
            reason, text = self.intake.first_rejected(file_id, kind)
            said = advice.sentence(rejected, lines, reasons, reason, text)
            if rejected < lines:
                said += f". To load the other rows, raise ESTORE_MAX_REJECT_SHARE above {share:g}"
            raise RefusedFile(said)

    def _check_still(self) -> None:
        if not self.intake.is_still():
            raise RefusedFile(CHANGED)


class _SameRows(Exception):
    """The rows just read are those of another file: undo, and record the file as its duplicate."""

    def __init__(self, original: Entry) -> None:
        self.original = original


def _unchanged(entry: Entry) -> Outcome:
    """The path has the same content as before."""
    return (
        _still_withdrawn(entry) if entry.status == "withdrawn" else Outcome(entry.uri, "unchanged")
    )


def _still_withdrawn(entry: Entry) -> Outcome:
    note = "its rows were withdrawn; use --restore to load them again"
    return Outcome(entry.uri, "withdrawn", notes=(note,))
