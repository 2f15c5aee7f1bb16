"""Interruption: Ctrl-C ends a command within seconds, whatever it is doing.

A thread inside the engine or dbt may take its time to hear of it. Since a crash loses nothing, what
has not ended by itself soon after the signal is ended from outside, as a crash would.
"""

import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

#: Seconds that a command has to end by itself.
PATIENCE = 2.0
EXIT_CODE = 130
MESSAGE = "stopped; nothing is half done, run it again to go on"


class Interruption:
    """Whether Ctrl-C was pressed: then any error that follows comes of it."""

    is_asked = False

    def watch(self, signals: socket.socket) -> None:
        """Wait for the signal, then for the end, and no longer."""
        while signal.SIGINT not in (heard := signals.recv(64)):
            if not heard:
                return
        self.is_asked = True
        signals.settimeout(PATIENCE)
        while True:
            try:
                signals.recv(64)  # a second Ctrl-C changes nothing
            except TimeoutError:
                break
        show_cursor = "\x1b[?25h" if sys.stderr.isatty() else ""
        os.write(2, f"{show_cursor}{MESSAGE}\n".encode())
        os._exit(EXIT_CODE)


@contextmanager
def interruptible() -> Iterator[Interruption]:
    """Ends the process soon after a Ctrl-C inside, in case it does not end by itself."""
    interruption = Interruption()
    if threading.current_thread() is not threading.main_thread():
        yield interruption
        return
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    before = signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
    threading.Thread(target=interruption.watch, args=[ours], name="Ctrl-C", daemon=True).start()
    try:
        yield interruption
    finally:
        signal.set_wakeup_fd(before)
        if not interruption.is_asked:
            theirs.close()  # ends the thread
