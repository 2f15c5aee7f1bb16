"""Text: an inspection for people, and as JSON."""

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from estore.escaping import one_line, shortened
from estore.inspection.inspection import Inspection
from estore.inspection.proposal import as_toml
from estore.inspection.shape import shown
from estore.load import event_types
from estore.sources import COLUMNS, all_presets
from estore.tables import to_table


def as_text(result: Inspection) -> str:
    """One file's inspection as text."""
    parts = [f"{one_line(result.file.name)}: {_first(result)}"]
    if result.shape:
        parts += result.shape.notes
        parts += [
            "",
            to_table(
                ["column", "type", "examples"],
                [
                    [name, kind, "   ".join(map(shown, examples))]
                    for name, (kind, examples) in result.shape.columns.items()
                ],
            ),
            "",
            _recognized(result),
            "",
            "shop.toml for this file:",
            _indented(as_toml(result.entries) if result.entries else "(none needed)"),
        ]
    if result.events:
        rows = [[_cell(value) for value in row] for row in result.events]
        parts += ["", "its first events as they would be loaded:", to_table([*COLUMNS], rows)]
    parts += ["", *_counts(result)]
    if result.preset and (unknown := all_presets()[result.preset].unknown):
        parts += ["", "cannot be known from this source:", *(f"  - {each}" for each in unknown)]
    parts += [f"please decide: {each}" for each in result.questions]
    if result.error:
        parts.append(f"cannot be loaded: it {one_line(result.error)}")
    return "\n".join(part for part in parts if part is not None)


def as_json(result: Inspection) -> dict[str, Any]:
    """The same for programs."""
    shape, outcome = result.shape, result.outcome
    return {
        "file": result.file.uri,
        "format": shape.format if shape else None,
        "compression": shape.compression if shape else None,
        "encoding": shape.encoding if shape else None,
        "delimiter": shape.delimiter if shape and shape.format == "csv" else None,
        "columns": [
            {"name": name, "type": kind, "examples": examples}
            for name, (kind, examples) in (shape.columns.items() if shape else ())
        ],
        "preset": result.preset,
        "shop_toml": as_toml(result.entries) if result.entries else "",
        "events": [dict(zip(COLUMNS, row, strict=True)) for row in result.events],
        "sample": {
            "rows": outcome.lines, "loaded": outcome.loaded, "rejected": outcome.rejected,
            "ignored": outcome.ignored, "reasons": outcome.reasons,
        } if outcome else None,
        "rejected": [
            {"line_number": number, "text": text, "reason": reason}
            for number, text, reason in result.rejects
        ],
        "questions": result.questions,
        "error": result.error,
    }  # fmt: skip


def toml_of(results: Sequence[Inspection]) -> str:
    """One shop.toml for all files: blocks by name if they differ."""
    good = [result for result in results if result.shape]
    texts = {as_toml(result.entries) for result in good}
    if len(texts) == 1:
        return texts.pop()
    return "\n".join(
        as_toml(result.entries, files=result.file.name) for result in good if result.entries
    )


def next_step(results: Sequence[Inspection], home: Path, *, is_saved: bool) -> str:
    """The command that comes next."""
    files = " ".join(shlex.quote(result.file.uri) for result in results)
    run = "estore" if home == Path(".estore") else f"estore --home {shlex.quote(str(home))}"
    if any(result.error or not result.shape for result in results):
        return f"Next: correct what is named above, then `{run} inspect {files}` again."
    presets = {result.preset for result in results}
    only_preset = all(result.entries.keys() <= {"preset"} for result in results)
    if is_saved or not any(result.entries for result in results):
        return f"Next: `{run} run {files}`"
    if only_preset and len(presets) == 1:
        return f"Next: `{run} run --preset {presets.pop()} {files}`"
    return (
        f"Next: `{run} inspect --save {files}` writes this shop.toml to {home / 'shop.toml'}, then "
        f"`{run} run {files}`"
    )


def _first(result: Inspection) -> str:
    size = f"{result.file.bytes:,} bytes"
    return f"{result.shape.in_words}, {size}" if result.shape else size


def _recognized(result: Inspection) -> str:
    if not result.preset:
        return "recognized: no preset; columns are matched by name"
    return f"recognized: {all_presets()[result.preset].title} (preset {result.preset})"


def _counts(result: Inspection) -> list[str]:
    outcome = result.outcome
    if not outcome or outcome.error:
        return []
    said = f"{outcome.loaded:,} of {outcome.lines:,} rows of the sample would be loaded"
    if outcome.ignored:
        said += f", {outcome.ignored:,} ignored by type"
    said += f", {outcome.rejected:,} rejected"
    lines = [said + (":" if outcome.rejected else "")]
    lines += [f"  {count:,} × {one_line(reason)}" for reason, count in outcome.reasons.items()]
    lines += [
        f"  line {number}: {one_line(reason)} | {shortened(one_line(text or ''), 120)}"
        for number, text, reason in result.rejects
    ]
    notes = (note for note in outcome.notes if event_types.FIX not in note)
    return [*lines, *(f"note: {one_line(note)}" for note in notes)]


def _cell(value: Any) -> Any:
    return shortened(value, 24) if isinstance(value, str) else value


def _indented(text: str) -> str:
    return "\n".join(f"    {line}".rstrip() for line in text.splitlines())
