#!/usr/bin/env bash
# Deploys the default and the hardened stack to an AWS account, with CloudFormation and with Terraform, and deletes them.
#
#     acceptance.sh [OPTION...]
#
#     --region NAME           Region [default: AWS_REGION]
#     --profile NAME          profile of the AWS CLI
#     --program FILE          the program under test [default: ssm-synth on the PATH]
#     --only TOOL-PRESET      one stack, such as cloudformation-standard or terraform-hardened; repeatable
#     --terraform-file PATH   file for each Terraform directory, such as a provider configuration; repeatable
#     --directory NAME        new directory for files and the report [default: ssm-acceptance-ID]
#     --clean DIRECTORY       only delete what an earlier run left behind
#     --yes                   skip the confirmation prompt
#
# For each stack: deploys it, waits for the agent, runs a command in a session as an operator, checks the session
# log (hardened), deploys an unrelated change, and deletes the stack. An interrupt also deletes everything.
# docs/how-to/verifying-on-aws.md describes the account, the cost and the report.
#
# Exit codes: 0 all steps passed, 1 a step failed or a resource is left, 2 usage, 130 interrupted.
set -uo pipefail

TAG=ssm-synth-acceptance
STACKS=(cloudformation-standard cloudformation-hardened terraform-standard terraform-hardened)
# Seconds until a wait fails, and between two calls.
PATIENCE=${ACCEPTANCE_PATIENCE:-900}
PAUSE=${ACCEPTANCE_PAUSE:-5}

stop() {
    printf 'error: %s\n' "$1" >&2
    exit 2
}

# --- arguments

region=${AWS_REGION:-${AWS_DEFAULT_REGION:-}}
program=ssm-synth
directory=
clean=
confirmed=
chosen=()
terraform_files=()
while [ $# -gt 0 ]; do
    case $1 in
        --yes) confirmed=yes; shift; continue ;;
        -h | --help) sed -n '2,/^set /{/^#/s/^# \{0,1\}//p;}' "$0"; exit 0 ;;
        --region | --profile | --program | --only | --terraform-file | --directory | --clean) ;;
        *) stop "unknown argument \`$1\`" ;;
    esac
    [ $# -ge 2 ] || stop "\`$1\` requires a value"
    case $1 in
        --region) region=$2 ;;
        --profile) export AWS_PROFILE=$2 ;;
        --program) program=$2 ;;
        --only)
            case " ${STACKS[*]} " in
                *" $2 "*) chosen+=("$2") ;;
                *) stop "unknown stack \`$2\`; expected one of: ${STACKS[*]}" ;;
            esac
            ;;
        --terraform-file) terraform_files+=("$(realpath "$2")") || exit 2 ;;
        --directory) directory=$2 ;;
        --clean) clean=$2 ;;
    esac
    shift 2
done
[ ${#chosen[@]} -gt 0 ] || chosen=("${STACKS[@]}")
if [ -n "$clean" ]; then
    [ -f "$clean/run" ] || stop "\`$clean\` is not the directory of a run"
    directory=$clean
    read -r id region <"$directory/run"
fi
[ -n "$region" ] || stop "no Region; pass \`--region\`, or set \`AWS_REGION\`"
export AWS_REGION=$region AWS_DEFAULT_REGION=$region AWS_PAGER='' TF_IN_AUTOMATION=1
unset SSM_SYNTH_CONFIG

tools=(aws session-manager-plugin script)
for stack in "${chosen[@]}"; do
    case $stack in terraform-*) tools+=(terraform); break ;; esac
done
for tool in "$program" "${tools[@]}"; do
    command -v "$tool" >/dev/null || stop "\`$tool\` is not on the PATH"
done
program=$(command -v "$program")
program=$(cd "$(dirname "$program")" && pwd)/$(basename "$program")
caller=$(aws sts get-caller-identity --query '[Account,Arn]' --output text) || stop 'cannot call AWS; check the credentials'
read -r account caller_arn <<<"$caller"
partition=$(cut -d : -f 2 <<<"$caller_arn")
case $caller_arn in *:root) stop 'the root user cannot assume the role of operators; use a role or an IAM user' ;; esac

# --- the report

started=$SECONDS
failed=0
[ -n "$clean" ] || id=$(od -An -N3 -tx1 /dev/urandom | tr -d ' \n')
[ -n "$directory" ] || directory=ssm-acceptance-$id
[ -n "$clean" ] || mkdir "$directory" || exit 2
directory=$(cd "$directory" && pwd)
report=$directory/report.txt
# A step redirects the output; the deletion after an interrupt prints to the terminal again.
exec 5>&1 6>&2
if [ -z "$clean" ]; then
    printf '%s %s\n' "$id" "$region" >"$directory/run"
    echo "ssm-acc-$id-" >"$directory/names"
fi

# Writes a line to the terminal and to the report, which does not contain the account ID.
say() { printf '%s\n' "$*" && printf '%s\n' "${*//$account/000000000000}" >>"$report"; }

# Adds the end of a log to the report.
quote() {
    tail -n "${2:-15}" "$1" | tr -d '\000-\010\013-\037' | sed "s/$account/000000000000/g; s/^/    | /" | tee -a "$report"
}

# Runs a command so that a signal to this script ends the wait for it, but not the command: in its own process group it
# does not receive the interrupt of the terminal.
child=
run() {
    set -m
    "$@" &
    child=$!
    set +m
    local status=0
    wait "$child" || status=$?
    child=
    return "$status"
}

log=
# Runs one step of a stack: `step NAME COMMAND...`. Returns its result.
step() {
    local name=$1 start=$SECONDS status=0
    shift
    log=$directory/$stack/$(tr -c 'a-z0-9\n' - <<<"$name").log
    # The command reads no input: an unexpected prompt fails instead of waiting.
    "$@" >"$log" 2>&1 </dev/null || status=$?
    if [ "$status" = 0 ]; then
        say "pass  $stack: $name ($((SECONDS - start)) s)"
        return 0
    fi
    failed=1
    say "FAIL  $stack: $name ($((SECONDS - start)) s, exit code $status)"
    quote "$log"
    return 1
}

# Repeats a command until it succeeds: `until_true COMMAND...`.
until_true() {
    local end=$((SECONDS + PATIENCE))
    until "$@"; do
        [ "$SECONDS" -lt "$end" ] || { echo "timed out after $PATIENCE seconds"; return 1; }
        run sleep "$PAUSE"
    done
}

# --- what is created

name_of() { printf 'ssm-acc-%s-%s' "$id" "$(sed 's/cloudformation/cfn/; s/terraform/tf/' <<<"$1")"; }

# Writes the configuration of a stack: `configure STACK REVISION`.
configure() {
    local preset=${1#*-}
    {
        echo "name: $(name_of "$1")"
        echo "region: $region"
        echo "preset: $preset"
        # GuardDuty puts an endpoint into the VPC of an instance without this tag.
        echo "tags: {$TAG: '$id', revision: '$2', GuardDutyManaged: 'false'}"
        echo "operators: {trusted_principals: ['arn:$partition:iam::$account:root']}"
        if [ "$preset" = hardened ] && [ "$recorder" != True ]; then
            echo 'monitoring: {config_rules: false}'
        fi
    } >"$directory/$1/ssm-synth.yaml"
}

recorder=$(aws configservice describe-configuration-recorder-status \
    --query 'ConfigurationRecordersStatus[0].recording' --output text 2>/dev/null)

# --- deployment

synth() { (cd "$directory/$stack" && "$program" --quiet "$@"); }

deploy_cloudformation() { cd "$directory/$stack" && run "$program" deploy --yes; }

generate_terraform() {
    local file
    synth --format tf --output main.tf.json || return
    for file in ${terraform_files[@]+"${terraform_files[@]}"}; do cp "$file" "$directory/$stack/"; done
}

deploy_terraform() {
    generate_terraform || return
    cd "$directory/$stack" || return
    # Without state there is something to delete only after this line.
    run terraform init -input=false -no-color || return
    touch applied
    run terraform apply -auto-approve -input=false -no-color
}

snake_case() { awk '{ gsub(/[A-Z]/, "_&"); print substr(tolower($0), 2) }' <<<"$1"; }

# Prints an output of the stack, by its name in CloudFormation: `output WebInstanceId`.
output() {
    case $stack in
        cloudformation-*)
            aws cloudformation describe-stacks --stack-name "$(name_of "$stack")" --output text \
                --query "Stacks[0].Outputs[?OutputKey=='$1'].OutputValue"
            ;;
        *) cd "$directory/$stack" && terraform output -raw "$(snake_case "$1")" ;;
    esac
}

# Prints the resources of the stack with their IDs.
resources() {
    case $stack in
        cloudformation-*)
            aws cloudformation list-stack-resources --stack-name "$(name_of "$stack")" --output text \
                --query 'sort_by(StackResourceSummaries, &LogicalResourceId)[].[LogicalResourceId, PhysicalResourceId]'
            ;;
        # Each resource starts with `# TYPE.NAME:`, and has one argument `id` of its own.
        *) cd "$directory/$stack" && terraform show -no-color | awk '/^# / { name = $2 } /^    id +=/ { print name, $3 }' ;;
    esac
}

wait_for_agent() {
    case $stack in
        cloudformation-*) cd "$directory/$stack" && run "$program" status --wait --timeout "${PATIENCE}s" ;;
        *) until_true is_online "$(output MainInstanceId)" ;;
    esac
}

is_online() {
    local ping
    ping=$(aws ssm describe-instance-information --filters "Key=InstanceIds,Values=$1" \
        --query 'InstanceInformationList[0].PingStatus' --output text) || return
    echo "agent of $1: $ping"
    [ "$ping" = Online ]
}

# --- the session

# Becomes the operator, in a subshell.
assume() {
    local credentials
    credentials=$(aws sts assume-role --role-arn "$1" --role-session-name acceptance --duration-seconds 900 \
        --query 'Credentials.[AccessKeyId,SecretAccessKey,SessionToken]' --output text) || return
    read -r AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN <<<"$credentials"
    export AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN
    unset AWS_PROFILE
}

# Runs a command on a terminal, which the plugin requires, with the input of this function. BSD has another `script`.
on_a_terminal() {
    case $(uname) in
        Darwin | *BSD) script -q /dev/null sh -c "stty cols 200 rows 50; exec $1" ;;
        *) script -qec "stty cols 200 rows 50; exec $1" /dev/null ;;
    esac
}

# Opens a session, runs a command in it and compares the result, which the input does not contain.
try_session() {
    local start=$1 input=$directory/$stack/input text=$directory/$stack/session.txt end=$((SECONDS + 60)) session
    rm -f "$input" && mkfifo "$input" || return
    # Open in both directions: the session gets no end of input.
    exec 3<>"$input"
    on_a_terminal "$start" <"$input" >"$text" 2>&1 3>&- &
    session=$!
    trap 'kill "$session"; exit 143' TERM
    # The prompt follows the line with the session ID.
    while ! grep -q 'Starting session' "$text" && kill -0 "$session" 2>/dev/null && [ "$SECONDS" -lt "$end" ]; do sleep 1; done
    kill -0 "$session" 2>/dev/null && sleep 3
    # shellcheck disable=SC2016 # The remote shell expands it.
    printf 'echo result-$((6 * 7))-%s\n' "$id" >&3
    while ! grep -q "result-42-$id" "$text" && kill -0 "$session" 2>/dev/null && [ "$SECONDS" -lt "$end" ]; do sleep 1; done
    printf 'exit\n' >&3
    end=$((SECONDS + 15))
    while kill -0 "$session" 2>/dev/null && [ "$SECONDS" -lt "$end" ]; do sleep 1; done
    exec 3>&-
    kill "$session" 2>/dev/null
    wait "$session" 2>/dev/null
    rm -f "$input"
    tail -n 15 "$text"
    grep -q "result-42-$id" "$text"
}

# IAM needs some seconds until a new role can be assumed and has its policies.
attempt_sessions() {
    local attempt
    for attempt in 1 2 3 4 5 6; do
        [ "$attempt" = 1 ] || sleep "$PAUSE"
        (assume "$1" && try_session "$2") && return
    done
    return 1
}

run_in_session() {
    local role start
    role=$(output OperatorsRoleArn) && start=$(output MainStartSession) || return
    echo "\$ $start"
    run attempt_sessions "$role" "$start"
}

# The log group receives what the session printed, and the bucket an object when the session ends.
is_logged() {
    local found bucket
    found=$(aws logs filter-log-events --log-group-name "/session-manager/$(name_of "$stack")" --output text \
        --query "length(events[?contains(message, 'result-42-$id')])") || return
    # One number for each page of the response.
    grep -q '[1-9]' <<<"$found" || { echo 'no output in the log group yet'; return 1; }
    bucket=$(resources | awk '/^SessionsBucket\t/ || /^aws_s3_bucket.sessions_bucket:/ { gsub(/"/, "", $2); print $2 }')
    found=$(aws s3api list-objects-v2 --bucket "$bucket" --prefix sessions/ --query KeyCount --output text) || return
    [ "$found" != 0 ] || { echo 'no object in the bucket yet'; return 1; }
}

# --- an unrelated change

update() {
    resources >before.txt && [ -s before.txt ] || { echo 'the stack has no resources'; return 1; }
    configure "$stack" 2
    case $stack in
        cloudformation-*) deploy_cloudformation || return ;;
        *)
            generate_terraform || return
            run terraform plan -input=false -no-color -out plan.out || return
            terraform show -no-color plan.out | grep '^Plan: 0 to add, [1-9][0-9]* to change, 0 to destroy' ||
                { echo 'the plan replaces a resource, or changes none'; return 1; }
            run terraform apply -input=false -no-color plan.out || return
            ;;
    esac
    resources >after.txt
    diff before.txt after.txt || return
    local revision
    revision=$(aws ec2 describe-tags --output text --query 'Tags[0].Value' \
        --filters "Name=resource-id,Values=$(output MainInstanceId)" Name=key,Values=revision)
    [ "$revision" = 2 ] || { echo "the instance has revision $revision, expected 2"; return 1; }
}

is_unchanged() {
    case $stack in
        cloudformation-*) deploy_cloudformation && grep -q 'No changes' "$log" ;;
        *) cd "$directory/$stack" && run terraform plan -input=false -no-color -detailed-exitcode ;;
    esac
}

# --- deletion

# Prints the status of a CloudFormation stack; nothing if it does not exist.
status_of() {
    local found
    found=$(aws cloudformation describe-stacks --stack-name "$1" --query 'Stacks[0].StackStatus' --output text 2>&1) ||
        { grep -q 'does not exist' <<<"$found" && return; }
    printf '%s\n' "$found"
}

delete_cloudformation() {
    local status end=$((SECONDS + 2 * PATIENCE))
    while status=$(status_of "$(name_of "$stack")") && [ -n "$status" ] && [ "$status" != DELETE_COMPLETE ]; do
        [ "$SECONDS" -lt "$end" ] || { echo "stack $(name_of "$stack") is still $status"; return 1; }
        case $status in
            REVIEW_IN_PROGRESS) ;;
            *_IN_PROGRESS) echo "waiting: $status"; run sleep "$PAUSE"; continue ;;
            # A rollback cannot delete a bucket that is not empty.
            *_FAILED) delete_retained ;;
        esac
        (cd "$directory/$stack" && run "$program" destroy --stack "$(name_of "$stack")" --yes) || run sleep "$PAUSE"
    done
}

delete_terraform() {
    cd "$directory/$stack" || return
    [ -f applied ] || return 0
    local kept
    # `prevent_destroy` rejects the deletion of these; `delete_retained` deletes them.
    kept=$(terraform state list 2>/dev/null | grep -E '_(bucket|key)') || true
    # shellcheck disable=SC2086 # One address per word.
    [ -z "$kept" ] || terraform state rm $kept || return
    run terraform destroy -auto-approve -input=false -no-color && rm -f applied
}

# Deletes what both tools retain by policy: the announced buckets, keys and log groups.
delete_retained() {
    local bucket key group part versions status=0
    for bucket in $(buckets); do
        for part in Versions DeleteMarkers; do
            while versions=$(aws s3api list-object-versions --bucket "$bucket" --max-items 500 --output json \
                --query "{Objects: ${part}[].{Key: Key, VersionId: VersionId}, Quiet: \`true\`}") &&
                grep -q '"Key"' <<<"$versions"; do
                aws s3api delete-objects --bucket "$bucket" --delete "$versions" --output text || break
            done
        done
        echo "deleting bucket $bucket"
        aws s3api delete-bucket --bucket "$bucket" || status=1
    done
    for group in $(log_groups); do
        echo "deleting log group $group"
        aws logs delete-log-group --log-group-name "$group" || status=1
    done
    for key in $(keys Enabled); do
        echo "scheduling the deletion of key $key"
        aws kms schedule-key-deletion --key-id "$key" --pending-window-in-days 7 --output text || status=1
    done
    return "$status"
}

# Remembers the IDs of the resources: `leftovers` finds those without a tag or a name of the run.
record() { resources 2>/dev/null | awk '!/^data\./ { gsub(/"/, "", $2); if (length($2) >= 16) print $2 }' >>"$directory/names"; }

delete_stack() {
    record
    "delete_${stack%-*}" || return
    # The trail can write to its bucket until it is deleted.
    until_true delete_retained
}

# --- what is left

# Prints the words of all pages on lines; `None` is the response to an empty list. A call that fails counts as
# something that remains, since its response is unknown.
words() {
    local found
    found=$(aws "$@" --output text) || { echo "unknown, since a call failed: aws $1 $2"; return; }
    tr '\t' '\n' <<<"$found" | grep -vE '^(None)?$'
}

# Selects what has the name or the ID of a resource of the run, and adds the kind.
named() { grep -F -f "$directory/names" -e 'a call failed' | sed "s/^/$1 /"; }

# The bucket names of CloudFormation and Terraform differ; both have the tag.
buckets() {
    local bucket
    words s3api list-buckets --query 'Buckets[].Name' | while read -r bucket; do
        case $bucket in *' '*) echo "$bucket" ;; esac
        if grep -qxF "$bucket" "$directory/names" || [ "$(aws s3api get-bucket-tagging --bucket "$bucket" --output text \
            --query "TagSet[?Key=='$TAG'].Value" 2>/dev/null)" = "$id" ]; then
            echo "$bucket"
        fi
    done
}

log_groups() { words logs describe-log-groups --query "logGroups[].logGroupName" | grep -F -e "ssm-acc-$id-" -e 'a call failed'; }

# Prints the keys of this run in a state.
keys() {
    local key
    words kms list-keys --query 'Keys[].KeyId' | while read -r key; do
        case $key in *' '*) echo "$key" ;; esac
        [ "$(aws kms list-resource-tags --key-id "$key" --output text \
            --query "Tags[?TagKey=='$TAG'].TagValue" 2>/dev/null)" = "$id" ] || continue
        [ "$(aws kms describe-key --key-id "$key" --query KeyMetadata.KeyState --output text)" = "$1" ] && echo "$key"
    done
}

# Prints the resources of the run that exist, by tag or name. The deletion of keys takes 7 days: they do not count.
leftovers() {
    local kind query filter
    log_groups | sed 's/^/log group /'
    buckets | sed 's/^/bucket /'
    keys Enabled | sed 's/^/key /'
    words cloudformation describe-stacks --query 'Stacks[].StackName' | named stack
    words iam list-roles --query 'Roles[].RoleName' | named role
    words iam list-policies --scope Local --query 'Policies[].Arn' | named policy
    words iam list-instance-profiles --query 'InstanceProfiles[].InstanceProfileName' | named 'instance profile'
    words ssm list-documents --filters Key=Owner,Values=Self --query 'DocumentIdentifiers[].Name' | named document
    words ssm list-associations --query 'Associations[].AssociationId' | named association
    words sns list-topics --query 'Topics[].TopicArn' | named topic
    words cloudtrail describe-trails --query 'trailList[].Name' | named trail
    words events list-rules --query 'Rules[].Name' | named rule
    words cloudwatch describe-alarms --query 'MetricAlarms[].AlarmName' | named alarm
    words configservice describe-config-rules --query 'ConfigRules[].ConfigRuleName' | named 'Config rule'
    words ec2 describe-launch-templates --query 'LaunchTemplates[].LaunchTemplateId' | named 'launch template'
    while read -r kind query; do
        filter=--filters
        [ "$kind" = flow-logs ] && filter=--filter
        words ec2 "describe-$kind" "$filter" "Name=tag:$TAG,Values=$id" --query "$query" | sed "s/^/$kind /"
    done <<'KINDS'
vpcs Vpcs[].VpcId
subnets Subnets[].SubnetId
route-tables RouteTables[].RouteTableId
security-groups SecurityGroups[].GroupId
vpc-endpoints VpcEndpoints[?State!='deleted'].VpcEndpointId
network-interfaces NetworkInterfaces[].NetworkInterfaceId
volumes Volumes[].VolumeId
flow-logs FlowLogs[].FlowLogId
KINDS
    # EC2 lists a terminated instance for an hour.
    words ec2 describe-instances --query 'Reservations[].Instances[].InstanceId' --filters "Name=tag:$TAG,Values=$id" \
        Name=instance-state-name,Values=pending,running,stopping,stopped,shutting-down | sed 's/^/instance /'
}

nothing_left() {
    leftovers >"$directory/left.txt"
    [ ! -s "$directory/left.txt" ]
}

# --- the run

# All steps of one stack. A failure skips the rest of them, except the deletion.
try_stack() {
    stack=$1
    cd "$directory/$stack" || exit
    configure "$stack" 1
    step deploy "deploy_${stack%-*}" &&
        step 'no changes' is_unchanged &&
        step 'agent online' wait_for_agent &&
        step 'session as operator' run_in_session &&
        case $stack in
            *-hardened) step 'session log' until_true is_logged ;;
        esac &&
        step 'unrelated change' update
    step delete delete_stack
    cd "$directory" || exit
}

deleted=
# Deletes all stacks of the run and lists what is left. Runs at each exit.
finish() {
    local status=$?
    [ -z "$deleted" ] || exit "$status"
    deleted=yes
    exec >&5 2>&6
    # An interrupt must not stop the deletion.
    trap '' INT TERM HUP
    if [ -n "$child" ]; then
        say 'waiting for the command in progress, which can take minutes'
        # An interrupted Terraform loses what it is about to create.
        case ${stack:-} in terraform-*) ;; *) kill -TERM "$child" 2>/dev/null ;; esac
        wait "$child" 2>/dev/null
        child=
    fi
    exec 3>&-
    for stack in "${STACKS[@]}"; do
        [ -d "$directory/$stack" ] || continue
        if [ -n "$(status_of "$(name_of "$stack")")" ] || [ -f "$directory/$stack/applied" ]; then
            say "deleting $(name_of "$stack")"
            step delete delete_stack
        fi
    done
    stack=.
    delete_retained >>"$directory/retained.log" 2>&1
    until_true nothing_left >/dev/null
    for key in $(keys PendingDeletion); do say "left, as announced: key $key, which KMS deletes in 7 days"; done
    if [ -s "$directory/left.txt" ]; then
        failed=1
        say 'FAIL  left behind:'
        quote "$directory/left.txt" 200
        say "run \`$0 --clean $directory\` to delete it"
    else
        say 'pass  nothing else is left'
    fi
    [ "$status" = 0 ] && status=$failed
    case $status in
        0) say "all steps passed in $(((SECONDS - started) / 60)) minutes" ;;
        130) say 'interrupted' ;;
        *) say 'some steps failed' ;;
    esac
    printf 'report: %s\n' "$report"
    exit "$status"
}

if [ -n "$clean" ]; then
    say "== deletion of run $id"
    trap finish EXIT
    exit 0
fi

trap 'rm -rf "$directory"' EXIT
say "ssm-synth acceptance run $id"
say "program     $("$program" --version)"
say "AWS CLI     $(aws --version 2>&1)"
say "plugin      $(session-manager-plugin --version)"
case " ${tools[*]} " in *' terraform '*) say "Terraform   $(terraform version 2>/dev/null | grep '^Terraform')" ;; esac
say "system      $(uname -sm)"
say "account     $account, Region $region"
say "date        $(date -u +%Y-%m-%dT%H:%M:%SZ)"
say ''
say 'Creates, one after the other, and deletes:'
for stack in "${chosen[@]}"; do
    mkdir "$directory/$stack"
    configure "$stack" 1
    cost=$(synth cost --region "$region" | awk '$1 == "total" { print $NF }')
    say "  $(name_of "$stack"): about \$${cost:-?} per month, so \$$(awk "BEGIN { printf \"%.2f\", ${cost:-0} / 730 / 2 }") for half an hour"
done
if grep -q hardened <<<"${chosen[*]}"; then
    say 'Each hardened stack has 3 KMS keys. KMS deletes them 7 days after the run, without cost.'
    say 'Each hardened stack has a CloudTrail trail: a second copy of management events costs 2 dollars per 100,000.'
    [ "$recorder" = True ] || say 'No AWS Config recorder records in the Region: the stacks have no Config rules.'
fi
if aws ssm get-document --name SSM-SessionManagerRunShell --query Name --output text >/dev/null 2>&1; then
    say 'The account has session preferences, which the sessions of the standard stacks follow.'
fi
if [ -z "$confirmed" ]; then
    printf 'Create these stacks in account %s? [y/N] ' "$account"
    read -r reply || reply=
    case $reply in y | yes) ;; *) echo 'Nothing was changed'; exit 1 ;; esac
fi

trap finish EXIT
trap 'exit 130' INT TERM HUP
for stack in "${chosen[@]}"; do
    try_stack "$stack"
done
