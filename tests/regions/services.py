#!/usr/bin/env python3
"""Writes src/region/services.tsv from the npm package aws-cdk-lib (`npm pack aws-cdk-lib`).

    python3 tests/regions/services.py aws-cdk-lib-2.276.0.tgz > src/region/services.tsv

The package has the only public list of the services whose endpoints have another name outside the
commercial partition: `aws ec2 describe-vpc-endpoint-services` tells those of one's own partition.
"""
import json
import re
import sys
import tarfile

# When the package was read.
DATE = "2026-11-25"

with tarfile.open(sys.argv[1]) as package:
    read = lambda name: package.extractfile(f"package/{name}").read().decode()
    source = read("aws-ec2/lib/vpc-endpoint.js")
    version = json.loads(read("package.json"))["version"]

names = {}
for token, prefix, rest in re.findall(
    r'new InterfaceVpcEndpointAwsService\("([^"]+)"(?:,"([^"]*)")?([^)]*)\)', source
):
    region = "" if "global:!0" in rest else "REGION."
    prefix = prefix or "com.amazonaws"
    name = f"{prefix}.{region}{token}"
    names[token] = "-" if name == f"com.amazonaws.REGION.{token}" else name

# `{"cn-north-1":["athena",…],…}` of a method.
def table(method):
    body = source[source.index(f"{method}(name,region){{"):]
    return json.loads(re.search(r"\{(?:\"[a-z0-9-]+\":\[[^]]*\],?)+\}", body)[0])

reversed_in = {}
for region, tokens in sorted(table("getDefaultEndpointPrefix").items()):
    for token in tokens:
        names.setdefault(token, "-")
        reversed_in.setdefault(token, []).append(region)
suffixed = table("getDefaultEndpointSuffix")
assert suffixed == {"cn-north-1": ["transcribe"], "cn-northwest-1": ["transcribe"]}, suffixed

print(f"# Source: aws-cdk-lib {version} (aws-ec2/lib/vpc-endpoint.js); {DATE}.")
print("# name: of the endpoint's service, where it is not com.amazonaws.REGION.SERVICE;")
print("# reversed_in: regions where it begins with the partition's domain, its parts reversed, such")
print("# as cn.com.amazonaws; in China a reversed `transcribe` ends in `.cn` too.")
print("# `-`: none.")
print("# service\tname\treversed_in")
for token, name in sorted(names.items()):
    print(token, name, " ".join(reversed_in.get(token, [])) or "-", sep="\t")
