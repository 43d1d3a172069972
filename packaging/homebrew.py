#!/usr/bin/env python3
"""Prints the Homebrew formula for the archives of a release.

    homebrew.py REPOSITORY CHECKSUMS > ssm-synth.rb

REPOSITORY is a name such as `owner/ssm-synth`, and CHECKSUMS the output of `sha256sum` on the archives.
"""

import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGETS = {
    ("macos", "arm"): "aarch64-apple-darwin",
    ("macos", "intel"): "x86_64-apple-darwin",
    ("linux", "arm"): "aarch64-unknown-linux-musl",
    ("linux", "intel"): "x86_64-unknown-linux-musl",
}


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    repository, checksums = sys.argv[1:]
    crate = tomllib.loads((ROOT / "Cargo.toml").read_text())["package"]
    version = crate["version"]
    lines = [line.split() for line in Path(checksums).read_text().splitlines()]
    sums = {name.lstrip("*"): sum for sum, name in lines}
    # A description of Homebrew has at most 80 characters.
    print(f"""class SsmSynth < Formula
  desc "Private EC2 instances through Session Manager, checked before you deploy"
  homepage "https://github.com/{repository}"
  version "{version}"
  license any_of: ["MIT", "Apache-2.0"]
""")
    for system in ("macos", "linux"):
        print(f"  on_{system} do")
        for processor in ("arm", "intel"):
            archive = f"ssm-synth-{version}-{TARGETS[system, processor]}.tar.gz"
            print(f"""    on_{processor} do
      url "https://github.com/{repository}/releases/download/v{version}/{archive}"
      sha256 "{sums[archive]}"
    end""")
        print("  end\n")
    print("""  def install
    bin.install "ssm-synth"
    generate_completions_from_executable(bin/"ssm-synth", "completions")
  end

  test do
    assert_match "AWS::EC2::Instance", shell_output("#{bin}/ssm-synth --format cfn")
  end
end""")


if __name__ == "__main__":
    main()
