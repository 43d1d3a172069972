//! What EC2 accepts for volumes, separate and in block device mappings.

use super::raw_value::{Map, RawValue};
use super::{Certain, InvalidValue, Node};
use crate::ir::{Diagnostics, Dialect, Expr, Text, Value, Word};

/// What EC2 accepts for a volume type.
///
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_EbsBlockDevice.html>
/// <https://docs.aws.amazon.com/ebs/latest/userguide/ebs-volume-types.html>
struct Limits {
    name: &'static str,
    /// The least size in GiB.
    size: i64,
    /// The greatest size in GiB.
    ///
    /// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVolume.html>
    max_size: i64,
    /// The least number of I/O operations per second, if it can be set.
    iops: Option<i64>,
    /// The least throughput in MiB/s, if it can be set.
    throughput: Option<i64>,
    boots: bool,
}

const fn limits(
    name: &'static str,
    (size, max_size): (i64, i64),
    iops: Option<i64>,
    throughput: Option<i64>,
    boots: bool,
) -> Limits {
    Limits {
        name,
        size,
        max_size,
        iops,
        throughput,
        boots,
    }
}

const LIMITS: [Limits; 7] = [
    limits("gp2", (1, 16_384), None, None, true),
    limits("gp3", (1, 65_536), Some(3000), Some(125), true),
    limits("io1", (4, 16_384), Some(100), None, true),
    limits("io2", (4, 65_536), Some(100), None, true),
    limits("sc1", (125, 16_384), None, None, false),
    limits("st1", (125, 16_384), None, None, false),
    limits("standard", (1, 1_024), None, None, true),
];

/// The names of the properties of a volume in a language.
#[derive(Clone, Copy)]
struct Names {
    size: &'static str,
    volume_type: &'static str,
    iops: &'static str,
    throughput: &'static str,
    key: &'static str,
    encrypted: &'static str,
    snapshot: &'static str,
}

impl Names {
    /// The names inside a block device mapping.
    const fn of_mapping(dialect: Dialect) -> Names {
        match dialect {
            Dialect::Cfn => Names {
                size: "VolumeSize",
                volume_type: "VolumeType",
                iops: "Iops",
                throughput: "Throughput",
                key: "KmsKeyId",
                encrypted: "Encrypted",
                snapshot: "SnapshotId",
            },
            Dialect::Tf => Names {
                size: "volume_size",
                volume_type: "volume_type",
                iops: "iops",
                throughput: "throughput",
                key: "kms_key_id",
                encrypted: "encrypted",
                snapshot: "snapshot_id",
            },
        }
    }

    /// The names of a separate volume.
    const fn of_volume(dialect: Dialect) -> Names {
        let names = Names::of_mapping(dialect);
        match dialect {
            Dialect::Cfn => Names {
                size: "Size",
                ..names
            },
            Dialect::Tf => Names {
                size: "size",
                volume_type: "type",
                ..names
            },
        }
    }
}

/// The settings of a volume in a file.
struct Settings<'m> {
    map: &'m Map<'m>,
    names: Names,
}

impl Settings<'_> {
    fn number(&self, name: &str) -> Option<i64> {
        match self.map.get(name)? {
            RawValue::Int(number) => Some(*number),
            RawValue::Str(text) => text.parse().ok(),
            _ => None,
        }
        // A plan contains zero for a missing value.
        .filter(|number| *number != 0)
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.map
            .get(name)
            .and_then(RawValue::as_str)
            .filter(|it| !it.is_empty())
    }

    fn is_set(&self, name: &str) -> bool {
        match self.map.get(name) {
            None => false,
            Some(RawValue::Str(text)) => !text.is_empty(),
            Some(RawValue::Int(number)) => *number != 0,
            Some(RawValue::Expr(expr)) => !matches!(expr.as_ref(), Expr::Absent),
            Some(_) => true,
        }
    }

    fn limits(&self) -> Option<&'static Limits> {
        let of = self.text(self.names.volume_type)?;
        LIMITS.iter().find(|it| it.name == of)
    }

    /// Returns the first value that EC2 refuses, wherever the volume is attached.
    fn invalid(&self, which: &str) -> Option<InvalidValue> {
        let names = self.names;
        let combination =
            |reason, fix: String| InvalidValue::of_ec2("InvalidParameterCombination", reason, fix);
        if let Some(limits) = self.limits() {
            let of = limits.name;
            for (name, least) in [
                (names.iops, limits.iops),
                (names.throughput, limits.throughput),
            ] {
                if least.is_none() && self.is_set(name) {
                    let reason =
                        format!("{which} has `{name}`, which volume type `{of}` does not accept");
                    return Some(combination(
                        reason,
                        format!("use another volume type, or remove `{name}`"),
                    ));
                }
            }
            let sized = [
                (names.size, Some(limits.size)),
                (names.iops, limits.iops),
                (names.throughput, limits.throughput),
            ];
            for (name, least) in sized {
                if let (Some(number), Some(least)) = (self.number(name), least)
                    && number < least
                {
                    let reason = format!(
                        "{which} has `{name}` {number}, and volume type `{of}` requires {least}"
                    );
                    let fix = format!("set `{name}` to {least} or more");
                    return Some(InvalidValue::of_ec2("InvalidParameterValue", reason, fix));
                }
            }
        }
        let is_encrypted = match self.map.get(names.encrypted) {
            None => false,
            Some(RawValue::Bool(it)) => *it,
            Some(RawValue::Str(it)) => !it.eq_ignore_ascii_case("false") && !it.is_empty(),
            Some(RawValue::Expr(expr)) => !matches!(expr.as_ref(), Expr::Absent),
            Some(_) => true,
        };
        (self.is_set(names.key) && !is_encrypted).then(|| {
            let (key, encrypted) = (names.key, names.encrypted);
            InvalidValue::of_ec2(
                "InvalidParameterDependency",
                format!("{which} has `{key}` without `{encrypted}`"),
                format!("set `{encrypted}` to `true`"),
            )
        })
    }
}

/// Returns the values in block device mappings for which EC2 refuses an instance. `ebs` is the name of
/// the volume inside a mapping, if it is not the mapping itself.
pub(super) fn invalid_mappings(
    map: &Map<'_>,
    path: &str,
    ebs: Option<&str>,
    dialect: Dialect,
) -> Vec<InvalidValue> {
    let Some(RawValue::List(items)) = map.get_path(path) else {
        return Vec::new();
    };
    let device = dialect.pick("DeviceName", "device_name");
    let mut found = Vec::new();
    let mut devices: Vec<&str> = Vec::new();
    for item in items {
        let (RawValue::Object(mapping) | RawValue::Block(mapping)) = item else {
            continue;
        };
        let name = mapping.get(device).and_then(RawValue::as_str);
        let name = name.filter(|it| !it.is_empty());
        if let Some(name) = name {
            if devices.contains(&name) {
                found.push(InvalidValue::of_ec2(
                    "InvalidBlockDeviceMapping",
                    format!("two volumes have the device name `{name}`"),
                    "use another device name for one of the volumes",
                ));
            }
            devices.push(name);
        }
        let inner = match ebs.map(|ebs| mapping.get(ebs)) {
            None => Some(mapping),
            Some(Some(RawValue::Object(inner) | RawValue::Block(inner))) => Some(inner),
            // A plan contains a list for a single block.
            Some(Some(RawValue::List(items))) => match items.as_slice() {
                [RawValue::Object(inner) | RawValue::Block(inner)] => Some(inner),
                _ => None,
            },
            Some(_) => None,
        };
        let Some(inner) = inner else { continue };
        let names = Names::of_mapping(dialect);
        let volume = Settings { map: inner, names };
        let which = match name {
            Some(name) => format!("volume `{name}`"),
            None => "its root volume".to_owned(),
        };
        found.extend(volume.invalid(&which));
        let is_root_type = volume.limits().is_none_or(|it| it.boots);
        let of = volume.text(names.volume_type).unwrap_or_default();
        let is_not_bootable = |certain| {
            InvalidValue::of_ec2(
                "InvalidParameterValue",
                format!("{which} has volume type `{of}`, which cannot be a root volume"),
                "use volume type `gp3`",
            )
            .certain(certain)
        };
        match name {
            None if !is_root_type => found.push(is_not_bootable(Certain::Yes)),
            Some(name) if !is_root_type && is_root(name) => {
                let name = Text::Owned(name.to_owned());
                found.push(is_not_bootable(Certain::IfRootOfImage(name)));
            }
            Some(name) if !is_root(name) => {
                let has_size = volume.is_set(names.size) || volume.is_set(names.snapshot);
                if !has_size {
                    found.push(
                        InvalidValue::of_ec2(
                            "MissingParameter",
                            format!(
                                "{which} has neither `{}` nor `{}`",
                                names.size, names.snapshot
                            ),
                            format!("set `{}`", names.size),
                        )
                        .certain(Certain::UnlessInImage),
                    );
                }
            }
            _ => {}
        }
    }
    found
}

/// Returns the values in the volumes of an instance or launch configuration that EC2 refuses.
pub(super) fn invalid_of_instance(map: &Map<'_>, dialect: Dialect) -> Vec<InvalidValue> {
    match dialect {
        Dialect::Cfn => invalid_mappings(map, "BlockDeviceMappings", Some("Ebs"), dialect),
        Dialect::Tf => ["root_block_device", "ebs_block_device"]
            .into_iter()
            .flat_map(|path| invalid_mappings(map, path, None, dialect))
            .collect(),
    }
}

/// Returns the first value of a separate volume that EC2 refuses.
pub(super) fn invalid_volume(map: &Map<'_>, dialect: Dialect) -> Option<InvalidValue> {
    let names = Names::of_volume(dialect);
    Settings { map, names }.invalid("it")
}

/// The code of a size that no volume of the type has.
pub(super) const VOLUME_SIZE: &str = "volume-size";

/// Reports a size that no volume of its type has. Without a type, the limits are those of all types.
pub(super) fn check_size<T: Word>(
    node: &Node,
    (setter, name): (&'static str, &str),
    (size, of): (&Value<i64>, Option<&Value<T>>),
    out: &mut Diagnostics,
) {
    let of = match of.map(Value::lit) {
        None => None,
        Some(Some(of)) => Some(of.word()),
        // A parameter.
        Some(None) => return,
    };
    let fits = |it: &&Limits| of.is_none_or(|of| of == it.name);
    let all = || LIMITS.iter().filter(fits);
    let range = (
        all().map(|it| it.size).min(),
        all().map(|it| it.max_size).max(),
    );
    let (Some(size), (Some(least), Some(most))) = (size.lit(), range) else {
        return;
    };
    let found = |limit: String, help: String| {
        let volume = of.map_or("a volume".to_owned(), |of| {
            format!("a volume of type `{of}`")
        });
        let message = format!("`{name}` is `{size}` GiB, and {volume} has {limit}");
        node.error(VOLUME_SIZE, message).about(&[setter]).help(help)
    };
    if *size < least {
        let limit = format!("at least {least}");
        out.push(found(limit, format!("set `{name}` to {least} or more")));
    } else if *size > most {
        // EC2 increases the limit at times.
        let limit = format!("at most {most}");
        out.push(found(limit, format!("set `{name}` to {most} or less")).unless_new());
    }
}

/// Device names of root volumes in AMIs.
const ROOTS: [&str; 3] = ["/dev/xvda", "/dev/sda1", "xvda"];

/// Returns whether a device name is that of a root volume in AMIs.
pub(crate) fn is_root(name: &str) -> bool {
    ROOTS.contains(&name)
}
