//! Files of a Terraform configuration, whose texts a plan shows only as hashes.

use std::path::{Path, PathBuf};

/// The largest file that can be user data, which EC2 limits to 16 KiB in Base64.
const MAX_SIZE: u64 = 64 * 1024;
const MAX_FILES: usize = 1000;
const MAX_DEPTH: usize = 4;

/// Returns the texts of the files in the current directory and next to a plan. Returns none if the plan
/// shows no hash of user data, or if the directory contains no Terraform configuration.
pub(super) fn texts(plan: &str, text: &str) -> Vec<String> {
    if !shows_hash(text) {
        return Vec::new();
    }
    let next_to_plan = Path::new(plan)
        .parent()
        .filter(|it| !it.as_os_str().is_empty());
    let mut directories: Vec<PathBuf> = vec![PathBuf::from(".")];
    directories.extend(next_to_plan.map(Path::to_owned));
    let mut texts = Vec::new();
    for directory in directories {
        if is_configuration(&directory) {
            gather(&directory, MAX_DEPTH, &mut texts);
        }
    }
    texts
}

/// Returns whether a plan contains a SHA-1 hash as the value of `user_data`.
fn shows_hash(plan: &str) -> bool {
    plan.split("\"user_data\"").skip(1).any(|rest| {
        let rest = rest.trim_start().strip_prefix(':').unwrap_or_default();
        let value = rest.trim_start().strip_prefix('"').unwrap_or_default();
        let hash = value.split('"').next().unwrap_or_default();
        hash.len() == 40 && hash.bytes().all(|it| it.is_ascii_hexdigit())
    })
}

fn is_configuration(directory: &Path) -> bool {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .any(|name| name.ends_with(".tf") || name.ends_with(".tf.json"))
}

fn gather(directory: &Path, depth: usize, texts: &mut Vec<String>) {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let mut entries: Vec<_> = entries.collect();
    // The limits cut the same files in each run.
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let is_hidden = entry.file_name().to_string_lossy().starts_with('.');
        let Ok(kind) = entry.metadata() else {
            continue;
        };
        if texts.len() == MAX_FILES {
            return;
        }
        // Terraform has the downloaded modules in a hidden directory.
        if kind.is_dir() && depth > 0 && (!is_hidden || entry.file_name() == ".terraform") {
            gather(&entry.path(), depth - 1, texts);
        } else if kind.is_file() && kind.len() <= MAX_SIZE {
            texts.extend(std::fs::read_to_string(entry.path()).ok());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_hashes_of_user_data_need_files() {
        let hash = "1da8306e5e13a82bb7d602503a7df165f6db9217";
        assert!(shows_hash(&format!("{{\"user_data\": \"{hash}\"}}")));
        assert!(shows_hash(&format!(
            "{{\"user_data\":null,\"user_data\":\"{hash}\"}}"
        )));
        assert!(!shows_hash("{\"user_data\":\"#!/bin/bash\"}"));
        assert!(!shows_hash(&format!("{{\"etag\":\"{hash}\"}}")));
    }
}
