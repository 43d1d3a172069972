#!/usr/bin/env python3
"""Writes src/region/regions.tsv from the data of the botocore and moto packages.

    python3 tests/regions/refresh.py > src/region/regions.tsv
"""
import json
from importlib import metadata, resources

from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend

# When the packages were read.
DATE = "2026-11-24"

# Opened in 2024 or later: these regions have no ec2messages (Systems Manager User Guide,
# systems-manager-setting-up-messageAPIs).
WITHOUT_EC2MESSAGES = {
    "ap-southeast-5", "ap-southeast-7", "mx-central-1", "ap-east-2", "ap-southeast-6",
    "eusc-de-east-1",
}

# AWS-managed prefix lists of the S3 gateway endpoint. No package has them: these come from public
# templates. Rule of two: a region is here only if two independent public sources agree on its id.
S3_PREFIX_LISTS = {
    "ap-northeast-1": "pl-61a54008",
    "ap-northeast-2": "pl-78a54011",
    "ap-northeast-3": "pl-a4a540cd",
    "ap-south-1": "pl-78a54011",
    "ap-southeast-1": "pl-6fa54006",
    "ap-southeast-2": "pl-6ca54005",
    "ca-central-1": "pl-7da54014",
    "eu-central-1": "pl-6ea54007",
    "eu-north-1": "pl-c3aa4faa",
    "eu-west-1": "pl-6da54004",
    "eu-west-2": "pl-7ca54015",
    "eu-west-3": "pl-23ad484a",
    "sa-east-1": "pl-6aa54003",
    "us-east-1": "pl-63a5400a",
    "us-east-2": "pl-7ba54012",
    "us-west-1": "pl-6ba54002",
    "us-west-2": "pl-68a54001",
}

# The end of the name of AWS's bucket of patch baseline snapshots, where there is one (Systems
# Manager User Guide, patch-operations-s3-buckets).
PATCH_BASELINE_SUFFIXES = {
    "af-south-1": "tbxdb5b9",
    "ap-south-2": "50209442",
    "ap-southeast-3": "be0a3174",
    "ap-southeast-4": "dc6f76ce",
    "eu-south-2": "df2c9d70",
    "me-south-1": "uduvl7q8",
}

# The end of the name of AWS's bucket of patch operations, which each region has (the same page).
PATCH_MANAGER_SUFFIXES = {
    "us-east-1": "1970c647d",
    "us-east-2": "552881074",
    "us-west-1": "8badb4304",
    "us-west-2": "34d7f99f8",
    "af-south-1": "bdd5f65a9",
    "ap-east-1": "632356271",
    "ap-south-1": "cb7c62ff9",
    "ap-south-2": "32f4b4128",
    "ap-southeast-1": "7fdfd9ef7",
    "ap-southeast-2": "17283a275",
    "ap-southeast-3": "aa48fc462",
    "ap-southeast-4": "01e2c40d3",
    "ap-northeast-1": "4849fa78f",
    "ap-northeast-2": "10467995c",
    "ap-northeast-3": "67373598a",
    "ca-central-1": "3148e69e3",
    "ca-west-1": "9e3a4b2f9",
    "eu-central-1": "9163fdaaf",
    "eu-central-2": "184ce43c8",
    "eu-west-1": "5522fb710",
    "eu-west-2": "902a2bc74",
    "eu-west-3": "29bf85721",
    "eu-south-1": "c52f3f594",
    "eu-south-2": "a4cf248b1",
    "eu-north-1": "795879e9b",
    "il-central-1": "e221cb57b",
    "me-south-1": "a53fc9dce",
    "me-central-1": "2932f2f80",
    "sa-east-1": "ddf4b6a09",
}

partitions = json.loads((resources.files("botocore") / "data/partitions.json").read_text())
zones = {name: len(of) for name, of in RegionsAndZonesBackend.zones.items()}
# moto lists two; the numbering of its own zone ids (1, 2, 4) speaks against it.
zones.pop("cn-north-1", None)

print(f"# Sources: botocore {metadata.version('botocore')} (regions, partitions, suffixes), "
      f"moto {metadata.version('moto')} (zones); {DATE}.")
print("# zones: how many availability zones; ec2messages: whether the service is there;")
print("# s3_prefix_list: AWS's own for the S3 gateway endpoint, from public templates.")
print("# patch_baseline_suffix: of the bucket patch-baseline-snapshot-REGION.")
print("# patch_manager_suffix: of the bucket aws-patch-manager-REGION.")
print("# `-`: none, or not known.")
print("# region\tpartition\tdns_suffix\tzones\tec2messages\ts3_prefix_list\tpatch_baseline_suffix"
      "\tpatch_manager_suffix")
known = set()
for partition in partitions["partitions"]:
    for region in sorted(partition["regions"]):
        if region.endswith("-global"):
            continue
        known.add(region)
        print(region, partition["id"], partition["outputs"]["dnsSuffix"],
              zones.get(region) or "-", "no" if region in WITHOUT_EC2MESSAGES else "yes",
              S3_PREFIX_LISTS.get(region, "-"), PATCH_BASELINE_SUFFIXES.get(region, "-"),
              PATCH_MANAGER_SUFFIXES.get(region, "-"), sep="\t")
named = [WITHOUT_EC2MESSAGES, S3_PREFIX_LISTS, PATCH_BASELINE_SUFFIXES, PATCH_MANAGER_SUFFIXES]
assert set().union(*named) <= known
