//! Data and exports that a change removes.

use serde_json::Value;

use super::{Change, Difference, Side};

/// Types that contain data, as the beginning of the name.
const DATA: [&str; 44] = [
    "AWS::Backup::BackupVault",
    "AWS::Cassandra::Table",
    "AWS::Cognito::UserPool",
    "AWS::DocDB::DBCluster",
    "AWS::DynamoDB::",
    "AWS::EC2::Volume",
    "AWS::ECR::Repository",
    "AWS::EFS::FileSystem",
    "AWS::ElastiCache::ReplicationGroup",
    "AWS::Elasticsearch::Domain",
    "AWS::FSx::FileSystem",
    "AWS::KMS::Key",
    "AWS::Kinesis::Stream",
    "AWS::Logs::LogGroup",
    "AWS::MSK::Cluster",
    "AWS::Neptune::DBCluster",
    "AWS::OpenSearchService::Domain",
    "AWS::QLDB::Ledger",
    "AWS::RDS::DBCluster",
    "AWS::RDS::DBInstance",
    "AWS::Redshift::Cluster",
    "AWS::S3::Bucket",
    "AWS::SecretsManager::Secret",
    "AWS::Timestream::",
    "aws_backup_vault",
    "aws_cloudwatch_log_group",
    "aws_cognito_user_pool",
    "aws_db_instance",
    "aws_docdb_cluster",
    "aws_dynamodb_table",
    "aws_ebs_volume",
    "aws_ecr_repository",
    "aws_efs_file_system",
    "aws_elasticache_replication_group",
    "aws_fsx_",
    "aws_kinesis_stream",
    "aws_kms_key",
    "aws_neptune_cluster",
    "aws_opensearch_domain",
    "aws_rds_cluster",
    "aws_redshift_cluster",
    "aws_s3_bucket",
    "aws_secretsmanager_secret",
    "aws_timestreamwrite_",
];

/// Returns whether a resource of this type contains data. A resource that only sets a property of one
/// has a longer name.
fn is_data(kind: &str) -> bool {
    DATA.iter().any(|it| match it.ends_with([':', '_']) {
        true => kind.starts_with(it),
        false => kind == *it,
    })
}

fn keeps(value: Option<&Value>) -> bool {
    let text = value.and_then(Value::as_str).unwrap_or_default();
    ["Retain", "RetainExceptOnCreate", "Snapshot"].contains(&text)
}

/// Returns what a change removes for good: sentences without a period.
pub(crate) fn losses(old: &Side, new: &Side, differences: &[Difference]) -> Vec<String> {
    let mut out = Vec::new();
    for it in differences.iter().filter(|it| it.section == "Resources") {
        let id = match &it.change {
            Change::Renamed(was) => was,
            _ => &it.id,
        };
        let before = old.resources.get(id);
        let attribute = |name: &str| before.and_then(|it| it.attributes.get(name));
        let kind = match &it.change {
            Change::Retyped(was) => was,
            _ => &it.kind,
        };
        // CloudFormation takes a snapshot of these by default.
        let by_default = attribute("DeletionPolicy").is_none()
            && (kind == "AWS::RDS::DBCluster"
                || kind == "AWS::RDS::DBInstance"
                    && before.is_some_and(|it| it.properties.get("DBClusterIdentifier").is_none()));
        let deleted = matches!(
            it.change,
            Change::Removed | Change::Retyped(_) | Change::Renamed(_)
        );
        if deleted && is_data(kind) && !keeps(attribute("DeletionPolicy")) && !by_default {
            out.push(format!("{id}: {kind} is deleted with its data"));
        } else if !deleted
            && it.may_be_replaced()
            && is_data(kind)
            && !keeps(attribute("UpdateReplacePolicy"))
        {
            out.push(format!("{id}: {kind} can be replaced without its data"));
        }
        if let Change::Changed(changes) = &it.change {
            for change in changes {
                let policy = ["(DeletionPolicy)", "(UpdateReplacePolicy)"];
                if policy.contains(&change.path.as_str())
                    && keeps(change.old.as_ref())
                    && !keeps(change.new.as_ref())
                {
                    let name = change.path.trim_matches(['(', ')']);
                    out.push(format!("{id}: {name} no longer keeps {kind}"));
                }
            }
        }
    }
    let exports = |side: &Side| -> Vec<String> {
        let outputs = side.sections.get("Outputs").and_then(Value::as_object);
        let names = outputs.into_iter().flat_map(|it| it.values());
        let names = names.filter_map(|it| it.pointer("/Export/Name"));
        names
            .map(|it| it.as_str().map_or_else(|| it.to_string(), str::to_owned))
            .collect()
    };
    let kept = exports(new);
    for name in exports(old).into_iter().filter(|it| !kept.contains(it)) {
        out.push(format!("export {name}: other stacks can import it"));
    }
    out
}
