"""The command line of the emulator and its application.

    python -m cfn_emulator --port N [--with-parent]
    python -m cfn_emulator --origin SOCKET [--with-parent]

The first form serves all services on 127.0.0.1. The second loads everything once and serves copies of itself, which fork in
milliseconds (see `origin`). With --with-parent the process ends when its standard input closes, that is with its parent.

The environment variables EMULATOR_STEP (seconds between two events of a stack operation, 0.02) and EMULATOR_AGENT_SECONDS
(seconds from the launch of an instance until its agent registers, 0) set the pace. EMULATOR_RECORD names a file that receives
all calls.
"""

import argparse
import logging
import os
import signal
import sys
import threading
from pathlib import Path

from cfn_emulator.settings import SETTINGS


def create_application():
    """Loads moto with all corrections and returns the WSGI application."""
    # Moto reads this setting when it is imported.
    os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"

    from moto.cloudformation.responses import CloudFormationResponse
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

    from cfn_emulator import control_plane, resources, services  # noqa: F401 (importing installs them)
    from cfn_emulator.recorder import Recorder
    from cfn_emulator.services.locks import one_at_a_time

    # The transformers expect moto's own objects.
    CloudFormationResponse.RESPONSE_KEY_PATH_TO_TRANSFORMER = {}
    one_at_a_time()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    return Recorder(DomainDispatcherApplication(create_backend_app))


def configure(port, environment):
    """Sets the port of this server, to which its CloudFormation engine sends requests, and its settings."""
    from cfn_emulator.engine.api import Api

    os.environ["MOTO_PORT"] = str(port)
    Api.endpoint = f"http://127.0.0.1:{port}"
    SETTINGS.load(environment)


def main():
    parser = argparse.ArgumentParser(
        prog="cfn_emulator", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    mode = parser.add_mutually_exclusive_group(required=True)
    mode.add_argument("--port", type=int)
    mode.add_argument("--origin", type=Path, metavar="SOCKET")
    parser.add_argument("--with-parent", action="store_true")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, lambda *_: sys.exit(0))
    if arguments.origin:
        from cfn_emulator.origin import Origin

        Origin(arguments.origin, create_application(), sys.stdin if arguments.with_parent else None).serve()
        return
    from werkzeug.serving import run_simple

    if arguments.with_parent:
        threading.Thread(target=lambda: (sys.stdin.buffer.read(), os._exit(0)), daemon=True).start()
    application = create_application()
    configure(arguments.port, os.environ)
    run_simple("127.0.0.1", arguments.port, application, threaded=True)
