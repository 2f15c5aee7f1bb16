"""Interruption: Ctrl-C ends a command within seconds, whatever it is doing.

A thread in the engine or dbt may react slowly. A crash loses nothing, so a process that does not
end soon after the signal is ended as a crash would end it.
"""

import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

#: Seconds for a command to end by itself.
PATIENCE = 2.0
EXIT_CODE = 130
MESSAGE = "stopped; no partial changes remain. Run the command again to continue"


class Interruption:
    """Whether Ctrl-C was pressed; any later error then results from it."""

    is_asked = False

    def on_signal(self, number: int, frame: FrameType | None) -> None:
        """Raise KeyboardInterrupt once in the main thread: a second would disturb cleanup."""
        if not self.is_asked:
            self.is_asked = True
            raise KeyboardInterrupt

    def watch(self, signals: socket.socket) -> None:
        """Wait for the signal, which arrives here even while the main thread is blocked."""
        with signals:
            while signal.SIGINT not in (heard := signals.recv(64)):
                if not heard:
                    return
        time.sleep(PATIENCE)
        show_cursor = "\x1b[?25h" if sys.stderr.isatty() else ""
        os.write(2, f"{show_cursor}{MESSAGE}\n".encode())
        os._exit(EXIT_CODE)


@contextmanager
def interruptible() -> Iterator[Interruption]:
    """Ends the process soon after Ctrl-C if it does not end by itself."""
    interruption = Interruption()
    before = signal.getsignal(signal.SIGINT)
    if before is signal.SIG_IGN or threading.current_thread() is not threading.main_thread():
        yield interruption
        return
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    threading.Thread(target=interruption.watch, args=[ours], name="Ctrl-C", daemon=True).start()
    previous_fd = signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
    signal.signal(signal.SIGINT, interruption.on_signal)
    try:
        yield interruption
    finally:
        if not interruption.is_asked:  # otherwise both keep watching until the process has ended
            signal.signal(signal.SIGINT, before)
            signal.set_wakeup_fd(previous_fd)
            theirs.close()  # ends the thread
