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

/// Returns the rows with a key, from a table that is sorted by it.
pub(crate) fn rows_of<'k>(
    table: &'static str,
    of: &'k str,
) -> impl Iterator<Item = &'static str> + use<'k> {
    let line_at = |start: usize| {
        let rest = table.get(start..).unwrap_or_default();
        rest.lines().next().unwrap_or_default()
    };
    let (mut low, mut high) = (0, table.len());
    while low < high {
        let middle = low.midpoint(high);
        let before = table.as_bytes().get(..middle).unwrap_or_default();
        let start = before.iter().rposition(|it| *it == b'\n');
        let start = start.map_or(0, |it| it + 1);
        let line = line_at(start);
        // The head sorts before all keys.
        match key(line) < of {
            true => low = start + line.len() + 1,
            false => high = start,
        }
    }
    let found = table.get(low..).unwrap_or_default().lines();
    found.take_while(move |row| key(row) == of)
}

#[cfg(test)]
mod tests {
    use super::{rows, rows_of};

    #[test]
    fn each_key_of_a_sorted_table_is_found() {
        let table = "# head\n# more\na\t1\na\t2\nb\t1\nba\t1\nc\t1\nc\t2\n";
        for of in ["a", "b", "ba", "c", "d", "", "B"] {
            let wanted: Vec<&str> = rows(table).filter(|it| super::key(it) == of).collect();
            assert_eq!(rows_of(table, of).collect::<Vec<_>>(), wanted, "{of}");
        }
    }
}
