#!/bin/sh
# Replaces rustdoc for `tests/it/public_api.rs`: instead of testing the documentation, writes the
# library as JSON to $PUBLIC_API, and fails on warnings. The stable rustdoc needs RUSTC_BOOTSTRAP to
# write JSON.
for word do
    shift
    [ "$word" = --test ] || set -- "$@" "$word"
done
RUSTC_BOOTSTRAP=1 exec rustdoc "$@" -D warnings -Z unstable-options --output-format=json --output="$PUBLIC_API"
