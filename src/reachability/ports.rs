//! Ranges of ports.

/// The first and the last port.
pub(crate) type Ports = (i64, i64);

/// Splits port ranges into the parts inside and outside another range.
pub(super) fn split(open: &[Ports], range: Ports) -> (Vec<Ports>, Vec<Ports>) {
    let (mut inside, mut outside) = (Vec::new(), Vec::new());
    for &(from, to) in open {
        let (start, end) = (from.max(range.0), to.min(range.1));
        if start > end {
            outside.push((from, to));
            continue;
        }
        inside.push((start, end));
        if from < start {
            outside.push((from, start - 1));
        }
        if end < to {
            outside.push((end + 1, to));
        }
    }
    (inside, outside)
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn split_separates_the_ports_of_a_range() {
        assert_eq!(
            split(&[(1, 10)], (3, 5)),
            (vec![(3, 5)], vec![(1, 2), (6, 10)])
        );
        assert_eq!(split(&[(1, 10)], (0, 99)), (vec![(1, 10)], vec![]));
        assert_eq!(split(&[(1, 10)], (11, 12)), (vec![], vec![(1, 10)]));
    }
}
