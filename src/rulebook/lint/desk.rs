//! What is allowed on tickets: permissions, labels, the reopen window, limits.

use std::collections::BTreeMap;

use crate::call::Role;
use crate::ticket::{Label, Pending, Permission};

use super::Findings;
use super::problem::Problem;
use super::view::{HUMAN, View};

pub(super) fn check(view: &View<'_>, found: &mut Findings) {
    let rules = &view.draft.tickets;
    let necessary: [(&[Role], Permission); 3] = [
        (&Role::ALL, Permission::Open),
        (&HUMAN, Permission::Reply),
        (&Role::ALL, Permission::Resolve),
    ];
    for (roles, permission) in necessary {
        if !view.any_may(roles, permission) {
            found.add("tickets.permissions", Problem::NobodyMay { permission });
        }
    }
    if !view.any_may(&[Role::Customer], Permission::Reply) {
        found.add("tickets.permissions", Problem::CustomersMayNotReply);
    }
    labels(view, found);
    if rules.reopen_window.micros() == 0 {
        found.add("tickets.reopen_window", Problem::ReopenWindowIsZero);
    }
    for (limit, value) in [("max_text", rules.max_text), ("max_list", rules.max_list)] {
        if value == 0 {
            found.add(
                format!("tickets.{limit}"),
                Problem::LimitRefusesEverything { limit },
            );
        }
    }
}

fn labels(view: &View<'_>, found: &mut Findings) {
    let mut meanings: BTreeMap<String, Vec<_>> = BTreeMap::new();
    for (name, label) in &view.draft.tickets.labels {
        let path = format!("tickets.labels.{name}");
        meanings
            .entry(format!("{label:?}"))
            .or_default()
            .push(name.clone());
        if let Label::Pending(Pending::Scheduled { until }) = *label {
            let label = name.clone();
            found.add(&path, Problem::LabelWaitsUntilFixedInstant { label, until });
        }
        let permission = match label {
            Label::Work => Permission::Resume,
            Label::Pending(_) => Permission::Pend,
            Label::Resolved => Permission::Resolve,
            Label::Closed(_) => Permission::Close,
        };
        let reopens = *label == Label::Work && view.any_may(&Role::ALL, Permission::Reopen);
        if !view.any_may(&Role::ALL, permission) && !reopens {
            let label = name.clone();
            found.add(&path, Problem::LabelNobodyMayUse { label, permission });
        }
    }
    for labels in meanings.into_values().filter(|labels| labels.len() > 1) {
        found.add("tickets.labels", Problem::LabelsMeanTheSame { labels });
    }
}
