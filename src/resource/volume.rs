use super::launch_template::{Ebs, VolumeType};
use super::table::{Unfolded, resource};
use super::{Hooks, Map, RawValue, Tags, codec::Prop, codec::UnmodeledNotes, tagged};
use crate::ir::{Attr, Dialect, Expr, Text, Value};

resource! {
    /// A disk of its own; one that an instance brings is read as such.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-volume.html>
    pub struct Volume: "AWS::EC2::Volume" / "aws_ebs_volume", link Attr::by_ref("id"),
        import "VolumeId" / "{id}";
    one {
        /// Its zone.
        availability_zone: Value<Text> = "AvailabilityZone" / "availability_zone",
    }
    opt {
        /// Size in GiB. Default: the snapshot's.
        size: Value<i64> = "Size" / "size",
        /// What it is made of. Default: `gp2`.
        volume_type: Value<VolumeType> = "VolumeType" / "type",
    }
    plain {
        /// Tags. Default: none.
        tags: Tags = "Tags" / "tags",
    }
}

impl Hooks for Volume {
    tagged!();
}

/// The names that images have for the disk that they boot from.
const ROOTS: [&str; 3] = ["/dev/xvda", "/dev/sda1", "xvda"];

/// Whether a device's name is an image's name for the disk that it boots from.
pub(crate) fn is_root(name: &str) -> bool {
    ROOTS.contains(&name)
}

/// Takes the disks beside the one that an instance boots from out of its properties.
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
        // A mapping to nothing, or to a disk that belongs to the machine, costs nothing more.
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
        if let Some(ebs) = Ebs::lift(disk, dialect, &mut unmodeled.inside("volumes")) {
            let mut volume = Volume::new(Value::Expr(Expr::Absent));
            volume.size = ebs.volume_size;
            volume.volume_type = ebs.volume_type;
            found.push(Unfolded::new(name, volume));
        }
    }
    if !roots.is_empty() {
        map.insert(name, RawValue::List(roots));
    }
    found
}
