"""Arguments whose change replaces a resource, from plans of the Terraform provider.

The provider's schema does not show these arguments, but its plans do: for each argument, the provider
plans a change of that argument alone, and the plan lists what requires a replacement.

A row has the type and the arguments that always replace the resource. Arguments that replace it under
a condition are collected manually, in `replaced_if` of the resource tables in `src/resource`. For types
without a table, a third column has the arguments that the provider rejects with placeholder values.
Their arguments are planned down to the second level. Types with a very large state,
or whose placeholder values the provider rejects, have no row.
"""
import copy
import json
import re

from . import Unexpected, rows_of

SOURCE = "hashicorp-aws"

# Arguments that the provider rejects with placeholder values, or in combination.
VALUES = {
    "aws_cloudwatch_metric_alarm": {"extended_statistic": None, "metric_query": []},
    "aws_db_instance": {"blue_green_update": [], "replica_mode": None, "replicate_source_db": None},
    "aws_redshift_cluster": {"multi_az": False},
    "aws_ec2_instance_metadata_defaults": {
        "http_endpoint": "disabled", "http_put_response_hop_limit": 2, "http_tokens": "required",
        "instance_metadata_tags": "enabled"},
    "aws_lb_listener": {"default_action": []},
    "aws_s3_bucket_lifecycle_configuration": {
        "rule": [], "transition_default_minimum_object_size": "varies_by_storage_class"},
    "aws_sns_topic": {"archive_policy": None, "content_based_deduplication": False,
                      "fifo_throughput_scope": None},
    "aws_vpc_security_group_vpc_association": {"state": "associated"},
    "aws_vpc_block_public_access_exclusion": {"internet_gateway_exclusion_mode": "allow-egress"},
    "aws_vpc_block_public_access_options": {"internet_gateway_block_mode": "block-ingress"},
    "aws_ssm_document": {"permissions": {"type": "Share", "account_ids": "all"}},
}

# The depth of planned arguments, and the maximum length of a state, of types without a table.
MAX_DEPTH, MAX_STATE = 2, 100_000

# EC2 returns this block for every instance, so that no plan adds it.
NEVER_ADDED = {("aws_instance", "private_dns_name_options")}

JSON_ARGUMENTS = {"content", "definition", "delivery_policy", "event_pattern", "filter_policy", "input",
                  "redrive_policy"}


def make(inputs):
    binary, schema = inputs.provider(SOURCE, "hashicorp/aws")
    inputs.needs("grpcio")
    import grpc
    from provider import Provider

    conditional = conditional_arguments()
    names = json.loads(inputs.catalog.sets["schema-names"].file.read_text())["terraform"]
    lines = []
    provider = None
    for name in sorted(schema["resource_schemas"]):
        block = schema["resource_schemas"][name]["block"]
        is_modeled = name in names
        if not is_modeled and len(json.dumps(state(block, 1))) > MAX_STATE:
            continue
        if provider is None:
            provider = Provider(binary, schema).__enter__()
        try:
            rejected = None if is_modeled else set()
            always = replacing(provider, name, block, conditional.get(name, set()), rejected)
        except grpc.RpcError:
            # The provider does not survive the plan.
            if is_modeled:
                raise
            provider.__exit__()
            provider, always = None, None
        if always is None:
            continue
        row = [name, ",".join(sorted(always)), *([",".join(sorted(rejected))] if rejected else [])]
        lines.append("\t".join(row) + "\n")
    provider.__exit__()
    return "".join(lines)


def problems(inputs):
    """Arguments that the provider's schema lacks; needs no provider."""
    known = json.loads(inputs.catalog.sets["schema-names"].file.read_text())["terraform"]
    conditional = conditional_arguments()
    for name, always, *_ in rows_of(inputs.data_set.file):
        arguments = {*filter(None, always.split(",")), *conditional.pop(name, ())}
        for argument in sorted(arguments):
            if name in known and argument not in known[name]:
                yield f"{name}: the schema has no `{argument}`"
    yield from (f"{name} is missing from {inputs.data_set.file.name}" for name in conditional)


def conditional_arguments():
    """The arguments in `replaced_if` of the resource tables, by type."""
    from catalog import ROOT

    clause = re.compile(r'/ "(aws_\w+)",[^;]*\breplaced_if \[([^\]]*)\]')
    found = {}
    for path in (ROOT / "src/resource").rglob("*.rs"):
        for name, body in clause.findall(path.read_text()):
            found[name] = set(re.findall(r'"([\w.]+)" =', body))
    return found


def replacing(provider, name, block, under_condition, rejected=None):
    """The arguments of a type that always replace it when they change alone. Adds those that the provider rejects."""
    preset = VALUES.get(name, {})
    prior = state(block, 1) | preset
    found = set()
    if rejected is not None:
        _, error = provider.replaced_by(name, prior, prior, configured(block, prior))
        if error:
            return None
    for path, change in changes(block):
        dotted = ".".join(path)
        if path[0] in preset or dotted == "id" or rejected is not None and len(path) > MAX_DEPTH:
            continue
        proposed = copy.deepcopy(prior)
        apply(proposed, path, change)
        replaced_by, error = provider.replaced_by(name, prior, proposed, configured(block, proposed))
        if error and rejected is not None:
            rejected.add(dotted)
            continue
        if error and dotted not in under_condition:
            raise Unexpected(f"{name}: the provider rejects a change of `{dotted}`; add to VALUES: {error}")
        # A new block lists its contents, which have separate rows, unless the block itself counts.
        is_block = change is another
        if dotted in replaced_by if is_block else replaced_by:
            found.add(dotted)
    return {it for it in found - under_condition if (name, it) not in NEVER_ADDED}


def changes(block, path=()):
    """The path of each argument and block, with the function that changes its value."""
    for name, attribute in block.get("attributes", {}).items():
        if attribute.get("required") or attribute.get("optional"):
            of = attribute["type"]
            yield (*path, name), lambda _, of=of, name=name: value(of, 2, name)
    for name, inner in blocks(block):
        yield (*path, name), another
        yield from changes(inner["block"], (*path, name))


def another(items):
    """Adds a block with other values."""
    return items + json.loads(json.dumps(items).replace('"v1"', '"v3"').replace("10.1.", "10.3."))


def apply(target, path, change):
    for step in path[:-1]:
        target = target[step]
        target = target[0] if isinstance(target, list) else target
    target[path[-1]] = change(target[path[-1]])


def blocks(block):
    # Timeouts are settings of Terraform, not of the resource.
    return [(name, it) for name, it in block.get("block_types", {}).items() if name != "timeouts"]


def state(block, seed):
    """A state in which every attribute and block has a value."""
    out = {name: value(it["type"], seed, name) for name, it in block.get("attributes", {}).items()}
    out |= {name: None for name in block.get("block_types", {})}
    out |= {name: [state(it["block"], seed)] for name, it in blocks(block)}
    return out


def configured(block, values):
    """The configuration that belongs to a state: without computed attributes."""
    out = {}
    for name, attribute in block.get("attributes", {}).items():
        is_argument = attribute.get("required") or attribute.get("optional")
        out[name] = values[name] if is_argument else None
    out |= {name: None for name in block.get("block_types", {})}
    out |= {name: [configured(it["block"], one) for one in values[name]] for name, it in blocks(block)}
    return out


def value(of, seed, name):
    """A placeholder of a type; other seeds give other values."""
    if isinstance(of, list):
        kind, inner = of
        if kind == "object":
            return {key: value(it, seed, key) for key, it in inner.items()}
        return {"k": value(inner, seed, name)} if kind == "map" else [value(inner, seed, name)]
    if of == "number":
        return 10 + seed
    if of == "bool":
        return seed % 2 == 1
    if "policy" in name or name in JSON_ARGUMENTS:
        statement = {"Effect": "Allow", "Action": f"s3:Get{seed}", "Resource": "*"}
        return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    if name.endswith("arn"):
        return f"arn:aws:iam::123456789012:role/v{seed}"
    if name == "availability_zone":
        return f"us-east-1{'abc'[seed - 1]}"
    if "cidr" in name:
        return f"2001:db8:{seed}::/64" if "ipv6" in name else f"10.{seed}.0.0/16"
    return f"v{seed}"
