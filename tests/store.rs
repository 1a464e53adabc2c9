//! What a desk makes of its store: races, tenants, failures, ailing tickets. The contract itself is in `conformance.rs`.

mod common;
#[macro_use]
#[path = "common/through.rs"]
mod through;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use chrono::{DateTime, TimeDelta, Utc};
use common::*;
use helpdesk::error::ErrorKind;
use helpdesk::escalation::{Rule, Trigger};
use helpdesk::store::{
    Commit, DueStream, Loaded, MemoryStore, Part, Store, StoreError, StoreErrorKind, StreamId,
};
use helpdesk::testing::{Asked, Fault, FaultyStore};
use helpdesk::ticket::{Stage, Ticket, Version};
use helpdesk::{Actor, Call, Command, Desk, Open, Rulebook, TenantId, TicketId};

const TENANT: TenantId = TenantId::SINGLE;

/// Sixteen threads with clocks up to 3 s apart write to one ticket: every command is recorded or answered with a typed error,
/// the versions have no gap, and the ticket is the replay of its events. With clocks 20 s apart, some are refused by name.
#[test]
fn a_hot_ticket_loses_nothing() {
    for (apart, all_pass) in [(3_000, true), (20_000, false)] {
        let desk = Desk::new(MemoryStore::new(), rulebook());
        let hot = desk
            .open(&call(Actor::Customer(ANN), at(BEGIN), 0), Open::new("hot"))
            .unwrap()
            .id();
        let (done, refused) = (AtomicUsize::new(0), AtomicUsize::new(0));
        thread::scope(|scope| {
            for thread in 0..16_i64 {
                let (desk, done, refused) = (&desk, &done, &refused);
                scope.spawn(move || {
                    for i in 0..25 {
                        let skew = TimeDelta::milliseconds(thread * apart / 16);
                        let call =
                            Call::new(Actor::Agent(KIM), at(BEGIN) + TimeDelta::minutes(1) + skew);
                        match desk.submit(hot, &call, Command::note(format!("{thread} {i}"))) {
                            Ok(_) => done.fetch_add(1, Ordering::Relaxed),
                            Err(error) => {
                                assert_eq!(
                                    (error.kind(), error.code()),
                                    (ErrorKind::Refused, "stamp_too_early")
                                );
                                refused.fetch_add(1, Ordering::Relaxed)
                            }
                        };
                    }
                });
            }
        });
        let (done, refused) = (done.into_inner(), refused.into_inner());
        assert_eq!(done + refused, 16 * 25);
        assert!(!all_pass || refused == 0);
        let long_ago = call(Actor::Agent(KIM), at(BEGIN), 1);
        let error = desk
            .submit(hot, &long_ago, Command::note("late"))
            .unwrap_err();
        assert_eq!(error.code(), "stamp_too_early");
        let events = history(&desk, hot);
        let ticket = Ticket::replay(TENANT, &events).unwrap();
        assert_eq!(ticket.messages().len(), done);
        assert_eq!(ticket, desk.ticket(hot).unwrap());
        assert!(
            events
                .iter()
                .enumerate()
                .all(|(i, event)| event.version.0 == i as u64 + 1)
        );
    }
}

/// Writers and sweepers on the same tickets: no key fires twice, whoever sweeps.
#[test]
fn competing_sweepers_fire_each_key_once() {
    let desk = Desk::new(MemoryStore::new(), rulebook());
    let tickets: Vec<_> = (0..20)
        .map(|i| {
            desk.open(
                &call(Actor::Customer(ANN), at(BEGIN), i),
                Open::new("x").body("help"),
            )
            .unwrap()
            .id()
        })
        .collect();
    thread::scope(|scope| {
        for sweeper in 0..4 {
            let desk = &desk;
            scope.spawn(move || {
                for hour in 0..40 {
                    let swept = desk
                        .sweep(
                            at(BEGIN) + TimeDelta::hours(hour) + TimeDelta::seconds(sweeper),
                            100,
                        )
                        .unwrap();
                    assert!(swept.failed.is_empty(), "{:?}", swept.failed);
                }
            });
        }
    });
    for ticket in tickets {
        let events = history(&desk, ticket);
        let mut keys = keys(&events);
        assert!(keys.len() >= 4);
        keys.sort_unstable();
        assert!(keys.windows(2).all(|pair| pair[0] != pair[1]));
    }
    let mut claimed = desk
        .claim(at(BEGIN) + TimeDelta::days(3), TimeDelta::minutes(1), 1_000)
        .unwrap();
    let all = claimed.len();
    claimed.sort_unstable_by_key(|message| message.id);
    claimed.dedup_by_key(|message| message.id);
    assert_eq!(claimed.len(), all);
}

#[test]
fn tenants_do_not_see_each_other() {
    let desk = Desk::new(MemoryStore::new(), rulebook());
    let (red, blue) = (
        desk.tenant(TenantId::named("red")),
        desk.tenant(TenantId::named("blue")),
    );
    let call = || call(Actor::Agent(KIM), at(BEGIN), 7);
    let id = TicketId::named("the same id");
    let first = red
        .open(&call(), Open::new("x").from("ann@example.com").id(id))
        .unwrap();
    assert_eq!(blue.ticket(id).unwrap_err().kind(), ErrorKind::NotFound);
    let second = blue
        .open(&call(), Open::new("x").from("ann@example.com").id(id))
        .unwrap();
    assert_eq!(
        (first.number(), second.number()),
        (second.number(), first.number()),
        "each counts from 1"
    );
    assert_ne!(first.ticket().requester(), second.ticket().requester());
    assert_eq!(red.find(first.number()).unwrap(), Some(id));
    assert_eq!(blue.content(&[first.ticket().subject()]).unwrap(), [None]);
    let count = |tenant: &helpdesk::desk::TenantDesk<'_, MemoryStore>| {
        let mut rows = 0;
        tenant.facts(&mut |facts| rows += facts.len()).unwrap();
        rows
    };
    assert_eq!(
        (count(&red), count(&blue), count(&desk.tenant(TENANT))),
        (1, 1, 0)
    );
    let swept = desk.sweep(at(BEGIN) + TimeDelta::days(9), 10).unwrap();
    assert_eq!(swept.tickets, 2, "due crosses tenants");
}

/// A wake-up computed under other zone data counts as due, and the sweep computes it anew.
#[test]
fn a_wake_up_of_other_zone_data_is_computed_anew() {
    let desk = Desk::new(MemoryStore::new(), rulebook());
    let t = desk
        .open(
            &call(Actor::Customer(ANN), at(BEGIN), 0),
            Open::new("x").body("help"),
        )
        .unwrap();
    let now = at(BEGIN) + TimeDelta::minutes(1);
    let zone_data = desk.rulebooks().data_version();
    assert!(zone_data.starts_with(helpdesk::calendar::ZONE_DATA_VERSION));
    assert!(desk.store().due(now, zone_data, 10).unwrap().is_empty());
    assert_eq!(desk.store().due(now, "2031a", 10).unwrap().len(), 1);

    let stream = StreamId::ticket(TENANT, t.id());
    let stale = helpdesk::store::Wake {
        at: None,
        stamp: helpdesk::store::Stamp {
            rulebook: t.ticket().rulebook(),
            zone_data: "2019a".into(),
        },
    };
    let part = Part::check(stream, t.ticket().version()).wake(stale);
    let commit = Commit::new(TENANT, at(BEGIN), vec![part]);
    desk.store().commit(&commit).unwrap();
    assert_eq!(desk.store().next_wake(None).unwrap(), None);
    assert_eq!(desk.sweep(now, 10).unwrap().tickets, 1);
    assert_eq!(desk.store().next_wake(None).unwrap(), t.wake_at());
    assert_eq!(desk.sweep(now, 10).unwrap().tickets, 0);
}

fn faulty_desk() -> Desk<FaultyStore<MemoryStore>> {
    Desk::new(FaultyStore::new(MemoryStore::new()), rulebook())
}

/// The next `times` commits fail like this.
fn fail(desk: &Desk<FaultyStore<MemoryStore>>, with: StoreErrorKind, times: usize) {
    desk.store()
        .cue_times(Asked::Commit, Fault::Refuse(with), times);
}

/// A conflict is met by deciding again; endless conflict and any other failure are typed errors, and nothing is written.
#[test]
fn failures_of_the_store_are_typed() {
    for (with, kind, retryable) in [
        (StoreErrorKind::Conflict, ErrorKind::Conflict, true),
        (StoreErrorKind::Unavailable, ErrorKind::Unavailable, true),
        (StoreErrorKind::Full, ErrorKind::Full, false),
        (StoreErrorKind::Newer, ErrorKind::Newer, false),
        (StoreErrorKind::Corrupt, ErrorKind::Corrupt, false),
    ] {
        let desk = faulty_desk();
        let id = desk
            .open(&call(Actor::Customer(ANN), at(BEGIN), 0), Open::new("x"))
            .unwrap()
            .id();
        let before = desk.ticket(id).unwrap();
        let say = || Command::reply("hello");
        let by_kim = |n| call(Actor::Agent(KIM), at(BEGIN) + TimeDelta::minutes(1), n);

        fail(&desk, with, 10_000);
        let error = desk.submit(id, &by_kim(1), say()).unwrap_err();
        assert_eq!(
            (error.kind(), error.is_retryable()),
            (kind, retryable),
            "{error}"
        );
        assert_eq!(desk.ticket(id).unwrap(), before);
        let swept = desk.sweep(at(BEGIN) + TimeDelta::days(9), 10).unwrap();
        assert_eq!((swept.tickets, swept.failed.len()), (0, 1));

        desk.store().come_back();
        fail(&desk, with, 3);
        let result = desk.submit(id, &by_kim(2), say());
        assert_eq!(result.is_ok(), with == StoreErrorKind::Conflict);
    }
}

/// A fault on cue befalls the call whatever the work itself answered: a refusal is lost like any other answer.
#[test]
fn a_refusal_is_lost_like_any_other_answer() {
    let store = FaultyStore::new(MemoryStore::new());
    let stream = StreamId::ticket(TENANT, TicketId::named("t"));
    let stale = Commit::new(TENANT, at(BEGIN), vec![Part::check(stream, Version(3))]);
    let kind = |result: Result<(), StoreError>| result.map_err(|error| error.kind());
    store.cue(Asked::Commit, Fault::LoseAnswer);
    let told = kind(store.commit(&stale));
    assert_eq!(told, Err(StoreErrorKind::Unavailable));
    store.cue(Asked::Commit, Fault::Vanish);
    assert_eq!(kind(store.commit(&stale)), Err(StoreErrorKind::Conflict));
    let told = store.next_wake(None).map(|_| ());
    assert_eq!(kind(told), Err(StoreErrorKind::Unavailable), "it vanished");
    store.come_back();
    assert_eq!(kind(store.commit(&stale)), Err(StoreErrorKind::Conflict));
}

/// The store behind an `Arc` or a `dyn` is the same store.
#[test]
fn a_desk_takes_shared_and_boxed_stores() {
    let shared = std::sync::Arc::new(MemoryStore::new());
    let desk = Desk::new(shared.clone(), rulebook());
    let id = desk
        .open(&call(Actor::Customer(ANN), at(BEGIN), 0), Open::new("x"))
        .unwrap()
        .id();
    let boxed: Box<dyn Store> = Box::new(shared);
    assert_eq!(Desk::new(boxed, rulebook()).ticket(id).unwrap().id(), id);
}

/// A ticket that fails is put off with growing pauses, is listed, holds up no other, and recovers.
#[test]
fn an_ailing_ticket_holds_up_no_other() {
    let desk = faulty_desk();
    for i in 0..2 {
        desk.open(
            &call(
                Actor::Customer(ANN),
                at(BEGIN) + TimeDelta::minutes(i),
                i as u128,
            ),
            Open::new("x").body("help"),
        )
        .unwrap();
    }
    let now = at(BEGIN) + TimeDelta::days(1);
    fail(&desk, StoreErrorKind::Corrupt, 1);
    let swept = desk.sweep(now, 1).unwrap();
    assert_eq!(
        (swept.tickets, swept.failed.len(), swept.more),
        (0, 1, true)
    );
    let ailing = desk.ailing();
    assert_eq!(
        (ailing.len(), ailing[0].tries, ailing[0].not_before),
        (1, 1, now + TimeDelta::seconds(10))
    );
    assert_eq!(desk.nap(now).unwrap(), now, "the other one is due");
    assert_eq!(
        desk.sweep(now, 1).unwrap().tickets,
        1,
        "the other one gets its turn"
    );
    for message in desk.claim(now, TimeDelta::days(9), 100).unwrap() {
        desk.acknowledge(&[message.id]).unwrap();
    }
    assert_eq!(
        desk.nap(now).unwrap(),
        now + TimeDelta::seconds(10),
        "nobody polls meanwhile"
    );
    assert_eq!(desk.sweep(now, 10).unwrap().tickets, 0);

    fail(&desk, StoreErrorKind::Corrupt, 1);
    let later = now + TimeDelta::seconds(10);
    assert_eq!(desk.sweep(later, 10).unwrap().failed.len(), 1);
    assert_eq!(
        (desk.ailing()[0].tries, desk.ailing()[0].not_before),
        (2, later + TimeDelta::seconds(20))
    );
    assert_eq!(
        desk.sweep(later + TimeDelta::seconds(20), 10)
            .unwrap()
            .tickets,
        1
    );
    assert!(desk.ailing().is_empty());
}

/// Where more is due than was asked for, what ails is not taken for healed: its pauses go on growing.
#[test]
fn an_ailing_ticket_behind_others_stays_ailing() {
    let desk = faulty_desk();
    let open = |minute: i64| {
        let now = at(BEGIN) + TimeDelta::minutes(minute);
        let said = call(Actor::Customer(ANN), now, minute as u128);
        desk.open(&said, Open::new("x").body("help")).unwrap();
    };
    open(60);
    let now = at(BEGIN) + TimeDelta::days(1);
    fail(&desk, StoreErrorKind::Corrupt, 1);
    desk.sweep(now, 10).unwrap();
    // Three that fell due before it: a question for one or two does not come to it.
    (0..3).for_each(open);
    let again = now + TimeDelta::seconds(10);
    desk.nap(again).unwrap();
    fail(&desk, StoreErrorKind::Corrupt, 9);
    desk.sweep(again, 10).unwrap();
    let tries = desk.ailing().iter().map(|one| one.tries).max();
    assert_eq!(tries, Some(2));
}

/// A store that gives nothing of what is due while it withholds it, as one with leases does to a process that failed, and whose commits
/// fail.
#[derive(Debug)]
struct Withholding(MemoryStore, AtomicBool);

impl Store for Withholding {
    fn commit(&self, commit: &Commit) -> Result<(), StoreError> {
        let swept = commit.parts.iter().all(|part| part.expected.0 > 0);
        match swept && commit.idempotency.is_none() {
            true => Err(StoreError::new(StoreErrorKind::Corrupt, "it fails")),
            false => self.0.commit(commit),
        }
    }
    fn due(
        &self,
        now: DateTime<Utc>,
        zone_data: &str,
        limit: usize,
    ) -> Result<Vec<DueStream>, StoreError> {
        match self.1.load(Ordering::Relaxed) {
            true => Ok(Vec::new()),
            false => self.0.due(now, zone_data, limit),
        }
    }
    through! { load next_wake facts content list streams claim acknowledge postpone next_delivery prune_keys }
}

/// A desk with so many tickets on which something falls due, and when all of it has.
fn desk_of(tickets: i64) -> (Desk<FaultyStore<MemoryStore>>, Vec<TicketId>, DateTime<Utc>) {
    let desk = faulty_desk();
    let open = |n: i64| {
        let opened = at(BEGIN) + TimeDelta::minutes(n);
        let call = call(Actor::Customer(ANN), opened, n as u128);
        let ticket = desk.open(&call, Open::new("x").body("help")).unwrap();
        ticket.id()
    };
    let ids = (0..tickets).map(open).collect();
    (desk, ids, at(BEGIN) + TimeDelta::days(30))
}

/// What a sweep records on several tickets is written together, each by itself: what befalls one, or the writing as a whole, is told
/// of those that it befell, and the next sweeps record the same as if nothing had happened.
#[test]
fn a_sweep_writes_together() {
    let (alone, ids, now) = desk_of(100);
    for _ in &ids {
        assert_eq!(alone.sweep(now, 1).unwrap().tickets, 1);
    }
    let full = Fault::Refuse(StoreErrorKind::Full);
    let conflict = Fault::Refuse(StoreErrorKind::Conflict);
    for (cue, fault, failed) in [
        (Asked::Commit, full, 1),
        (Asked::Commit, conflict, 0),
        (Asked::Flush, full, 32),
        (Asked::Load, full, 0),
    ] {
        let (desk, same, _) = desk_of(100);
        assert_eq!(ids, same);
        desk.store().cue(cue, fault);
        let first = desk.sweep(now, 90).unwrap();
        assert_eq!(first.failed.len(), failed, "{cue:?}");
        assert_eq!((first.tickets, first.more), (90 - failed, true));
        let rest = desk.sweep(now, 90).unwrap();
        assert_eq!((rest.tickets, rest.more), (10, false));
        let later = now + TimeDelta::minutes(1);
        let last = desk.sweep(later, 90).unwrap();
        assert_eq!((last.tickets, last.failed.len()), (failed, 0));
        let what = |desk, id| {
            let events = history(desk, id).into_iter();
            let events = events.map(|one| (one.version, one.event));
            events.collect::<Vec<_>>()
        };
        for id in &ids {
            assert_eq!(what(&desk, *id), what(&alone, *id));
        }
    }
}

/// How many flushes a sweep waits for.
#[derive(Debug)]
struct Flushes(MemoryStore, AtomicUsize);

impl Store for Flushes {
    fn commit(&self, commit: &Commit) -> Result<(), StoreError> {
        self.commit_all(&[commit]).remove(0)
    }
    fn commit_all(&self, commits: &[&Commit]) -> Vec<Result<(), StoreError>> {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.commit_all(commits)
    }
    through! { load due next_wake facts content list streams claim acknowledge postpone next_delivery prune_keys }
}

#[test]
fn a_sweep_waits_once_for_many_tickets() {
    let desk = Desk::new(Flushes(MemoryStore::new(), 0.into()), rulebook());
    for n in 0..100 {
        let call = call(Actor::Customer(ANN), at(BEGIN), n);
        desk.open(&call, Open::new("x").body("help")).unwrap();
    }
    let opened = desk.store().1.load(Ordering::Relaxed);
    let swept = desk.sweep(at(BEGIN) + TimeDelta::days(30), 100).unwrap();
    assert_eq!(swept.tickets, 100);
    let flushes = desk.store().1.load(Ordering::Relaxed) - opened;
    assert!(flushes <= 4, "{flushes} flushes");
}

/// A ticket that the store withholds goes on ailing: it is looked for again soon, its pauses go on growing once it failed again, and it is
/// listed all the while, whether the host naps or sweeps.
#[test]
fn an_ailing_ticket_that_is_withheld_stays_ailing() {
    let desk = Desk::new(Withholding(MemoryStore::new(), false.into()), rulebook());
    let said = call(Actor::Customer(ANN), at(BEGIN), 1).key(name("open"));
    desk.open(&said, Open::new("x").body("help")).unwrap();
    let begin = at(BEGIN) + TimeDelta::days(1);
    let after = |seconds| begin + TimeDelta::seconds(seconds);
    let looked_at = |seconds: i64, withheld: bool| {
        desk.store().1.store(withheld, Ordering::Relaxed);
        let failed = desk.sweep(after(seconds), 10).unwrap().failed.len();
        let [ailing] = &desk.ailing()[..] else {
            panic!("forgotten after {seconds} s");
        };
        assert_eq!(ailing.since, begin);
        (
            failed,
            ailing.tries,
            (ailing.not_before - begin).num_seconds(),
        )
    };
    assert_eq!(looked_at(0, false), (1, 1, 10));
    assert_eq!(looked_at(10, false), (1, 2, 30));
    assert_eq!(looked_at(30, true), (0, 2, 40), "soon again");
    assert_eq!(looked_at(35, true), (0, 2, 40));
    assert!(desk.nap(after(50)).unwrap() > after(50), "it is withheld");
    assert_eq!(looked_at(55, true), (0, 2, 60), "a nap puts it off as well");
    assert_eq!(looked_at(60, false), (1, 3, 100));
}

/// What a sweep recorded on a ticket that failed later on is counted: a long catch-up takes several commits.
#[test]
fn what_was_recorded_before_a_failure_is_counted() {
    let every = "1min calendar".parse().unwrap();
    let level = at_threshold("again", "after 1h").repeat(every, 1_000);
    let rule = Rule::new(name("idle"), Trigger::idle([Stage::Open])).level(level);
    let book = Rulebook::draft().escalation(rule).build().unwrap();
    let desk = Desk::new(FaultyStore::new(MemoryStore::new()), book);
    let said = call(Actor::Customer(ANN), at(BEGIN), 1);
    let id = desk.open(&said, Open::new("x").body("help")).unwrap().id();
    let before = history(&desk, id).len();
    desk.store()
        .cue(Asked::Commit, Fault::Slow(std::time::Duration::ZERO));
    fail(&desk, StoreErrorKind::Unavailable, 1);
    let swept = desk.sweep(at(BEGIN) + TimeDelta::days(2), 10).unwrap();
    assert_eq!((swept.tickets, swept.failed.len()), (0, 1));
    let recorded = history(&desk, id).len() - before;
    assert!(recorded > 0);
    assert_eq!(swept.events, recorded);
}

/// A ticket that somebody else looked at meanwhile is not ailing any more, and the host sleeps. What the store answered about another one
/// loaded with it does not matter.
#[test]
fn an_ailing_ticket_that_is_not_due_any_more_is_forgotten() {
    for with in [None, Some(Fault::Refuse(StoreErrorKind::Corrupt))] {
        forgotten(with);
    }
}

fn forgotten(together: Option<Fault>) {
    let desk = faulty_desk();
    let id = desk
        .open(
            &call(Actor::Customer(ANN), at(BEGIN), 0),
            Open::new("x").body("help"),
        )
        .unwrap()
        .id();
    let now = at(BEGIN) + TimeDelta::days(1);
    fail(&desk, StoreErrorKind::Unavailable, 1);
    assert_eq!(desk.sweep(now, 10).unwrap().failed.len(), 1);
    let close = Command::close(helpdesk::ticket::CloseReason::Cancelled);
    desk.submit(id, &call(Actor::Agent(KIM), now, 1), close)
        .unwrap();
    let later = now + TimeDelta::minutes(1);
    for message in desk.claim(later, TimeDelta::days(9), 100).unwrap() {
        desk.acknowledge(&[message.id]).unwrap();
    }
    if let Some(fault) = together {
        desk.store().cue(Asked::Load, fault);
    }
    assert!(desk.nap(later).unwrap() > later);
    assert!(desk.ailing().is_empty());
}

/// A store that has no numbers to give, against the contract.
#[derive(Debug)]
struct Numberless(MemoryStore, AtomicBool);

impl Store for Numberless {
    fn load(&self, request: &helpdesk::store::Load) -> Result<Loaded, StoreError> {
        let mut loaded = self.0.load(request)?;
        if self.1.load(Ordering::Relaxed) {
            loaded.number = None;
        }
        Ok(loaded)
    }
    through! { commit due next_wake facts content list streams claim acknowledge postpone next_delivery prune_keys }
}

/// Whoever asks such a store is told so, and does not ask for ever.
#[test]
fn a_store_without_numbers_is_told_so() {
    let desk = Desk::new(Numberless(MemoryStore::new(), false.into()), rulebook());
    let ann = |n: i64| {
        call(
            Actor::Customer(ANN),
            at(BEGIN) + TimeDelta::days(n),
            n as u128,
        )
    };
    let id = desk
        .open(&ann(0), Open::new("x").body("help"))
        .unwrap()
        .id();
    let close = Command::close(helpdesk::ticket::CloseReason::Settled);
    let kim = call(Actor::Agent(KIM), at(BEGIN) + TimeDelta::hours(1), 1);
    desk.submit(id, &kim, close).unwrap();
    desk.store().1.store(true, Ordering::Relaxed);
    let late = desk.submit(id, &ann(300), Command::reply("again"));
    let open = desk.open(&ann(300), Open::new("y").body("help"));
    for error in [late.unwrap_err(), open.unwrap_err()] {
        assert!(error.to_string().contains("number"), "{error}");
    }
}
