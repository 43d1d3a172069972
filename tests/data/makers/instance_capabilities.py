"""What instance types support, from the responses of EC2 that moto bundles."""
import gzip
import json
from importlib import resources

from . import WRITTEN_BY

HEAD = f"""\
{WRITTEN_BY}
# supports: words; interfaces: the most network interfaces; addresses: the most IPv4 addresses of an interface.
# supports	interfaces	addresses	types
"""


def make(inputs):
    inputs.installed("moto")
    file = resources.files("moto") / "ec2/resources/instance_types.json.gz"
    groups = {}
    for name, it in sorted(json.loads(gzip.decompress(file.read_bytes())).items()):
        supports = {
            "burstable": it["BurstablePerformanceSupported"],
            "cluster": "cluster" in it["PlacementGroupInfo"]["SupportedStrategies"],
            "ebs-optimized": it["EbsInfo"]["EbsOptimizedSupport"] != "unsupported",
            "enclaves": it["NitroEnclavesSupport"] == "supported",
            "hibernation": it["HibernationSupported"],
            "nitro": it.get("Hypervisor") != "xen",
        }
        network = it["NetworkInfo"]
        words = " ".join(word for word, is_true in supports.items() if is_true)
        limits = network["MaximumNetworkInterfaces"], network["Ipv4AddressesPerInterface"]
        groups.setdefault((words or "-", *limits), []).append(name)
    lines = [f"{words}\t{interfaces}\t{addresses}\t{' '.join(names)}\n"
             for (words, interfaces, addresses), names in sorted(groups.items())]
    return HEAD + "".join(lines)
