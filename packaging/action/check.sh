#!/usr/bin/env bash
# Checks $FILES: prints annotations, and writes one SARIF file if $SARIF is `true`.
# Reports a failure as an output, so that the review of the pull request runs too.
set -uo pipefail
failed=false
unknown=()
[ "$ALLOW_UNKNOWN" != true ] || unknown=(--allow-unknown)
reports=$RUNNER_TEMP/ssm-synth-reports
mkdir -p "$reports"
number=0
for file in $FILES; do
    if [ "$UP_TO_DATE" = true ]; then
        ssm-synth synth --check "$file" || failed=true
    fi
    ssm-synth check "$file" --format github ${unknown[@]+"${unknown[@]}"} || failed=true
    if [ "$SARIF" = true ]; then
        number=$((number + 1))
        # A file that cannot be read has no report.
        ssm-synth check "$file" --format sarif ${unknown[@]+"${unknown[@]}"} > "$reports/$number.json" || [ -s "$reports/$number.json" ] ||
            rm "$reports/$number.json"
    fi
done
if [ "$SARIF" = true ]; then
    python3 "$GITHUB_ACTION_PATH/merge_sarif.py" "$reports" > "$RUNNER_TEMP/ssm-synth.sarif"
fi
echo "failed=$failed" >> "$GITHUB_OUTPUT"
