#!/usr/bin/env bash
# Runs the tests: bash tests/all.sh [--all] [fix | quick | STAGE...]
#
# Without a stage, all of them run.
# `fix` writes what tests compare: formatting, data of new types, plans, pages and snapshots.
# `quick` runs between edits: lint and unit, without parts that need a separate build.
# `--all` deploys and converts every configuration, injects every fault and applies every fix, instead of chosen sets.
#
# Installs cfn-lint, the emulator, validators and policy scanners into target/tools. If a tool is missing,
# the run fails with CI=true; otherwise the summary lists the skipped tests. docs/contributing/testing.md
# describes the stages.
set -euo pipefail
cd "$(dirname "$0")/.."
export INSTA_UPDATE=no
export SKIPPED_TESTS=$PWD/target/skipped-tests
tools=target/tools
program=target/debug/ssm-synth
report=target/test-times

# Runs one step and records its seconds: elapsed, and of the processors.
step() {
    local name=$1 status=0 times TIMEFORMAT='%1R %1U %1S'
    shift
    printf '\n== %s: %s\n' "$stage" "$name"
    { times=$({ time "$@" >&3 2>&4; } 2>&1) || status=$?; } 3>&1 4>&2
    awk -v stage="$stage" -v name="$name" -v status="$status" \
        '{ printf "%s\t%s\t%.1f\t%.1f\t%s\n", stage, name, $1, $2 + $3, status ? "FAILED" : "ok" }' <<<"$times" >>"$report"
    # Ends the stage, which runs in a subshell: `set -e` has no effect where a caller tests the result.
    [ "$status" = 0 ] || exit "$status"
}

# Records a test that cannot run here; fails in CI.
skip() {
    echo "skipped $1: $2" >&2
    if [ "${CI:-}" = true ]; then return 1; fi
    echo "$1: $2" >>"$SKIPPED_TESTS"
}

# Runs a command and fails on its warnings.
without_warnings() {
    local output
    output=$("$@" 2>&1) || { echo "$output"; return 1; }
    if [ -n "$output" ]; then echo "$output"; return 1; fi
}

# Compiles this package with Clippy, which also compiles: code is generated and linted at once.
linted() { RUSTC_WORKSPACE_WRAPPER=clippy-driver cargo "$@"; }

# The crate in tests/embedding shares this target directory and its dependencies.
outside() { CARGO_TARGET_DIR="$PWD/target" cargo "$@" --manifest-path tests/embedding/Cargo.toml; }

# Uses the Python on the PATH if it has the pinned packages, otherwise one in target/tools.
install_python_packages() {
    local wanted=tests/emulator/requirements.txt
    local pinned='
import re, sys
from importlib.metadata import PackageNotFoundError, version
for line in open(sys.argv[1]):
    found = re.match(r"([A-Za-z0-9_-]+)(?:\[[^]]*\])?==([^\s;#]+)", line.strip())
    try:
        if found and version(found[1]) != found[2]:
            sys.exit(1)
    except PackageNotFoundError:
        sys.exit(1)
'
    python=python3
    if ! python3 -c "$pinned" "$wanted"; then
        [ -x "$tools/bin/python" ] || python3 -m venv --system-site-packages "$tools"
        python=$tools/bin/python
        "$python" -c "$pinned" "$wanted" || "$python" -m pip install --quiet --requirement "$wanted"
        export PATH="$PWD/$tools/bin:$PATH"
    fi
}

# `cargo fmt` does not see the modules that a macro declares.
format() { cargo fmt "$@" && rustfmt --edition 2024 "$@" src/resource/*.rs src/reachability/hop/*.rs; }

# Writes the generated pages and the snapshots. Fails if another test fails.
write_expected() {
    # A test without `INSTA_UPDATE` leaves these.
    find tests/snapshots -name '*.snap.new' -delete
    UPDATE_PAGES=1 INSTA_UPDATE=always \
        linted test --quiet --all-features --lib --bins --tests --no-fail-fast
}

no_new_snapshots() {
    if compgen -G 'tests/snapshots/*.snap.new' tests/snapshots/*/*.snap.new >/dev/null; then
        echo 'snapshots wait for a review: cargo insta review' >&2
        return 1
    fi
}

# Builds the same units as the tests, in the same configuration, and fails on findings of Clippy.
build() { without_warnings linted test --quiet --no-run --all-features; }

# Runs steps in parallel, for steps that mostly wait: `together NAME COMMAND... -- NAME COMMAND...`.
# Prints the output of each step when all steps have ended.
together() {
    local names=() pids=() outputs=() words=() status=0 word
    local folder
    folder=$(mktemp -d)
    for word in "$@" --; do
        if [ "$word" != -- ]; then
            words+=("$word")
            continue
        fi
        outputs+=("$folder/${#names[@]}")
        names+=("${words[0]}")
        step "${words[@]}" >"${outputs[-1]}" 2>&1 &
        pids+=($!)
        words=()
    done
    local number
    for number in "${!pids[@]}"; do
        wait "${pids[number]}" || status=1
        cat "${outputs[number]}"
    done
    rm -rf "$folder"
    [ "$status" = 0 ] || exit "$status"
}

# The tests of `quick` compare what this stage writes.
stage_fix() {
    step format format
    step 'format of the outside crate' outside fmt
    if needs terraform 'data and plans'; then
        step data "$python" tests/data/refresh.py schema-names force-new
        step plans "$python" tests/corpus/tf/plans.py --missing
    fi
    # These tests run the examples; `cargo test` builds them only without a selection of targets.
    step examples linted build --quiet --all-features --examples
    local status=0
    (step 'pages and snapshots' write_expected) || status=$?
    printf '\nRead each changed line:\n'
    git --no-pager diff --stat -- docs tests/snapshots tests/data src/diff
    git ls-files --others --exclude-standard -- docs tests/snapshots tests/corpus
    return "$status"
}

stage_quick() {
    step format format --check
    step build build
    step tests linted test --quiet --all-features --lib --bins --tests
    step snapshots no_new_snapshots
}

stage_lint() {
    step format format --check
    step 'format of the outside crate' outside fmt --check
    step build build
    step benchmarks without_warnings linted test --quiet --no-run --all-features --bench stacks
    step 'clippy without features' cargo clippy --quiet --lib --examples --no-default-features -- -D warnings
    step data "$python" tests/data/refresh.py --check
    step 'data checks' "$python" tests/data/refresh_test.py
}

stage_unit() {
    step build build
    step tests linted test --quiet --all-features
    step 'outside crate' outside test --quiet
    step snapshots no_new_snapshots
}

stage_prose() {
    step build build
    needs npm 'the prose linter' || return 0
    step 'checks of the linter' "$python" tests/prose/check.py --self-test
    step 'console blocks' "$python" tests/documentation.py "$program"
    step prose "$python" tests/prose/check.py "$program"
}

stage_deploy() {
    step build build
    together \
        emulator "$python" tests/emulator/checks -- \
        sessions "$python" tests/deploy/session.py "$program" -- \
        faults "$python" tests/deploy/faults.py "$program" $all -- \
        'deployer policy' "$python" tests/deployer_policy.py "$program" "$tools"
}

stage_acceptance() {
    step build build
    if command -v shellcheck >/dev/null; then step shellcheck shellcheck tests/aws/acceptance.sh; fi
    needs terraform 'the acceptance script' || return 0
    step script "$python" tests/aws/emulated.py "$program" $all
}

stage_parity() {
    step build build
    step runbooks "$python" tests/runbook.py "$program"
    if ! needs terraform 'deployments with Terraform'; then
        step output "$python" tests/output.py "$program"
        return
    fi
    together \
        output "$python" tests/output.py "$program" -- \
        facts "$python" tests/facts/facts.py "$program" -- \
        replacement "$python" tests/replacement.py "$program" -- \
        settings "$python" tests/settings.py "$program" ${all:+--terraform} -- \
        parity "$python" tests/parity.py "$program" $all
}

stage_convert() {
    step build build
    needs terraform conversions || return 0
    step conversions "$python" tests/convert.py "$program" $all
}

stage_checkers() {
    step build build
    together \
        scanners "$python" tests/scanners.py "$program" "$tools" -- \
        validators "$python" tests/validators.py "$program" "$tools"
}

stage_embed() {
    step build build
    step completions "$python" tests/completions.py "$program"
    step init "$python" tests/init.py "$program" "$tools" $all
    step 'outside program' without_warnings outside build --quiet --features cli
    needs terraform 'stacks in Terraform modules' || return 0
    needs npm 'stacks in the CDK' || return 0
    step 'other tools' "$python" tests/embedding.py "$program" target/debug/team-access "$tools"
}

stage_package() {
    step build build
    needs npm 'packages of a release' || return 0
    step packages "$python" tests/packaging.py "$program" "$tools"
}

stage_layout() {
    step build build
    needs chromium 'the layout of pages' || return 0
    needs npm 'the layout of pages' || return 0
    step pages "$python" tests/pages.py "$program" "$tools"
}

# Judges of the check that share no code with it, and its fixes, applied.
stage_referee() {
    step build build
    local seeds=
    [ -z "$all" ] || seeds='--seeds 20000'
    step packets tests/referee/run ${seeds:---ci} "$program"
    step fixes "$python" tests/fixes.py "$program" $all
    needs npm 'the referee of policies' || return 0
    step policies tests/referee/policies/run ${seeds:---ci} "$program"
}

# Skips a stage if a tool is not on the PATH; fails in CI.
needs() {
    command -v "$1" >/dev/null && return
    skip "$2" "$1 is not on the PATH" || exit 1
    return 1
}

known=(lint unit prose deploy acceptance parity convert checkers layout embed package referee)
stages=()
all=
for argument; do
    case $argument in
        --all) all=--all ;;
        *)
            if [[ " fix quick ${known[*]} " != *" $argument "* ]]; then
                echo "unknown stage \`$argument\`; expected fix quick ${known[*]}" >&2
                exit 2
            fi
            stages+=("$argument")
            ;;
    esac
done
[ "${#stages[@]}" -gt 0 ] || stages=("${known[@]}")

if [ "${stages[*]}" != quick ]; then
    install_python_packages
fi
if [ "${stages[*]}" != quick ] && [ "${stages[*]}" != fix ]; then
    # All stages share one emulator and one set of provider processes.
    if [ -z "${EMULATOR_SOCKET:-}" ]; then
        exec "$python" tests/shared.py bash tests/all.sh "$@"
    fi
fi
mkdir -p target
: >"$SKIPPED_TESTS"
: >"$report"
if [ "${stages[*]}" = "${known[*]}" ]; then
    # A failure fails the stage that needs the tool, and says so.
    "$python" tests/install.py "$tools" >target/install.log 2>&1 &
fi

# Runs a stage and records its time. `set -e` applies in the subshell.
run_stage() {
    stage=$1
    local start=$SECONDS status
    set +e
    (
        set -e
        case $stage in
            # Cases of `deploy` have time limits: it comes first where stages run at the same time.
            acceptance | parity | convert) renice -n 10 -p "$BASHPID" >/dev/null || true ;;
        esac
        "stage_$stage"
    )
    status=$?
    set -e
    printf '%s\t\t%s\t\t%s\n' "$stage" "$((SECONDS - start))" "$([ "$status" = 0 ] && echo ok || echo FAILED)" >>"$report"
    return "$status"
}

# Returns the group of a stage. The stages of a group run at the same time: those that wait for the emulator, and those
# whose programs use one processor.
group_of() {
    case $1 in
        deploy | acceptance | parity | convert) echo emulated ;;
        checkers | layout | embed) echo tools ;;
    esac
}

# Waits for the stages of a group, and prints the output of each.
failed=()
waiting=()
finish_group() {
    local pair
    for pair in "${waiting[@]}"; do
        wait "${pair#* }" || failed+=("${pair% *}")
        cat "target/${pair% *}.log"
    done
    waiting=()
}

group=
for stage in "${stages[@]}"; do
    if [ "$(group_of "$stage")" != "$group" ]; then
        finish_group
        group=$(group_of "$stage")
    fi
    if [ -n "$group" ]; then
        run_stage "$stage" >"target/$stage.log" 2>&1 &
        waiting+=("$stage $!")
    else
        run_stage "$stage" || failed+=("$stage")
    fi
done
finish_group

printf '\n== where the time went, in seconds: elapsed, and of the processors without the emulator and the provider\n'
awk -F '\t' '{ printf "%-10s %-32s %7s %7s  %s\n", $1, $2 == "" ? "(stage)" : $2, $3, $4, $5 }' "$report"
printf '%-43s %7s\n' total "$SECONDS"
if [ -s "$SKIPPED_TESTS" ]; then
    printf '\nskipped:\n'
    sed 's/^/  /' "$SKIPPED_TESTS"
fi
if [ "${#failed[@]}" -gt 0 ]; then
    printf '\nfailed: %s\n' "${failed[*]}"
    exit 1
fi
printf '\nall tests passed\n'
