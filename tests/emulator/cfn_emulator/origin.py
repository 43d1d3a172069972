"""An origin: a loaded emulator that forks copies of itself.

Loading moto takes seconds, and so does moto's own reset, which reads a thousand managed policies and images again. A fork
takes milliseconds. The origin serves no AWS requests. It listens on a Unix socket, and a client that connects sends one JSON
object per line:

    {"request": "new", "environment": {"EMULATOR_STEP": "0.01"}, "log": "/path"}    starts a copy
    {"request": "reset", "port": 12345}                                              replaces a copy with a fresh one
    {"request": "stop", "port": 12345}                                               ends a copy

The response is {"port": N}, or {"error": "..."}. The copies of a client end when it disconnects, and all of them with the
origin.
"""

import contextlib
import ctypes
import gc
import json
import os
import random
import selectors
import signal
import socket
import sys
from dataclasses import dataclass, field

from cfn_emulator.server import configure
from cfn_emulator.warm_up import warm_up

PR_SET_PDEATHSIG = 1


@dataclass
class Copy:
    """A forked server. The origin keeps the listening socket, so that a connection between two forks waits."""

    listener: socket.socket
    environment: dict
    log: str | None
    process: int = 0

    @property
    def port(self):
        return self.listener.getsockname()[1]

    def end(self):
        os.kill(self.process, signal.SIGKILL)
        os.waitpid(self.process, 0)


@dataclass
class Client:
    connection: socket.socket
    received: bytes = b""
    copies: dict = field(default_factory=dict)


class Origin:
    def __init__(self, path, application, parent=None):
        """`parent`: a stream that closes when the parent process ends, if the origin is to end with it."""
        self.path, self.application, self.parent = path, application, parent
        self.clients = {}
        self.selector = selectors.DefaultSelector()

    def serve(self):
        """Serves clients until the parent closes its stream or a signal ends the process."""
        warm_up(self.application)
        # Objects that live as long as the copies: the garbage collector must not touch, and so copy, their pages.
        gc.collect()
        gc.freeze()
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as self.listener:
            # Bound under another name first: once the path exists, the origin accepts connections.
            temporary = f"{self.path}.new"
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary)
            self.listener.bind(temporary)
            self.listener.listen(64)
            os.rename(temporary, self.path)
            self.selector.register(self.listener, selectors.EVENT_READ, self.accept)
            if self.parent:
                self.selector.register(self.parent, selectors.EVENT_READ, self.read_parent)
            try:
                while True:
                    for key, _ in self.selector.select():
                        key.data()
            finally:
                for client in list(self.clients.values()):
                    self.disconnect(client)
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(self.path)

    def read_parent(self):
        if not os.read(self.parent.fileno(), 1024):
            sys.exit(0)

    def accept(self):
        client = Client(self.listener.accept()[0])
        self.clients[client.connection.fileno()] = client
        self.selector.register(client.connection, selectors.EVENT_READ, lambda: self.receive(client))

    def disconnect(self, client):
        for copy in client.copies.values():
            copy.end()
            copy.listener.close()
        self.selector.unregister(client.connection)
        del self.clients[client.connection.fileno()]
        client.connection.close()

    def receive(self, client):
        try:
            received = client.connection.recv(65536)
        except ConnectionError:
            received = b""
        if not received:
            return self.disconnect(client)
        *lines, client.received = (client.received + received).split(b"\n")
        for line in lines:
            try:
                response = self.respond(client, json.loads(line))
            except (KeyError, ValueError, OSError) as error:
                response = {"error": f"{type(error).__name__}: {error}"}
            with contextlib.suppress(ConnectionError):
                client.connection.sendall(json.dumps(response).encode() + b"\n")

    def respond(self, client, message):
        if message["request"] == "new":
            listener = socket.create_server(("127.0.0.1", 0), backlog=128)
            copy = Copy(listener, message.get("environment", {}), message.get("log"))
            self.fork(copy)
            client.copies[copy.port] = copy
        elif message["request"] == "reset":
            copy = client.copies[message["port"]]
            copy.end()
            self.fork(copy)
        elif message["request"] == "stop":
            copy = client.copies.pop(message["port"])
            copy.end()
            copy.listener.close()
            return {"port": message["port"]}
        else:
            raise ValueError(f"unknown request {message['request']}")
        return {"port": copy.port}

    def fork(self, copy):
        origin = os.getpid()
        sys.stdout.flush()
        sys.stderr.flush()
        copy.process = os.fork()
        if copy.process:
            return
        try:
            self.become(copy, origin)
        finally:
            os._exit(1)

    def become(self, copy, origin):
        """Serves as a copy, in the forked process."""
        from moto.moto_api._internal import mock_random
        from werkzeug.serving import make_server

        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        if sys.platform == "linux":
            # Also if the origin is killed and cannot end its copies.
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != origin:
                os._exit(1)
        # A client notices that the origin has ended when the origin's sockets close.
        for client in self.clients.values():
            client.connection.close()
            for other in client.copies.values():
                if other is not copy:
                    other.listener.close()
        self.listener.close()
        self.selector.close()
        if copy.log:
            log = os.open(copy.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
            os.dup2(log, 2)
        # The origin uses stdout.
        os.dup2(2, 1)
        # Without new seeds all copies would choose the same IDs, and an unreplaced ID would compare as equal.
        random.seed()
        mock_random.seed()
        configure(copy.port, copy.environment)
        make_server("127.0.0.1", copy.port, self.application, threaded=True, fd=copy.listener.fileno()).serve_forever()
