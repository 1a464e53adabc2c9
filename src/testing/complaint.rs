//! Trees of causes and workflows of complaints for property tests.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use crate::complaint::{ComplaintStep, Workflow};
use crate::id::Name;
use crate::sla::{Measure, Target};
use crate::ticket::{CauseCode, Causes};
use crate::time::Span;

/// Trees of up to thirty causes, whose codes are `0`, `1`, ...
pub fn causes() -> impl Strategy<Value = Causes> {
    // Each cause but the first names the place of one before it, or none: then it stands at the top.
    vec(option::of(any::<prop::sample::Index>()), 0..30).prop_map(|above| {
        let parents: Vec<Option<usize>> = above
            .into_iter()
            .enumerate()
            .map(|(n, index)| index.filter(|_| n > 0).map(|index| index.index(n)))
            .collect();
        let field = Causes::default().field().clone();
        Causes::new(field, below(None, &parents)).unwrap_or_default()
    })
}

fn below(above: Option<usize>, parents: &[Option<usize>]) -> Vec<CauseCode> {
    let here = parents
        .iter()
        .enumerate()
        .filter(|(_, parent)| **parent == above);
    here.filter_map(|(n, _)| {
        let cause = CauseCode::new(Name::new(&n.to_string()).ok()?);
        Some(
            below(Some(n), parents)
                .into_iter()
                .fold(cause, CauseCode::with),
        )
    })
    .collect()
}

/// Workflows with a target for some of the steps, in either time.
pub fn workflows() -> impl Strategy<Value = Workflow> {
    let target = (1u32..6_000, any::<bool>()).prop_filter_map("a target", |(minutes, business)| {
        let measure = if business {
            Measure::Business
        } else {
            Measure::Calendar
        };
        Target::new(Span::minutes(minutes), measure).ok()
    });
    let targets = vec(option::of(target), ComplaintStep::ALL.len());
    targets.prop_map(|targets| {
        let mut workflow = Workflow::default();
        let each = ComplaintStep::ALL.into_iter().zip(targets);
        let each = each.filter_map(|(step, target)| Some((step, target?)));
        workflow.targets = each.collect::<BTreeMap<_, _>>();
        workflow
    })
}
