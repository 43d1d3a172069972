//! Data files: rows of columns separated by tabs, below a head of `#` lines. No field has quotes.
//!
//! The rows borrow from the program. The `csv` crate copies each field, and reads the whole table to
//! find one row.

/// Returns the rows below the head.
pub(crate) fn rows(table: &'static str) -> impl Iterator<Item = &'static str> {
    table.lines().filter(|line| !line.starts_with('#'))
}

/// Returns the columns of a row.
pub(crate) fn columns(row: &'static str) -> impl Iterator<Item = &'static str> {
    row.split('\t')
}

/// Returns the first column, which identifies the row.
pub(crate) fn key(row: &'static str) -> &'static str {
    row.split_once('\t').map_or(row, |(key, _)| key)
}
