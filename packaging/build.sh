#!/usr/bin/env bash
# Builds what a release publishes for one platform: bash packaging/build.sh TARGET OUTPUT [PROFILE]
#
# Writes a wheel and an archive with the program to OUTPUT. The wheel contains a software bill of
# materials (CycloneDX). TARGET is a target of Rust, such as x86_64-unknown-linux-musl. Needs Rust with
# this target, maturin 1.16, and musl-gcc for a musl target.
set -euo pipefail
target=$1 output=$2 profile=${3:-dist}
mkdir -p "$output"
output=$(cd "$output" && pwd)
cd "$(dirname "$0")/.."
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}

# The program is a published one: `init` refers to published packages.
export SSM_SYNTH_RELEASE=1
options=()
if [[ $target == *-linux-musl ]]; then
    # A build for another processor sets its own compiler.
    compiler=CC_${target//-/_}
    export "$compiler=${!compiler:-musl-gcc}"
    if [[ $target == aarch64-* ]]; then
        export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_MUSL_LINKER=$PWD/packaging/rust-lld
    fi
    # A static program needs no C library, so one wheel installs on every Linux.
    options+=(--compatibility manylinux2014 musllinux_1_1)
fi
folder=$CARGO_TARGET_DIR
# The host needs no target, so a test shares the dependencies of other builds.
if [ "$target" != "$(rustc -vV | sed -n 's/^host: //p')" ]; then
    options+=(--target "$target")
    folder+=/$target
fi
(cd packaging && maturin build --locked --profile "$profile" --out "$output" ${options[@]+"${options[@]}"})

case $profile in dev) folder+=/debug ;; *) folder+=/$profile ;; esac
# A fixed address makes attacks easier on a program that reads files of others and uses credentials.
if [[ $target == *-linux-* ]] && ! readelf -h "$folder/ssm-synth" | grep -q 'Type: *DYN'; then
    echo "$target: the program is not position independent" >&2
    exit 1
fi
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
name=ssm-synth-$version-$target
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
mkdir "$stage/$name"
cp README.md CHANGELOG.md LICENSE-* "$stage/$name"
if [[ $target == *-windows-* ]]; then
    cp "$folder/ssm-synth.exe" "$stage/$name"
    (cd "$stage" && 7z a -bso0 "$output/$name.zip" "$name")
else
    cp "$folder/ssm-synth" "$stage/$name"
    tar -C "$stage" -czf "$output/$name.tar.gz" "$name"
fi
