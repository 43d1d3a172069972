#!/usr/bin/env python3
"""Tests of the refresh command's parts: `python3 tests/data/refresh_test.py`."""
import datetime
import os
import pathlib
import tempfile
import unittest
from decimal import Decimal

from catalog import Catalog
from describe import Table
from makers import Repository, Unavailable, Unexpected, run
from makers import prices as prices_maker
from report import Outcome, tsv_rows, versions_text


class Report(unittest.TestCase):
    def compare(self, before, after):
        outcome = Outcome("regions", "refreshed")
        outcome.compare(before, after, tsv_rows)
        return outcome

    def test_rows_are_counted_and_named(self):
        outcome = self.compare("# head\na\t1\nb\t2\n", "# head\nb\t3\nc\t4\n")
        self.assertEqual(outcome.detail, "+1 -1 ~1")
        self.assertEqual(outcome.notes, ["added: c", "removed: a", "changed: b"])

    def test_a_long_list_is_cut(self):
        outcome = self.compare("", "".join(f"{name}\t1\n" for name in "abcdefg"))
        self.assertEqual(outcome.notes, ["added: a, b, c, d, e and 2 more"])

    def test_a_new_head_is_not_a_changed_row(self):
        outcome = self.compare("# old\na\t1\n", "# new\na\t1\n")
        self.assertFalse(outcome.rows_changed)
        self.assertEqual(outcome.notes, ["the head of the file changed"])

    def test_a_new_version_has_an_arrow(self):
        text = versions_text({"moto": "5.2.1"}, {"moto": "5.3.0", "botocore": "1.43.11"})
        self.assertEqual(text, "moto 5.2.1 -> 5.3.0, botocore 1.43.11")


class Tables(unittest.TestCase):
    def test_a_described_type_has_its_links_and_groups(self):
        schema = {
            "primaryIdentifier": ["/properties/Id"], "required": ["VpcId"], "readOnlyProperties": ["/properties/Id", "/properties/Owner"],
            "properties": {
                "Id": {"type": "string"}, "Owner": {"type": "string"}, "Tags": {"type": "array"},
                "VpcId": {"type": "string", "format": "AWS::EC2::VPC.Id"}, "IsFast": {"type": "boolean"},
                "SubnetIds": {"type": "array", "items": {"type": "string"}},
            },
        }
        names = ["vpc_id", "is_fast", "subnet_ids", "tags", "owner"]
        block = {"attributes": {name: {"type": "string", "optional": name != "owner"} for name in names}}
        text = Table("AWS::EC2::Example", "aws_example", schema, block).text()
        for line in [
            "use super::{Hooks, Subnet, Tags, Vpc, table::resource, tagged};",
            "use crate::ir::{Attr, Link, Value};",
            'vpc: Link<Vpc> = "VpcId" / "vpc_id",',
            'is_fast: Value<bool> = "IsFast" / "is_fast",',
            'subnet_ids: Link<Subnet> = "SubnetIds" / "subnet_ids",',
            'pub const OWNER: Attr = Attr::by_get_att("Owner", "owner");',
            'import "Id" / "{id}";',
        ]:
            self.assertIn(line, text)
        self.assertLess(text.index("one {"), text.index("opt {"))


class Sources(unittest.TestCase):
    def test_an_update_changes_one_data_set(self):
        before = Catalog.read()
        versions = {"botocore": "2.0.0", "moto": "6.0.0"}
        after = before.updated("regions", versions, datetime.date(2030, 1, 2))
        changed = after.sets["regions"]
        self.assertEqual((changed.versions, changed.date), (versions, datetime.date(2030, 1, 2)))
        expected = dict(before.entries["data"])
        expected["regions"] = after.entries["data"]["regions"]
        self.assertEqual(after.entries["data"], expected)
        self.assertEqual(len(after.text.splitlines()), len(before.text.splitlines()))

    def test_a_file_that_is_not_listed_is_a_problem(self):
        text = Catalog.read().text.replace("src/cost/prices.tsv", "src/cost/absent.tsv")
        problems = list(Catalog(text).problems())
        self.assertIn("sources.toml does not list `src/cost/prices.tsv`", problems)
        self.assertIn("sources.toml lists `src/cost/absent.tsv`, which does not exist", problems)

    def test_a_source_must_be_described_and_used(self):
        text = Catalog.read().text.replace("[source.moto]", "[source.other]")
        problems = list(Catalog(text).problems())
        self.assertIn("sources.toml: data set `regions` names the unknown source `moto`", problems)
        self.assertIn("sources.toml: no data set names the source `other`", problems)

class Prices(unittest.TestCase):
    PARTITIONS = {"us-east-1": "aws", "eu-west-1": "aws", "us-gov-west-1": "aws-us-gov"}

    def joined(self, **prices):
        prices = {region.replace("_", "-"): Decimal(price) for region, price in prices.items()}
        return [f"{region}={price}" for region, price in prices_maker.joined(prices, self.PARTITIONS)]

    def test_a_price_of_a_whole_partition_is_joined(self):
        self.assertEqual(self.joined(us_east_1="1", eu_west_1="1", us_gov_west_1="1"), ["*=1", "us-gov-west-1=1"])

    def test_a_price_that_differs_or_is_missing_is_not_joined(self):
        self.assertEqual(self.joined(us_east_1="1", eu_west_1="2"), ["eu-west-1=2", "us-east-1=1"])
        self.assertEqual(self.joined(us_east_1="1"), ["us-east-1=1"])

    def test_an_instance_type_has_one_price_in_a_region(self):
        def rows(*prices):
            return [{"region": "eu-(ireland)", "attributes": {"instanceType": of}, "pricePerUnit": price}
                    for of in prices_maker.TYPES for price in prices]

        regions = {"EU (Ireland)": "eu-west-1"}
        found = prices_maker.instances(rows("0.5"), regions)
        self.assertEqual(found["t3.micro"], {"eu-west-1": Decimal("0.5")})
        with self.assertRaisesRegex(Unexpected, "two prices"):
            prices_maker.instances(rows("0.5", "0.6"), regions)
        with self.assertRaisesRegex(Unexpected, "no prices"):
            prices_maker.instances([], regions)

    def test_a_repository_is_read_at_its_commit(self):
        with tempfile.TemporaryDirectory() as directory:
            git = ["git", "-C", directory, "-c", "user.name=a", "-c", "user.email=a@example.com"]
            run(["git", "init", "--quiet", directory], "test")
            for price in ("1", "2"):
                (pathlib.Path(directory) / "prices.json").write_text(price)
                run([*git, "add", "prices.json"], "test")
                run([*git, "commit", "--quiet", "--message", price, "--date", "2025-01-02T00:00:00Z"], "test",
                    env={**os.environ, "GIT_COMMITTER_DATE": "2025-01-02T00:00:00Z"})
            read = Repository("test", directory, "HEAD^")
            self.assertEqual((read.read("prices.json"), read.date("prices.json")), ("1", "2025-01-02"))
            self.assertEqual(len(read.commit), 40)
            with self.assertRaisesRegex(Unavailable, "git"):
                Repository("test", directory, "absent")


if __name__ == "__main__":
    unittest.main()
