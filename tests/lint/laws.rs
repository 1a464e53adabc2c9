//! What is said never to be is never so: laws over rulebooks of any kind.

use helpdesk::escalation::{Action, Guard, Level, Rule, Threshold, Trigger};
use helpdesk::id::TeamId;
use helpdesk::rulebook::{Problem, RulebookDraft};
use helpdesk::sla::{Condition, Policy, Target};
use helpdesk::store::MemoryStore;
use helpdesk::ticket::{Agreement, Change, Channel, FieldValue, Metric, Priority, Stage};
use helpdesk::{Actor, Desk, Open, Rulebook};
use proptest::prelude::*;

use super::common::*;

fn conditions() -> impl Strategy<Value = Condition> {
    let tag = proptest::sample::select(vec!["a", "b"]).prop_map(|tag| Condition::Tag(name(tag)));
    let types = proptest::sample::subsequence(vec!["x", "y"], 0..3);
    let teams = proptest::sample::subsequence(vec!["p", "q"], 0..3);
    let leaf = prop_oneof![
        Just(Condition::Always),
        proptest::sample::subsequence(Priority::ALL.to_vec(), 0..4).prop_map(Condition::Priority),
        types.prop_map(|list| Condition::Type(list.into_iter().map(name).collect())),
        teams.prop_map(|list| Condition::Team(list.into_iter().map(TeamId::named).collect())),
        proptest::sample::subsequence(vec![Channel::Email, Channel::Chat], 0..3)
            .prop_map(Condition::Channel),
        (0..3_i64).prop_map(|n| Condition::Field {
            name: name("size"),
            is: vec![FieldValue::Number(n)]
        }),
        tag,
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Condition::All),
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Condition::Any),
            inner.prop_map(|part| Condition::Not(Box::new(part))),
        ]
    })
}

fn drafts() -> impl Strategy<Value = RulebookDraft> {
    let target = proptest::sample::select(vec![
        "1s",
        "4h",
        "90000h",
        "3 business days",
        "20h calendar",
    ]);
    let one = (proptest::sample::select(Metric::ALL.to_vec()), target);
    let policy = (
        conditions(),
        proptest::collection::vec(one, 0..4),
        proptest::sample::select(Agreement::ALL.to_vec()),
    );
    let action = prop_oneof![
        proptest::sample::select(Priority::ALL.to_vec()).prop_map(Action::RaisePriority),
        "[ab]".prop_map(|tag| Action::AddTag(name(&tag))),
        "[pq]".prop_map(|team| Action::AssignTeam(TeamId::named(&team))),
        Just(Action::Resolve),
        Just(Action::Unassign),
        Just(Action::AssignAgent {
            agent: KIM,
            team: Some(TeamId::named("p")),
        }),
    ];
    let stages = proptest::sample::subsequence(Stage::ALL.to_vec(), 0..4);
    let rule = (
        proptest::sample::select(Metric::ALL.to_vec()),
        proptest::sample::select(Agreement::ALL.to_vec()),
        proptest::collection::vec(
            (
                1..1000_u16,
                conditions(),
                stages,
                proptest::collection::vec(action, 0..3),
            ),
            1..4,
        ),
    );
    let wait = proptest::sample::select(vec!["1h calendar", "3h calendar", "1h", "2h"]);
    let step = prop_oneof![
        Just(Action::Resolve),
        Just(Action::Close(helpdesk::ticket::CloseReason::Settled)),
        "[ab]".prop_map(|tag| Action::AddTag(name(&tag))),
    ];
    let live = vec![Stage::Open, Stage::Pending, Stage::Resolved];
    let idle = (
        (proptest::sample::subsequence(live, 1..3), any::<bool>()),
        wait,
        prop_oneof![2 => Just(Condition::Always), 1 => conditions()],
        proptest::collection::vec(step, 0..2),
        0..3_u16,
    );
    let lists = (
        proptest::collection::vec(policy, 0..7),
        proptest::collection::vec(rule, 0..4),
        proptest::collection::vec(idle, 0..4),
    );
    lists.prop_map(|(policies, rules, idle)| {
        let mut draft = Rulebook::draft();
        for (i, (when, targets, agreement)) in policies.into_iter().enumerate() {
            let mut policy = Policy::new(name(&format!("policy {i}")))
                .when(when)
                .agreement(agreement);
            for (metric, target) in targets {
                policy = policy.target(metric, target.parse().unwrap());
            }
            draft = draft.policy(policy);
        }
        for (i, (metric, agreement, levels)) in rules.into_iter().enumerate() {
            let mut rule = Rule::new(
                name(&format!("rule {i}")),
                Trigger::Clock { agreement, metric },
            );
            for (j, (percent, when, stages, actions)) in levels.into_iter().enumerate() {
                let at = Threshold::percent(percent).unwrap();
                let level = Level::new(name(&format!("level {j}")), at)
                    .guard(Guard::stages(stages).when(when));
                rule = rule.level(actions.into_iter().fold(level, Level::action));
            }
            draft = draft.escalation(rule);
        }
        let clocks = draft.escalations.len();
        for (i, ((stages, stands), wait, when, actions, times)) in idle.into_iter().enumerate() {
            let wait: Target = wait.parse().unwrap();
            let level = Level::new(name("level 0"), Threshold::after(wait));
            let mut level = actions.into_iter().fold(level, Level::action);
            level = level.guard(Guard::default().when(when));
            if times > 0 {
                level = level.repeat(wait, times);
            }
            let trigger = match stands {
                true => Trigger::time_in_status(stages),
                false => Trigger::idle(stages),
            };
            let rule = Rule::new(name(&format!("rule {}", clocks + i)), trigger);
            draft = draft.escalation(rule.level(level));
        }
        draft
    })
}

/// Facts that a ticket can have: those that conditions name, and others.
fn facts() -> impl Strategy<Value = Open> {
    let word =
        |words: &'static [&'static str]| proptest::option::of(proptest::sample::select(words));
    let channel = proptest::sample::select(vec![Channel::Email, Channel::Chat, Channel::Phone]);
    let tags = proptest::sample::subsequence(vec!["a", "b", "c"], 0..4);
    let priority = proptest::sample::select(Priority::ALL.to_vec());
    let facts = (
        priority,
        channel,
        tags,
        word(&["x", "y", "z"]),
        word(&["p", "q", "r"]),
        proptest::option::of(0..4_i64),
    );
    facts.prop_map(|(priority, channel, tags, kind, team, size)| {
        let mut open = Open::new("x")
            .from_customer(ANN)
            .priority(priority)
            .over(channel);
        open = tags
            .into_iter()
            .fold(open, |open, tag| open.and(Change::AddTag(name(tag))));
        open = open.and(Change::Type(kind.map(name)));
        open = open.and(Change::Assign {
            agent: None,
            team: team.map(TeamId::named),
        });
        open.and(Change::Field {
            name: name("size"),
            value: size.map(FieldValue::Number),
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// What is said never to hold or to apply does not, for any ticket; and linting ends without a panic.
    #[test]
    fn never_is_never(draft in drafts(), opens in proptest::collection::vec(facts(), 1..30)) {
        let rulebook = draft.build().unwrap();
        let found = rulebook.lint();
        let desk = Desk::new(MemoryStore::new(), rulebook.clone());
        for (i, open) in opens.into_iter().enumerate() {
            let outcome = desk.open(&call(Actor::Agent(KIM), at(BEGIN), i as u128), open).unwrap();
            let ticket = outcome.ticket();
            for finding in &found {
                match &finding.problem {
                    Problem::ShadowedPolicy { policy, by } => {
                        prop_assert!(Agreement::ALL.iter().all(|agreement| ticket.policy(*agreement) != Some(policy)));
                        let policies: Vec<_> = rulebook.policies().iter().collect();
                        let holds = |name: &helpdesk::id::Name| policies.iter().any(|p| p.name == *name && p.when.holds(ticket));
                        prop_assert!(!holds(policy) || by.iter().any(holds));
                    }
                    Problem::ConditionNeverHolds if finding.path.starts_with("policies") => {
                        let place: usize = finding.path["policies[".len()..].split(']').next().unwrap().parse().unwrap();
                        prop_assert!(!rulebook.as_draft().policies[place].when.holds(ticket));
                    }
                    _ => {}
                }
            }
            // Where there is no word of tickets without a policy, each has one.
            for agreement in Agreement::ALL {
                let said = found.iter().any(|f| f.problem == Problem::NoFallbackPolicy { agreement });
                let any = rulebook.policies().iter().any(|policy| policy.agreement == agreement);
                prop_assert!(said || !any || ticket.policy(agreement).is_some());
            }
        }
    }

    /// A rule or level that is said never to fire does not, whatever happens to a ticket.
    #[test]
    fn what_never_fires_stays_silent(draft in drafts(), story in stories()) {
        let rulebook = draft.build().unwrap();
        let found = rulebook.lint();
        let desk = Desk::new(MemoryStore::new(), rulebook);
        let (id, now) = tell(&desk, &story, &[]);
        desk.sweep(now + chrono::TimeDelta::days(30), 10).unwrap();
        // A level of a name fires again with the same thing to wait for only where it is repeated: these rules have one level each.
        let mut last: Option<(helpdesk::id::Name, usize)> = None;
        for (n, recorded) in history(&desk, id).into_iter().enumerate() {
            let helpdesk::ticket::Event::Escalated(escalated) = recorded.event else { continue };
            for finding in &found {
                if let Problem::RuleNeverFires { rule, .. } = &finding.problem {
                    prop_assert_ne!(rule, &escalated.rule);
                }
                if let Problem::LevelNeverFires { level, .. } = &finding.problem {
                    let rule = escalated.rule.as_str().replace("rule ", "escalations[") + "]";
                    prop_assert!(level != &escalated.level || !finding.path.starts_with(&rule), "{}", finding);
                }
                if let Problem::RepeatsNeverFire { .. } = &finding.problem {
                    let rule = escalated.rule.as_str().replace("rule ", "escalations[") + "]";
                    let again = last.as_ref() == Some(&(escalated.rule.clone(), n - 1));
                    prop_assert!(!again || !finding.path.starts_with(&rule), "{}", finding);
                }
            }
            last = Some((escalated.rule.clone(), n));
        }
    }
}
