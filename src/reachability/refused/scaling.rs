//! Auto Scaling groups that AWS refuses to create.

use super::Refusal;
use crate::reachability::graph_index::GraphIndex;
use crate::reachability::{Fix, Hop};
use crate::resource::AutoScalingGroup;

/// A size outside the minimum and maximum of its Auto Scaling group.
/// <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_CreateAutoScalingGroup.html>
pub(super) fn sizes(index: &GraphIndex<'_>) -> Vec<Refusal> {
    let one = |(id, _, it): (_, _, &AutoScalingGroup)| {
        let min = it.min_size.as_ref().and_then(|it| it.lit());
        let max = it.max_size.as_ref().and_then(|it| it.lit());
        let desired = it.desired_capacity.as_ref().and_then(|it| it.lit());
        let (field, why, fix) = match (min, desired, max) {
            (Some(min), _, Some(max)) if min > max => (
                "min_size",
                format!("its minimum {min} is larger than its maximum {max}"),
                "increase the maximum",
            ),
            (_, Some(desired), Some(max)) if desired > max => (
                "desired_capacity",
                format!("its desired capacity {desired} is larger than its maximum {max}"),
                "increase the maximum, or reduce the desired capacity",
            ),
            (Some(min), Some(desired), _) if desired < min => (
                "desired_capacity",
                format!("its desired capacity {desired} is smaller than its minimum {min}"),
                "increase the desired capacity, or reduce the minimum",
            ),
            _ => return None,
        };
        let name = index.name(id);
        let reason = format!("Auto Scaling refuses `{name}` (`ValidationError`): {why}");
        let refusal = Refusal::new(Hop::Agent, (id, field), index.exists(id), reason)?;
        Some(refusal.fix(Fix::manual(fix)))
    };
    index.all::<AutoScalingGroup>().filter_map(one).collect()
}
