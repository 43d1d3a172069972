"""Instance types with the Regions that offer them, from the responses of EC2 that moto bundles."""
import gzip
import json
from importlib import resources

from . import WRITTEN_BY

HEAD = f"""\
{WRITTEN_BY}
# sizes of a family; regions: the Regions that offer them, or after `!` those of the first row that do not.
# The first row has all Regions whose offers are known.
# family	sizes	regions
"""


def make(inputs):
    inputs.installed("moto")
    offers = {}
    for file in (resources.files("moto") / "ec2/resources/instance_type_offerings/region").iterdir():
        region = file.name.removesuffix(".json.gz")
        for offer in json.loads(gzip.decompress(file.read_bytes())):
            offers.setdefault(offer["InstanceType"], set()).add(region)
    known = sorted(set().union(*offers.values()))
    sizes = {}
    for name in sorted(offers):
        family, size = name.split(".", 1)
        sizes.setdefault((family, tuple(sorted(offers[name]))), []).append(size)
    lines = [f"all\t-\t{' '.join(known)}\n"]
    for (family, regions), of in sorted(sizes.items()):
        missing = [region for region in known if region not in regions]
        shown = " ".join(regions) if len(regions) <= len(missing) else " ".join(["!", *missing])
        lines.append(f"{family}\t{' '.join(of)}\t{shown}\n")
    return HEAD + "".join(lines)
