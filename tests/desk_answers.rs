//! What a desk answers in one question, where a host would need several: pages with texts, reports in groups, what is due next; and how
//! answers read in a log.

mod common;

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use common::*;
use helpdesk::escalation::{Action, Guard, Rule, Trigger, ready};
use helpdesk::kpi::{Dimension, Fact, Report};
use helpdesk::sla::{Agreement, Condition, Metric, Policy, Reading, State, Verdict};
use helpdesk::store::{Filter, MemoryStore, Page};
use helpdesk::testing::laws::clocks;
use helpdesk::testing::{Asked, Fault, FaultyStore};
use helpdesk::ticket::{
    AttachmentDraft, Change, CloseReason, CustomerView, Draft, Merge, Pending, PendingReasons,
    Priority, Stage, Visibility,
};
use helpdesk::{Actor, Calendar, Call, Command, Desk, Open, Rulebook, TenantId, TicketId, name};
use proptest::prelude::*;

const TICK: TimeDelta = TimeDelta::microseconds(1);

fn kim(now: &str, n: u128) -> Call {
    call(Actor::agent(KIM), at(now), n)
}

/// Every text that a view names is looked up by hand, one at a time.
fn by_hand(desk: &Desk<MemoryStore>, view: &CustomerView) -> Vec<Option<String>> {
    let text = |id| desk.content(&[id]).unwrap().remove(0).map(|one| one.text);
    let mut texts = vec![text(view.subject)];
    for message in &view.messages {
        texts.push(message.body.and_then(text));
        texts.extend(message.attachments.iter().map(|file| text(file.name)));
    }
    texts.extend(view.merged.iter().flat_map(|merged| by_hand(desk, merged)));
    texts
}

fn on_the_page(page: &helpdesk::ticket::CustomerPage, view: &CustomerView) -> Vec<Option<String>> {
    let text = |id| page.text(id).map(str::to_owned);
    let mut texts = vec![text(view.subject)];
    for message in &view.messages {
        texts.push(page.text_of(message).map(str::to_owned));
        texts.extend(message.attachments.iter().map(|file| text(file.name)));
    }
    texts.extend(
        view.merged
            .iter()
            .flat_map(|merged| on_the_page(page, merged)),
    );
    texts
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// A page is the view with each text where it belongs, whatever happened to the ticket.
    #[test]
    fn a_page_has_the_texts_of_its_view(story in stories()) {
        let desk = Desk::new(MemoryStore::new(), rulebook());
        let (ticket, now) = tell(&desk, &story, &[]);
        let notes = desk.ticket(ticket).unwrap().messages().to_vec();
        let page = desk.customer_page(ticket, ANN).unwrap();
        let view = desk.customer_view(ticket, ANN).unwrap();
        prop_assert_eq!(page.view(), &view);
        prop_assert_eq!(on_the_page(&page, &view), by_hand(&desk, &view));
        for note in notes.iter().filter(|note| note.visibility == Visibility::Internal) {
            prop_assert_eq!(page.text(note.body), None);
        }
        desk.erase_person(ANN, now).unwrap();
        let page = desk.customer_page(ticket, ANN).unwrap();
        prop_assert_eq!(on_the_page(&page, &view), by_hand(&desk, &view));
        prop_assert_eq!(page.text(view.subject), None);
    }

    /// All clocks with a target come in one load, each as it is read alone.
    #[test]
    fn readings_are_the_readings_of_each_clock(story in stories(), later in gaps()) {
        let desk = Desk::new(FaultyStore::new(MemoryStore::new()), rulebook());
        let (ticket, now) = tell(&desk, &story, &[]);
        let now = now + later;
        desk.store().cue_times(Asked::Any, Fault::Repeat, 9); // to a load it does nothing
        let all = desk.readings(ticket, now).unwrap();
        prop_assert_eq!(desk.store().cues_left(), 8, "one load");
        let each = clocks().map(|clock| desk.reading(ticket, clock, now).unwrap());
        prop_assert_eq!(all, each.filter(Reading::has_target).collect::<Vec<_>>());
    }

    /// What is at risk is what a scan of every clock of every ticket of the tenant finds late later and not yet, whoever else has tickets.
    #[test]
    fn what_is_at_risk_is_late_later(
        one in stories(), other in stories(), elsewhere in stories(), later in gaps(), hours in 0..2_000_i64,
    ) {
        let desk = Desk::new(MemoryStore::new(), rulebook());
        let mut now = at(BEGIN);
        for (n, story) in [one, other].iter().enumerate() {
            let (ticket, told) = tell_as(&desk, story, n as u128 + 1);
            now = now.max(told);
            prop_assert!(desk.ticket(ticket).is_ok());
        }
        let (own, others) = (desk.tenant(TenantId::SINGLE), desk.tenant(TenantId::named("other")));
        let asked = call(Actor::Customer(ANN), at(BEGIN), 9_000);
        let theirs = others.open(&asked, Open::new("subject").body("help")).unwrap().id();
        for (n, say) in elsewhere.iter().enumerate() {
            let said = call(say.actor, now + say.gap, 9_001 + n as u128);
            let _ = others.submit(theirs, &said, say.command.clone());
        }
        let now = now + later;
        let until = now + TimeDelta::hours(hours);
        let all = own.at_risk(now, until, usize::MAX).unwrap();
        prop_assert!(all.iter().all(|(ticket, _)| *ticket != theirs));
        for row in own.list(&Filter::all(), &Page::oldest(9)).unwrap() {
            for clock in clocks() {
                let (before, after) = (
                    own.reading(row.ticket, clock, now).unwrap(),
                    own.reading(row.ticket, clock, until).unwrap(),
                );
                let mut found = all.iter().filter(|(id, of)| (*id, of.clock()) == (row.ticket, clock));
                let is_late = |of: &Reading| of.verdict() == Verdict::Breached;
                // A period that ended late says nothing of the next one.
                let goes_on = matches!(before.state(), State::Running | State::Paused);
                match found.next() {
                    Some((_, shown)) => {
                        prop_assert_eq!(shown, &before);
                        prop_assert!(!(goes_on && is_late(&before)), "{} {}", before, after);
                        prop_assert!(after.ever_breached(), "{} {}", before, after);
                        // A rule that acts until then may bring another target.
                        if let Some(kept) = before.kept_until().filter(|_| before.amount() == after.amount()) {
                            prop_assert!(kept < until || !is_late(&after), "{} {}", before, after);
                        }
                    }
                    None => {
                        let known = goes_on || before.started_at() == after.started_at();
                        let was_late = known && is_late(&before);
                        prop_assert!(was_late || !is_late(&after), "{} {}", before, after);
                    }
                }
                prop_assert!(found.next().is_none());
            }
        }
        for limit in 0..all.len() {
            prop_assert_eq!(&own.at_risk(now, until, limit).unwrap()[..], &all[..limit]);
        }
    }

    /// Just before what falls due next, a sweep records nothing; at it, something.
    #[test]
    fn what_falls_due_next_is_recorded_then(story in stories()) {
        let desk = Desk::new(MemoryStore::new(), rulebook());
        let (_, mut now) = tell(&desk, &story, &[]);
        desk.sweep(now, 10).unwrap();
        for _ in 0..5 {
            let Some(next) = desk.next_wake(now).unwrap() else {
                prop_assert_eq!(desk.sweep(now + TimeDelta::days(3_000), 10).unwrap().events, 0);
                break;
            };
            prop_assert!(next > now);
            prop_assert_eq!(desk.sweep(next - TICK, 10).unwrap().events, 0);
            prop_assert_eq!(desk.next_wake(next).unwrap(), Some(next));
            prop_assert!(desk.sweep(next, 10).unwrap().events > 0);
            now = next;
        }
    }
}

/// One story of several on a desk.
fn tell_as(desk: &Desk<MemoryStore>, story: &[Say], n: u128) -> (TicketId, DateTime<Utc>) {
    let mut now = at(BEGIN);
    let open = Open::new("subject").body("help");
    let opened = desk.open(&call(Actor::Customer(ANN), now, n * 1_000), open);
    let ticket = opened.unwrap().id();
    for (m, say) in story.iter().enumerate() {
        now += say.gap;
        let said = call(say.actor, now, n * 1_000 + 1 + m as u128);
        let _ = desk.submit(ticket, &said, say.command.clone());
    }
    (ticket, now)
}

/// A target that is used up when the desk closes is kept over the weekend: the clock is at risk only from Monday's opening on. So is a
/// promise, from the instant after its own, and a clock whose pause ends in time.
#[test]
fn what_is_kept_over_the_weekend_is_not_at_risk_in_it() {
    let policy = Policy::new(name!("all"))
        .target(Metric::FirstResponse, "4h".parse().unwrap())
        .target(Metric::TotalResolution, "8h".parse().unwrap())
        .pauses(Metric::TotalResolution, PendingReasons::ALL);
    let office = Calendar::parse("Mon-Fri 09:00-17:00", "UTC").unwrap();
    let book = Rulebook::draft()
        .calendar(name!("office"), office)
        .policy(policy);
    let desk = Desk::new(MemoryStore::new(), book.build().unwrap());
    let friday = "2026-03-06T13:00:00Z";
    let open = Open::new("subject").from_customer(ANN);
    let t = desk.open(&kim(friday, 1), open).unwrap();
    let first = t.reading(Metric::FirstResponse);
    let opens = at("2026-03-09T09:00:00Z");
    assert_eq!(
        (first.due(), first.kept_until()),
        (Some(at("2026-03-06T17:00:00Z")), Some(opens))
    );
    let names = |until| {
        let found = desk.at_risk(at(friday), until, 9).unwrap();
        found.iter().map(|(_, of)| of.metric()).collect::<Vec<_>>()
    };
    assert_eq!(names(opens), []);
    assert_eq!(names(opens + TICK), [Metric::FirstResponse]);

    let promise = Change::PromiseUpdate(at("2026-03-07T12:00:00Z"));
    desk.submit(
        t.id(),
        &kim("2026-03-06T13:30:00Z", 2),
        Command::change(promise),
    )
    .unwrap();
    let until = at("2026-03-09T08:00:00Z");
    let wait = Command::pend(Pending::Scheduled { until });
    desk.submit(t.id(), &kim("2026-03-06T14:00:00Z", 3), wait)
        .unwrap();
    assert_eq!(names(at("2026-03-07T12:00:00Z")), []);
    let both = [
        Metric::PromisedUpdate,
        Metric::FirstResponse,
        Metric::TotalResolution,
    ];
    let eight_hours = at("2026-03-09T16:00:00Z"); // one on Friday, and seven after the wait
    assert_eq!(names(eight_hours), both[..2]);
    assert_eq!(names(eight_hours + TICK), both);
    let paused = desk.reading(t.id(), Metric::TotalResolution, at("2026-03-06T15:00:00Z"));
    assert_eq!(paused.unwrap().kept_until(), None);
    let nobody = desk.tenant(TenantId::named("other"));
    assert!(
        nobody
            .at_risk(at(friday), opens + TICK, 9)
            .unwrap()
            .is_empty()
    );
}

/// A rule waits for the ticket to be work again, and brings a target that is passed already: late is it then, not when the rule was due.
#[test]
fn what_a_late_rule_brings_is_late_when_it_comes() {
    let urgent = Policy::new(name!("urgent"))
        .when(Condition::Priority(vec![Priority::Urgent]))
        .target(Metric::FirstResponse, "1h calendar".parse().unwrap());
    let plain =
        Policy::new(name!("plain")).target(Metric::FirstResponse, "3h calendar".parse().unwrap());
    let raise = Rule::new(name!("raise"), Trigger::CustomerWaits).level(
        at_threshold("raise", "after 1h calendar")
            .guard(Guard::stages([Stage::Open]))
            .action(Action::RaisePriority(Priority::Urgent)),
    );
    let book = Rulebook::draft()
        .policy(urgent)
        .policy(plain)
        .escalation(raise);
    let desk = Desk::new(MemoryStore::new(), book.build().unwrap());
    let open = |now, n| {
        let ann = call(Actor::customer(ANN), at(now), n);
        desk.open(&ann, Open::new("x").body("help")).unwrap().id()
    };
    let slow = open("2026-03-02T08:00:00Z", 1);
    let until = at("2026-03-02T10:30:00Z");
    let wait = Command::pend(Pending::Scheduled { until });
    desk.submit(slow, &kim("2026-03-02T08:10:00Z", 2), wait)
        .unwrap();
    let soon = open("2026-03-02T08:50:00Z", 3);
    let names = |limit| {
        let until = at("2026-03-02T12:00:00Z");
        let found = desk.at_risk(at("2026-03-02T09:00:00Z"), until, limit);
        found.unwrap().iter().map(|(id, _)| *id).collect::<Vec<_>>()
    };
    assert_eq!(names(9), [soon, slow]);
    assert_eq!(names(1), [soon]);
}

/// A follow-up came late, the customer is waited for, and a rule will resolve the ticket: the follow-up after that is at risk anew.
#[test]
fn what_ended_late_may_be_late_once_more() {
    let policy = Policy::new(name!("all")).target(Metric::FollowUp, "1h calendar".parse().unwrap());
    let book = Rulebook::draft()
        .policy(policy)
        .escalation(ready::auto_resolve("48h calendar".parse().unwrap()));
    let desk = Desk::new(MemoryStore::new(), book.build().unwrap());
    let opened = desk.open(
        &kim("2026-03-02T09:00:00Z", 1),
        Open::new("x").from_customer(ANN),
    );
    let t = opened.unwrap().id();
    let acts = [
        ("2026-03-02T09:00:00Z", Command::resolve()),
        ("2026-03-02T12:00:00Z", Command::reply("still well?")),
        ("2026-03-02T12:00:00Z", Command::pend(Pending::Customer)),
    ];
    for (n, (when, act)) in (2..).zip(acts) {
        desk.submit(t, &kim(when, n), act).unwrap();
    }
    let now = at("2026-03-02T13:00:00Z");
    let names = |until| {
        let found = desk.at_risk(now, at(until), 9).unwrap();
        let lines = found.iter().map(|(_, of)| (of.metric(), of.verdict()));
        lines.collect::<Vec<_>>()
    };
    let late = (Metric::FollowUp, Verdict::Breached);
    assert_eq!(
        names("2026-03-04T13:00:00Z"),
        [],
        "resolved on Wednesday at noon"
    );
    assert_eq!(
        names("2026-03-04T13:00:01Z"),
        [late],
        "the last one was late"
    );
}

/// A message that waits for its delivery ends a nap, and is nothing that falls due; nor has what falls due a longest.
#[test]
fn what_falls_due_next_is_no_nap() {
    let desk = Desk::new(MemoryStore::new(), rulebook());
    let opened = Open::new("x").from("ann@example.com");
    desk.open(&kim("2026-03-02T15:00:00Z", 1), opened).unwrap();
    let now = at("2026-03-02T15:00:00Z");
    let next = desk.next_wake(now).unwrap().unwrap();
    assert!(next > desk.nap(now).unwrap(), "a nap has a longest");
    let mut swept = now;
    while desk.nap(swept).unwrap() > swept {
        swept = desk.next_wake(swept).unwrap().unwrap();
        desk.sweep(swept, 10).unwrap();
    }
    assert!(
        desk.next_wake(swept).unwrap() > Some(swept),
        "a message waits, and nothing is due"
    );
}

/// Texts do not shift where one of them is missing, and those of a merged ticket are found too.
#[test]
fn a_page_keeps_texts_apart() {
    let desk = Desk::new(MemoryStore::new(), rulebook());
    let open = |subject: &str, body: &str, n| {
        let ann = call(Actor::customer(ANN), at(BEGIN), n);
        desk.open(&ann, Open::new(subject).body(body)).unwrap().id()
    };
    let (first, second) = (
        open("printer", "it burns", 1),
        open("again", "it still burns", 2),
    );
    let file = AttachmentDraft {
        name: "plan.png".to_owned(),
        media_type: name!("image/png"),
        size: 9,
        visibility: Visibility::Public,
    };
    let shown = Draft::new("see here").attach(file);
    let said = desk
        .submit(first, &kim(BEGIN, 3), Command::say(shown))
        .unwrap();
    desk.submit(first, &kim(BEGIN, 4), Command::note("a hoax?"))
        .unwrap();
    desk.submit(first, &kim(BEGIN, 5), Command::reply("done"))
        .unwrap();
    let redact = Command::change(Change::Redact(said.message().unwrap()));
    let lee = Actor::supervisor(KIM);
    desk.submit(first, &call(lee, at(BEGIN), 6), redact)
        .unwrap();
    desk.merge(&kim(BEGIN, 7), Merge::new(second, first))
        .unwrap();

    let page = desk.customer_page(first, ANN).unwrap();
    let texts = on_the_page(&page, page.view());
    let texts: Vec<_> = texts.iter().map(Option::as_deref).collect();
    let (burns, done) = (Some("it burns"), Some("done"));
    let merged = [Some("again"), Some("it still burns")];
    assert_eq!(
        texts[..4],
        [Some("printer"), burns, None, done],
        "{texts:?}"
    );
    assert!(texts.ends_with(&merged), "{texts:?}");
    assert!(!format!("{page:?}").contains("burns"), "{page:?}");
    let json = serde_json::to_value(&page).unwrap();
    let subject = page.view().subject.to_string();
    assert_eq!(json["texts"][subject.as_str()], "printer");
}

/// The report in groups is the one that a host makes of the rows.
#[test]
fn a_report_in_groups_is_made_of_the_rows() {
    let desk = Desk::new(MemoryStore::new(), rulebook());
    for n in 0..6 {
        let open = Open::new("x").from(format!("{n}@example.com"));
        let t = desk.open(&kim(BEGIN, 10 * n), open).unwrap().id();
        if n % 2 == 0 {
            let mine = Command::assign(KIM).and(Change::Priority(Priority::High));
            desk.submit(t, &kim(BEGIN, 10 * n + 1), mine).unwrap();
        }
    }
    let now = at(BEGIN) + TimeDelta::days(1);
    let mut rows: Vec<Vec<Fact>> = Vec::new();
    desk.facts(&mut |of| rows.push(of.to_vec())).unwrap();
    let by = Report::standard().by([Dimension::Agent, Dimension::Priority]);
    let report = desk.report_by(&by, now).unwrap();
    assert_eq!(report, by.over(&rows, now).unwrap());
    assert_eq!((report.groups().len(), rows.len()), (2, 6));
}

/// How a clock reads at each point of its life.
#[test]
fn readings_read_well() {
    let desk = Desk::new(MemoryStore::new(), Rulebook::starter());
    let open = |n| {
        let open = Open::new("x").from("ann@example.com");
        desk.open(&kim("2026-03-05T09:00:00Z", n), open)
            .unwrap()
            .id()
    };
    let reads =
        |t, metric: Metric, now: &str| desk.reading(t, metric, at(now)).unwrap().to_string();
    let (t, first, total) = (open(1), Metric::FirstResponse, Metric::TotalResolution);
    assert_eq!(
        reads(t, first, "2026-03-05T14:00:00Z"),
        "running; 5h of 8h; due 2026-03-05 17:00:00 UTC"
    );
    assert_eq!(
        reads(t, first, "2026-03-06T10:30:00Z"),
        "running, breached; 9h 30min of 8h; due 2026-03-05 17:00:00 UTC"
    );
    assert_eq!(
        reads(t, Metric::FollowUp, "2026-03-05T14:00:00Z"),
        "not started"
    );
    let ola = desk.reading(
        t,
        (Agreement::Ola, Metric::Ownership),
        at("2026-03-05T14:00:00Z"),
    );
    assert_eq!(ola.unwrap().to_string(), "not applicable");
    let ask = Command::reply("Which floor?").then_pend(Pending::Customer);
    desk.submit(t, &kim("2026-03-06T11:00:00Z", 2), ask)
        .unwrap();
    assert_eq!(
        reads(t, first, "2026-03-06T12:00:00Z"),
        "stopped, breached; 10h of 8h; due 2026-03-05 17:00:00 UTC"
    );
    assert_eq!(
        reads(t, total, "2026-03-09T12:00:00Z"),
        "paused; 10h of 40h"
    );
    let end = Command::note("Wrong number").then_close(CloseReason::Spam);
    let unanswered = open(3);
    desk.submit(unanswered, &kim("2026-03-05T10:00:00Z", 4), end)
        .unwrap();
    assert_eq!(
        reads(unanswered, total, "2026-03-09T12:00:00Z"),
        "cancelled; 1h of 40h"
    );
    let later = open(5);
    for (n, now, said) in [
        (
            6,
            "2026-03-05T11:00:00Z",
            Command::priority(Priority::Urgent),
        ),
        (
            7,
            "2026-03-05T12:00:00Z",
            Command::priority(Priority::Normal),
        ),
        (8, "2026-03-05T12:00:00Z", Command::reply("On our way")),
    ] {
        desk.submit(later, &kim(now, n), said).unwrap();
    }
    assert_eq!(
        reads(later, first, "2026-03-05T13:00:00Z"),
        "stopped, met after a breach; 3h of 8h; due 2026-03-05 17:00:00 UTC"
    );
}

/// A sweep tells in one line what it could not do, and of which ticket.
#[test]
fn a_sweep_reads_well() {
    let store = Arc::new(MemoryStore::new());
    let before = Desk::new(store.clone(), Rulebook::starter());
    let open = Open::new("x").from("ann@example.com");
    let t = before.open(&kim("2026-03-05T09:00:00Z", 1), open).unwrap();
    let now: DateTime<Utc> = at("2026-04-05T09:00:00Z");
    let after = Desk::new(store, rulebook());
    let swept = after.sweep(now, 10).unwrap().to_string();
    let begins = format!(
        "tickets: 0, events: 0; failed: ticket {}: rulebook version `",
        t.id()
    );
    assert!(swept.starts_with(&begins), "{swept}");
    assert!(
        !swept.contains("TicketId(") && !swept.contains("StreamId"),
        "{swept}"
    );
    let swept = before.sweep(now, 10).unwrap();
    assert_eq!(
        swept.to_string(),
        format!("tickets: 1, events: {}", swept.events)
    );
}
