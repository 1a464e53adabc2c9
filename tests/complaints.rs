//! Complaints: their steps, the tree of causes, what comes back, who is won back.

use chrono::{DateTime, TimeDelta, Utc};
use helpdesk::calendar::Calendar;
use helpdesk::complaint::{ComplaintStep, Progress, StepState, StepTally, Workflow};
use helpdesk::escalation::{Action, Level, Rule, Trigger, ready};
use helpdesk::id::{AgentId, CustomerId, Name};
use helpdesk::kpi::{Bands, Exclusion, RecoveryTally, RecurrenceTally};
use helpdesk::sla::{Policy, Target};
use helpdesk::store::{MemoryStore, Outgoing};
use helpdesk::testing::complaint::{causes as causes_of_any_kind, workflows};
use helpdesk::ticket::{
    Agreement, CauseCode, Causes, Change, ClockId, CloseReason, Event, Merge, Metric, Pending,
    RatingKind, Recorded, Rules, Status,
};
use helpdesk::time::Span;
use helpdesk::{Actor, Call, Command, Desk, Open, Refusal, Rulebook, TenantId, TicketId};
use proptest::prelude::*;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn target(text: &str) -> Target {
    text.parse().unwrap()
}

/// A Thursday.
const BEGIN: &str = "2026-03-05T09:00:00Z";

fn workflow() -> Workflow {
    Workflow::default()
        .target(ComplaintStep::Accept, target("1h"))
        .target(ComplaintStep::Acknowledge, target("4h calendar"))
        .target(ComplaintStep::AnalyseCause, target("2 business days"))
        .target(ComplaintStep::Learn, target("40h"))
}

fn office() -> Calendar {
    Calendar::parse("Mon-Fri 09:00-17:00", "UTC").unwrap()
}

fn causes() -> Causes {
    let delivery = CauseCode::new(name("delivery")).with(CauseCode::new(name("late")));
    let tree = vec![
        delivery.with(CauseCode::new(name("damaged"))),
        CauseCode::new(name("billing")),
    ];
    Causes::new(name("cause"), tree).unwrap()
}

struct Told {
    desk: Desk<MemoryStore>,
}

impl Told {
    fn new() -> Told {
        let mut rules = Rules::default();
        rules.causes = causes();
        let book = Rulebook::draft()
            .calendar(name("office"), office())
            .tickets(rules);
        Told::under(book.build().unwrap())
    }

    fn under(book: Rulebook) -> Told {
        let desk = Desk::new(MemoryStore::new(), book);
        Told { desk }
    }

    fn call(minutes: i64) -> Call {
        let at = at(BEGIN) + TimeDelta::minutes(minutes);
        Call::new(Actor::agent(AgentId::named("kim")), at)
    }

    fn open(&self, minutes: i64, customer: &str) -> TicketId {
        let open = Open::new("again").from(customer);
        self.desk.open(&Told::call(minutes), open).unwrap().id()
    }

    fn say(&self, ticket: TicketId, minutes: i64, command: Command) {
        self.desk
            .submit(ticket, &Told::call(minutes), command)
            .unwrap();
    }

    fn change(&self, ticket: TicketId, minutes: i64, change: Change) {
        self.say(ticket, minutes, Command::change(change));
    }

    fn complain(&self, ticket: TicketId, minutes: i64) {
        self.change(ticket, minutes, Change::Type(Some(workflow().kind)));
    }

    fn history(&self, ticket: TicketId) -> Vec<Recorded> {
        self.desk.tenant(TenantId::SINGLE).history(ticket).unwrap()
    }

    fn read(&self, ticket: TicketId, minutes: i64) -> Option<Progress> {
        let now = at(BEGIN) + TimeDelta::minutes(minutes);
        workflow()
            .read(&self.history(ticket), &office(), now)
            .unwrap()
    }

    fn rows(&self) -> Vec<helpdesk::kpi::Fact> {
        let mut rows = Vec::new();
        let tenant = self.desk.tenant(TenantId::SINGLE);
        tenant.facts(&mut |of| rows.extend_from_slice(of)).unwrap();
        rows
    }
}

#[test]
fn each_step_has_its_own_target() {
    let told = Told::new();
    let ticket = told.open(0, "ann@example.com");
    assert_eq!(told.read(ticket, 0), None, "not a complaint yet");
    told.complain(ticket, 30);
    told.change(ticket, 90, workflow().done(ComplaintStep::Accept)); // exactly the hour
    told.change(ticket, 331, workflow().done(ComplaintStep::Acknowledge)); // a minute too late

    let read = told.read(ticket, 400).unwrap();
    assert_eq!(read.since(), at("2026-03-05T09:30:00Z"));
    let accept = read.of(ComplaintStep::Accept);
    assert_eq!((accept.state, accept.is_met()), (StepState::Done, true));
    assert_eq!(accept.due, Some(at("2026-03-05T10:30:00Z")));
    assert_eq!(accept.by, Some(Actor::agent(AgentId::named("kim"))));
    let acknowledge = read.of(ComplaintStep::Acknowledge);
    assert!(acknowledge.is_breached() && !acknowledge.is_met());
    assert_eq!(acknowledge.elapsed(), TimeDelta::minutes(241));
    let analyse = read.running().unwrap();
    assert_eq!(analyse.step, ComplaintStep::AnalyseCause);
    assert_eq!(
        analyse.due,
        Some(at("2026-03-09T14:31:00Z")),
        "over the week-end"
    );
    assert_eq!(read.of(ComplaintStep::Learn).state, StepState::NotStarted);

    // Skipped steps count neither way; a step without a target counts nowhere.
    told.change(ticket, 500, workflow().done(ComplaintStep::FollowUp));
    let read = told.read(ticket, 500).unwrap();
    let states: Vec<_> = read.steps().iter().map(|step| step.state).collect();
    use StepState::{Done, Running, Skipped};
    assert_eq!(states, [Done, Done, Skipped, Skipped, Done, Running]);
    let mut tally = StepTally::default();
    tally.add(&read);
    assert_eq!(
        tally.attainment(ComplaintStep::Accept).to_string(),
        "100.0 % (1 of 1)"
    );
    assert_eq!(
        tally.attainment(ComplaintStep::Acknowledge).to_string(),
        "0.0 % (0 of 1)"
    );
    let left_out = tally.attainment(ComplaintStep::AnalyseCause);
    assert_eq!(
        (
            left_out.denominator(),
            left_out.excluded().count(Exclusion::Cancelled)
        ),
        (0, 1)
    );
    assert_eq!(tally.counts(ComplaintStep::FollowUp), Default::default());
    let mut twice = tally.clone();
    twice.merge(&tally);
    assert_eq!(twice.counts(ComplaintStep::Accept).met, 2);
}

#[test]
fn going_back_makes_what_came_after_to_be_done_again() {
    let told = Told::new();
    let ticket = told.open(0, "ann@example.com");
    told.complain(ticket, 0);
    for (minute, step) in [
        (10, ComplaintStep::Accept),
        (20, ComplaintStep::ProposeRemedy),
    ] {
        told.change(ticket, minute, workflow().done(step));
    }
    told.change(ticket, 30, workflow().done(ComplaintStep::Accept));
    let read = told.read(ticket, 30).unwrap();
    assert_eq!(
        read.of(ComplaintStep::Accept).ended_at,
        Some(at("2026-03-05T09:10:00Z")),
        "as it was"
    );
    let running = read.running().unwrap();
    assert_eq!(running.step, ComplaintStep::Acknowledge);
    assert_eq!(running.started_at, Some(at("2026-03-05T09:30:00Z")));
    assert_eq!(
        read.of(ComplaintStep::ProposeRemedy).state,
        StepState::NotStarted
    );

    let nothing_done = Change::Field {
        name: workflow().field,
        value: None,
    };
    told.change(ticket, 40, nothing_done);
    let read = told.read(ticket, 40).unwrap();
    assert_eq!(read.running().unwrap().step, ComplaintStep::Accept);
}

#[test]
fn a_close_without_a_solution_ends_the_step_and_a_resolution_does_not() {
    let told = Told::new();
    let (solved, spam) = (
        told.open(0, "ann@example.com"),
        told.open(0, "bob@example.com"),
    );
    for ticket in [solved, spam] {
        told.complain(ticket, 0);
    }
    told.say(solved, 10, Command::resolve());
    told.say(spam, 10, Command::close(CloseReason::Spam));
    assert_eq!(
        told.read(solved, 70).unwrap().running().unwrap().elapsed(),
        TimeDelta::minutes(70)
    );
    let ended = told.read(spam, 70).unwrap();
    assert_eq!(ended.running(), None);
    let accept = ended.of(ComplaintStep::Accept);
    assert_eq!(
        (accept.state, accept.elapsed()),
        (StepState::Cancelled, TimeDelta::minutes(10))
    );
    assert!(!accept.is_breached() && !accept.is_met());
}

/// On a closed ticket nothing is done any more: whatever it was closed as, the step that runs ends with it.
#[test]
fn a_complaint_that_is_over_leaves_no_step_running() {
    for reason in [
        CloseReason::Settled,
        CloseReason::Cancelled,
        CloseReason::Spam,
    ] {
        let told = Told::new();
        let ticket = told.open(0, "ann@example.com");
        told.complain(ticket, 0);
        told.change(ticket, 10, workflow().done(ComplaintStep::FollowUp));
        told.say(ticket, 20, Command::resolve());
        let learn = *told.read(ticket, 30).unwrap().of(ComplaintStep::Learn);
        assert_eq!(learn.state, StepState::Running);
        told.say(ticket, 40, Command::close(reason));
        let read = told.read(ticket, 1_000_000).unwrap();
        assert_eq!(read.running(), None, "{reason}");
        let learn = read.of(ComplaintStep::Learn);
        assert_eq!(learn.state, StepState::Cancelled);
        assert_eq!(learn.elapsed(), TimeDelta::minutes(30));
        assert!(!learn.is_breached() && !learn.is_met());
        let mut tally = StepTally::default();
        tally.add(&read);
        assert_eq!(tally.counts(ComplaintStep::Learn).cancelled, 1);
    }
}

/// A history that opens a closed complaint again goes on with the step that ran, from its begin: no time of it is forgotten.
#[test]
fn a_step_goes_on_from_its_begin_where_the_complaint_does() {
    let told = Told::new();
    let ticket = told.open(0, "ann@example.com");
    told.complain(ticket, 0);
    told.change(ticket, 30, workflow().done(ComplaintStep::Accept));
    told.say(ticket, 60, Command::close(CloseReason::Cancelled));
    let mut history = told.history(ticket);
    let closed = history.last().unwrap().clone();
    let mut again = closed.clone();
    let Event::StatusChanged { to, .. } = &mut again.event else {
        panic!("{closed:?}")
    };
    *to = Status::Open;
    again.at = closed.at + TimeDelta::minutes(40);
    history.push(again);
    let read = |minutes| {
        let now = at(BEGIN) + TimeDelta::minutes(minutes);
        workflow().read(&history, &office(), now).unwrap().unwrap()
    };
    let acknowledge = |minutes| *read(minutes).of(ComplaintStep::Acknowledge);
    assert_eq!(acknowledge(90).elapsed(), TimeDelta::minutes(30));
    let goes_on = acknowledge(110);
    assert_eq!(
        (goes_on.state, goes_on.ended_at),
        (StepState::Running, None)
    );
    let accept = *read(110).of(ComplaintStep::Accept);
    assert_eq!(goes_on.started_at, accept.ended_at, "without gap");
    assert_eq!(goes_on.elapsed(), TimeDelta::minutes(80));
    assert!(!acknowledge(30 + 240).is_breached() && acknowledge(30 + 241).is_breached());
}

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

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// The stretches of the steps follow each other, and what is done stays as it was read until somebody goes back.
    #[test]
    fn steps_follow_each_other(said in proptest::collection::vec((1i64..600, 0usize..6), 0..8), later in 0i64..5_000) {
        let told = Told::new();
        let ticket = told.open(0, "ann@example.com");
        told.complain(ticket, 0);
        let mut now = 0;
        for (gap, step) in said {
            now += gap;
            let before = told.read(ticket, now).unwrap();
            let step = ComplaintStep::ALL[step];
            told.change(ticket, now, workflow().done(step));
            let after = told.read(ticket, now).unwrap();
            for (old, new) in before.steps().iter().zip(after.steps()) {
                if old.step < step && old.state == StepState::Done {
                    prop_assert_eq!(old, new);
                }
            }
            let mut began = after.since();
            for reading in after.steps().iter().filter(|reading| reading.started_at.is_some()) {
                prop_assert!(reading.started_at.unwrap() >= began);
                began = reading.ended_at.unwrap_or(began);
            }
            let done = after.of(step);
            prop_assert_eq!(done.state, StepState::Done);
            let next = ComplaintStep::ALL.get(step as usize + 1);
            let begins = next.map(|next| after.of(*next).started_at.unwrap());
            prop_assert!(begins.is_none_or(|begins| begins >= done.ended_at.unwrap()));
        }
        let (soon, late) = (told.read(ticket, now).unwrap(), told.read(ticket, now + later).unwrap());
        for (a, b) in soon.steps().iter().zip(late.steps()) {
            if a.state != StepState::Running {
                prop_assert_eq!(a, b);
            } else {
                prop_assert!(b.elapsed() >= a.elapsed());
            }
        }
    }
}

#[test]
fn a_ticket_takes_no_cause_that_the_tree_does_not_have() {
    let told = Told::new();
    let ticket = told.open(0, "ann@example.com");
    told.change(ticket, 1, causes().set(&name("late")));
    let stands = told.desk.ticket(ticket).unwrap();
    assert_eq!(causes().of(&stands), Some("late"));
    let wrong = Command::change(causes().set(&name("weather")));
    let error = told.desk.submit(ticket, &Told::call(2), wrong).unwrap_err();
    let Some(refusal @ Refusal::UnknownCause { .. }) = error.refusal() else {
        panic!("{error}");
    };
    assert_eq!(refusal.code(), "unknown_cause");
    assert_eq!(
        refusal.to_string(),
        "`weather` is not a cause of the rulebook; the codes of its tree are allowed, at the top `delivery`, `billing`"
    );
    let open = Open::new("x")
        .from("ann@example.com")
        .and(causes().set(&name("weather")));
    assert!(told.desk.open(&Told::call(3), open).is_err());
    // Another field takes what it is given, and a desk without causes too.
    let other = Change::Field {
        name: name("other"),
        value: Some(helpdesk::ticket::FieldValue::Text("weather".into())),
    };
    told.change(ticket, 4, other);
    let without = Told::under(Rulebook::starter());
    let ticket = without.open(0, "ann@example.com");
    without.change(ticket, 1, causes().set(&name("weather")));
}

#[test]
fn a_tree_of_causes_is_checked_where_it_is_read() {
    let read = |text: &str| serde_json::from_str::<helpdesk::rulebook::RulebookDraft>(text);
    let draft =
        read(r#"{"tickets": {"causes": {"tree": [{"code": "a", "below": [{"code": "b"}]}]}}}"#)
            .unwrap();
    let book = draft.build().unwrap();
    let causes = &book.tickets().causes;
    let upwards: Vec<_> = causes.upwards("b").map(Name::as_str).collect();
    assert_eq!(upwards, ["b", "a"]);
    assert_eq!(causes.upwards("c").count(), 0);
    let text = serde_json::to_string(&book).unwrap();
    assert_eq!(serde_json::from_str::<Rulebook>(&text).unwrap(), book);
    let twice =
        read(r#"{"tickets": {"causes": {"tree": [{"code": "a", "below": [{"code": "a"}]}]}}}"#);
    assert!(
        twice
            .unwrap_err()
            .to_string()
            .contains("the cause `a` stands twice")
    );
    let deep = (0..20).fold(CauseCode::new(name("deepest")), |below, n| {
        CauseCode::new(name(&format!("{n}"))).with(below)
    });
    assert!(
        Causes::new(name("cause"), vec![deep])
            .unwrap_err()
            .to_string()
            .contains("deeper than 16")
    );
    let many = (0..10_001)
        .map(|n| CauseCode::new(name(&format!("{n}"))))
        .collect();
    assert!(
        Causes::new(name("cause"), many)
            .unwrap_err()
            .to_string()
            .contains("more than 10000")
    );
    // A desk without causes is the desk that it was.
    let untouched = serde_json::to_string(&Rulebook::starter()).unwrap();
    assert!(!untouched.contains("causes"), "{untouched}");
}

/// Who asked, with which cause, when, and when it was resolved, in days.
fn asked(told: &Told, customer: &str, cause: &str, day: i64, resolved: Option<i64>) -> TicketId {
    let minutes = |day: i64| day * 24 * 60;
    let ticket = told.open(minutes(day), customer);
    told.change(ticket, minutes(day), causes().set(&name(cause)));
    if let Some(resolved) = resolved {
        told.say(ticket, minutes(resolved), Command::resolve());
    }
    ticket
}

#[test]
fn recurrence_counts_who_comes_back_with_the_same_cause() {
    let told = Told::new();
    asked(&told, "ann@example.com", "late", 0, Some(1)); // comes back on day 8: within 7 days
    asked(&told, "ann@example.com", "late", 8, Some(9)); // comes back no more
    asked(&told, "bob@example.com", "late", 0, Some(1)); // comes back with another delivery cause
    asked(&told, "bob@example.com", "damaged", 3, Some(9)); // comes back no more
    asked(&told, "cat@example.com", "late", 0, Some(1)); // comes back too late
    asked(&told, "cat@example.com", "late", 9, None); // not resolved
    asked(&told, "dan@example.com", "billing", 0, Some(30)); // resolved too short a time ago
    let open_again = asked(&told, "eva@example.com", "billing", 0, Some(1));
    told.say(open_again, 3 * 24 * 60, Command::reopen());
    let cleared = asked(&told, "fay@example.com", "billing", 0, Some(1));
    told.change(
        cleared,
        2 * 24 * 60,
        Change::Field {
            name: name("cause"),
            value: None,
        },
    );

    let rows = told.rows();
    let mut tally = RecurrenceTally::default();
    tally.add(&rows, &causes()).unwrap();
    let as_of = at(BEGIN) + TimeDelta::days(31);
    let figures = tally.report(&causes(), Span::hours(7 * 24), as_of);
    let shown = |cause: &str| {
        let figures = &figures[cause];
        format!("{}: {}", figures.tickets, figures.repeated)
    };
    assert_eq!(shown("late"), "5: 25.0 % (1 of 4; left out: 1 undecided)");
    assert_eq!(
        shown("delivery"),
        "6: 40.0 % (2 of 5; left out: 1 undecided)"
    );
    assert_eq!(shown("damaged"), "1: 0.0 % (0 of 1)");
    let billing = &figures["billing"];
    let left_out = [Exclusion::Immature, Exclusion::Reopened]
        .map(|why| billing.repeated.excluded().count(why));
    assert_eq!((billing.tickets, left_out), (2, [1, 1]));

    // In parts and in any order it is the same; rows given again change nothing.
    let tickets: Vec<_> = helpdesk::kpi::by_ticket(&rows).collect();
    let (mut odd, mut even) = (RecurrenceTally::default(), RecurrenceTally::default());
    for (n, rows) in tickets.iter().enumerate().rev() {
        let part = if n % 2 == 0 { &mut even } else { &mut odd };
        part.add(rows, &causes()).unwrap();
        part.add(rows, &causes()).unwrap();
    }
    odd.merge(&even);
    assert_eq!(odd, tally);
    let text = serde_json::to_string(&tally).unwrap();
    assert_eq!(
        serde_json::from_str::<RecurrenceTally>(&text).unwrap(),
        tally
    );
    // As of an earlier day nothing later is known.
    let early = tally.report(
        &causes(),
        Span::hours(7 * 24),
        at(BEGIN) + TimeDelta::days(2),
    );
    assert_eq!(early["late"].tickets, 3);
}

/// A second mail about the same that was merged, and spam, are nobody who came again: from the day on which they are closed.
#[test]
fn a_duplicate_is_nobody_who_comes_back() {
    let told = Told::new();
    let minutes = |day: i64| day * 24 * 60;
    let shown = |told: &Told, day: i64| {
        let mut tally = RecurrenceTally::default();
        tally.add(&told.rows(), &causes()).unwrap();
        let as_of = at(BEGIN) + TimeDelta::days(day);
        let figures = tally.report(&causes(), Span::hours(7 * 24), as_of);
        (
            figures["late"].tickets,
            figures["late"].repeated.numerator(),
        )
    };
    let ann = asked(&told, "ann@example.com", "late", 0, Some(1));
    let again = asked(&told, "ann@example.com", "late", 2, None);
    assert_eq!(shown(&told, 20), (2, 1));
    let merge = Merge::new(again, ann);
    told.desk.merge(&Told::call(minutes(10)), merge).unwrap();
    assert_eq!(shown(&told, 9), (2, 1), "not yet merged");
    assert_eq!(shown(&told, 20), (2, 0));

    asked(&told, "bob@example.com", "late", 0, Some(1));
    let spam = asked(&told, "bob@example.com", "late", 2, None);
    told.say(spam, minutes(3), Command::close(CloseReason::Spam));
    assert_eq!(shown(&told, 20), (4, 0));
    // Resolved and then closed as a duplicate: she came, and was helped.
    let helped = asked(&told, "bob@example.com", "late", 4, Some(5));
    told.say(helped, minutes(6), Command::close(CloseReason::Duplicate));
    assert_eq!(shown(&told, 20), (5, 1));
}

/// A figure of a day stays what it was, whatever becomes of its tickets after it.
#[test]
fn recurrence_of_a_day_knows_nothing_that_came_later() {
    let told = Told::new();
    let ticket = asked(&told, "ann@example.com", "late", 0, Some(1));
    let shown = |told: &Told, day: i64| {
        let mut tally = RecurrenceTally::default();
        tally.add(&told.rows(), &causes()).unwrap();
        let as_of = at(BEGIN) + TimeDelta::days(day);
        let figures = tally.report(&causes(), Span::hours(7 * 24), as_of);
        figures["late"].repeated.to_string()
    };
    let days = |told: &Told| [4, 9, 11, 19].map(|day| shown(told, day));
    let (holds, open) = ("0.0 % (0 of 1)", "- (0 of 0; left out: 1 open again)");
    let young = "- (0 of 0; left out: 1 immature)";
    assert_eq!(days(&told), [young, holds, holds, holds]);
    told.say(ticket, 10 * 24 * 60, Command::reopen());
    assert_eq!(days(&told), [young, holds, open, open]);
    told.say(ticket, 12 * 24 * 60, Command::resolve());
    assert_eq!(days(&told), [young, holds, open, holds]);
}

/// Whoever was let down is who gave the mark: a participant is not won back by the requester's next one.
#[test]
fn recovery_follows_who_gave_the_mark() {
    let told = Told::new();
    let bob = CustomerId::named("bob");
    let by = |actor, minutes: i64| Call::new(actor, Told::call(minutes).at());
    let say = |ticket, call: &Call, command| told.desk.submit(ticket, call, command).unwrap();
    let (hers, next) = (
        told.open(0, "ann@example.com"),
        told.open(60, "ann@example.com"),
    );
    let ann = Actor::Customer(told.desk.ticket(hers).unwrap().requester());
    let joins = Command::change(Change::AddParticipant(bob));
    say(hers, &by(Actor::agent(AgentId::named("kim")), 5), joins);
    told.say(hers, 10, Command::resolve());
    say(
        hers,
        &by(Actor::Customer(bob), 20),
        Command::rate(RatingKind::Csat, 1),
    );
    told.say(next, 70, Command::resolve());
    say(next, &by(ann, 80), Command::rate(RatingKind::Csat, 5));
    let mut tally = RecoveryTally::default();
    tally.add(&told.rows()).unwrap();
    let as_of = at(BEGIN) + TimeDelta::days(1);
    let report = tally.report(RatingKind::Csat, &Bands::Middle, as_of);
    let recovered = report.recovered.to_string();
    assert_eq!(recovered, "- (0 of 0; left out: 1 unanswered)");

    // The same mark of somebody else is another mark; of one cycle the last one stands.
    say(hers, &by(ann, 25), Command::rate(RatingKind::Csat, 1));
    let mut tally = RecoveryTally::default();
    tally.add(&told.rows()).unwrap();
    let report = tally.report(RatingKind::Csat, &Bands::Middle, as_of);
    assert_eq!(report.recovered.to_string(), "100.0 % (1 of 1)");
}

#[test]
fn recovery_pairs_a_low_mark_with_the_next_one() {
    let told = Told::new();
    let rate = |ticket, minutes: i64, mark| {
        let call = Call::new(Actor::System, Told::call(minutes).at());
        told.desk
            .submit(ticket, &call, Command::rate(RatingKind::Csat, mark))
            .unwrap();
    };
    let won = told.open(0, "ann@example.com");
    told.say(won, 10, Command::resolve());
    rate(won, 20, 2);
    rate(won, 21, 1); // revised: this one stands
    told.say(won, 30, Command::reopen());
    told.say(won, 40, Command::resolve());
    rate(won, 50, 5); // won back, on the same ticket
    let first = told.open(0, "bob@example.com");
    told.say(first, 10, Command::resolve());
    rate(first, 20, 1);
    let second = told.open(60, "bob@example.com");
    told.say(second, 70, Command::resolve());
    rate(second, 80, 2); // not won back on the next ticket, and nothing followed
    let neutral = told.open(0, "cat@example.com");
    told.say(neutral, 10, Command::resolve());
    rate(neutral, 20, 3);

    let mut tally = RecoveryTally::default();
    tally.add(&told.rows()).unwrap();
    let as_of = at(BEGIN) + TimeDelta::days(1);
    let report = tally.report(RatingKind::Csat, &Bands::Middle, as_of);
    assert_eq!(
        report.recovered.to_string(),
        "50.0 % (1 of 2; left out: 1 unanswered)"
    );
    assert_eq!(report.before_and_after, (2, 7, 2));
    assert_eq!(
        tally.report(RatingKind::Ces, &Bands::Middle, as_of),
        Default::default()
    );
    let mut again = tally.clone();
    again.add(&told.rows()).unwrap();
    again.merge(&tally);
    assert_eq!(again, tally);
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

#[test]
fn customers_are_told_apart_by_their_address() {
    // What the two tallies rest on: the same address is the same customer.
    let told = Told::new();
    let tickets = [
        told.open(0, "ann@example.com"),
        told.open(1, "ANN@example.com"),
    ];
    let of = tickets.map(|ticket| told.desk.ticket(ticket).unwrap().requester());
    let [a, b]: [CustomerId; 2] = of;
    assert_eq!(a, b);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// Every way up a tree of causes ends at the top, and a tree is read back as it was written.
    #[test]
    fn every_cause_leads_to_the_top(causes in causes_of_any_kind()) {
        let text = serde_json::to_string(&causes).unwrap();
        prop_assert_eq!(&serde_json::from_str::<Causes>(&text).unwrap(), &causes);
        for n in 0..30 {
            let code = n.to_string();
            let upwards: Vec<_> = causes.upwards(&code).collect();
            prop_assert_eq!(causes.knows(&code), !upwards.is_empty());
            let begins_with_itself = upwards.first().is_none_or(|first| first.as_str() == code);
            prop_assert!(begins_with_itself);
            let top = upwards.last().is_none_or(|top| causes.tree().iter().any(|cause| cause.code == **top));
            prop_assert!(top);
            for above in &upwards {
                prop_assert!(causes.is_within(&code, above.as_str()));
            }
        }
    }

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
