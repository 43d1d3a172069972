#!/usr/bin/env bash
# Writes the effects of a pull request on $FILES since the commit $BASE to the comment and the summary, with
# annotations for $GATES. Reports a failed gate as an output, so that the comment is posted.
set -uo pipefail
failed=false
unknown=()
[ "$ALLOW_UNKNOWN" != true ] || unknown=(--allow-unknown)
comment=$RUNNER_TEMP/comment.md
echo '<!-- ssm-synth -->' > "$comment"
for file in $FILES; do
    sides=("$BASE:$file" "$file")
    if [ ! -e "$file" ]; then
        sides=("$BASE:$file" /dev/null)
    elif ! git ls-files --error-unmatch "$file" > /dev/null 2>&1; then
        # A plan of this run, with its prior state.
        sides=("$file")
    fi
    ssm-synth diff "${sides[@]}" --format markdown >> "$comment" || failed=true
    if [ -n "$GATES" ]; then
        ssm-synth diff "${sides[@]}" --format github --fail-on "$GATES" ${unknown[@]+"${unknown[@]}"} || failed=true
    fi
done
cat "$comment" >> "$GITHUB_STEP_SUMMARY"
echo "failed=$failed" >> "$GITHUB_OUTPUT"
