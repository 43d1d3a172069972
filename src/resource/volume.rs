use super::launch_template::{Ebs, VolumeType};
use super::table::{Unfolded, resource};
use super::volume_limits::{VOLUME_SIZE, check_size, invalid_volume, is_root};
use super::{
    Hooks, InvalidValue, KmsKey, Map, Node, RawValue, Tags, codec::Prop, codec::UnmodeledNotes,
    tagged,
};
use crate::ir::{Attr, Diagnostics, Dialect, Expr, Link, Text, Value};

resource! {
    /// A separate EBS volume. The reader also creates one for each additional volume of an
    /// instance.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-volume.html>
    pub struct Volume: "AWS::EC2::Volume" / "aws_ebs_volume", link Attr::by_ref("id"),
        import "VolumeId" / "{id}";
    one {
        /// The Availability Zone.
        availability_zone: Value<Text> = "AvailabilityZone" / "availability_zone",
    }
    opt {
        /// The size in GiB. Default: that of the snapshot.
        size: Value<i64> = "Size" / "size",
        /// The volume type. Default: `gp2`.
        volume_type: Value<VolumeType> = "VolumeType" / doc "type",
        /// Whether to encrypt the volume. Default: the account setting.
        encrypted: Value<bool> = "Encrypted" / "encrypted",
        /// The KMS key, by ID, alias or ARN. Default: the account's default key for EBS.
        kms_key: Link<KmsKey> = "KmsKeyId" / doc "kms_key_id",
    }
    plain {
        /// Tags. Default: none.
        tags: Tags = "Tags" / "tags",
    }
    inert {
        "AutoEnableIO" / "" = "only the volume",
        "Iops" / "iops" = "only the volume",
        "MultiAttachEnabled" / "multi_attach_enabled" = "the rules of attachments read it",
        "OutpostArn" / "outpost_arn" = "only the volume",
        "SnapshotId" / "snapshot_id" = "only the volume",
        "SourceVolumeId" / "" = "only the volume",
        "Throughput" / "throughput" = "only the volume",
        "VolumeInitializationRate" / "" = "only the volume",
        "AvailabilityZoneId" / "" = "the rules of attachments compare names",
        "" / "final_snapshot" = "only when the volume is deleted",
        "" / "create_time" = "AWS sets it",
    }
}

impl Hooks for Volume {
    tagged!();

    fn invalid(map: &Map<'_>, dialect: Dialect) -> Vec<InvalidValue> {
        invalid_volume(map, dialect).into_iter().collect()
    }

    /// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVolume.html>
    fn check(&self, node: &Node, out: &mut Diagnostics) {
        if !node.keeps("size") || !node.keeps("volume_type") {
            return;
        }
        let Some(size) = &self.size else {
            let sources = [("SnapshotId", "snapshot_id"), ("SourceVolumeId", "")];
            let has_source = |(cfn, tf): &(&str, &str)| node.is_overridden(cfn, tf);
            if !sources.iter().any(has_source) {
                let message = "a volume without a snapshot requires `size`";
                let found = node.error(VOLUME_SIZE, message).about(&["size"]);
                out.push(found.help("set `size` to a number of GiB, such as `8`"));
            }
            return;
        };
        check_size(
            node,
            ("size", "size"),
            (size, self.volume_type.as_ref()),
            out,
        );
    }
}

/// Removes additional volumes from the properties of an instance, and returns them.
pub(super) fn unfold_volumes(
    map: &mut Map<'_>,
    dialect: Dialect,
    unmodeled: &mut UnmodeledNotes<'_>,
) -> Vec<Unfolded> {
    let name = dialect.pick("BlockDeviceMappings", "ebs_block_device");
    let items = match map.remove(name) {
        Some(RawValue::List(items)) => items,
        Some(other) => {
            map.insert(name, other);
            return Vec::new();
        }
        None => return Vec::new(),
    };
    let mut roots = Vec::new();
    let mut found = Vec::new();
    for item in items {
        // A mapping without a volume, or to an instance store volume, has no cost.
        if let RawValue::Object(inner) = &item
            && dialect == Dialect::Cfn
            && inner.get("Ebs").is_none()
        {
            continue;
        }
        let disk = match &item {
            RawValue::Object(inner) | RawValue::Block(inner) => match dialect {
                Dialect::Tf => Some(item.clone()),
                Dialect::Cfn if matches!(inner.get("DeviceName"), Some(RawValue::Str(name)) if !is_root(name)) => {
                    inner.get("Ebs").cloned()
                }
                Dialect::Cfn => None,
            },
            _ => None,
        };
        let Some(disk) = disk else {
            roots.push(item);
            continue;
        };
        if let Some(ebs) = Ebs::lift(disk, dialect, &mut unmodeled.inside(name)) {
            let mut volume = Volume::new(Value::Expr(Expr::Absent));
            volume.size = ebs.volume_size;
            volume.volume_type = ebs.volume_type;
            volume.encrypted = ebs.encrypted;
            volume.kms_key = ebs.kms_key;
            found.push(Unfolded::new(name, volume));
        }
    }
    if !roots.is_empty() {
        map.insert(name, RawValue::List(roots));
    }
    found
}
