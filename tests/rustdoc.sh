#!/bin/sh
# rustdoc as `tests/it/public_api.rs` has cargo call it: instead of testing the documentation, it writes
# the library as JSON to $PUBLIC_API. The stable rustdoc writes it if it is told that it may.
for word do
    shift
    [ "$word" = --test ] || set -- "$@" "$word"
done
RUSTC_BOOTSTRAP=1 exec rustdoc "$@" --cap-lints=allow -Z unstable-options --output-format=json --output="$PUBLIC_API"
