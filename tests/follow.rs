//! Calendars that are published after a ticket was opened: what follows them moves, from the publication on, and nothing else.

mod common;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use common::*;
use helpdesk::desk::{Known, Plan, Request, plan, read};
use helpdesk::escalation::{Action, Rule, Trigger};
use helpdesk::id::TenantId;
use helpdesk::rulebook::{RulebookDraft, Rulebooks};
use helpdesk::sla::Policy;
#[cfg(feature = "sqlite")]
use helpdesk::store::SqliteStore;
use helpdesk::store::{MemoryStore, Snapshot, Store, Wake};
use helpdesk::testing::laws::clocks;
use helpdesk::ticket::{Event, Metric, Recorded, Ticket};
use helpdesk::{Actor, Calendar, Call, Desk, Open, Rulebook, TicketId};
use proptest::prelude::*;

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn office() -> Calendar {
    Calendar::parse("Mon-Fri 09:00-17:00", "UTC").unwrap()
}

/// Eight hours of an office, with a level at half of it and one that waits four hours; followed or not.
fn book(office: Calendar, follow: bool) -> Rulebook {
    let mut policy =
        Policy::new(name("all")).target(Metric::TotalResolution, "8h".parse().unwrap());
    let half = Rule::new(name("half"), Trigger::clock(Metric::TotalResolution))
        .level(level("half", 50).action(Action::AddTag(name("half"))));
    let mut idle = Rule::new(name("idle"), Trigger::idle([helpdesk::ticket::Stage::Open]))
        .level(at_threshold("long", "after 10h").action(Action::AddTag(name("idle"))));
    (policy.follow, idle.follow) = (follow, follow);
    Rulebook::draft()
        .calendar(name("office"), office)
        .policy(policy)
        .escalation(half)
        .escalation(idle)
        .build()
        .unwrap()
}

/// The same, closed on that day too.
fn closed_on(book: &Rulebook, day: &str, why: &str) -> Rulebook {
    let mut draft = RulebookDraft::from(book.clone());
    for calendar in draft.calendars.values_mut() {
        *calendar = calendar
            .with_closed_days([(date(day), why.to_owned())])
            .unwrap();
    }
    draft.build().unwrap()
}

fn kim(now: &str) -> Call {
    Call::new(Actor::Agent(KIM), at(now))
}

fn opened<S: Store>(desk: &Desk<S>, now: &str) -> TicketId {
    let open = Open::new("x").from("ann@example.com");
    desk.open(&kim(now), open).unwrap().id()
}

fn announced(events: &[Recorded]) -> Vec<(DateTime<Utc>, String)> {
    let told = |recorded: &Recorded| match &recorded.event {
        Event::Breached { clock, .. } => Some((recorded.at, format!("breach of {clock}"))),
        Event::Escalated(fired) => Some((recorded.at, format!("{} {}", fired.rule, fired.level))),
        _ => None,
    };
    events.iter().filter_map(told).collect()
}

/// A ticket of Thursday afternoon, and a day of mourning announced that evening for Friday: the deadline that was stored for Friday is
/// worked out anew by the next sweeps, a few at a time, and everything comes on Monday instead.
fn a_holiday_is_announced<S: Store>(store: S) {
    let first = book(office(), true);
    let second = closed_on(&first, "2026-03-06", "Mourning");
    let announcement = at("2026-03-05T18:00:00Z");

    let before = Desk::new(store, first.clone());
    let tickets: Vec<TicketId> = (0..5)
        .map(|_| opened(&before, "2026-03-05T15:00:00Z"))
        .collect();
    assert_eq!(
        before.store().next_wake(None).unwrap(),
        Some(at("2026-03-06T11:00:00.000001Z"))
    );

    let books = Rulebooks::new(first.clone()).publish(second.clone(), announcement);
    let desk = Desk::new(before.store(), books.clone());
    let evening = at("2026-03-05T18:00:01Z");
    assert_eq!(
        desk.nap(evening).unwrap(),
        evening,
        "what was worked out before is due"
    );
    for left in [true, true, false] {
        let swept = desk.sweep(evening, 2).unwrap();
        assert_eq!((swept.more, swept.events, swept.failed.len()), (left, 0, 0));
    }
    assert_eq!(
        desk.sweep(evening, 10).unwrap().tickets,
        0,
        "once is enough"
    );
    assert_eq!(
        desk.store().next_wake(None).unwrap(),
        Some(at("2026-03-09T11:00:00.000001Z"))
    );
    assert!(desk.nap(evening).unwrap() > evening);

    let t = tickets[0];
    let reading = desk.reading(t, Metric::TotalResolution, evening).unwrap();
    assert_eq!(
        reading.elapsed(),
        TimeDelta::hours(2),
        "what ran before stays"
    );
    assert_eq!(reading.due(), Some(at("2026-03-09T15:00:00Z")));
    let ledger = desk
        .ledger(t, Metric::TotalResolution, at("2026-03-09T12:00:00Z"))
        .unwrap();
    assert_eq!(
        ledger.to_string(),
        "running 5h; closed 88h, of which 24h Mourning"
    );

    // The rows behind figures were made anew too.
    let mut kept = Vec::new();
    let single = desk.tenant(TenantId::SINGLE);
    let mut visit = |rows: &[helpdesk::kpi::Fact]| {
        let own = rows.iter().filter_map(|row| row.own.as_ref());
        kept.extend(own.flat_map(|own| own.clocks.iter().map(|clock| clock.kept_until)));
    };
    single.facts(&mut visit).unwrap();
    assert_eq!(kept, [Some(at("2026-03-09T15:00:00Z")); 5]);

    assert_eq!(
        desk.sweep(at("2026-03-09T10:59:59Z"), 10).unwrap().events,
        0
    );
    desk.sweep(at("2026-03-10T12:00:00Z"), 10).unwrap();
    for t in tickets {
        let told = announced(&history(&desk, t));
        let expected = [
            ("2026-03-09T11:00:00Z", "half half"),
            ("2026-03-09T15:00:00Z", "breach of sla total_resolution"),
            ("2026-03-10T09:00:00Z", "idle long"),
        ];
        let expected = expected.map(|(when, what)| (at(when), what.to_owned()));
        assert_eq!(told[..2], expected[..2]);
        assert_eq!(told[2].1, expected[2].1);
    }
    // Whoever does not know of it works out anew what was stored, as with other zone data: nothing fires twice.
    let events = history(&desk, t).len();
    let forgetful = Desk::new(desk.store(), first);
    forgetful.sweep(at("2026-03-10T12:00:00Z"), 10).unwrap();
    assert_eq!(history(&desk, t).len(), events);
}

#[test]
fn a_holiday_is_announced_in_memory() {
    a_holiday_is_announced(MemoryStore::new());
}

#[cfg(feature = "sqlite")]
#[test]
fn a_holiday_is_announced_in_sqlite() {
    a_holiday_is_announced(SqliteStore::in_memory().unwrap());
}

/// A ticket that follows, beside one that is pinned: to the same day, under the same announcement.
#[test]
fn who_does_not_follow_stays_with_what_was_known() {
    for (follow, due) in [
        (true, "2026-03-09T15:00:00Z"),
        (false, "2026-03-06T15:00:00Z"),
    ] {
        let first = book(office(), follow);
        let second = closed_on(&first, "2026-03-06", "Mourning");
        let books = Rulebooks::new(first).publish(second, at("2026-03-05T18:00:00Z"));
        let alone = Rulebooks::new(book(office(), follow))
            .data_version()
            .clone();
        let data = books.data_version().clone();
        assert_eq!(data != alone, follow, "nobody follows");
        let earlier = Desk::new(MemoryStore::new(), book(office(), follow));
        let t = opened(&earlier, "2026-03-05T15:00:00Z");
        let desk = Desk::new(earlier.store(), books);
        let now = at("2026-03-05T19:00:00Z");
        let reading = desk.reading(t, Metric::TotalResolution, now).unwrap();
        assert_eq!(reading.due(), Some(at(due)));
        // A new ticket is under the new rules, whether it follows or not.
        let late = desk.open(
            &kim("2026-03-05T18:30:00Z"),
            Open::new("x").from("bob@example.com"),
        );
        let reading = late.unwrap().reading(Metric::TotalResolution);
        assert_eq!(reading.due(), Some(at("2026-03-09T17:00:00Z")));
    }
}

/// "Two business days" were agreed under the calendar of the start: a holiday that is announced later moves the due by its open
/// time, and not the amount.
#[test]
fn a_number_of_days_is_that_of_the_start() {
    let mut draft = RulebookDraft::from(book(office(), true));
    draft.policies[0] = Policy::new(name("all"))
        .follow()
        .target(Metric::TotalResolution, "2 business days".parse().unwrap());
    let first = draft.build().unwrap();
    let second = closed_on(&first, "2026-03-06", "Mourning");
    let desk = Desk::new(
        MemoryStore::new(),
        Rulebooks::new(second.clone())
            .with_earlier(first.clone())
            .publish(second, at("2026-03-05T18:00:00Z")),
    );
    let earlier = Desk::new(desk.store(), first);
    let t = opened(&earlier, "2026-03-05T11:00:00Z");
    let reading = desk
        .reading(t, Metric::TotalResolution, at("2026-03-05T12:00:00Z"))
        .unwrap();
    assert_eq!(reading.amount(), Some(TimeDelta::hours(16)));
    assert_eq!(reading.due(), Some(at("2026-03-10T11:00:00Z")));
}

/// Each tenant follows what is published for it; who has publications of its own, those alone.
#[test]
fn tenants_follow_their_own() {
    let (north, south) = (TenantId::named("north"), TenantId::named("south"));
    let first = book(office(), true);
    let (all, own) = (
        closed_on(&first, "2026-03-06", "For all"),
        closed_on(&first, "2026-03-09", "For the north"),
    );
    let from = at("2026-03-05T18:00:00Z");
    let books = Rulebooks::new(first.clone())
        .publish_for(north, own, from)
        .publish(all, from);
    let due = |books: &Rulebooks, tenant| {
        let earlier = Desk::new(MemoryStore::new(), first.clone());
        let call = kim("2026-03-05T15:00:00Z").tenant(tenant);
        let t = earlier
            .open(&call, Open::new("x").from("ann@example.com"))
            .unwrap()
            .id();
        let desk = Desk::new(earlier.store(), books.clone());
        let reading = desk
            .tenant(tenant)
            .reading(t, Metric::TotalResolution, from);
        reading.unwrap().due().unwrap().to_string()
    };
    assert_eq!(due(&books, south), "2026-03-09 15:00:00 UTC");
    assert_eq!(due(&books, north), "2026-03-06 15:00:00 UTC");
    let longer = books.publish(first.clone(), at("2026-03-05T20:00:00Z"));
    assert_eq!(due(&longer, south), "2026-03-06 15:00:00 UTC", "taken back");
    let again = longer.publish_for(
        north,
        closed_on(&first, "2026-03-06", "Too"),
        at("2026-03-05T21:00:00Z"),
    );
    assert_eq!(due(&again, north), "2026-03-09 15:00:00 UTC");
    assert_eq!(due(&again, south), "2026-03-06 15:00:00 UTC");
}

/// A wake-up in the store that is not what the rules say is not believed: nothing is recorded before it is due, and what is due is
/// recorded whatever was stored.
#[test]
fn a_stored_wake_up_is_not_believed_blindly() {
    let desk = Desk::new(MemoryStore::new(), book(office(), false));
    let t = opened(&desk, "2026-03-05T15:00:00Z");
    let ticket = desk.ticket(t).unwrap();
    let books = desk.rulebooks().clone();
    let stamp = helpdesk::store::Stamp {
        rulebook: ticket.rulebook(),
        zone_data: books.data_version().clone(),
    };
    let swept = |stored: &str, now: &str| {
        let wake = Wake {
            at: Some(at(stored)),
            stamp: stamp.clone(),
        };
        let mut known = Known::default();
        known.ticket = Some(Snapshot::of(ticket.clone()).wake(wake));
        let call = Call::new(Actor::System, at(now));
        let Plan::Commit(planned) = plan(&Request::Sweep(t), &known, &books, &call).unwrap() else {
            panic!("a commit");
        };
        let wake = planned.commit.parts[0].wake.clone().unwrap().at.unwrap();
        (announced(planned.commit.parts[0].events.of()), wake)
    };
    let half = (at("2026-03-06T11:00:00Z"), "half half".to_owned());
    let wake = at("2026-03-06T11:00:00.000001Z");
    let early = swept("2026-03-05T16:00:00Z", "2026-03-05T17:00:00Z");
    assert_eq!(early, (vec![], wake), "too early in the store");
    let late = swept("2026-03-06T11:30:00Z", "2026-03-06T12:00:00Z");
    assert_eq!(late.0, std::slice::from_ref(&half), "too late in the store");
    assert_eq!(
        swept("2026-03-05T16:00:00Z", "2026-03-06T12:00:00Z").0,
        [half]
    );
}

/// Some holidays of the stories' weeks.
fn holidays() -> impl Strategy<Value = Vec<NaiveDate>> {
    let day = (0..40_u64).prop_map(|day| date("2026-03-01") + chrono::Days::new(day));
    proptest::collection::vec(day, 1..6)
}

fn closed(book: &Rulebook, days: &[NaiveDate]) -> Rulebook {
    let closed = |book: Rulebook, day: &NaiveDate| closed_on(&book, &day.to_string(), "Holiday");
    days.iter().fold(book.clone(), closed)
}

/// The same without the rulebook's id, which depends on what follows.
fn plain(events: &[Recorded]) -> Vec<(DateTime<Utc>, Event)> {
    let mut plain = what_happened(events);
    for (_, event) in &mut plain {
        if let Event::Opened(opened) = event {
            opened.rulebook = helpdesk::id::RulebookId::from_uuid(uuid::Uuid::nil());
        }
    }
    plain
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// Following, without a publication or with one that says the same, is being pinned.
    #[test]
    fn without_publications_following_is_being_pinned(story in stories(), later in gaps(), hours in 0..500_i64) {
        let from = at(BEGIN) + TimeDelta::hours(hours);
        let mut same = RulebookDraft::from(following());
        same.tickets.max_list = 255;
        let books = [
            Rulebooks::new(rulebook()),
            Rulebooks::new(following()),
            Rulebooks::new(same.build().unwrap()).with_earlier(following()).publish(following(), from),
        ];
        let told = books.map(|books| {
            let desk = Desk::new(MemoryStore::new(), books);
            let (id, now) = tell(&desk, &story, &[]);
            desk.sweep(now + later, 10).unwrap();
            let readings: Vec<_> = clocks().map(|clock| desk.reading(id, clock, now + later).unwrap()).collect();
            (plain(&history(&desk, id)), readings)
        });
        prop_assert_eq!(&told[0], &told[1]);
        prop_assert_eq!(&told[0], &told[2]);
    }

    /// However the desk is swept, and also where it learns of a publication only when that is made, in the middle of a story: the same
    /// happens as where it knew of it all along.
    #[test]
    fn it_does_not_matter_when_a_desk_learns_of_it(
        story in stories(),
        place in 0..16_usize,
        days in holidays(),
        minutes in proptest::collection::btree_set(0..60_000_i64, 0..10),
    ) {
        let (first, second) = (following(), closed(&following(), &days));
        let (begin, rest) = story.split_at(place.min(story.len()));
        let now = begin.iter().fold(at(BEGIN), |now, say| now + say.gap);
        // A commit just then would be taken for one before it.
        let from = now + TimeDelta::seconds(1);
        let books = Rulebooks::new(second.clone()).with_earlier(first.clone()).publish(second.clone(), from);

        let sweeps: Vec<_> = minutes.iter().map(|m| at(BEGIN) + TimeDelta::minutes(*m)).collect();
        let unknowing = Desk::new(MemoryStore::new(), first.clone());
        let (id, _) = tell(&unknowing, begin, &sweeps);
        let learned = Desk::new(unknowing.store(), books.clone());

        let knowing = Desk::new(MemoryStore::new(), books.clone());
        // Opened under the first version, which is not in force any more.
        let other = Desk::new(knowing.store(), first);
        other.open(&call(Actor::Customer(ANN), at(BEGIN), 0), Open::new("subject").body("help")).unwrap();
        let mut told = at(BEGIN);
        for (n, say) in begin.iter().enumerate() {
            told += say.gap;
            let _ = submit(&knowing, id, say, told, n as u128 + 1);
        }
        for desk in [&knowing as &dyn Submits, &learned] {
            let mut told = from;
            for (n, say) in rest.iter().enumerate() {
                told += say.gap;
                desk.say(id, say, told, (begin.len() + n) as u128 + 1);
            }
            desk.pass(told + TimeDelta::days(40));
        }
        prop_assert_eq!(what_happened(&history(&knowing, id)), what_happened(&history(&learned, id)));
        let ticket = knowing.ticket(id).unwrap();
        let keys = keys(&history(&learned, id));
        let once: std::collections::BTreeSet<_> = keys.iter().collect();
        prop_assert_eq!(once.len(), keys.len());
        prop_assert_eq!(Some(ticket), Ticket::replay(TenantId::SINGLE, &history(&knowing, id)));
    }

    /// A holiday that is published never makes a due earlier, and changes no time before it.
    #[test]
    fn a_holiday_never_makes_a_due_earlier(
        story in stories(), days in holidays(), wait in 0..300_i64, later in 0..300_i64,
    ) {
        let first = following();
        let desk = Desk::new(MemoryStore::new(), first.clone());
        let (id, now) = tell(&desk, &story, &[]);
        let ticket = desk.ticket(id).unwrap();
        let from = now + TimeDelta::hours(wait);
        let books = Rulebooks::new(first.clone()).publish(closed(&first, &days), from);
        let followed = books.of(&ticket).unwrap();
        for clock in clocks() {
            // The instants of rules move too: so the ticket is read as it stands.
            let at = |book: &Rulebook, at| helpdesk::sla::read(&ticket, book.policies(), clock, at);
            let (before, after) = (at(&first, from + TimeDelta::hours(later)), at(followed, from + TimeDelta::hours(later)));
            match (before.due(), after.due()) {
                (Some(before), Some(after)) => prop_assert!(before <= after, "{clock}: {before} {after}"),
                (None, Some(after)) => prop_assert!(false, "{clock}: {after}"),
                (_, None) => {}
            }
            prop_assert!(after.elapsed() <= before.elapsed());
            prop_assert_eq!(at(&first, from).elapsed(), at(followed, from).elapsed());
            // Nothing that fell due by then is changed either.
            prop_assert_eq!(read(&ticket, &first, clock, now).elapsed(), read(&ticket, followed, clock, now).elapsed());
        }
    }
}

/// A desk on whatever store.
trait Submits {
    fn say(&self, id: TicketId, say: &Say, now: DateTime<Utc>, n: u128);
    fn pass(&self, now: DateTime<Utc>);
}

impl<S: Store> Submits for Desk<S> {
    fn say(&self, id: TicketId, say: &Say, now: DateTime<Utc>, n: u128) {
        let _ = submit(self, id, say, now, n);
    }

    fn pass(&self, now: DateTime<Utc>) {
        while self.sweep(now, 100).unwrap().events > 0 {}
        let due = self
            .store()
            .due(now, self.rulebooks().data_version(), 10)
            .unwrap();
        assert_eq!(due, [], "everything is worked out");
    }
}

/// An earlier version is one that was in force for all, whether it was named before or after one tenant was given it: what is published
/// concerns the tickets pinned to it.
#[test]
fn an_earlier_version_follows_in_whatever_order_it_was_given() {
    let (first, earlier) = (book(office(), false), book(office(), true));
    let next = closed_on(&earlier, "2026-03-06", "Mourning");
    let from = at("2026-03-05T18:00:00Z");
    let tenant = TenantId::from_uuid(uuid::Uuid::from_u128(7));
    let late = Rulebooks::new(first.clone())
        .for_tenant(tenant, earlier.clone())
        .publish(next.clone(), from)
        .with_earlier(earlier.clone());
    let early = Rulebooks::new(first)
        .with_earlier(earlier.clone())
        .for_tenant(tenant, earlier.clone())
        .publish(next, from);
    let store = std::sync::Arc::new(MemoryStore::new());
    let t = opened(&Desk::new(store.clone(), earlier), "2026-03-05T13:00:00Z");
    let due = |books: Rulebooks| {
        let desk = Desk::new(store.clone(), books);
        let reading = desk.reading(t, Metric::TotalResolution, at("2026-03-05T19:00:00Z"));
        reading.unwrap().due()
    };
    let monday = Some(at("2026-03-09T13:00:00Z"));
    assert_eq!((due(early), due(late)), (monday, monday));
}
