//! Data and exports that a change removes.

use serde_json::Value;

use super::access::name;
use super::{Change, Difference, Entry, Side};

/// Types that contain data, as the beginning of the name.
const DATA: [&str; 89] = [
    "AWS::APS::Workspace",
    "AWS::AmazonMQ::Broker",
    "AWS::Backup::BackupVault",
    "AWS::Backup::LogicallyAirGappedBackupVault",
    "AWS::Cassandra::Table",
    "AWS::CloudFormation::Stack",
    "AWS::CloudTrail::EventDataStore",
    "AWS::CodeArtifact::Repository",
    "AWS::CodeCommit::Repository",
    "AWS::Cognito::UserPool",
    "AWS::DSQL::Cluster",
    "AWS::DirectoryService::",
    "AWS::DocDB::DBCluster",
    "AWS::DocDBElastic::Cluster",
    "AWS::DynamoDB::",
    "AWS::EC2::Volume",
    "AWS::ECR::PublicRepository",
    "AWS::ECR::Repository",
    "AWS::EFS::FileSystem",
    "AWS::ElastiCache::CacheCluster",
    "AWS::ElastiCache::ReplicationGroup",
    "AWS::ElastiCache::ServerlessCache",
    "AWS::Elasticsearch::Domain",
    "AWS::FSx::FileSystem",
    "AWS::HealthLake::FHIRDatastore",
    "AWS::KMS::Key",
    "AWS::Kinesis::Stream",
    "AWS::KinesisVideo::Stream",
    "AWS::Lightsail::Bucket",
    "AWS::Lightsail::Database",
    "AWS::Lightsail::Disk",
    "AWS::Logs::LogGroup",
    "AWS::MSK::Cluster",
    "AWS::MSK::ServerlessCluster",
    "AWS::MemoryDB::Cluster",
    "AWS::Neptune::DBCluster",
    "AWS::NeptuneGraph::Graph",
    "AWS::OpenSearchServerless::Collection",
    "AWS::OpenSearchService::Domain",
    "AWS::QLDB::Ledger",
    "AWS::RDS::DBCluster",
    "AWS::RDS::DBInstance",
    "AWS::Redshift::Cluster",
    "AWS::RedshiftServerless::Namespace",
    "AWS::S3::Bucket",
    "AWS::S3Express::DirectoryBucket",
    "AWS::S3Tables::",
    "AWS::S3Vectors::",
    "AWS::SDB::Domain",
    "AWS::SecretsManager::Secret",
    "AWS::Serverless::SimpleTable",
    "AWS::Timestream::",
    "AWS::WorkSpaces::Workspace",
    "aws_backup_vault",
    "aws_cloudwatch_log_group",
    "aws_codecommit_repository",
    "aws_cognito_user_pool",
    "aws_db_instance",
    "aws_directory_service_directory",
    "aws_docdb_cluster",
    "aws_dsql_cluster",
    "aws_dynamodb_table",
    "aws_ebs_volume",
    "aws_ecr_repository",
    "aws_ecrpublic_repository",
    "aws_efs_file_system",
    "aws_elasticache_cluster",
    "aws_elasticache_replication_group",
    "aws_elasticache_serverless_cache",
    "aws_elasticsearch_domain",
    "aws_fsx_",
    "aws_keyspaces_table",
    "aws_kinesis_stream",
    "aws_kms_key",
    "aws_memorydb_cluster",
    "aws_mq_broker",
    "aws_msk_cluster",
    "aws_neptune_cluster",
    "aws_opensearch_domain",
    "aws_opensearchserverless_collection",
    "aws_prometheus_workspace",
    "aws_rds_cluster",
    "aws_redshift_cluster",
    "aws_redshiftserverless_namespace",
    "aws_s3_bucket",
    "aws_s3_directory_bucket",
    "aws_s3tables_",
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

/// Returns whether a database instance is in a cluster, which contains its data.
fn is_in_cluster(before: Option<&Entry>) -> bool {
    before.is_some_and(|it| it.properties.get("DBClusterIdentifier").is_some())
}

/// Returns whether CloudFormation keeps the data of a deleted resource.
fn is_kept(kind: &str, before: Option<&Entry>) -> bool {
    let policy = before.and_then(|it| it.attributes.get("DeletionPolicy"));
    // CloudFormation takes a snapshot of these by default.
    let by_default = matches!(kind, "AWS::RDS::DBCluster" | "AWS::RDS::DBInstance");
    match policy {
        None => by_default,
        policy => keeps(policy),
    }
}

/// Arguments of Terraform that decide whether data outlives its resource, with the value that deletes it.
const DELETES: [(&str, &str); 3] = [
    ("force_destroy", "true"),
    ("force_delete", "true"),
    ("skip_final_snapshot", "true"),
];

/// Returns what a change removes for good: sentences without a period. `conditional` are the resources
/// that a condition removes for some values of parameters.
pub(crate) fn losses(
    old: &Side,
    new: &Side,
    differences: &[Difference],
    conditional: &[String],
) -> Vec<String> {
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
        if is_in_cluster(before) {
            continue;
        }
        let deleted = matches!(
            it.change,
            Change::Removed | Change::Retyped(_) | Change::Renamed(_)
        );
        if deleted && is_data(kind) && !is_kept(kind, before) {
            out.push(format!("{id}: {kind} is deleted with its data"));
        } else if !deleted
            && it.may_be_replaced()
            && is_data(kind)
            && kind != "AWS::CloudFormation::Stack"
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
                let deletes = DELETES.contains(&(
                    change.path.as_str(),
                    change
                        .new
                        .as_ref()
                        .map(Value::to_string)
                        .unwrap_or_default()
                        .as_str(),
                ));
                if deletes && is_data(kind) {
                    out.push(format!(
                        "{id}: {} deletes the data of {kind} with it",
                        change.path
                    ));
                }
            }
        }
    }
    for id in conditional {
        let before = old.resources.get(id);
        let kind = before.map_or("", |it| &it.kind);
        if is_in_cluster(before) {
            continue;
        }
        let known = out.iter().any(|it| it.starts_with(&format!("{id}: ")));
        if is_data(kind) && !is_kept(kind, before) && !known {
            out.push(format!("{id}: a condition deletes {kind} with its data"));
        }
    }
    let kept = exports(new);
    for (name, when) in exports(old) {
        let is_kept = |(other, is): &(String, Option<&Value>)| {
            *other == name && (is.is_none() || *is == when)
        };
        if !kept.iter().any(is_kept) {
            out.push(format!("export {name}: other stacks can import it"));
        }
    }
    out
}

/// Returns the names of the exports, each with its condition.
fn exports(side: &Side) -> Vec<(String, Option<&Value>)> {
    let section = |name: &str| side.sections.get(name).and_then(Value::as_object);
    let condition = |it: &Value| {
        let name = it.get("Condition").and_then(Value::as_str)?;
        section("Conditions")?.get(name)
    };
    let outputs = section("Outputs").into_iter().flat_map(|it| it.values());
    let each = outputs.filter_map(|it| {
        let name = name(it.pointer("/Export/Name")?);
        Some((name, condition(it)))
    });
    each.collect()
}
