#!/usr/bin/env bash
# Installs the wheel of this platform in DIRECTORY and runs it: bash packaging/try.sh DIRECTORY
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/installed"
bin=$work/installed/bin
[ -d "$bin" ] || bin=$work/installed/Scripts
"$bin/python" -m pip install --quiet --disable-pip-version-check --no-index --find-links "$1" ssm-synth
"$bin/ssm-synth" --format cfn > "$work/stack.json"
"$bin/ssm-synth" check "$work/stack.json"
