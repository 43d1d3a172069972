#!/usr/bin/env python3
"""Tests of the refresh command's parts: `python3 tests/data/refresh_test.py`."""
import datetime
import unittest

from catalog import Catalog
from describe import Table
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


if __name__ == "__main__":
    unittest.main()
