#!/usr/bin/env python3
"""Time from process start to exit: the default stack, compared with a Rust program that writes the same bytes.

    cargo build --release && python3 benches/start.py [RUNS [PROGRAM]]

Builds the other program with rustc in the same way as a release: LTO, one codegen unit, no unwinding, stripped.
The runs of both programs alternate, so that load on the machine affects both. Measures a copy of PROGRAM, as an
installation has one: the kernel reads the pages of a file that the linker wrote in another order more slowly. Counts instructions if valgrind is
on the PATH, and peak memory if GNU time is /usr/bin/time; otherwise reports which tool is missing.
"""
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
RUNS = int(sys.argv[1]) if len(sys.argv) > 1 else 400
PROGRAM = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else ROOT / "target/release/ssm-synth").resolve()
SOURCE = """
use std::io::Write;
fn main() {
    let bytes = include_bytes!(env!("BYTES"));
    if std::io::stdout().write_all(bytes).is_err() { std::process::exit(1) }
}
"""


def once(program, out):
    start = time.perf_counter_ns()
    actions = [(os.POSIX_SPAWN_DUP2, out.fileno(), 1)]
    pid = os.posix_spawn(program, [program, "synth"], {}, file_actions=actions)
    _, status = os.waitpid(pid, 0)
    took = time.perf_counter_ns() - start
    if status:
        sys.exit(f"{program}: status {status}")
    return took / 1e6


def instructions(program, folder):
    if not shutil.which("valgrind"):
        return "no valgrind"
    command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/callgrind", program, "synth"]
    told = subprocess.run(command, capture_output=True, text=True, check=True, cwd=folder).stderr
    count = next(line.split()[-1] for line in told.splitlines() if "Collected" in line)
    return f"{int(count) / 1e6:.2f} M"


def memory(program, folder):
    if not os.path.exists("/usr/bin/time"):
        return "no /usr/bin/time"
    command = ["/usr/bin/time", "-f", "%M", program, "synth"]
    told = subprocess.run(command, capture_output=True, text=True, check=True, cwd=folder).stderr
    return f"{int(told.split()[-1]) / 1024:.1f} MB"


def main():
    # A directory without a configuration.
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        ours = shutil.copy(PROGRAM, f"{folder}/ssm-synth")
        stack = pathlib.Path("stack.json")
        stack.write_bytes(subprocess.run([ours, "synth"], capture_output=True, check=True).stdout)
        pathlib.Path("beside.rs").write_text(SOURCE)
        options = ["opt-level=3", "lto=fat", "codegen-units=1", "panic=abort", "strip=symbols"]
        command = ["rustc", *(f"-C{option}" for option in options), "beside.rs"]
        subprocess.run(command, env={**os.environ, "BYTES": str(stack.resolve())}, check=True)
        beside = str(pathlib.Path("beside").resolve())
        with open("out", "wb") as out:
            for program in (ours, beside):
                once(program, out)
            times = [(once(ours, out), once(beside, out)) for _ in range(RUNS)]
        print(f"{stack.stat().st_size} bytes, {RUNS} runs each, alternating")
        for what, pick in [("fastest", min), ("median", statistics.median)]:
            one, other = (pick(column) for column in zip(*times))
            print(f"{what}: {one:.2f} ms, other program {other:.2f} ms, ratio {one / other:.2f}")
        for what, measure in [("instructions", instructions), ("peak memory", memory)]:
            print(f"{what}: {measure(ours, folder)}, other program {measure(beside, folder)}")


if __name__ == "__main__":
    main()
