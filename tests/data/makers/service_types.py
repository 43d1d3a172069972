"""The resource types of the services that `CLOSED` in src/reachability/closed_world.rs names, and those of
src/reachability/types.tsv, in both languages. Then the other services, each with a `*`.

The report of a refresh names the new ones. Without the provider, Terraform's types stay as they are.
"""
import re

from cloudformation import types
from makers import WRITTEN_BY

SOURCE = "hashicorp-aws"


def make(inputs):
    inputs.installed("cfn-lint")
    starts, rows = closed(), classified()
    provider = inputs.or_skip(inputs.provider, SOURCE, "hashicorp/aws")
    names = [name for name in types() if "::" in name]
    if provider:
        names += provider[1]["resource_schemas"]
    else:
        names += [name for name in inputs.previous.split() if name.startswith("aws_")]
    single = sorted(name for name in names if name.startswith(starts) or name in rows)
    others = sorted({service(name) for name in names if not name.startswith(starts)})
    return "".join(f"{line}\n" for line in [WRITTEN_BY, *single, *others])


def service(name):
    """`AWS::S3*` or `aws_s3*`; the data without the provider has these already."""
    separator = "::" if "::" in name else "_"
    return separator.join(name.removesuffix("*").split(separator)[:2]) + "*"


def classified():
    from catalog import ROOT

    lines = (ROOT / "src/reachability/types.tsv").read_text().splitlines()
    return {line.split("\t")[0] for line in lines if not line.startswith("#")}


def closed():
    """The beginnings of the names of types that can affect a session."""
    from catalog import ROOT

    text = (ROOT / "src/reachability/closed_world.rs").read_text()
    return tuple(re.findall(r'"(.*?)"', re.search(r"const CLOSED: [^=]*= &\[(.*?)\];", text, re.S)[1]))
