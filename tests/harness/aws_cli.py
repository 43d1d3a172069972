"""An AWS CLI that is loaded once: each call is a fork of a process with the installed `awscli`.

The start of the AWS CLI takes longer than a call of an emulator: half a second for imports and API models. A fork has its
caller's arguments, environment, directory and streams, and runs the installed program's `main`. With the environment
variable AWS_CLI, the path of a program that requests forks, tests use it as the AWS CLI; `tests/shared.py` starts its
server. Without it they start the installed program.

    aws_cli.py SOCKET    serves until the parent process ends
"""

import contextlib
import gc
import marshal
import os
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

VARIABLE = "AWS_CLI"
SECONDS_TO_START = 60
# Calls without a response, each of which loads the API of a service.
CALLS = (
    *("cloudformation describe-stacks", "ec2 describe-vpcs", "iam list-roles", "kms list-keys", "logs describe-log-groups"),
    *("s3api list-buckets", "service-quotas list-services", "ssm list-documents", "sts get-caller-identity"),
)
# Loads nothing but built-in modules. Its own end, for whatever reason, ends the fork.
CLIENT = """\
#!{python} -IS
import _socket, marshal, os, posix
server = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
server.connect({path!r})
import sys
request = marshal.dumps((sys.argv[1:], dict(posix.environ), posix.getcwd(), posix.umask(0)))
streams = b"".join(it.to_bytes(4, sys.byteorder) for it in (0, 1, 2))
server.sendmsg([len(request).to_bytes(4, "big")], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, streams)])
server.sendall(request)
code = server.recv(1)
posix._exit(code[0] if code else 255)
"""


class AwsCliServer:
    """A server of this process."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.socket, self.program, self.log = (self.folder / name for name in ("aws.sock", "aws", "aws.log"))
        self.process = subprocess.Popen(
            [sys.executable, __file__, self.socket], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=self.log.open("wb")
        )
        self.program.write_text(CLIENT.format(python=sys.executable, path=str(self.socket)))
        self.program.chmod(0o755)

    def wait(self):
        end = time.monotonic() + SECONDS_TO_START
        while not self.socket.exists():
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"the AWS CLI does not start: {self.log.read_text()[-2000:]}")
            time.sleep(0.02)

    def stop(self):
        self.process.terminate()
        self.process.wait(10)


def load():
    """Loads the AWS CLI: modules, and the models and endpoints that calls read from files."""
    import awscli.clidriver
    from botocore.loaders import JSONFileLoader

    read, files = JSONFileLoader.load_file, {}

    # A fork runs one command, so no other command sees what it changes in a model.
    def load_file(loader, path):
        if path not in files:
            files[path] = read(loader, path)
        return files[path]

    JSONFileLoader.load_file = load_file
    os.environ.update({"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "s", "AWS_MAX_ATTEMPTS": "1"})
    for call in CALLS:
        awscli.clidriver.create_clidriver().main([*call.split(), "--region", "us-east-1", "--endpoint-url", "http://127.0.0.1:1"])
    return awscli.clidriver


def serve(path):
    clidriver = load()
    gc.collect()
    gc.freeze()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener, selectors.DefaultSelector() as selector:
        # Bound under another name first: once the path exists, the server accepts connections.
        listener.bind(f"{path}.new")
        listener.listen(64)
        os.rename(f"{path}.new", path)
        selector.register(listener, selectors.EVENT_READ)
        selector.register(sys.stdin.fileno(), selectors.EVENT_READ)
        while True:
            for key, _ in selector.select(1):
                if key.fileobj is not listener:
                    return
                connection = listener.accept()[0]
                if not os.fork():
                    listener.close()
                    become(connection, clidriver)
                connection.close()
            # Reaps the forks that ended.
            with contextlib.suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass


def become(connection, clidriver):
    """Runs one command, in a fork."""
    code = 255
    try:
        request, streams, _, _ = socket.recv_fds(connection, 4, 3)
        size = int.from_bytes(request, "big")
        data = b""
        while len(data) < size:
            data += connection.recv(size - len(data))
        arguments, environment, directory, mask = marshal.loads(data)
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
            os.close(stream)
        # As a start of Python does.
        sys.stdin, sys.stdout, sys.stderr = (open(number, mode) for number, mode in enumerate(("r", "w", "w")))
        sys.argv = ["aws", *arguments]
        path = os.environ["AWS_DATA_PATH"]
        os.environ.clear()
        os.environ.update({os.fsdecode(name): os.fsdecode(value) for name, value in environment.items()})
        # The AWS CLI sets it at the import.
        os.environ["AWS_DATA_PATH"] = path
        os.chdir(directory)
        os.umask(mask)
        threading.Thread(target=end_with, args=(connection,), daemon=True).start()
        code = clidriver.main() or 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    finally:
        with contextlib.suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
        with contextlib.suppress(OSError):
            connection.sendall(bytes([code & 255]))
        os._exit(0)


def end_with(connection):
    """Ends this process when its caller ends."""
    with contextlib.suppress(OSError):
        connection.recv(1)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    serve(sys.argv[1])
