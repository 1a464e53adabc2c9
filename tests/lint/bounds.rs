//! The linter looks at as much as it may, and says so; then it asks no more, however large the rulebook is.

use helpdesk::Rulebook;
use helpdesk::escalation::{Action, Level, Rule, Threshold, Trigger};
use helpdesk::id::TeamId;
use helpdesk::rulebook::{Problem, RulebookDraft};
use helpdesk::sla::{Condition, Policy};
use helpdesk::ticket::{Agreement, Metric};

use super::common::name;

/// As many policies as there may be, each for the tickets of a tag of its own.
fn policies(mut draft: RulebookDraft, metric: Metric) -> RulebookDraft {
    for n in 0..10_000 {
        let policy = Policy::new(name(&format!("p{n}")))
            .when(Condition::Tag(name(&format!("t{n}"))))
            .agreement(if metric == Metric::Ownership {
                Agreement::Ola
            } else {
                Agreement::Sla
            })
            .target(metric, "4h".parse().unwrap());
        draft = draft.policy(policy);
    }
    draft
}

fn gives_up(draft: RulebookDraft) {
    let findings = draft.build().unwrap().lint();
    let gave_up = |problem: &Problem| matches!(problem, Problem::NotFullyChecked);
    assert!(findings.iter().any(|finding| gave_up(&finding.problem)));
}

#[test]
fn many_policies_against_each_other() {
    gives_up(policies(Rulebook::draft(), Metric::TotalResolution));
}

#[test]
fn many_policies_against_many_levels() {
    let mut draft = policies(Rulebook::draft(), Metric::Ownership);
    for n in 0..200 {
        let mut rule = Rule::new(
            name(&format!("r{n}")),
            Trigger::Clock {
                agreement: Agreement::Ola,
                metric: Metric::Ownership,
            },
        );
        for m in 0..10 {
            let team = Action::AssignTeam(TeamId::named(&format!("{n} {m}")));
            let level = Level::new(name(&format!("l{m}")), Threshold::percent(100 + m).unwrap());
            rule = rule.level(level.action(team));
        }
        draft = draft.escalation(rule);
    }
    gives_up(draft);
}
