"""Starts emulators from Python, and boto3 clients for them."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import urllib.request
from pathlib import Path

import boto3
from botocore.config import Config

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "emulator", "AWS_SECRET_ACCESS_KEY": "emulator"}
# A session loads the model of each service once. Its clients are thread-safe, their creation is not.
SESSION = boto3.session.Session()
CREATION = threading.Lock()
SECONDS_TO_START = 60


class EmulatorError(Exception):
    """An emulator that did not start, or that ended."""


class OriginProcess:
    """An origin of this process (see `cfn_emulator.origin`), ready to fork copies."""

    def __init__(self, folder=None):
        self.folder = Path(folder or tempfile.mkdtemp(prefix="emulators-"))
        self.socket, self.log = self.folder / "emulators.sock", self.folder / "emulators.log"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "cfn_emulator", "--origin", self.socket, "--with-parent"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=self.log.open("wb"),
            env=environment(),
        )

    def wait(self):
        """Waits until the origin accepts connections."""
        for _ in range(SECONDS_TO_START * 20):
            if self.socket.exists():
                return
            try:
                self.process.wait(0.05)
            except subprocess.TimeoutExpired:
                continue
            raise EmulatorError(f"the emulator ended: {self.log.read_text()[-2000:]}")
        raise EmulatorError(f"the emulator did not start within {SECONDS_TO_START} seconds")

    def stop(self):
        self.process.terminate()
        self.process.wait(10)


def environment():
    """The environment of a Python process that can import this package."""
    paths = [str(Path(__file__).resolve().parent.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTHONDONTWRITEBYTECODE": "1"}


class Connection:
    """A connection to an origin, whose copies end when it closes."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.connect(str(path))
        self.stream = self.socket.makefile("rw")
        self.lock = threading.Lock()

    def request(self, name, **members):
        with self.lock:
            try:
                self.stream.write(json.dumps({"request": name, **members}) + "\n")
                self.stream.flush()
                response = json.loads(self.stream.readline())
            except (OSError, ValueError) as error:
                raise EmulatorError("the origin of the emulators ended") from error
        if "error" in response:
            raise EmulatorError(response["error"])
        return response["port"]

    def copy(self, log, **settings):
        """Starts a copy; `settings` are environment variables."""
        return Emulator(self, log, settings)

    def close(self):
        self.stream.close()
        self.socket.close()


class Emulator:
    """A copy of an origin, with the clients of one region."""

    def __init__(self, connection, log, settings):
        self.connection, self.log = connection, Path(log)
        self.log.touch()
        self.port = connection.request("new", log=str(self.log), environment=settings)
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self.region, self.clients = "us-east-1", {}

    def reset(self, region="us-east-1"):
        """Replaces the copy with a fresh one on the same port."""
        self.connection.request("reset", port=self.port)
        if region != self.region:
            self.region, self.clients = region, {}

    def stop(self):
        self.connection.request("stop", port=self.port)

    def client(self, service):
        if service not in self.clients:
            self.clients[service] = create_client(service, self.region, self.endpoint)
        return self.clients[service]

    def list_all(self, service, operation, member, **parameters):
        """Returns the items of all pages of a list operation."""
        client = self.client(service)
        if client.can_paginate(operation):
            pages = client.get_paginator(operation).paginate(**parameters)
        else:
            pages = [getattr(client, operation)(**parameters)]
        return [item for page in pages for item in page[member]]


def create_client(service, region, endpoint):
    """Returns a boto3 client for an emulator, without retries."""
    with CREATION:
        return SESSION.client(
            service,
            region_name=region,
            endpoint_url=endpoint,
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
            config=Config(retries={"max_attempts": 0}, read_timeout=120),
        )


def is_serving(endpoint):
    """Reports whether a server responds at the endpoint."""
    try:
        urllib.request.urlopen(f"{endpoint}/moto-api/", timeout=5).close()
        return True
    except OSError:
        return False
