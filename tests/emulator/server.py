#!/usr/bin/env python3
"""The AWS emulator of the parity check: moto on 127.0.0.1, with its holes filled.

    server.py --port N [--with-parent]
    server.py --copies

With --with-parent it ends when its standard input is closed, that is with the process that started it.

With --copies it serves nothing itself: it makes itself ready once, and then forks a copy for each `new` on its standard
input, answered with the copy's port. `reset PORT` puts a fresh copy in the place of the one on this port. That takes
milliseconds, while to start takes seconds, and moto's own reset too (a thousand managed policies and images are read
again). The copies end with it, and it with its standard input.

`emulated_api` completes what moto's EC2 API drops, `emulated_services` and `emulated_ssm` the same for the services around
sessions. `emulated_cloudformation` replaces moto's CloudFormation engine, which drops much more; `emulated_types` are more
of its resource types. For tests of a deploy tool `emulated_deployments` is CloudFormation's control plane (change sets,
operations that take their time, events, rollback), and `emulated_agents` what Systems Manager and IAM answer; the
environment has EMULATOR_STEP (seconds between two events, 0.02) and EMULATOR_AGENT_SECONDS (from launch to agent, 0).
The purpose is that equal requests leave equal state and unequal requests do not; it is not AWS, and that AWS accepts a
value is not shown by it.
"""

import argparse
import ctypes
import gc
import io
import logging
import os
import random
import signal
import socket
import sys
import threading
from urllib.parse import urlsplit


def warm(app):
    """Reads what each case begins with: moto makes a region's things when it is first asked for them."""
    from botocore.awsrequest import AWSResponse
    from harness import DEFAULT_IMAGE, Server, seed
    from state import State
    from werkzeug.test import Client

    class Raw(io.BytesIO):
        def stream(self, **_):
            yield self.read()

    inside = Client(app)

    def send(request, **_):
        url = urlsplit(request.url)
        headers = [(key, value.decode() if isinstance(value, bytes) else value) for key, value in request.headers.items()]
        path = f"{url.path}?{url.query}" if url.query else url.path
        done = inside.open(
            path, method=request.method, base_url=f"http://{url.netloc}", headers=headers, data=request.body
        )
        return AWSResponse(request.url, done.status_code, dict(done.headers.items()), Raw(done.data))

    class Inside(Server):
        def __init__(self):
            self.region, self.clients, self.endpoint = "us-east-1", {}, "http://127.0.0.1:1"

        def client(self, service):
            if service not in self.clients:
                super().client(service).meta.events.register("before-send", send)
            return self.clients[service]

    server = Inside()
    # Once with all that is loaded and compiled on the way, which stays, and once more for what is there from the start.
    State(server, seed(server, ""), {})
    inside.post("/moto-api/reset", base_url=server.endpoint)
    server.client("ec2").describe_availability_zones()
    server.client("ssm").get_parameter(Name=DEFAULT_IMAGE)
    State(server, {}, {})


def serve_copies(app, install):
    """Answers `new` and `reset PORT` until the standard input ends."""
    from moto.moto_api._internal import mock_random
    from werkzeug.serving import make_server

    warm(app)
    # What is there now stays as long as the copies: no collector needs to touch, and so to copy, it.
    gc.collect()
    gc.freeze()
    # Held here, so that a connection between two copies waits for the second.
    sockets, copies, origin = {}, {}, os.getpid()

    def copy(port):
        copies[port] = os.fork()
        if copies[port]:
            return
        copies.clear()
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        if sys.platform == "linux":
            # Also when the origin has no time to see to it.
            death = 1  # PR_SET_PDEATHSIG
            ctypes.CDLL(None).prctl(death, signal.SIGKILL)
            if os.getppid() != origin:
                os._exit(1)
        # The answers are the origin's.
        os.dup2(2, 1)
        # Else all copies would choose the same ids, and one that is not replaced by a name seem to be equal.
        random.seed()
        mock_random.seed()
        os.environ["MOTO_PORT"] = str(port)
        install(port)
        make_server("127.0.0.1", port, app, threaded=True, fd=sockets[port].fileno()).serve_forever()
        os._exit(1)

    def end(port):
        process = copies.pop(port)
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)

    try:
        for line in sys.stdin:
            words = line.split()
            if words[0] == "new":
                listening = socket.create_server(("127.0.0.1", 0), backlog=128)
                port = listening.getsockname()[1]
                sockets[port] = listening
            else:
                port = int(words[1])
                end(port)
            copy(port)
            print(port, flush=True)
    finally:
        for port in list(copies):
            end(port)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    place = parser.add_mutually_exclusive_group(required=True)
    place.add_argument("--port", type=int)
    place.add_argument("--copies", action="store_true")
    parser.add_argument("--with-parent", action="store_true")
    arguments = parser.parse_args()
    port = arguments.port
    if arguments.with_parent:
        threading.Thread(target=lambda: (sys.stdin.buffer.read(), os._exit(0)), daemon=True).start()

    os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"
    if port:
        os.environ["MOTO_PORT"] = str(port)

    # Only now: moto reads its settings when imported.
    import emulated_agents  # noqa: F401
    import emulated_api  # noqa: F401
    import emulated_cloudformation
    import emulated_deployments
    import emulated_services  # noqa: F401
    import emulated_ssm  # noqa: F401
    import emulated_types  # noqa: F401
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import run_simple

    def install(port):
        emulated_cloudformation.install(f"http://127.0.0.1:{port}")

    app = DomainDispatcherApplication(create_backend_app)
    emulated_deployments.install()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, lambda *_: sys.exit(0))
    if arguments.copies:
        serve_copies(app, install)
        return
    install(port)
    run_simple("127.0.0.1", port, app, threaded=True)


if __name__ == "__main__":
    main()
