//! The same histories under another rulebook: cases by hand, and the laws.

mod common;

use chrono::{DateTime, TimeDelta, Utc};
use common::*;
use helpdesk::escalation::{Action, Recipient, Rule, Trigger, ready};
use helpdesk::id::SessionId;
use helpdesk::id::{AgentId, BotId, CustomerId, TicketNumber};
use helpdesk::replay::{
    AnomalyKind, Changed, Difference, History, How, Line, Row, TicketDifference, What, WhatIf,
    import, what_if,
};
use helpdesk::rulebook::{RulebookDraft, Rulebooks};
use helpdesk::sla::{Condition, Policy, Target};
use helpdesk::store::MemoryStore;
use helpdesk::ticket::{
    Change, Channel, CloseReason, Merge, Metric, Pending, Priority, RatingKind, Recorded,
    SessionStep, Status,
};
use helpdesk::{Actor, Calendar, Call, Command, Desk, Open, Rulebook, TenantId, TicketId};
use proptest::prelude::*;

const TENANT: TenantId = TenantId::SINGLE;

fn target(text: &str) -> Target {
    text.parse().unwrap()
}

/// These hours in UTC, a first response of four business hours and a resolution of sixteen, and one rule that tells somebody.
fn draft(hours: &str) -> RulebookDraft {
    let tell = Action::Notify(Recipient::Role(name("lead")));
    Rulebook::draft()
        .calendar(name("office"), Calendar::parse(hours, "UTC").unwrap())
        .policy(
            Policy::new(name("all"))
                .target(Metric::FirstResponse, target("4h"))
                .target(Metric::TotalResolution, target("16h")),
        )
        .escalation(
            Rule::new(name("answer"), Trigger::clock(Metric::FirstResponse))
                .level(level("half", 50).action(tell)),
        )
}

fn book(hours: &str) -> Rulebook {
    draft(hours).build().unwrap()
}

const WEEK: &str = "Mon-Fri 09:00-17:00";

fn ann(now: &str) -> Call {
    Call::new(Actor::Customer(ANN), at(now))
}

fn kim(now: &str) -> Call {
    Call::new(Actor::Agent(KIM), at(now))
}

/// A ticket of Ann's, opened on a desk with these rules, and what then is said: all of March 2026.
fn lived(rules: &Rulebook, opened: &str, said: &[(Call, Command)]) -> Vec<Recorded> {
    let desk = Desk::new(MemoryStore::new(), rules.clone());
    let id = desk
        .open(&ann(opened), Open::new("x").body("help"))
        .unwrap()
        .id();
    for (call, command) in said {
        desk.submit(id, call, command.clone()).unwrap();
    }
    desk.sweep(at("2026-04-01T00:00:00Z"), 10).unwrap();
    history(&desk, id)
}

fn tried(
    history: &[Recorded],
    before: &Rulebook,
    after: &Rulebook,
) -> (TicketDifference, Difference) {
    let mut what_if = WhatIf::new(before, after, at("2026-04-01T00:00:00Z"));
    let one = what_if.add(TENANT, history).unwrap();
    (one, what_if.finish().unwrap())
}

/// How, what, before and after, to the minute.
fn shown(changed: &Changed) -> String {
    let instant = |at: Option<DateTime<Utc>>| {
        at.map_or("-".to_owned(), |at| at.format("%d %H:%M").to_string())
    };
    let what = match &changed.what {
        What::Due(clock) => format!("due {}", clock.metric),
        What::Breach(clock) => format!("breach {}", clock.metric),
        What::Firing { rule, level } => format!("{rule}/{level}"),
        other => format!("{other:?}"),
    };
    let (before, after) = (instant(changed.before), instant(changed.after));
    format!("{what}: {before} to {after}")
}

fn all_shown(difference: &TicketDifference) -> Vec<String> {
    difference.changes.iter().map(shown).collect()
}

fn counts(line: &Line) -> [u64; 6] {
    [
        line.before,
        line.after,
        line.same,
        line.moved,
        line.vanished,
        line.appeared,
    ]
}

/// 6 March 2026 is a Friday. Answered on Monday at 10:00: with an open Saturday the answer is late.
#[test]
fn an_open_saturday_makes_dues_earlier() {
    let (week, saturday) = (book(WEEK), book("Mon-Sat 09:00-17:00"));
    let said = [
        (kim("2026-03-09T10:00:00Z"), Command::reply("yes")),
        (kim("2026-03-09T12:00:00Z"), Command::resolve()),
    ];
    let history = lived(&week, "2026-03-06T15:00:00Z", &said);
    let (one, all) = tried(&history, &week, &saturday);
    let expected = [
        "due first_response: 09 11:00 to 07 11:00",
        "due total_resolution: 10 15:00 to 09 15:00",
        "breach first_response: - to 07 11:00",
    ];
    assert_eq!(all_shown(&one), expected);
    assert_eq!(one.unlike_record, None);
    assert_eq!((all.tickets, all.differing, all.redone.equal), (1, 1, 1));
    let due = all.line(&What::Due(Metric::FirstResponse.into())).unwrap();
    assert_eq!(counts(due), [1, 1, 0, 1, 0, 0]);
    assert_eq!(
        due.earlier.unwrap().p50_us(),
        TimeDelta::hours(48).num_microseconds().unwrap()
    );
    assert_eq!(due.later, None);
    let firing = What::Firing {
        rule: name("answer"),
        level: name("half"),
    };
    assert_eq!(
        counts(all.line(&firing).unwrap()),
        [1, 1, 1, 0, 0, 0],
        "half of it was used on Friday"
    );
    let attained = |tried: &helpdesk::replay::Tried| {
        tried
            .report
            .attainment_of(Metric::FirstResponse)
            .unwrap()
            .ratio()
            .percent()
    };
    assert_eq!(
        (attained(&all.before), attained(&all.after)),
        ("100.0 %".to_owned(), "0.0 %".to_owned())
    );

    let text = all.to_string();
    assert!(
        text.contains("1 of 1 tickets would have gone differently"),
        "{text}"
    );
    assert!(text.contains("first response, new: #1\n"), "{text}");
    assert!(text.contains("-100.0 points"), "{text}");
}

/// The rules before closed the waiting ticket by themselves, so a later message began another one. Without the rule the ticket
/// still waits, and the message of the same customer is not on it.
#[test]
fn an_automatic_close_that_no_longer_comes() {
    let closing = draft(WEEK)
        .escalation(ready::auto_resolve(target("48h calendar")))
        .escalation(ready::auto_close(target("72h calendar")))
        .build()
        .unwrap();
    let plain = book(WEEK);
    let pend = Command::reply("which?").then_pend(Pending::Customer);
    let history = lived(
        &closing,
        "2026-03-02T10:00:00Z",
        &[(kim("2026-03-02T11:00:00Z"), pend)],
    );
    let (one, all) = tried(&history, &closing, &plain);
    let firings: Vec<_> = one
        .changes
        .iter()
        .filter(|c| matches!(c.what, What::Firing { .. }))
        .collect();
    let vanished: Vec<_> = firings.iter().map(|c| (c.how(), shown(c))).collect();
    assert_eq!(vanished.len(), 2);
    assert!(
        vanished.iter().all(|(how, _)| *how == How::Vanished),
        "{vanished:?}"
    );
    assert!(
        shown(firings[0]).ends_with(": 07 11:00 to -")
            && shown(firings[1]).ends_with(": 04 11:00 to -")
    );
    assert_eq!(
        (
            all.before.report.backlog().now(),
            all.after.report.backlog().now()
        ),
        (0, 1)
    );
    assert!(all.before.anomalies.is_empty() && all.after.anomalies.is_empty());
}

/// The other rules close the ticket before the customer wrote and the agent answered and resolved: applied as recorded, counted
/// by kind.
#[test]
fn what_an_earlier_close_makes_impossible_is_counted() {
    let plain = book(WEEK);
    let closing = draft(WEEK)
        .escalation(ready::auto_resolve(target("48h calendar")))
        .escalation(ready::auto_close(target("72h calendar")))
        .build()
        .unwrap();
    let said = [
        (
            kim("2026-03-02T11:00:00Z"),
            Command::reply("which?").then_pend(Pending::Customer),
        ),
        (ann("2026-03-10T11:00:00Z"), Command::reply("the red one")),
        (
            kim("2026-03-10T12:00:00Z"),
            Command::change(Change::Priority(Priority::High)),
        ),
        (
            kim("2026-03-10T13:00:00Z"),
            Command::reply("done").then_resolve(),
        ),
    ];
    let history = lived(&plain, "2026-03-02T10:00:00Z", &said);
    let (_, all) = tried(&history, &plain, &closing);
    assert!(all.before.anomalies.is_empty());
    let kinds: Vec<_> = all
        .after
        .anomalies
        .iter()
        .map(|(kind, n)| (kind.to_string(), n))
        .collect();
    let expected = [("reopen_of_closed", 1), ("late_message", 1)];
    assert_eq!(kinds, expected.map(|(kind, n)| (kind.to_owned(), n)));
    let (_, mirrored) = tried(&history, &closing, &plain);
    assert_eq!(
        mirrored.redone.not_compared, 1,
        "the ticket is pinned to other rules than these"
    );
}

/// A customer's message met a ticket at work; under the other rules it was resolved by then, and the message reopens it.
#[test]
fn a_message_reopens_what_is_resolved_by_now() {
    let plain = book(WEEK);
    let resolving = draft(WEEK)
        .escalation(
            Rule::new(
                name("quick"),
                Trigger::idle([helpdesk::ticket::Stage::Open]),
            )
            .level(at_threshold("resolve", "after 24h calendar").action(Action::Resolve)),
        )
        .build()
        .unwrap();
    let said = [
        (kim("2026-03-02T11:00:00Z"), Command::reply("we look")),
        (ann("2026-03-04T11:00:00Z"), Command::reply("and?")),
        (kim("2026-03-04T12:00:00Z"), Command::resolve()),
    ];
    let history = lived(&plain, "2026-03-02T10:00:00Z", &said);
    let (_, all) = tried(&history, &plain, &resolving);
    assert_eq!(all.after.anomalies.count(&AnomalyKind::MovedByMessage), 1);
    assert_eq!(
        (
            all.before.report.resolutions(),
            all.after.report.resolutions()
        ),
        (1, 2)
    );

    // And the other way round: the recorded reopening is work on a ticket that was never resolved.
    let history = lived(&resolving, "2026-03-02T10:00:00Z", &said);
    let (_, all) = tried(&history, &resolving, &plain);
    assert_eq!(all.redone.equal, 1);
    assert_eq!(all.after.anomalies.count(&AnomalyKind::NoEffect), 1);
    assert_eq!(
        (
            all.before.report.resolutions(),
            all.after.report.resolutions()
        ),
        (2, 1)
    );
}

/// So do a call, a merged ticket where somebody waits, and a message that comes with a move; and so does whoever speaks by another id.
#[test]
fn whoever_waits_reopens_what_is_resolved_by_now() {
    let plain = book(WEEK);
    let quick = Rule::new(
        name("quick"),
        Trigger::idle([helpdesk::ticket::Stage::Open]),
    )
    .level(at_threshold("resolve", "after 24h calendar").action(Action::Resolve));
    let resolving = draft(WEEK).escalation(quick).build().unwrap();
    let desk = || {
        let desk = Desk::new(MemoryStore::new(), plain.clone());
        let opened = ann("2026-03-02T10:00:00Z");
        let id = desk
            .open(&opened, Open::new("x").body("help"))
            .unwrap()
            .id();
        let answer = Command::reply("we look");
        desk.submit(id, &kim("2026-03-02T11:00:00Z"), answer)
            .unwrap();
        (desk, id)
    };
    let resolutions = |desk: Desk<MemoryStore>, id| {
        desk.sweep(at("2026-04-01T00:00:00Z"), 10).unwrap();
        let (_, all) = tried(&history(&desk, id), &plain, &resolving);
        let same = tried(&history(&desk, id), &plain, &plain).1;
        assert_eq!(same.after.anomalies, Default::default());
        assert_eq!(all.after.anomalies.count(&AnomalyKind::MovedByMessage), 1);
        (
            all.before.report.resolutions(),
            all.after.report.resolutions(),
        )
    };
    let late = "2026-03-04T11:00:00Z";
    let end = |desk: &Desk<MemoryStore>, id| {
        let resolve = Command::reply("done").then_resolve();
        desk.submit(id, &kim("2026-03-04T12:00:00Z"), resolve)
            .unwrap();
    };

    let (one, id) = desk();
    let call = Command::change(Change::Session {
        id: SessionId::named("call"),
        step: SessionStep::Offer {
            channel: Channel::Phone,
        },
    });
    one.submit(id, &kim(late), call).unwrap();
    end(&one, id);
    assert_eq!(resolutions(one, id), (1, 2));

    let (one, id) = desk();
    let step = |step| {
        let id = SessionId::named("chat");
        Command::change(Change::Session { id, step })
    };
    let greet = step(SessionStep::Greet {
        bot: BotId::named("bot"),
        channel: Channel::Chat,
    });
    let hand_over = step(SessionStep::HandOver {
        reason: name("asked"),
    });
    one.submit(id, &kim("2026-03-02T12:00:00Z"), greet).unwrap();
    one.submit(id, &kim(late), hand_over).unwrap();
    end(&one, id);
    assert_eq!(resolutions(one, id), (1, 2));

    let (one, id) = desk();
    let again = Open::new("again").body("and?");
    let source = one.open(&ann("2026-03-04T10:00:00Z"), again).unwrap().id();
    one.merge(&kim(late), Merge::new(source, id)).unwrap();
    end(&one, id);
    assert_eq!(resolutions(one, id), (1, 2));

    let (one, id) = desk();
    let done = Command::reply("works now").then_resolve();
    one.submit(id, &ann(late), done).unwrap();
    assert_eq!(resolutions(one, id), (1, 2));

    let (one, id) = desk();
    let join = helpdesk::customer::Command::Join(BOB);
    one.tell::<helpdesk::customer::Profile>(ANN, &kim("2026-03-03T10:00:00Z"), join)
        .unwrap();
    let bob = Call::new(Actor::Customer(BOB), at(late));
    one.submit(id, &bob, Command::reply("and?")).unwrap();
    end(&one, id);
    assert_eq!(resolutions(one, id), (1, 2));
}

/// A rule raised the priority, and an agent lowered it again. Without the rule there is nothing to lower.
#[test]
fn what_a_rule_did_goes_with_the_rule() {
    let raise = Rule::new(name("late"), Trigger::clock(Metric::FirstResponse))
        .level(level("raise", 50).action(Action::RaisePriority(Priority::Urgent)));
    let raising = draft(WEEK).escalation(raise).build().unwrap();
    let said = [(
        kim("2026-03-02T14:00:00Z"),
        Command::change(Change::Priority(Priority::Normal)),
    )];
    let history = lived(&raising, "2026-03-02T10:00:00Z", &said);
    let (one, all) = tried(&history, &raising, &book(WEEK));
    assert_eq!(all_shown(&one), ["late/raise: 02 12:00 to -"]);
    assert_eq!(all.after.anomalies.count(&AnomalyKind::NoEffect), 1);
    assert_eq!(all.redone.equal, 1);
}

/// Counted on all tickets, kept for the first of them.
#[test]
fn examples_are_the_first_of_many() {
    let (slow, fast) = (book(WEEK), draft("Mon-Sun 00:00-24:00").build().unwrap());
    let desk = Desk::new(MemoryStore::new(), slow.clone());
    let mut histories = Vec::new();
    for n in 0..9 {
        let day = at("2026-03-02T15:00:00Z") + TimeDelta::days(n);
        let id = desk
            .open(&Call::new(Actor::Customer(ANN), day), Open::new("x"))
            .unwrap()
            .id();
        desk.submit(
            id,
            &Call::new(Actor::Agent(KIM), day + TimeDelta::hours(5)),
            Command::reply("?"),
        )
        .unwrap();
        histories.push(history(&desk, id));
    }
    let all = what_if(TENANT, &histories, &slow, &fast, at("2026-03-20T00:00:00Z")).unwrap();
    let breach = all
        .line(&What::Breach(Metric::FirstResponse.into()))
        .unwrap();
    assert_eq!((breach.before, breach.after), (0, 9));
    let appeared: Vec<_> = breach.first_appeared.iter().map(|one| one.number).collect();
    assert_eq!(appeared, (1..=5).map(TicketNumber).collect::<Vec<_>>());
    assert!(
        all.to_string().contains("#1 #2 #3 #4 #5 and 4 more"),
        "{all}"
    );
    let value = serde_json::to_value(&all).unwrap();
    assert_eq!(value["tickets"], 9);
    assert_eq!(value["lines"][0]["what"]["due"]["metric"], "first_response");
}

/// Two messages wait in turn: each period of the clock is compared with its own.
#[test]
fn each_period_meets_its_own() {
    let rules = |hours: &str, next: &str| {
        draft(hours)
            .policy(
                Policy::new(name("next"))
                    .agreement(helpdesk::ticket::Agreement::Ola)
                    .target(Metric::NextResponse, target(next)),
            )
            .build()
            .unwrap()
    };
    let said = [
        (kim("2026-03-02T11:00:00Z"), Command::reply("one")),
        (ann("2026-03-02T12:00:00Z"), Command::reply("two")),
        (kim("2026-03-02T13:30:00Z"), Command::reply("three")),
        (ann("2026-03-03T12:00:00Z"), Command::reply("four")),
        (kim("2026-03-03T12:30:00Z"), Command::reply("five")),
    ];
    let (long, short) = (rules(WEEK, "2h"), rules(WEEK, "1h"));
    let (one, _) = tried(&lived(&long, "2026-03-02T10:00:00Z", &said), &long, &short);
    let expected = [
        "due next_response: 02 14:00 to 02 13:00",
        "due next_response: 03 14:00 to 03 13:00",
        "breach next_response: - to 02 13:00",
    ];
    assert_eq!(all_shown(&one), expected);
    assert_eq!(one.changes[2].since, Some(at("2026-03-02T12:00:00Z")));
}

/// The first message was answered after two hours, the second after four: what fires for the second alone is not what fires for
/// the first.
#[test]
fn each_firing_meets_the_one_of_its_own_message() {
    let rules = |threshold: &str| {
        let waits = Rule::new(name("waits"), Trigger::CustomerWaits);
        draft(WEEK)
            .escalation(waits.level(at_threshold("long", threshold)))
            .build()
            .unwrap()
    };
    let said = [
        (kim("2026-03-02T12:00:00Z"), Command::reply("one")),
        (ann("2026-03-03T10:00:00Z"), Command::reply("two")),
        (kim("2026-03-03T14:00:00Z"), Command::reply("three")),
    ];
    let (late, soon) = (rules("after 3h"), rules("after 1h"));
    let (one, _) = tried(&lived(&late, "2026-03-02T10:00:00Z", &said), &late, &soon);
    let expected = [
        "waits/long: - to 02 11:00",
        "waits/long: 03 13:00 to 03 11:00",
    ];
    assert_eq!(all_shown(&one), expected);
}

/// Each low mark counts by itself: what fires at once for a three under the other rules is not what fired for the two.
#[test]
fn each_rating_counts_by_itself() {
    let rules = |at_most| {
        let kind = RatingKind::Csat;
        let low = Rule::new(name("low"), Trigger::LowRating { kind, at_most });
        let level = at_threshold("call", "at once");
        draft(WEEK).escalation(low.level(level)).build().unwrap()
    };
    let rate = |mark| Command::rate(RatingKind::Csat, mark);
    let said = [
        (
            kim("2026-03-02T11:00:00Z"),
            Command::reply("done").then_resolve(),
        ),
        (ann("2026-03-02T12:00:00Z"), rate(3)),
        (ann("2026-03-02T13:00:00Z"), rate(2)),
    ];
    let (two, three) = (rules(2), rules(3));
    let (one, all) = tried(&lived(&two, "2026-03-02T10:00:00Z", &said), &two, &three);
    assert_eq!(all_shown(&one), ["low/call: - to 02 12:00"]);
    assert_eq!(all.redone.equal, 1);
}

/// Twenty hours from Monday 09:00 are used up on Wednesday at 13:00; thirty longer ones on Wednesday at 15:00. That the ticket was
/// moved from the one to the other on Tuesday, before it became urgent, plays no part on either side.
#[test]
fn each_side_has_one_rulebook_from_the_beginning() {
    let rules = |hours: &str, time: &str| {
        let office = Calendar::parse(&format!("Mon-Fri {hours}"), "UTC").unwrap();
        let policy = |text: &str, time| {
            Policy::new(name(text)).target(Metric::TotalResolution, target(time))
        };
        let urgent = Condition::Priority(vec![Priority::Urgent]);
        Rulebook::draft()
            .calendar(name("office"), office)
            .policy(policy("urgent", time).when(urgent))
            .policy(policy("all", "100h"))
            .build()
            .unwrap()
    };
    let (short, long) = (rules("09:00-17:00", "20h"), rules("08:00-20:00", "30h"));
    let books = Rulebooks::new(short.clone()).with_earlier(long.clone());
    let desk = Desk::new(MemoryStore::new(), books.clone());
    let lee = |now: &str| Call::new(Actor::Supervisor(KIM), at(now));
    let open = Open::new("x").from("ann@example.com");
    let id = desk.open(&lee("2026-03-02T09:00:00Z"), open).unwrap().id();
    let (moved, urgent) = (lee("2026-03-03T12:00:00Z"), lee("2026-03-03T13:00:00Z"));
    desk.apply_rulebook(id, &moved, long.id()).unwrap();
    let change = Change::Priority(Priority::Urgent);
    desk.submit(id, &urgent, Command::change(change)).unwrap();
    let [short, long] = [short, long].map(|book| books.get(book.id()).unwrap().clone());
    let (one, all) = tried(&history(&desk, id), &short, &long);
    let expected = [
        "due total_resolution: 04 13:00 to 04 15:00",
        "breach total_resolution: 04 13:00 to 04 15:00",
    ];
    assert_eq!(all_shown(&one), expected);
    assert_eq!((all.redone.equal, all.redone.not_compared), (0, 1));
}

/// A clock that rests shows no due while its target lasts; with more hours it was used up before the pause, and shows when.
#[test]
fn a_due_may_appear_in_a_pause() {
    let (week, always) = (book(WEEK), book("daily 00:00-24:00"));
    let pend = Command::reply("which?").then_pend(Pending::Customer);
    let history = lived(
        &week,
        "2026-03-02T10:00:00Z",
        &[(kim("2026-03-03T10:00:00Z"), pend)],
    );
    let (one, _) = tried(&history, &week, &always);
    let shown = all_shown(&one);
    assert!(
        shown.contains(&"due total_resolution: - to 03 02:00".to_owned()),
        "{shown:?}"
    );
}

/// What happened after the instant has not happened, and a ticket opened later is none.
#[test]
fn nothing_is_known_of_later() {
    let (week, saturday) = (book(WEEK), book("Mon-Sat 09:00-17:00"));
    let said = [(kim("2026-03-07T10:00:00Z"), Command::reply("yes"))];
    let history = lived(&week, "2026-03-06T15:00:00Z", &said);
    let mut early = WhatIf::new(&week, &saturday, at("2026-03-07T09:30:00Z"));
    assert_eq!(early.add(TENANT, &history).unwrap().unlike_record, None);
    let early = early.finish().unwrap();
    assert_eq!(early.after.report.first_response().calendar, None);
    assert_eq!(
        early
            .line(&What::Due(Metric::FirstResponse.into()))
            .unwrap()
            .moved,
        1
    );
    let none = what_if(
        TENANT,
        [&history],
        &week,
        &saturday,
        at("2026-03-06T14:59:59Z"),
    )
    .unwrap();
    assert_eq!((none.tickets, none.is_empty()), (0, true));
}

#[test]
fn what_is_no_history_is_refused_by_name() {
    let week = book(WEEK);
    let history = lived(&week, "2026-03-06T15:00:00Z", &[]);
    let mut what_if = WhatIf::new(&week, &week, at("2026-04-01T00:00:00Z"));
    let error = what_if.add(TENANT, &history[1..]).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("begin with the ticket's opening"),
        "{error}"
    );
    assert!(what_if.add(TENANT, &[]).is_err());
    assert_eq!(what_if.finish().unwrap().tickets, 0);
}

/// An imported log recorded nothing that fell due; here it falls due, as if the desk had been live.
#[test]
fn an_imported_history_is_lived_through() {
    let history = History::new(
        TicketId::named("INC7"),
        TicketNumber(7),
        CustomerId::named("ann"),
        at("2026-03-06T15:00:00Z"),
    )
    .row(
        Row::new(at("2026-03-09T16:00:00Z"))
            .by(Actor::Agent(AgentId::named("kim")))
            .status(Status::Resolved),
    )
    .row(Row::new(at("2026-03-10T16:00:00Z")).status(Status::Closed(CloseReason::Settled)))
    .row(Row::new(at("2026-03-11T16:00:00Z")).status(Status::Open));
    let (week, saturday) = (book(WEEK), book("Mon-Sat 09:00-17:00"));
    let imported = import(&history, &week, TENANT);
    let (one, all) = tried(imported.events(), &week, &saturday);
    let shown = all_shown(&one);
    assert!(
        shown.contains(&"breach first_response: 09 11:00 to 07 11:00".to_owned()),
        "{shown:?}"
    );
    assert_eq!(all.redone.not_compared, 1);
    // The log's own surprise is one on both sides.
    assert_eq!(all.before.anomalies.count(&AnomalyKind::ReopenOfClosed), 1);
    assert_eq!(all.before.anomalies, all.after.anomalies);
}

/// The rules of the stories with other hours, one target more and one rule less.
fn other() -> Rulebook {
    let mut draft = rulebook().as_draft().clone();
    let office = Calendar::parse("Mon-Sat 08:00-20:00", "America/New_York").unwrap();
    draft.calendars.insert(name("office"), office);
    draft.policies[1]
        .targets
        .insert(Metric::FirstResponse, target("90min"));
    draft
        .escalations
        .retain(|rule| rule.name.as_str() != "resolve");
    draft.build().unwrap()
}

/// The story, lived under these rules with these sweeps, and an instant after it.
fn told(rules: Rulebook, story: &[Say], sweeps: &[i64]) -> (Vec<Recorded>, DateTime<Utc>) {
    let desk = Desk::new(MemoryStore::new(), rules);
    let sweeps: Vec<_> = sweeps
        .iter()
        .map(|m| at(BEGIN) + TimeDelta::minutes(*m))
        .collect();
    let (ticket, now) = tell(&desk, story, &sweeps);
    (history(&desk, ticket), now)
}

fn instants() -> impl Strategy<Value = Vec<i64>> {
    proptest::collection::btree_set(0..60_000_i64, 0..20).prop_map(|set| set.into_iter().collect())
}

fn mirrored(changed: &Changed) -> (What, Option<DateTime<Utc>>, Option<DateTime<Utc>>) {
    (changed.what.clone(), changed.after, changed.before)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    /// However the desk was swept: what it recorded comes about again, and the same rules twice differ in nothing.
    #[test]
    fn the_same_rules_change_nothing(story in stories(), sweeps in instants(), later in gaps()) {
        let (history, now) = told(rulebook(), &story, &sweeps);
        let mut what_if = WhatIf::new(rulebook(), rulebook(), now + later);
        let one = what_if.add(TENANT, &history).unwrap();
        prop_assert_eq!(&one.changes, &[]);
        prop_assert_eq!(one.unlike_record, None);
        let all = what_if.finish().unwrap();
        prop_assert!(all.is_empty());
        prop_assert!(all.before.anomalies.is_empty(), "{:?}", all.before.anomalies);
        prop_assert_eq!((all.redone.equal, all.redone.unlike), (1, 0));
    }

    /// Swapping the rulebooks mirrors the difference; the parts of each line add up.
    #[test]
    fn swapping_mirrors(story in stories(), sweeps in instants(), later in gaps()) {
        let (history, now) = told(rulebook(), &story, &sweeps);
        let there = |before: &Rulebook, after: &Rulebook| {
            let mut what_if = WhatIf::new(before, after, now + later);
            let one = what_if.add(TENANT, &history).unwrap();
            (one, what_if.finish().unwrap())
        };
        let (one, all) = there(&rulebook(), &other());
        let (back, back_all) = there(&other(), &rulebook());
        let plain = |c: &Changed| (c.what.clone(), c.before, c.after);
        prop_assert_eq!(one.changes.iter().map(plain).collect::<Vec<_>>(), back.changes.iter().map(mirrored).collect::<Vec<_>>());
        prop_assert_eq!((&all.before, &all.after), (&back_all.after, &back_all.before));
        prop_assert_eq!(all.lines.len(), back_all.lines.len());
        for (line, mirror) in all.lines.iter().zip(&back_all.lines) {
            let [before, after, same, moved, vanished, appeared] = counts(line);
            prop_assert_eq!((before, after), (same + moved + vanished, same + moved + appeared));
            prop_assert_eq!(counts(mirror), [after, before, same, moved, appeared, vanished]);
            prop_assert_eq!((&line.earlier, &line.later), (&mirror.later, &mirror.earlier));
        }
        prop_assert_eq!(all.is_empty(), one.changes.is_empty() && all.before.report == all.after.report);
    }

    /// The difference is the one between two real desks, where nobody minds the rules: messages of agents and changes alone.
    #[test]
    fn it_is_the_difference_of_two_desks(story in stories(), sweeps in instants(), later in gaps()) {
        let harmless: Vec<Say> = story.into_iter().map(|mut say| {
            say.actor = Actor::Agent(KIM);
            say.command.step = None;
            say
        }).collect();
        // No rule of these moves or changes a ticket, so each command means the same on both desks.
        let quiet = |mut draft: RulebookDraft| {
            let harmful = |action: &Action| !matches!(action, Action::Notify(_) | Action::Custom(_));
            draft.escalations.iter_mut().flat_map(|rule| &mut rule.levels).for_each(|level| level.actions.retain(|a| !harmful(a)));
            draft.build().unwrap()
        };
        let (before, after) = (quiet(rulebook().as_draft().clone()), quiet(other().as_draft().clone()));
        let (here, now) = told(before.clone(), &harmless, &sweeps);
        let (there, _) = told(after.clone(), &harmless, &[]);
        let as_of = now + later;
        let all = what_if(TENANT, [&here], &before, &after, as_of).unwrap();
        let real = what_if(TENANT, [&there], &after, &after, as_of).unwrap();
        prop_assert_eq!(real.redone.equal, 1);
        prop_assert_eq!(&all.after, &real.after);
        let breaches = |events: &[Recorded]| events.iter().filter(|e| matches!(e.event, helpdesk::ticket::Event::Breached { .. })).count() as u64;
        let line_sum: u64 = real.lines.iter().filter(|l| matches!(l.what, What::Breach(_))).map(|l| l.after).sum();
        let after_sum: u64 = all.lines.iter().filter(|l| matches!(l.what, What::Breach(_))).map(|l| l.after).sum();
        prop_assert_eq!(line_sum, after_sum);
        prop_assert!(breaches(&there) <= line_sum, "what a desk announced, it announced");
    }

    /// More opening hours never make a due later, nor anything vanish. Something may appear: a breach, or the due of a clock that
    /// rests in a pause with its target used up.
    #[test]
    fn more_hours_never_make_a_due_later(
        story in stories(),
        more in proptest::sample::select(vec!["Mon-Sat 09:00-17:00", "Mon-Fri 08:00-17:30", "daily 00:00-24:00"]),
        later in gaps(),
    ) {
        let rules = |hours: &str| {
            draft(hours)
                .policy(Policy::new(name("inner")).agreement(helpdesk::ticket::Agreement::Ola)
                    .target(Metric::NextResponse, target("2h"))
                    .target(Metric::AgentWork, target("6h"))
                    .target(Metric::Ownership, target("1h")))
                .build()
                .unwrap()
        };
        let (fewer, more) = (rules(WEEK), rules(more));
        let (history, now) = told(fewer.clone(), &story, &[]);
        let mut what_if = WhatIf::new(&fewer, &more, now + later);
        for changed in what_if.add(TENANT, &history).unwrap().changes {
            match changed.how() {
                How::Moved => prop_assert!(changed.after < changed.before, "{:?}", changed),
                how => prop_assert_eq!(how, How::Appeared, "{:?}", changed),
            }
        }
    }
}
