#!/usr/bin/env bash
# All tests. Installs cfn-lint and the emulator into target/tools if they are not there; asks for
# Terraform by name. With CI=true a missing tool is a failure, else a skip that says its name.
set -euo pipefail
cd "$(dirname "$0")/.."
export INSTA_UPDATE=no

section() { printf '\n== %s (after %d s)\n' "$*" "$SECONDS"; }

section 'Format, lints, documentation'
cargo fmt --check
cargo clippy --quiet --all-targets --all-features -- -D warnings
cargo clippy --quiet --lib --no-default-features -- -D warnings
cargo clippy --quiet --no-default-features --features cli -- -D warnings
RUSTDOCFLAGS='-D warnings' cargo doc --quiet --no-deps --all-features

section 'Tests, documentation tests, examples'
cargo build --quiet --examples --no-default-features
# What the tools below run is the program as the tests have it: optimizing the AWS SDK takes minutes
# and changes no output.
cargo test --quiet --all-features
cargo test --quiet --no-default-features --test misuse

section 'A crate outside, that embeds the constructs'
# Its dependencies are those of here, built here.
outside() { CARGO_TARGET_DIR="$PWD/target" cargo "$@" --manifest-path tests/embedding/Cargo.toml; }
outside fmt --check
outside test --quiet
outside build --quiet --features cli
if compgen -G 'tests/snapshots/*.snap.new' tests/snapshots/*/*.snap.new >/dev/null; then
    echo 'snapshots wait for a review' >&2
    exit 1
fi

section 'Tools'
tools=target/tools
python=python3
# The emulator's own list of what it needs.
wanted=tests/emulator/requirements.txt
installed() {
    "$1" - "$wanted" <<'PY'
import re, sys
from importlib.metadata import PackageNotFoundError, version
for line in open(sys.argv[1]):
    found = re.match(r"([A-Za-z0-9_-]+)(?:\[[^]]*\])?==([^\s;#]+)", line.strip())
    if found:
        try:
            ok = version(found[1]) == found[2]
        except PackageNotFoundError:
            ok = False
        if not ok:
            sys.exit(1)
PY
}
if ! installed "$python"; then
    # What the system has already is taken from there.
    [ -x "$tools/bin/python" ] || python3 -m venv --system-site-packages "$tools"
    python=$tools/bin/python
    installed "$python" || "$python" -m pip install --quiet --requirement "$wanted"
    export PATH="$PWD/$tools/bin:$PATH"
fi

section 'Deploying: as an operator, and with faults'
"$python" tests/emulator/deployments_check.py
"$python" tests/emulator/types_check.py
"$python" tests/deploy/session.py target/debug/ssm-synth
"$python" tests/deploy/faults.py target/debug/ssm-synth

section 'The output in the real tools'
if ! command -v terraform >/dev/null; then
    echo 'terraform is not on the PATH: install it from https://developer.hashicorp.com/terraform/install' >&2
    if [ "${CI:-}" = true ]; then exit 1; fi
    echo 'skipped without terraform: validation and parity'
    exit 0
fi
"$python" tests/tools.py
"$python" tests/convert.py target/debug/ssm-synth

section 'What init makes; checkers of others, on the hardened stack; the stacks in CDK and in more'
"$python" tests/init.py target/debug/ssm-synth "$tools"
if ! command -v npm >/dev/null; then
    echo 'npm is not on the PATH: cfn-guard and its rules, and CDK, come by it' >&2
    if [ "${CI:-}" = true ]; then exit 1; fi
    echo 'skipped without npm: checkov, cfn-guard and CDK'
else
    "$python" tests/checkers.py target/debug/ssm-synth "$tools"
    "$python" tests/embedding.py target/debug/ssm-synth target/debug/team-access "$tools"
fi
echo 'all tests passed'
