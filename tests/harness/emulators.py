"""Emulators for tests: copies of one origin, this process's own or one that a whole run shares.

With the environment variable EMULATOR_SOCKET, the path of an origin's Unix socket, tests use that origin and save the
seconds of its start; `tests/shared.py` starts one. Without it each process starts its own.
"""

import contextlib
import os
import threading
from pathlib import Path

import cfn_emulator.client as client

from harness.outcomes import Failure

VARIABLE = "EMULATOR_SOCKET"
REGION = "us-east-1"
ACCOUNT = "123456789012"


class Emulators:
    """The emulators of one test; their logs are in its directory."""

    def __init__(self, folder):
        self.folder = Path(folder)
        shared = os.environ.get(VARIABLE)
        # The origin starts while the test prepares.
        self.origin = None if shared else client.OriginProcess(self.folder)
        self.socket = Path(shared) if shared else self.origin.socket
        self.connection, self.copies = None, []
        self.lock = threading.Lock()

    def wait(self):
        """Waits until the origin can fork copies, and connects to it."""
        with self.lock:
            if self.connection:
                return
            if self.origin:
                self.origin.wait()
            try:
                self.connection = client.Connection(self.socket)
            except OSError as error:
                raise Failure(f"no emulator at {VARIABLE} {self.socket}: {error}") from error

    def copy(self, name, **settings):
        """Starts an emulator; `settings`: EMULATOR_STEP, EMULATOR_AGENT_SECONDS."""
        self.wait()
        found = self.connection.copy(self.folder / f"{name}.log", **settings)
        self.copies.append(found)
        return found

    def errors(self):
        """Returns the ends of the logs of copies that failed internally."""
        logs = [copy.log.read_text() for copy in self.copies]
        return "".join(log[-3000:] for log in logs if "Traceback" in log)

    def stop(self):
        if self.connection:
            self.connection.close()
        if self.origin:
            self.origin.stop()


@contextlib.contextmanager
def emulators(folder):
    """The emulators of a test, which end with the block."""
    found = Emulators(folder)
    try:
        yield found
    finally:
        found.stop()
