//! Every type that a case uses is read back from both dialects as it was written.

use std::collections::BTreeSet;

use ssm_synth::resource::Dialect;

use super::{cases, configured};

/// The types that constructs add; the other tables serve to read what others wrote.
const WRITTEN: [&str; 31] = [
    "Association",
    "MaintenanceWindow",
    "MaintenanceWindowTarget",
    "MaintenanceWindowTask",
    "Topic",
    "TopicPolicy",
    "Subscription",
    "EventRule",
    "Alarm",
    "Trail",
    "FlowLog",
    "ConfigRule",
    "ManagedPolicy",
    "KmsKey",
    "LogGroup",
    "Bucket",
    "BucketPolicy",
    "Document",
    "Vpc",
    "Subnet",
    "RouteTable",
    "SubnetRouteTableAssociation",
    "SecurityGroup",
    "SecurityGroupIngress",
    "SecurityGroupEgress",
    "VpcEndpoint",
    "Role",
    "RolePolicy",
    "InstanceProfile",
    "LaunchTemplate",
    "Instance",
];

#[test]
fn what_was_written_is_read_back() {
    let mut seen = BTreeSet::new();
    for (name, text) in cases() {
        let configured = configured(&name, &text);
        let graph = configured.app.graph();
        for (_, node) in graph.stacks().flat_map(|stack| graph.nodes_of(stack)) {
            let kind = node.resource.kind().unwrap();
            seen.insert(kind.name);
            for dialect in [Dialect::Cfn, Dialect::Tf] {
                let mut written = node.resource.put(dialect);
                let read = (kind.take)(&mut written, dialect)
                    .unwrap_or_else(|e| panic!("{name}: {} in {dialect:?}: {e}", node.path));
                assert!(
                    written.is_empty(),
                    "{name}: {} in {dialect:?}: {written:?}",
                    node.path
                );
                // What one language does not have is not read back from it.
                let one_sided = kind
                    .fields
                    .iter()
                    .any(|field| dialect.pick(field.cfn, field.tf).is_empty());
                // So it is with what is inside a bucket's rules.
                let one_sided = one_sided || kind.name == "Bucket";
                let root_device = kind.name == "Instance" && dialect == Dialect::Tf;
                if !one_sided && !root_device {
                    assert_eq!(read, node.resource, "{name}: {} in {dialect:?}", node.path);
                }
                assert_eq!(
                    read.put(dialect),
                    node.resource.put(dialect),
                    "{name}: {}",
                    node.path
                );
            }
        }
    }
    let written: BTreeSet<&str> = WRITTEN.into_iter().collect();
    assert_eq!(
        seen, written,
        "every type that a construct adds occurs in a case"
    );
}
