"""Reads buckets."""

from botocore.exceptions import ClientError

from account_state.forms import Set, explicit, policy, tags_of, without


class S3:
    """The part of `State` that reads S3."""

    def read_buckets(self):
        s3 = self.emulator.client("s3")

        def part(operation, member, bucket):
            """Returns one setting of a bucket, or `None`."""
            try:
                return getattr(s3, operation)(Bucket=bucket).get(member)
            except ClientError as error:
                if "NoSuch" in error.response["Error"]["Code"] or "NotFound" in error.response["Error"]["Code"]:
                    return None
                raise

        for found in self.emulator.client("s3").list_buckets()["Buckets"]:
            name = found["Name"]
            document = part("get_bucket_policy", "Policy", name)
            encryption = part("get_bucket_encryption", "ServerSideEncryptionConfiguration", name) or {}
            tags = part("get_bucket_tagging", "TagSet", name)
            rules = part("get_bucket_lifecycle_configuration", "Rules", name) or []
            facts = {
                "name": explicit(name),
                "encryption": encryption.get("Rules"),
                "versioning": part("get_bucket_versioning", "Status", name),
                "public access block": part("get_public_access_block", "PublicAccessBlockConfiguration", name),
                "ownership": (part("get_bucket_ownership_controls", "OwnershipControls", name) or {}).get("Rules"),
                "lifecycle": {rule["ID"]: lifecycle(rule) for rule in rules},
                "logging": part("get_bucket_logging", "LoggingEnabled", name),
                "locks": (part("get_object_lock_configuration", "ObjectLockConfiguration", name) or {}).get(
                    "ObjectLockEnabled"
                ),
                "events": "EventBridgeConfiguration" in s3.get_bucket_notification_configuration(Bucket=name),
                "policy": policy(document) if document else None,
                "tags": tags_of({"Tags": tags}),
            }
            self.add("bucket", self.generated(name), facts["name"], facts)


def lifecycle(rule):
    """Returns a rule; no filter, an empty filter and an empty prefix all mean every object."""
    found = without(rule, "ID", "Filter", "Prefix")
    filtered = dict(rule.get("Filter", {}))
    prefix = rule.get("Prefix") or filtered.pop("Prefix", "")
    found["objects"] = {"prefix": prefix, **filtered}
    for name in ("Transitions", "NoncurrentVersionTransitions"):
        if name in found:
            found[name] = Set(found[name])
    return found
