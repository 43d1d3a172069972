"""Services with interface endpoints, from the npm package aws-cdk-lib.

The package has the only public list of services whose endpoints have another name outside the
commercial partition: `aws ec2 describe-vpc-endpoint-services` lists only those of the caller's own
partition.
"""
import json
import re
import tarfile

from . import WRITTEN_BY, Unexpected

HEAD = f"""\
{WRITTEN_BY}
# name: name of the endpoint service, where it is not com.amazonaws.REGION.SERVICE.
# reversed_in: Regions where the name starts with the partition's reversed DNS suffix, such as
# cn.com.amazonaws; in China, a reversed `transcribe` also ends in `.cn`.
# `-`: none.
# service	name	reversed_in
"""


def make(inputs):
    with tarfile.open(inputs.npm_package("aws-cdk-lib")) as package:
        source = package.extractfile("package/aws-ec2/lib/vpc-endpoint.js").read().decode()

    names = {}
    for token, prefix, rest in re.findall(
        r'new InterfaceVpcEndpointAwsService\("([^"]+)"(?:,"([^"]*)")?([^)]*)\)', source
    ):
        region = "" if "global:!0" in rest else "REGION."
        name = f"{prefix or 'com.amazonaws'}.{region}{token}"
        names[token] = "-" if name == f"com.amazonaws.REGION.{token}" else name

    reversed_in = {}
    for region, tokens in sorted(table(source, "getDefaultEndpointPrefix").items()):
        for token in tokens:
            names.setdefault(token, "-")
            reversed_in.setdefault(token, []).append(region)
    # The Rust code contains only this exception. Another exception requires code there.
    suffixed = table(source, "getDefaultEndpointSuffix")
    if suffixed != {"cn-north-1": ["transcribe"], "cn-northwest-1": ["transcribe"]}:
        raise Unexpected(f"aws-cdk-lib has other endpoint suffixes than `transcribe`: {suffixed}")

    rows = ((token, name, " ".join(reversed_in.get(token, [])) or "-")
            for token, name in sorted(names.items()))
    return HEAD + "".join("\t".join(row) + "\n" for row in rows)


def table(source, method):
    """The object literal in a minified method, such as `{"cn-north-1":["athena"]}`."""
    body = source[source.index(f"{method}(name,region){{"):]
    return json.loads(re.search(r"\{(?:\"[a-z0-9-]+\":\[[^]]*\],?)+\}", body)[0])
