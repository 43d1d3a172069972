"""Regions, from the packages botocore and moto and the collected data sets."""
import json
from importlib import resources

from . import WRITTEN_BY, Unexpected

HEAD = f"""\
{WRITTEN_BY}
# zones: number of Availability Zones; ec2messages: whether the Region has the service.
# s3_prefix_list: ID of the AWS-managed prefix list of the S3 gateway endpoint.
# patch_baseline_suffix: end of the bucket name patch-baseline-snapshot-REGION-SUFFIX.
# patch_manager_suffix: end of the bucket name aws-patch-manager-REGION-SUFFIX.
# `-`: none, or unknown.
# region	partition	dns_suffix	zones	ec2messages	s3_prefix_list	patch_baseline_suffix	patch_manager_suffix
"""


def make(inputs):
    inputs.installed("botocore")
    inputs.installed("moto")
    from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend

    zones = {name: str(len(of)) for name, of in RegionsAndZonesBackend.zones.items()}
    # moto lists two Availability Zones, but their IDs in moto (1, 2, 4) contradict that.
    zones.pop("cn-north-1", None)
    with_ec2messages = {row[0] for row in inputs.collected("regions-with-ec2messages")}
    prefix_lists = dict(inputs.collected("s3-prefix-lists"))
    buckets = {row[0]: row[1:] for row in inputs.collected("patch-buckets")}

    partitions = json.loads((resources.files("botocore") / "data/partitions.json").read_text())
    lines, known = [], set()
    for partition in partitions["partitions"]:
        for region in sorted(partition["regions"]):
            if region.endswith("-global"):
                continue
            known.add(region)
            lines.append("\t".join([
                region,
                partition["id"],
                partition["outputs"]["dnsSuffix"],
                zones.get(region, "-"),
                "yes" if region in with_ec2messages else "no",
                prefix_lists.get(region, "-"),
                *buckets.get(region, ["-", "-"]),
            ]) + "\n")
    unknown = (with_ec2messages | prefix_lists.keys() | buckets.keys()) - known
    if unknown:
        raise Unexpected(f"collected data names Regions that botocore lacks: {sorted(unknown)}")
    return HEAD + "".join(lines)
