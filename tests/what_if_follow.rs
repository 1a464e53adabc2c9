//! What-ifs over histories that lived under several versions and publications: before is as it was.

mod common;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use common::*;
use helpdesk::escalation::{Action, Rule, Trigger};
use helpdesk::replay::{Difference, TicketDifference, What, WhatIf, what_if};
use helpdesk::rulebook::{RulebookDraft, Rulebooks};
use helpdesk::sla::{Metric, Policy};
use helpdesk::store::MemoryStore;
use helpdesk::ticket::{Recorded, Stage};
use helpdesk::{Actor, Calendar, Call, Command, Desk, Open, Rulebook, TenantId, TicketId};
use proptest::prelude::*;

const TENANT: TenantId = TenantId::SINGLE;

/// Eight hours of an office, followed, with a level that is idle for ten.
fn book(hours: &str) -> Rulebook {
    let policy = Policy::new(name("all")).follow();
    let idle = Rule::new(name("idle"), Trigger::idle([Stage::Open])).follow();
    let level = at_threshold("long", "after 10h").action(Action::Custom(name("look")));
    Rulebook::draft()
        .calendar(name("office"), Calendar::parse(hours, "UTC").unwrap())
        .policy(policy.target(Metric::TotalResolution, "8h".parse().unwrap()))
        .escalation(idle.level(level))
        .build()
        .unwrap()
}

const WEEK: &str = "Mon-Fri 09:00-17:00";

/// The same, closed on these days too.
fn closed_on(book: &Rulebook, days: &[NaiveDate]) -> Rulebook {
    let mut draft = RulebookDraft::from(book.clone());
    for calendar in draft.calendars.values_mut() {
        let days = days.iter().map(|day| (*day, "Mourning".to_owned()));
        *calendar = calendar.with_closed_days(days).unwrap();
    }
    draft.build().unwrap()
}

fn friday() -> NaiveDate {
    "2026-03-06".parse().unwrap()
}

fn kim(now: &str) -> Call {
    Call::new(Actor::Agent(KIM), at(now))
}

/// Opened on Thursday 5 March at 15:00 and resolved on Monday at 12:00, on a desk with these rulebooks.
fn lived(books: &Rulebooks) -> Vec<Recorded> {
    let desk = Desk::new(MemoryStore::new(), books.clone());
    let open = Open::new("x").from("ann@example.com");
    let id = desk.open(&kim("2026-03-05T15:00:00Z"), open).unwrap().id();
    desk.submit(id, &kim("2026-03-09T12:00:00Z"), Command::resolve())
        .unwrap();
    history(&desk, id)
}

fn tried(
    history: &[Recorded],
    before: impl Into<Rulebooks>,
    after: impl Into<Rulebooks>,
) -> (TicketDifference, Difference) {
    let mut what_if = WhatIf::new(before, after, at("2026-04-01T00:00:00Z"));
    let one = what_if.add(TENANT, history).unwrap();
    (one, what_if.finish().unwrap())
}

fn shown(one: &TicketDifference) -> Vec<String> {
    let instant = |at: Option<DateTime<Utc>>| {
        at.map_or("-".to_owned(), |at| at.format("%d %H:%M").to_string())
    };
    let changes = one.changes.iter().map(|changed| {
        let what = match &changed.what {
            What::Due(_) => "due",
            What::Breach(_) => "breach",
            _ => "firing",
        };
        format!(
            "{what} {} to {}",
            instant(changed.before),
            instant(changed.after)
        )
    });
    changes.collect()
}

/// Friday became a day of mourning on Thursday evening. As it was: due on Monday at 15:00, and kept. Without the announcement it
/// would have been due on Friday; in longer hours with the same announcement on Monday morning, and without it on Friday.
#[test]
fn before_is_as_published() {
    let (first, evening) = (book(WEEK), at("2026-03-05T18:00:00Z"));
    let second = closed_on(&first, &[friday()]);
    let books = Rulebooks::new(first.clone())
        .publish(second, evening)
        .then(first.clone());
    let history = lived(&books);

    let (one, all) = tried(&history, &books, &books);
    assert_eq!((one.changes.len(), all.redone.equal), (0, 1));

    let (one, all) = tried(&history, &books, &first);
    assert_eq!(
        shown(&one),
        [
            "due 09 15:00 to 06 15:00",
            "breach - to 06 15:00",
            "firing - to 06 17:00"
        ]
    );
    assert_eq!((all.redone.equal, one.unlike_record), (1, None));
    assert_eq!(all.before.rulebook, all.after.rulebook);

    // Without the publication before, the record is told not to come about again.
    let (one, all) = tried(&history, &first, &books);
    assert_eq!(all.redone.unlike, 1);
    assert!(one.unlike_record.is_some());

    let long = book("Mon-Fri 08:00-20:00");
    let published = Rulebooks::new(long.clone())
        .publish(closed_on(&long, &[friday()]), evening)
        .then(long.clone());
    let (one, all) = tried(&history, &books, &published);
    assert_eq!(
        shown(&one),
        ["due 09 15:00 to 09 11:00", "breach - to 09 11:00"]
    );
    assert_eq!(all.after.rulebook, long.id());
    let (one, _) = tried(&history, &books, &long);
    assert_eq!(
        shown(&one),
        [
            "due 09 15:00 to 06 11:00",
            "breach - to 06 11:00",
            "firing - to 06 13:00"
        ]
    );
}

/// Tickets of two versions, each tried under its own on the side before; on a side that knows neither, under the one in force.
#[test]
fn each_ticket_has_its_own_version() {
    let (first, second) = (book(WEEK), book("Mon-Sat 09:00-17:00"));
    let desk = |books: Rulebooks| Desk::new(MemoryStore::new(), books);
    let early = desk(Rulebooks::new(first.clone()));
    let open = |desk: &Desk<_>, now: &str| -> TicketId {
        let open = Open::new("x").from("ann@example.com");
        desk.open(&kim(now), open).unwrap().id()
    };
    let both = Rulebooks::new(first.clone()).then(second.clone());
    let one = open(&early, "2026-03-06T15:00:00Z");
    let late = Desk::new(early.store(), both.clone());
    let open = Open::new("y").from("bob@example.com");
    let two = late.open(&kim("2026-03-06T15:00:00Z"), open).unwrap().id();
    late.sweep(at("2026-03-31T00:00:00Z"), 10).unwrap();
    let histories = [one, two].map(|id| late.tenant(TENANT).history(id).unwrap());
    let as_of = at("2026-04-01T00:00:00Z");
    let all = what_if(TENANT, &histories, &both, &both, as_of).unwrap();
    assert_eq!((all.redone.equal, all.differing), (2, 0));
    let all = what_if(TENANT, &histories, &both, &second, as_of).unwrap();
    assert_eq!(
        (all.redone.equal, all.differing),
        (2, 1),
        "the first one would have been due on Saturday"
    );
    let all = what_if(TENANT, &histories, &second, &both, as_of).unwrap();
    assert_eq!((all.redone.equal, all.redone.not_compared), (1, 1));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// A history that lived under publications comes about again under them, event by event, however the desk was swept; and swapping
    /// the sides mirrors what differs without them.
    #[test]
    fn what_was_published_comes_about_again(
        story in stories(),
        days in proptest::collection::vec(0..40_u64, 0..6),
        hours in proptest::collection::vec(0..900_i64, 1..3),
        sweeps in proptest::collection::btree_set(0..60_000_i64, 0..12),
        later in gaps(),
    ) {
        let first = following();
        let days: Vec<_> = days.iter().map(|day| at(BEGIN).date_naive() + chrono::Days::new(*day)).collect();
        let mut books = Rulebooks::new(first.clone());
        for (n, hours) in hours.iter().enumerate() {
            let next = closed_on(&first, &days[n.min(days.len())..]);
            books = books.publish(next, at(BEGIN) + TimeDelta::hours(*hours));
        }
        let books = books.then(first.clone());
        let desk = Desk::new(MemoryStore::new(), books.clone());
        let sweeps: Vec<_> = sweeps.iter().map(|m| at(BEGIN) + TimeDelta::minutes(*m)).collect();
        let (ticket, now) = tell(&desk, &story, &sweeps);
        let history = history(&desk, ticket);

        let mut same = WhatIf::new(&books, &books, now + later);
        let one = same.add(TENANT, &history).unwrap();
        prop_assert_eq!((one.changes.len(), one.unlike_record), (0, None));
        prop_assert!(same.finish().unwrap().is_empty());

        let there = |before: &Rulebooks, after: &Rulebooks| {
            WhatIf::new(before, after, now + later).add(TENANT, &history).unwrap()
        };
        let pinned = Rulebooks::new(first);
        let (one, back) = (there(&books, &pinned), there(&pinned, &books));
        let plain: Vec<_> = one.changes.iter().map(|c| (&c.what, c.before, c.after)).collect();
        let mirrored: Vec<_> = back.changes.iter().map(|c| (&c.what, c.after, c.before)).collect();
        prop_assert_eq!(plain, mirrored);
    }
}
