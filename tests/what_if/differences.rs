//! Where both sides tell of the same thing: dues, clocks, firings and marks, each compared with its own.

use chrono::TimeDelta;
use helpdesk::escalation::{Rule, Trigger};
use helpdesk::id::TicketNumber;
use helpdesk::replay::{What, what_if};
use helpdesk::rulebook::Rulebooks;
use helpdesk::sla::{Condition, Policy};
use helpdesk::store::MemoryStore;
use helpdesk::ticket::{Change, Metric, Pending, Priority, RatingKind};
use helpdesk::{Actor, Calendar, Call, Command, Desk, Open, Rulebook};

use super::common::*;
use super::{TENANT, WEEK, all_shown, ann, book, counts, draft, kim, lived, target, tried};

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
