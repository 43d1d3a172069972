#!/usr/bin/env python3
"""Writes the npm packages: one per platform with its program, and one that starts the program.

    npm.py OUTPUT TARGET=PROGRAM...

TARGET is a target of Rust, such as x86_64-unknown-linux-musl. Writes .tgz files to OUTPUT with `npm pack`, the packages of
platforms first: npm must know them before the package that depends on them.
"""

import json
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SYSTEMS = {"linux": "linux", "darwin": "darwin", "windows": "win32"}
PROCESSORS = {"x86_64": "x64", "aarch64": "arm64"}


def platform(target):
    """Returns the system and processor of a target, as Node.js names them."""
    processor, _, system = target.split("-")[:3]
    return SYSTEMS[system], PROCESSORS[processor]


def pack(folder, package, output):
    for license in ROOT.glob("LICENSE-*"):
        shutil.copy(license, folder)
    (folder / "package.json").write_text(json.dumps(package, indent=2) + "\n")
    subprocess.run(["npm", "pack", "--silent", "--pack-destination", output], cwd=folder, check=True)


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    output = Path(sys.argv[1]).resolve()
    output.mkdir(parents=True, exist_ok=True)
    crate = tomllib.loads((ROOT / "Cargo.toml").read_text())["package"]
    launcher = json.loads((ROOT / "packaging/npm/package.json").read_text())
    launcher |= {key: crate[key] for key in ("version", "description", "keywords")}
    launcher["optionalDependencies"] = {}
    for word in sys.argv[2:]:
        target, program = word.split("=", 1)
        system, processor = platform(target)
        package = {
            "name": f"ssm-synth-{system}-{processor}",
            "version": crate["version"],
            "description": f"The program of ssm-synth for {system} {processor}",
            "license": crate["license"],
            "os": [system],
            "cpu": [processor],
        }
        launcher["optionalDependencies"][package["name"]] = crate["version"]
        with tempfile.TemporaryDirectory() as folder:
            name = "ssm-synth.exe" if system == "win32" else "ssm-synth"
            shutil.copy(program, Path(folder) / name)
            # An artifact of a workflow loses this permission.
            (Path(folder) / name).chmod(0o755)
            pack(Path(folder), package, output)
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(ROOT / "packaging/npm/ssm-synth.js", folder)
        shutil.copy(ROOT / "README.md", folder)
        pack(Path(folder), launcher, output)


if __name__ == "__main__":
    main()
