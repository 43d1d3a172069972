#!/usr/bin/env bash
# Completes the files of a release: bash packaging/release.sh REPOSITORY DIRECTORY
#
# DIRECTORY contains the output of build.sh for each platform. Adds the npm packages, the software bill
# of materials, the checksums, and the Homebrew formula.
set -euo pipefail
repository=$1
packaging=$(cd "$(dirname "$0")" && pwd)
version=$(sed -n 's/^version = "\(.*\)"/\1/p' "$packaging/../Cargo.toml" | head -n 1)
cd "$2"

shopt -s nullglob
programs=$(mktemp -d)
trap 'rm -rf "$programs"' EXIT
packages=()
for archive in ssm-synth-*.tar.gz ssm-synth-*.zip; do
    case $archive in
        *.tar.gz) name=${archive%.tar.gz} && tar -C "$programs" -xzf "$archive" ;;
        *.zip) name=${archive%.zip} && unzip -q -d "$programs" "$archive" ;;
    esac
    packages+=("${name#"ssm-synth-$version-"}=$(echo "$programs/$name"/ssm-synth*)")
done
python3 "$packaging/npm.py" npm "${packages[@]}"

wheels=(*.whl)
unzip -p "${wheels[0]}" '*.dist-info/sboms/*.cyclonedx.json' > ssm-synth.cyclonedx.json
sha256sum -- *.tar.gz *.zip *.whl ssm-synth.cyclonedx.json > SHA256SUMS
python3 "$packaging/homebrew.py" "$repository" SHA256SUMS > ssm-synth.rb
