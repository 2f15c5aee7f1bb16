"""Copies: local copies of bucket objects, one for the current load and one downloaded ahead."""

import shutil
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from estore.buckets.stores import Listed, Store, open_store, split_uri
from estore.landing import LandedFile
from estore.load.content import BackgroundTask


class Copies:
    """Provides the bytes of the files to load. It stores at most two objects at a time.

    It copies instead of streaming because a load reads a file twice (docs/decisions/0010).
    """

    def __init__(self, wanted: Sequence[LandedFile], folder: Path) -> None:
        """wanted: the objects that the load will request, in this order."""
        self.folder = folder
        self._wanted = deque(wanted)
        self._ahead: _Download | None = None
        self._stores: dict[str, Store] = {}
        self._count = 0

    def fetch(self, file: LandedFile, on_bytes: Callable[[int], None]) -> LandedFile:
        """The file with its bytes on this machine; on_bytes receives the bytes so far.

        Raises RefusedFile if this object cannot be read, EstoreError if no object can be read.
        """
        if not file.is_object:
            return file
        download = self._ahead if self._ahead and self._ahead.file == file else self._start(file)
        self._ahead = None
        with suppress(ValueError):
            self._wanted.remove(file)
        copy = download.wait(on_bytes)
        if self._wanted and self._has_room_for(self._wanted[0]):
            self._ahead = self._start(self._wanted[0])
        return copy

    def _start(self, file: LandedFile) -> "_Download":
        self.folder.mkdir(parents=True, exist_ok=True)
        self._count += 1
        scheme = split_uri(file.uri)[0]
        if scheme not in self._stores:
            self._stores[scheme] = open_store(scheme)
        return _Download(file, self._stores[scheme], self.folder / str(self._count))

    def _has_room_for(self, file: LandedFile) -> bool:
        """Whether there is room in addition to what the current load spills."""
        return shutil.disk_usage(self.folder).free > 4 * file.bytes


class _Download:
    """A running download of one object."""

    def __init__(self, file: LandedFile, store: Store, path: Path) -> None:
        self.file, self.path, self.done = file, path, 0
        _, bucket, key = split_uri(file.uri)
        listed = Listed(key, file.bytes, file.generation)
        self._work = BackgroundTask(lambda: store.download(bucket, listed, path, self._note))

    def _note(self, done: int) -> None:
        self.done = done

    def wait(self, on_bytes: Callable[[int], None]) -> LandedFile:
        """The file with its copy; raises the download's error."""
        while not self._work.has_ended(0.2):
            on_bytes(self.done)
        try:
            self._work.result()
        except BaseException:
            self.path.unlink(missing_ok=True)
            raise
        return replace(self.file, copy=self.path)
