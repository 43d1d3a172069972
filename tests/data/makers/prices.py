"""AWS list prices, from copies of the files that the pricing pages of AWS read.

Two repositories keep such copies. Each file has the prices of all Regions, and most have the day when
AWS published them.
"""
import json
from decimal import Decimal

from . import WRITTEN_BY, Unexpected

HEAD = f"""\
{WRITTEN_BY}
# List prices in USD, without taxes, the free tier, reservations or volume discounts.
# item: instance.TYPE is on demand, Linux, shared tenancy; windows.TYPE is what Windows adds to it;
# volume.TYPE has its baseline IOPS and throughput only; metrics.detailed is for one instance.
# unit: hour; zone-hour, an hour in one Availability Zone; GB; GB-month; month.
# date: when the source listed the prices. A price without a source is left out, never estimated.
# prices: REGION=USD; `*` is every Region of the partition `aws` without a price of its own.
# item	unit	date	source	prices
"""

PAGES = "https://b0.p.awsstatic.com/pricing/2.0/meteredUnitMaps"
# Item, unit, path of the file at AWS, name of the price in the file.
ITEMS = [
    ("endpoint.interface", "zone-hour", "vpc/USD/current/vpc.json", "Hourly charge for VPC Endpoints per Hrs"),
    ("endpoint.data", "GB", "vpc/USD/current/vpc.json",
     "Charge for per GB data processed by VPC Endpoints per GB from 0 to 1048576"),
    ("ipv4.public", "hour", "vpc/USD/current/vpc.json", "Hourly charge for In use Public IPv4 Addresses per Hrs"),
    ("nat.gateway", "hour", "ec2/USD/current/natgateway.json", "Hourly charge for NAT Gateways"),
    ("nat.data", "GB", "ec2/USD/current/natgateway.json", "Charge for per GB data processed by NatGateways"),
    ("logs.ingest", "GB", "cloudwatch/USD/current/cloudwatch.json", "Logs Collected Data Ingestion"),
    ("logs.storage", "GB-month", "cloudwatch/USD/current/cloudwatch.json", "Stored Data"),
    ("alarm.metric", "month", "cloudwatch/USD/current/cloudwatch.json", "Alarm Standard"),
    ("s3.storage", "GB-month", "s3/USD/current/s3.json", "Standard Storage First 50 TB per GB Mo"),
    ("kms.key", "month", "kms/USD/current/kms.json", "Encryption Key"),
    ("zone.private", "month", "route53/USD/current/route53.json", "DNS Zone first 25"),
    ("volume.gp3", "GB-month", "ec2/USD/current/ebs.json", "Storage General Purpose gp3 GB Mo"),
    ("volume.gp2", "GB-month", "ec2/USD/current/ebs.json", "Storage General Purpose gp2 GB Mo"),
]

# General instance types up to 2xlarge. A stack for other work needs a quote of its own.
SIZES = {
    "t2 t3 t3a t4g": "nano micro small medium large xlarge 2xlarge",
    "m5 m5a m6i m6a m7i m7a c5 c5a c6i c6a c7i c7a r5 r5a r6i r6a r7i r7a": "large xlarge 2xlarge",
    "m6g m7g m8g c6g c7g c8g r6g r7g r8g": "medium large xlarge 2xlarge",
}
TYPES = [f"{family}.{size}" for families, sizes in SIZES.items()
         for family in families.split() for size in sizes.split()]


def make(inputs):
    partitions = {row[0]: row[1] for row in inputs.collected("regions")}
    pages = inputs.repository("aws-price")
    volumes = inputs.repository("ec2-shop")
    locations = json.loads(pages.read("lib/data/locations.json"))
    regions = {name: it["code"] for name, it in locations.items() if it["code"] in partitions}
    lines = []

    def add(item, unit, date, source, prices):
        if any(price <= 0 for price in prices.values()):
            raise Unexpected(f"{source} has a price of zero for `{item}`")
        shown = " ".join(f"{region}={price.normalize():f}" for region, price in joined(prices, partitions))
        lines.append("\t".join([item, unit, date, source, shown]) + "\n")

    for item, unit, path, name in ITEMS:
        file = path.rsplit("/", 1)[1]
        text = volumes.read("data/ebs/ebs.json") if file == "ebs.json" else pages.read(f"lib/data/pricing/{file}")
        content = json.loads(text)
        prices = {region: Decimal(content["regions"][location][name]["price"])
                  for location, region in [*regions.items(), ("Any", "*")]
                  if name in content["regions"].get(location, {})}
        if not prices:
            raise Unexpected(f"{path} has no price `{name}`")
        add(item, unit, content["manifest"]["hawkFilePublicationDate"][:10], f"{PAGES}/{path}", prices)

    path = "lib/data/pricing/ec2-transformed.json"
    for of, prices in sorted(instances(json.loads(pages.read(path)), regions).items()):
        add(f"instance.{of}", "hour", pages.date(path), f"{PAGES}/ec2/USD/current/ec2.json", prices)
    lines += ["\t".join(row) + "\n" for row in inputs.collected("prices-by-hand")]
    return HEAD + "".join(lines)


def instances(rows, regions):
    """The prices of each instance type. The file writes some Regions as code, the others as name in lower case."""
    codes = {name.lower().replace(" ", "-"): code for name, code in regions.items()}
    codes |= {code: code for code in regions.values()}
    found = {of: {} for of in TYPES}
    for row in rows:
        of, region = row["attributes"]["instanceType"], codes.get(row["region"])
        if region and of in found:
            price = Decimal(row["pricePerUnit"])
            if found[of].setdefault(region, price) != price:
                raise Unexpected(f"two prices for `{of}` in {region}")
    missing = sorted(of for of, prices in found.items() if not prices)
    if missing:
        raise Unexpected(f"no prices for {missing}")
    return found


def joined(prices, partitions):
    """The prices in the order of the Regions, joined if all Regions of the partition `aws` have the same."""
    usual = {prices.get(region) for region, partition in partitions.items() if partition == "aws"}
    if len(usual) == 1 and None not in usual:
        yield "*", usual.pop()
        prices = {region: price for region, price in prices.items() if partitions[region] != "aws"}
    yield from sorted(prices.items())
