//! Laws of desks, merging and escalation see what is wrong: each of those here is shown a store that lies, or a story that cannot be, and
//! one that is as it should be.

#[macro_use]
#[path = "common/through.rs"]
mod through;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use helpdesk::desk::TenantDesk;
use helpdesk::id::{AgentId, CustomerId};
use helpdesk::kpi::Report;
use helpdesk::store::{
    Commit, DueStream, Events, Load, Loaded, MemoryStore, Store, StoreError, StoreErrorKind,
    StreamId,
};
use helpdesk::testing::laws::{desk as laws, escalation, merge};
use helpdesk::testing::story::{Story, Told, beginning};
use helpdesk::testing::{Asked, Fault, FaultyStore};
use helpdesk::ticket::{Change, Event, Merge, Priority};
use helpdesk::time::Span;
use helpdesk::{Actor, Call, Command, Desk, Open, Rulebook, TenantId};
use uuid::Uuid;

/// What a store does wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Lie {
    None,
    /// Of a stream of several events, the last one is not given, unless a snapshot has it.
    AnEventLess,
    /// The rows of a ticket are those of its first commit.
    OldRows,
    /// No stream ever wakes.
    Asleep,
    /// No idempotency record is kept.
    NoKeys,
    /// Nothing is erased.
    NothingErased,
    /// Of a commit about several streams, one is written.
    HalfCommits,
    /// No commit is taken.
    Unreachable,
    /// No commit is taken but those that begin a stream.
    OnlyOpenings,
    /// Every commit is taken, and none is written.
    Forgetful,
}

#[derive(Debug)]
struct Lying(Arc<MemoryStore>, Lie);

impl Lying {
    fn new(lie: Lie) -> Lying {
        Lying(Arc::default(), lie)
    }
}

impl Store for Lying {
    fn load(&self, request: &Load) -> Result<Loaded, StoreError> {
        let mut loaded = self.0.load(request)?;
        if self.1 == Lie::AnEventLess && !request.snapshots {
            for stream in &mut loaded.streams {
                if let Events::Ticket(events) = &mut stream.events {
                    let kept = events.len().saturating_sub(1);
                    stream.events = events[..kept].to_vec().into();
                }
            }
        }
        Ok(loaded)
    }

    fn commit(&self, commit: &Commit) -> Result<(), StoreError> {
        let mut commit = commit.clone();
        match self.1 {
            Lie::OldRows => {
                let later = commit.parts.iter_mut().filter(|part| part.expected.0 > 0);
                later.for_each(|part| part.facts = None);
            }
            Lie::Asleep => {
                let wakes = commit
                    .parts
                    .iter_mut()
                    .filter_map(|part| part.wake.as_mut());
                wakes.for_each(|wake| wake.at = None);
            }
            Lie::NoKeys => commit.idempotency = None,
            Lie::NothingErased => {
                commit.persons.clear();
                commit.erased.clear();
            }
            Lie::HalfCommits => commit.parts.truncate(1),
            Lie::Unreachable => return unreachable(),
            Lie::OnlyOpenings if commit.parts.iter().any(|part| part.expected.0 > 0) => {
                return unreachable();
            }
            Lie::Forgetful => return Ok(()),
            Lie::None | Lie::AnEventLess | Lie::OnlyOpenings => {}
        }
        self.0.commit(&commit)
    }

    through! { due next_wake facts content list streams claim acknowledge postpone next_delivery prune_keys }
}

fn unreachable() -> Result<(), StoreError> {
    let kind = StoreErrorKind::Unavailable;
    Err(StoreError::new(kind, "the store is not reached"))
}

const ANN: CustomerId = CustomerId::from_uuid(Uuid::from_u128(0xa));

fn kim() -> Actor {
    Actor::agent(AgentId::named("kim"))
}

/// Somebody asks, and is answered after an hour; the ticket stays open.
fn story() -> Story {
    let spent = Change::LogTime {
        spent: Span::minutes(7),
        activity: None,
    };
    Story::new(
        Actor::Customer(ANN),
        Open::new("x").from_customer(ANN).body("help"),
    )
    .then(
        TimeDelta::hours(1),
        kim(),
        Command::reply("Which floor?").and(spent),
    )
    .then(
        TimeDelta::hours(1),
        Actor::Customer(ANN),
        Command::reply("The third."),
    )
}

/// Holds on a store that is honest, and panics on one that lies so.
fn sees(lie: Lie, law: impl Fn(&TenantDesk<'_, Lying>, &Told)) {
    for lie in [Lie::None, lie] {
        let desk = Desk::new(Lying::new(lie), Rulebook::starter());
        let single = desk.tenant(TenantId::SINGLE);
        let told = story().tell_to(&single, 1).unwrap();
        let held = catch_unwind(AssertUnwindSafe(|| law(&single, &told)));
        assert_eq!(held.is_ok(), lie == Lie::None, "{lie:?}");
    }
}

#[test]
fn an_event_that_is_not_given() {
    sees(Lie::AnEventLess, |desk, told| {
        laws::a_ticket_is_its_events(desk, told.ticket.id())
    });
}

#[test]
fn rows_that_are_not_kept() {
    sees(Lie::OldRows, |desk, told| {
        laws::rows_are_those_of_the_events(desk, told.ticket.id())
    });
}

#[test]
fn a_wake_up_that_does_not_come() {
    let later = beginning() + TimeDelta::days(30);
    sees(Lie::Asleep, |desk, told| {
        laws::announced_breaches_and_readings_agree(desk, told.ticket.id(), later);
    });
}

#[test]
fn a_key_that_is_forgotten() {
    sees(Lie::NoKeys, |desk, told| {
        let call = |minutes| {
            Call::new(kim(), told.now + TimeDelta::minutes(minutes)).key("once".parse().unwrap())
        };
        let note = Command::note("seen");
        laws::a_repeated_key_writes_nothing(desk, told.ticket.id(), (&call(1), &call(2)), &note);
    });
}

#[test]
fn a_person_who_is_not_erased() {
    sees(Lie::NothingErased, |desk, told| {
        let report = (&Report::standard(), told.now);
        laws::erasing_changes_no_figure(desk, ANN, report, told.now);
    });
}

#[test]
fn a_merge_of_which_half_is_written() {
    sees(Lie::HalfCommits, |desk, told| {
        let other = story().tell_to(desk, 2).unwrap();
        let call = Call::new(kim(), told.now);
        let merge = Merge::new(told.ticket.id(), other.ticket.id());
        assert!(merge::a_merge_loses_nothing(
            desk,
            &call,
            merge,
            told.now + TimeDelta::days(9)
        ));
    });
}

/// Two desks that are not alike tell the same story differently.
#[test]
fn desks_that_are_not_alike() {
    let desk = |rules| Desk::new(MemoryStore::new(), rules);
    let (starter, none) = (
        desk(Rulebook::starter()),
        desk(Rulebook::draft().build().unwrap()),
    );
    let tenant = TenantId::SINGLE;
    let ask = |one: &Desk<MemoryStore>, other: &Desk<MemoryStore>| {
        let both = (one.tenant(tenant), other.tenant(tenant));
        let law =
            || laws::any_pattern_of_sweeps_gives_the_same_history(&both.0, &both.1, &story(), &[]);
        catch_unwind(AssertUnwindSafe(law)).is_ok()
    };
    assert!(ask(&desk(Rulebook::starter()), &desk(Rulebook::starter())));
    assert!(!ask(&starter, &none));
}

/// Two desks that fail alike agree on nothing, wherever they fail: at the opening, at what is said, or in a sweep.
#[test]
fn desks_that_fail_alike() {
    let opened = || Story::new(Actor::Customer(ANN), Open::new("x").from_customer(ANN));
    let late = opened().look_after(TimeDelta::days(30));
    let mut not_hers = Open::new("x").from_customer(ANN);
    not_hers.changes.push(Change::Priority(Priority::Urgent));
    let refused = Story::new(Actor::Customer(ANN), not_hers);
    let holds = |lie, story: &Story, sweeps: &[DateTime<Utc>]| {
        let desk = || Desk::new(Lying::new(lie), Rulebook::starter());
        let (seldom, often) = (desk(), desk());
        let both = [&seldom, &often].map(|desk| desk.tenant(TenantId::SINGLE));
        let law = || {
            laws::any_pattern_of_sweeps_gives_the_same_history(&both[0], &both[1], story, sweeps)
        };
        catch_unwind(AssertUnwindSafe(law)).is_ok()
    };
    let between = [beginning() + TimeDelta::days(20)];
    let cases = [
        (Lie::Unreachable, &opened(), &[][..]),
        (Lie::OnlyOpenings, &story(), &[]),
        (Lie::OnlyOpenings, &late, &[]),
        (Lie::OnlyOpenings, &late, &between),
        (Lie::Forgetful, &opened(), &[]),
    ];
    let held = cases.map(|(lie, story, sweeps)| {
        assert!(holds(Lie::None, story, sweeps), "{story:?}");
        holds(lie, story, sweeps)
    });
    assert_eq!(held, [false; 5]);
    let error = refused.tell(&Rulebook::starter()).unwrap_err();
    assert!(error.refusal().is_some(), "{error}");
    assert!(holds(Lie::None, &refused, &[]), "there is no story");
}

/// A story is swept when it is to be, also between its last scene and the look at the end.
#[test]
fn sweeps_before_the_look() {
    let desk = Desk::new(FaultyStore::new(MemoryStore::new()), Rulebook::starter());
    let late = story().look_after(TimeDelta::days(30));
    let sweeps = [10, 20, 25].map(|day| beginning() + TimeDelta::days(day));
    let counted = Fault::Slow(Duration::ZERO);
    desk.store().cue_times(Asked::Due, counted, 100);
    late.tell_swept(&desk.tenant(TenantId::SINGLE), 1, &sweeps)
        .unwrap();
    let asked = 100 - desk.store().cues_left();
    assert!(asked > sweeps.len(), "{asked} sweeps");
}

/// A sweep of a law's own that fails, or that goes on for ever, is a desk that fails; `sees` tells the story with the same lie, so
/// here the store lies from then on.
#[test]
fn sweeps_that_write_nothing() {
    let later = beginning() + TimeDelta::days(30);
    let held = [Lie::None, Lie::Unreachable, Lie::Forgetful].map(|lie| {
        let honest = Arc::new(MemoryStore::new());
        let desk = Desk::new(honest.clone(), Rulebook::starter());
        let told = story().tell_to(&desk.tenant(TenantId::SINGLE), 1).unwrap();
        let desk = Desk::new(Lying(honest, lie), Rulebook::starter());
        let single = desk.tenant(TenantId::SINGLE);
        let law = || laws::reading_is_reading_after_catch_up(&single, told.ticket.id(), later);
        catch_unwind(AssertUnwindSafe(law)).is_ok()
    });
    assert_eq!(held, [true, false, false]);
}

/// Says at first that streams are due of which nothing is to be recorded.
#[derive(Debug)]
struct Hasty(Arc<MemoryStore>, Vec<StreamId>, AtomicBool);

impl Store for Hasty {
    fn due(
        &self,
        now: DateTime<Utc>,
        zone_data: &str,
        limit: usize,
    ) -> Result<Vec<DueStream>, StoreError> {
        if self.2.swap(true, Ordering::SeqCst) {
            return self.0.due(now, zone_data, limit);
        }
        let idle = self.1.iter().take(limit).map(|stream| DueStream {
            stream: *stream,
            wake_at: Some(now),
        });
        Ok(idle.collect())
    }

    through! {
        load commit next_wake facts content list streams claim acknowledge postpone next_delivery prune_keys
    }
}

/// A sweep that records nothing is not the last one where more is due: the laws go on to what is behind it.
#[test]
fn what_is_due_behind_what_is_idle() {
    let (store, later) = (
        Arc::new(MemoryStore::new()),
        beginning() + TimeDelta::days(30),
    );
    let desk = Desk::new(store.clone(), Rulebook::starter());
    let single = desk.tenant(TenantId::SINGLE);
    let tell = |seed| story().tell_to(&single, seed).unwrap().ticket.id();
    let idle = (1..=40).map(|seed| StreamId::ticket(TenantId::SINGLE, tell(seed)));
    let idle = idle.collect();
    while desk.sweep(later, 100).unwrap().events > 0 {}
    let behind = tell(41);
    let hasty = Desk::new(
        Hasty(store, idle, AtomicBool::new(false)),
        Rulebook::starter(),
    );
    laws::announced_breaches_and_readings_agree(&hasty.tenant(TenantId::SINGLE), behind, later);
}

/// What is announced of a clock after its end.
#[test]
fn what_comes_too_late() {
    let rules = Rulebook::starter();
    let desk = Desk::new(MemoryStore::new(), rules.clone());
    let story = Story::new(
        Actor::Customer(ANN),
        Open::new("x").from_customer(ANN).body("help"),
    )
    .then(
        TimeDelta::days(20),
        kim(),
        Command::reply("Done.").then_resolve(),
    );
    let mut told = story.tell_to(&desk.tenant(TenantId::SINGLE), 1).unwrap();
    escalation::nothing_is_announced_of_an_ended_clock(&told, &rules);
    let announced = |event: &Event| matches!(event, Event::Breached { .. });
    let place = told
        .events
        .iter()
        .position(|recorded| announced(&recorded.event));
    let breach = told.events.remove(place.unwrap());
    told.events.push(breach);
    let law = || escalation::nothing_is_announced_of_an_ended_clock(&told, &rules);
    assert!(catch_unwind(AssertUnwindSafe(law)).is_err());
}

/// What is told of a ticket of which nothing is recorded.
#[test]
fn what_was_never_recorded() {
    let desk = Desk::new(MemoryStore::new(), Rulebook::starter());
    let open = Open::new("x").from_customer(ANN).body("help");
    let story = Story::new(Actor::Customer(ANN), open).look_after(TimeDelta::days(20));
    let told = story.tell_to(&desk.tenant(TenantId::SINGLE), 1).unwrap();
    let messages = desk.claim(told.now, TimeDelta::hours(1), 10).unwrap();
    assert!(!messages.is_empty());
    escalation::what_is_told_was_recorded(&messages, [&told.events[..]]);
    let law = || escalation::what_is_told_was_recorded(&messages, []);
    assert!(catch_unwind(AssertUnwindSafe(law)).is_err());
}
