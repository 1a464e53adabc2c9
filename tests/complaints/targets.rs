//! The targets of the steps as policies: what is breached and escalated, and which other targets stay.

use chrono::TimeDelta;
use helpdesk::complaint::{ComplaintStep, StepTally, Workflow};
use helpdesk::escalation::{Action, Level, Rule, Trigger, ready};
use helpdesk::id::AgentId;
use helpdesk::sla::{Policy, Target};
use helpdesk::store::{MemoryStore, Outgoing};
use helpdesk::testing::complaint::workflows;
use helpdesk::ticket::{Agreement, Change, ClockId, Event, Metric, Pending, Recorded};
use helpdesk::time::Span;
use helpdesk::{Actor, Call, Command, Desk, Open, Rulebook};
use proptest::prelude::*;

use super::{BEGIN, Told, at, name, office, target};

#[test]
fn the_targets_make_policies_that_are_breached_and_escalated() {
    let workflow = Workflow::default()
        .target(ComplaintStep::Accept, target("1h"))
        .target(ComplaintStep::AnalyseCause, target("3h"))
        .target(ComplaintStep::FollowUp, target("8h"));
    let clock = ClockId {
        agreement: Agreement::Ola,
        metric: Metric::TotalResolution,
    };
    let late =
        Level::new(name("late"), "100 %".parse().unwrap()).action(Action::AddTag(name("late")));
    let rule = Rule::new(
        name("late complaint"),
        Trigger::Clock {
            agreement: clock.agreement,
            metric: clock.metric,
        },
    )
    .level(late);
    let mut book = Rulebook::draft()
        .calendar(name("office"), office())
        .escalation(rule);
    for policy in workflow.policies(Agreement::Ola).unwrap() {
        book = book.policy(policy);
    }
    let told = Told::under(book.build().unwrap());
    let ticket = told.open(0, "ann@example.com");
    told.complain(ticket, 0);
    let due = |minutes: i64| {
        let now = at(BEGIN) + TimeDelta::minutes(minutes);
        told.desk.reading(ticket, clock, now).unwrap().due()
    };
    assert_eq!(due(1), Some(at("2026-03-05T10:00:00Z")), "accept");
    told.change(ticket, 30, workflow.done(ComplaintStep::Accept));
    assert_eq!(
        due(31),
        Some(at("2026-03-05T13:00:00Z")),
        "what was left over helps the next"
    );
    told.change(ticket, 60, workflow.done(ComplaintStep::Acknowledge));
    assert_eq!(due(61), Some(at("2026-03-05T13:00:00Z")), "the same target");
    told.desk.sweep(at("2026-03-05T15:00:00Z"), 10).unwrap();
    let history = told.history(ticket);
    let tagged = |recorded: &&Recorded| matches!(&recorded.event, Event::TagAdded { tag } if tag.as_str() == "late");
    assert_eq!(history.iter().filter(tagged).count(), 1);
    told.change(ticket, 400, workflow.done(ComplaintStep::AnalyseCause));
    told.change(ticket, 410, workflow.done(ComplaintStep::ProposeRemedy));
    assert_eq!(due(411), None, "what is left has no clock of its own");

    let mixed = workflow.target(ComplaintStep::Acknowledge, target("2 business days"));
    let error = mixed.policies(Agreement::Ola).unwrap_err().to_string();
    assert!(
        error.contains("`2 business days` of the step `acknowledge`"),
        "{error}"
    );
}

/// Business days add up to business days: what one step leaves over the next one has.
#[test]
fn business_days_make_policies_too() {
    let workflow = |third: &str| {
        Workflow::default()
            .target(ComplaintStep::Accept, target("1 business day"))
            .target(ComplaintStep::AnalyseCause, target("2 business days"))
            .target(ComplaintStep::ProposeRemedy, target(third))
    };
    let policies = workflow("1 business day end of day")
        .policies(Agreement::Sla)
        .unwrap();
    let targets: Vec<_> = policies
        .iter()
        .map(|policy| policy.targets[&Metric::TotalResolution].to_string())
        .collect();
    assert_eq!(
        targets,
        [
            "1 business day",
            "3 business days",
            "4 business days end of day"
        ]
    );

    let mut book = Rulebook::draft().calendar(name("office"), office());
    for policy in policies {
        book = book.policy(policy);
    }
    let told = Told::under(book.build().unwrap());
    let ticket = told.open(0, "ann@example.com");
    told.complain(ticket, 0);
    let due = |minutes: i64| {
        let now = at(BEGIN) + TimeDelta::minutes(minutes);
        told.desk
            .reading(ticket, Metric::TotalResolution, now)
            .unwrap()
            .due()
    };
    // The morning of the n-th day is the close of the day before: the earliest instant at which it is used up.
    assert_eq!(due(1), Some(at("2026-03-05T17:00:00Z")));
    told.change(
        ticket,
        30,
        workflow("1 business day").done(ComplaintStep::Accept),
    );
    assert_eq!(
        due(31),
        Some(at("2026-03-09T17:00:00Z")),
        "from Thursday, over a weekend"
    );
    let error = workflow("4h")
        .policies(Agreement::Sla)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("`4h business` of the step `propose_remedy`"),
        "{error}"
    );
    let ends = workflow("1 business day end of day").target(
        ComplaintStep::AnalyseCause,
        target("1 business day end of day"),
    );
    let ends = ends.target(ComplaintStep::ProposeRemedy, target("1 business day"));
    assert!(ends.policies(Agreement::Sla).is_err());
    let many = workflow("364 business days").policies(Agreement::Sla);
    assert!(many.is_err(), "more days than a target may have");
}

/// Over the desk's own policies, a complaint keeps every target but the one that is the complaint's.
#[test]
fn complaints_keep_the_other_targets() {
    let workflow = Workflow::default().target(ComplaintStep::Accept, target("1h"));
    let text = r#"[
        {"name": "urgent", "when": {"priority": ["urgent"]}, "targets": {"first_response": "30min", "total_resolution": "4h"}, "pauses": {"total_resolution": ["internal"]}},
        {"name": "english", "when": {"tag": "en"}, "targets": {"first_response": "3h"}},
        {"name": "team", "agreement": "ola", "targets": {"ownership": "10min"}}
    ]"#;
    let own: Vec<Policy> = serde_json::from_str(text).unwrap();
    let mut draft = Rulebook::draft();
    draft.policies = workflow.policies_over(&own).unwrap();
    let names: Vec<_> = draft
        .policies
        .iter()
        .map(|one| one.name.to_string())
        .collect();
    assert_eq!(
        names,
        [
            "complaint: accept, urgent",
            "complaint: accept, english",
            "complaint: accept",
            "complaint: accept, team"
        ]
    );
    draft.policies.extend(own.clone());
    let mut alone = Rulebook::draft();
    alone.policies = own;
    let (over, alone) = (draft.build().unwrap(), alone.build().unwrap());
    for (priority, tag) in [
        ("urgent", "en"),
        ("urgent", "de"),
        ("low", "en"),
        ("low", "de"),
    ] {
        let targets = |book: &Rulebook, kind: Option<&str>| -> std::collections::BTreeMap<_, _> {
            let desk = Desk::new(MemoryStore::new(), book.clone());
            let open = Open::new("x")
                .from("ann@example.com")
                .priority(serde_json::from_value(priority.into()).unwrap());
            let open = open
                .and(Change::AddTag(name(tag)))
                .and(Change::Type(kind.map(name)));
            let t = desk
                .open(
                    &Call::new(Actor::agent(AgentId::named("kim")), at(BEGIN)),
                    open,
                )
                .unwrap();
            let clocks = [Agreement::Sla, Agreement::Ola]
                .into_iter()
                .flat_map(|agreement| Metric::ALL.map(|metric| ClockId { agreement, metric }));
            clocks
                .filter_map(|clock| Some((clock, t.reading(clock).target()?)))
                .collect()
        };
        let metric = Metric::TotalResolution;
        let total = |agreement| ClockId { agreement, metric };
        let mut expected = targets(&alone, Some("complaint"));
        expected.insert(total(Agreement::Sla), target("1h"));
        expected.insert(total(Agreement::Ola), target("1h"));
        assert_eq!(
            targets(&over, Some("complaint")),
            expected,
            "{priority} {tag}"
        );
        assert_eq!(
            targets(&over, None),
            targets(&alone, None),
            "{priority} {tag}"
        );
    }
}

#[test]
fn a_delay_notice_comes_before_the_promise_is_missed_and_a_check_in_after_the_resolution() {
    let book = Rulebook::draft()
        .calendar(name("office"), office())
        .escalation(ready::delay_notice(
            Metric::PromisedUpdate,
            "30min before due".parse().unwrap(),
        ))
        .escalation(ready::check_in(target("48h calendar")))
        .build()
        .unwrap();
    let told = Told::under(book);
    let (kept, missed) = (
        told.open(0, "ann@example.com"),
        told.open(0, "bob@example.com"),
    );
    for ticket in [kept, missed] {
        let promise = Change::PromiseUpdate(at("2026-03-05T12:00:00Z"));
        told.change(ticket, 5, promise);
    }
    told.say(kept, 60, Command::reply("here it is"));
    let notices = |now: &str| {
        told.desk.sweep(at(now), 10).unwrap();
        let messages = told.desk.claim(at(now), TimeDelta::hours(1), 50).unwrap();
        let ids: Vec<_> = messages.iter().map(|message| message.id).collect();
        told.desk.acknowledge(&ids).unwrap();
        let custom = messages.iter().filter_map(|message| match &message.what {
            Outgoing::Escalation {
                rule,
                action: Action::Custom(_),
                ..
            } => Some((message.ticket, rule.to_string())),
            _ => None,
        });
        custom.collect::<Vec<_>>()
    };
    assert_eq!(notices("2026-03-05T11:29:59Z"), []);
    let notice = "delay notice: promised_update".to_owned();
    assert_eq!(notices("2026-03-05T11:31:00Z"), [(missed, notice)]);
    told.say(
        missed,
        155,
        Command::reply("it takes longer").then_pend(Pending::Customer),
    );
    told.say(kept, 200, Command::resolve());
    assert_eq!(notices("2026-03-07T12:00:00Z"), []);
    assert_eq!(
        notices("2026-03-07T12:21:00Z"),
        [(kept, "check in".to_owned())]
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// A larger target never makes a step breached that was not, and what is counted is each step with a target, once.
    #[test]
    fn a_larger_target_breaches_nothing(
        workflow in workflows(), said in proptest::collection::vec((1i64..900, 0usize..6), 0..6), more in 1u32..500,
    ) {
        let told = Told::new();
        let ticket = told.open(0, "ann@example.com");
        told.complain(ticket, 0);
        let mut now = 0;
        for (gap, step) in said {
            now += gap;
            told.change(ticket, now, workflow.done(ComplaintStep::ALL[step]));
        }
        let mut larger = workflow.clone();
        for target in larger.targets.values_mut() {
            let amount = target.amount().unwrap().micros() / 60_000_000 + i64::from(more);
            *target = Target::new(Span::minutes(amount as u32), target.measure()).unwrap();
        }
        let history = told.history(ticket);
        let now = at(BEGIN) + TimeDelta::minutes(now);
        let read = |workflow: &Workflow| workflow.read(&history, &office(), now).unwrap().unwrap();
        let (small, large) = (read(&workflow), read(&larger));
        for (a, b) in small.steps().iter().zip(large.steps()) {
            prop_assert!(a.is_breached() || !b.is_breached());
            prop_assert_eq!(a.elapsed(), b.elapsed());
        }
        let mut tally = StepTally::default();
        tally.add(&small);
        for step in ComplaintStep::ALL {
            let c = tally.counts(step);
            let all = c.met + c.breached + c.open + c.not_started + c.skipped + c.cancelled;
            prop_assert_eq!(all, u64::from(workflow.targets.contains_key(&step)));
        }
    }
}
