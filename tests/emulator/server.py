#!/usr/bin/env python3
"""The AWS emulator of the parity check: moto on 127.0.0.1, with its holes filled.

    server.py --port N [--with-parent]

With --with-parent it ends when its standard input is closed, that is with the process that started it.

`emulated_api` completes what moto's EC2 API drops, `emulated_services` and `emulated_ssm` the same for the services around
sessions. `emulated_cloudformation` replaces moto's CloudFormation engine, which drops much more; `emulated_types` are more
of its resource types. For tests of a deploy tool `emulated_deployments` is CloudFormation's control plane (change sets,
operations that take their time, events, rollback), and `emulated_agents` what Systems Manager and IAM answer; the
environment has EMULATOR_STEP (seconds between two events, 0.02) and EMULATOR_AGENT_SECONDS (from launch to agent, 0).
The purpose is that equal requests leave equal state and unequal requests do not; it is not AWS, and that AWS accepts a
value is not shown by it.
"""

import argparse
import logging
import os
import signal
import sys
import threading


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--with-parent", action="store_true")
    arguments = parser.parse_args()
    port = arguments.port
    if arguments.with_parent:
        threading.Thread(target=lambda: (sys.stdin.buffer.read(), os._exit(0)), daemon=True).start()

    os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"
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

    emulated_cloudformation.install(f"http://127.0.0.1:{port}")
    emulated_deployments.install()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, lambda *_: sys.exit(0))
    run_simple("127.0.0.1", port, DomainDispatcherApplication(create_backend_app), threaded=True)


if __name__ == "__main__":
    main()
