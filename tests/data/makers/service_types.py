"""The resource types of the services that `CLOSED` in src/reachability/closed_world.rs names, in both languages.

The report of a refresh names the new ones. Without the provider, Terraform's types stay as they are.
"""
import re

from cloudformation import types
from makers import WRITTEN_BY

SOURCE = "hashicorp-aws"


def make(inputs):
    inputs.installed("cfn-lint")
    starts = closed()
    provider = inputs.or_skip(inputs.provider, SOURCE, "hashicorp/aws")
    names = list(types())
    if provider:
        names += provider[1]["resource_schemas"]
    else:
        names += [name for name in inputs.previous.split() if name.startswith("aws_")]
    names = sorted(name for name in names if name.startswith(starts))
    return "".join(f"{line}\n" for line in [WRITTEN_BY, *names])


def closed():
    """The beginnings of the names of types that can affect a session."""
    from catalog import ROOT

    text = (ROOT / "src/reachability/closed_world.rs").read_text()
    return tuple(re.findall(r'"(.*?)"', re.search(r"const CLOSED: [^=]*= &\[(.*?)\];", text, re.S)[1]))
