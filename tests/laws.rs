//! The laws of clocks, folds and escalation, over arbitrary stories.

mod common;

use std::collections::BTreeSet;

use chrono::TimeDelta;
use common::*;
use helpdesk::desk::read;
use helpdesk::sla::{State, Verdict};
use helpdesk::store::MemoryStore;
use helpdesk::ticket::{Agreement, ClockId, Draft, Event, Metric, Recorded, Ticket};
use helpdesk::{Actor, Command, Desk, TenantId};
use proptest::prelude::*;

fn clocks() -> impl Iterator<Item = ClockId> {
    let of = |agreement| {
        Metric::ALL
            .into_iter()
            .map(move |metric| ClockId { agreement, metric })
    };
    [Agreement::Sla, Agreement::Ola].into_iter().flat_map(of)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    /// Sweeping more or less often never changes what happens, and no key comes twice.
    #[test]
    fn any_pattern_of_sweeps_gives_the_same_history(
        story in stories(),
        minutes in proptest::collection::btree_set(0..60_000_i64, 0..30),
    ) {
        let sweeps: Vec<_> = minutes.iter().map(|m| at(BEGIN) + TimeDelta::minutes(*m)).collect();
        let (seldom, often) = (Desk::new(MemoryStore::new(), rulebook()), Desk::new(MemoryStore::new(), rulebook()));
        let (ticket, now) = tell(&seldom, &story, &[]);
        prop_assert_eq!(tell(&often, &story, &sweeps), (ticket, now));
        let end = now + TimeDelta::days(40);
        for desk in [&seldom, &often] {
            desk.sweep(end, 10).unwrap();
        }

        let (few, many) = (history(&seldom, ticket), history(&often, ticket));
        prop_assert_eq!(what_happened(&few), what_happened(&many));
        let unique: BTreeSet<_> = keys(&few).into_iter().collect();
        prop_assert_eq!(unique.len(), keys(&few).len());
    }

    /// Reading is the same before and after a sweep at the same instant.
    #[test]
    fn reading_is_reading_after_catch_up(story in stories(), later in gaps()) {
        let desk = Desk::new(MemoryStore::new(), rulebook());
        let (id, now) = tell(&desk, &story, &[]);
        let now = now + later;
        let before = desk.ticket(id).unwrap();
        desk.sweep(now, 10).unwrap();
        let after = desk.ticket(id).unwrap();
        for clock in clocks() {
            prop_assert_eq!(read(&before, &rulebook(), clock, now), read(&after, &rulebook(), clock, now));
        }
    }

    /// Time passing records nothing before the wake-up, and something at it, to the microsecond.
    #[test]
    fn the_wake_up_is_exact(story in stories(), share in 0..1000_i32) {
        let desk = Desk::new(MemoryStore::new(), rulebook());
        let (id, now) = tell(&desk, &story, &[]);
        let pass = |until, n| desk.submit(id, &call(Actor::System, until, n), Command::default()).unwrap();
        let Some(wake) = pass(now, 800).wake_at() else { return Ok(()) };
        prop_assert!(wake > now);
        let just_before = wake - TimeDelta::microseconds(1);
        for until in [now + (just_before - now) * share / 1000, just_before] {
            prop_assert_eq!(desk.sweep(until, 10).unwrap().failed.len(), 0);
            prop_assert_eq!(pass(until, 801).events().len(), 0);
        }
        prop_assert!(!pass(wake, 802).events().is_empty());
    }

    /// A breach is announced exactly where a clock was past its target; a running clock is read as breached from then on.
    #[test]
    fn announced_breaches_and_readings_agree(story in stories(), later in gaps()) {
        let desk = Desk::new(MemoryStore::new(), rulebook());
        let (id, now) = tell(&desk, &story, &[]);
        let now = now + later;
        desk.sweep(now, 10).unwrap();
        let (ticket, events) = (desk.ticket(id).unwrap(), history(&desk, id));
        for clock in clocks() {
            let announced = events.iter().any(|e| matches!(&e.event, Event::Breached { clock: c, .. } if *c == clock));
            let reading = read(&ticket, &rulebook(), clock, now);
            prop_assert_eq!(reading.ever_breached(), announced, "{} {:?}", clock, reading);
            if reading.verdict() == Verdict::Breached {
                prop_assert!(reading.ever_breached());
            }
            if let (Some(due), State::Running) = (reading.due(), reading.state()) {
                prop_assert_eq!(reading.remaining().unwrap() <= TimeDelta::zero(), due <= now);
            }
        }
    }

    /// Replaying a prefix and then the rest gives the whole; so does restoring a ticket from its serialised form in between.
    #[test]
    fn a_prefix_and_the_rest_is_the_whole(story in stories(), cut in 1..100_usize) {
        let desk = Desk::new(MemoryStore::new(), rulebook());
        let (id, _) = tell(&desk, &story, &[]);
        let events = history(&desk, id);
        let whole = Ticket::replay(TenantId::SINGLE, &events).unwrap();
        let (prefix, rest) = events.split_at(cut.min(events.len()));
        let mut plain = Ticket::replay(TenantId::SINGLE, prefix).unwrap();
        let mut restored: Ticket = serde_json::from_str(&serde_json::to_string(&plain).unwrap()).unwrap();
        for event in rest {
            plain.apply(event);
            let stored: Recorded = serde_json::from_str(&serde_json::to_string(event).unwrap()).unwrap();
            prop_assert_eq!(&stored, event);
            restored.apply(&stored);
        }
        prop_assert_eq!(&plain, &whole);
        prop_assert_eq!(&restored, &whole);
    }

    /// Events follow each other without a gap, and no instant falls.
    #[test]
    fn histories_are_in_order(story in stories()) {
        let desk = Desk::new(MemoryStore::new(), rulebook());
        let (id, _) = tell(&desk, &story, &[]);
        let events = history(&desk, id);
        for (i, event) in events.iter().enumerate() {
            prop_assert_eq!(event.version.0, i as u64 + 1);
        }
        prop_assert!(events.windows(2).all(|pair| pair[0].at <= pair[1].at));
    }

    /// The same command under the same key is done once; the answer is the same, and nothing is written.
    #[test]
    fn a_repeated_key_writes_nothing(story in stories(), say in (gaps(), actors(), commands()), again in gaps()) {
        let desk = Desk::new(MemoryStore::new(), rulebook());
        let (id, now) = tell(&desk, &story, &[]);
        let now = now + say.0;
        let first = desk.submit(id, &call(say.1, now, 900).key(name("once")), say.2.clone());
        let Ok(first) = first else { return Ok(()) };
        let version = desk.ticket(id).unwrap().version();
        let second = desk.submit(id, &call(say.1, now + again, 901).key(name("once")), say.2).unwrap();
        prop_assert!(second.is_replayed() && !first.is_replayed());
        prop_assert_eq!(first.events(), second.events());
        prop_assert_eq!((first.message(), first.follow_up()), (second.message(), second.follow_up()));
        prop_assert_eq!(desk.ticket(id).unwrap().version(), version);
    }

    /// A pause never makes a due earlier: pend and resume, against the same story without.
    #[test]
    fn a_pause_never_makes_a_due_earlier(wait in 1..2_000_i64, after in 0..2_000_i64, later in 0..2_000_i64) {
        let due = |pauses: bool| {
            let desk = Desk::new(MemoryStore::new(), rulebook());
            let (id, now) = tell(&desk, &[], &[]);
            let (pend, resume) = (now + TimeDelta::minutes(after), now + TimeDelta::minutes(after + wait));
            if pauses {
                let kim = Actor::Agent(KIM);
                desk.submit(id, &call(kim, pend, 1), helpdesk::Command::pend(helpdesk::ticket::Pending::Customer)).unwrap();
                desk.submit(id, &call(kim, resume, 2), helpdesk::Command::resume()).unwrap();
            }
            desk.reading(id, Metric::FirstResolution, resume + TimeDelta::minutes(later)).unwrap().due()
        };
        prop_assert!(due(true) >= due(false), "{:?} {:?}", due(true), due(false));
    }
}

/// A shrunk failure: what a customer says to a closed ticket stands in another one, and the answer to the repeated call names it too.
#[test]
fn a_repeated_late_message_is_told_with_its_id() {
    let desk = Desk::new(MemoryStore::new(), rulebook());
    let (id, now) = tell(&desk, &[], &[]);
    let close = Command::close(helpdesk::ticket::CloseReason::Settled);
    desk.submit(id, &call(Actor::Agent(KIM), now, 1), close)
        .unwrap();
    let ann = desk.ticket(id).unwrap().requester();
    let say = |n| {
        let call = call(Actor::Customer(ann), now, n).key(name("late"));
        desk.submit(id, &call, Command::say(Draft::new("and?")))
            .unwrap()
    };
    let (first, second) = (say(2), say(3));
    assert!(second.is_replayed() && first.message().is_some());
    assert_eq!(
        (first.message(), first.follow_up()),
        (second.message(), second.follow_up())
    );
    let begun = desk.ticket(second.follow_up().unwrap()).unwrap();
    assert!(begun.message(second.message().unwrap()).is_some());
}
