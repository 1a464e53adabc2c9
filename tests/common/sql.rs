//! What the tests of the SQL stores share: small streams and commits, and the life of one ticket.

#![allow(dead_code, missing_docs, unreachable_pub)] // each test file uses a part

use std::sync::Arc;

use chrono::TimeDelta;
use helpdesk::desk::{Need, Operation, Request};
use helpdesk::error::ErrorKind;
use helpdesk::id::{ContentId, CustomerId};
use helpdesk::rulebook::Rulebooks;
use helpdesk::store::{
    Commit, Load, MemoryStore, OutboxMessage, Outgoing, Part, Stamp, Store, StoreError,
    StoreErrorKind, Stream, StreamId, Wake,
};
use helpdesk::ticket::{
    CloseReason, Content, ContentKind, Draft, Event, Move, Pending, Priority, Recorded, Status,
    Ticket, Version,
};
use helpdesk::{Actor, Call, Command, Desk, Error, Open, Outcome, TenantId, TicketId};
use rand::{Rng, SeedableRng};

use uuid::Uuid;

use super::common::{ANN, BEGIN, KIM, at, call, history, name, rulebook};

pub const TENANT: TenantId = TenantId::SINGLE;

pub fn stream(text: &str) -> StreamId {
    StreamId::ticket(TENANT, TicketId::named(text))
}

pub fn event(version: u64) -> Recorded {
    Recorded {
        version: Version(version),
        at: at(BEGIN),
        stamped_at: None,
        timing: None,
        actor: Actor::System,
        cause: None,
        event: Event::TagAdded { tag: name("x") },
    }
}

pub fn append(stream: StreamId, after: u64, until: u64) -> Part {
    let events: Vec<_> = (after + 1..=until).map(event).collect();
    Part::append(stream, Version(after), events)
}

pub fn commit(parts: Vec<Part>) -> Commit {
    Commit::new(TENANT, at(BEGIN), parts)
}

pub fn length(store: &dyn Store, stream: StreamId) -> usize {
    let load = Load::streams(TENANT, [stream]);
    store.load(&load).unwrap().streams[0].events.len()
}

#[track_caller]
pub fn kind_of<T: std::fmt::Debug>(result: Result<T, StoreError>) -> StoreErrorKind {
    result.unwrap_err().kind()
}

pub fn text(id: &str, about: Option<CustomerId>, text: impl Into<String>) -> Content {
    Content {
        id: ContentId::named(id),
        kind: ContentKind::Body,
        about,
        text: text.into(),
    }
}

/// A message that is due as the day begins.
pub fn message(n: u128) -> OutboxMessage {
    let what = Outgoing::Survey {
        survey: name("s"),
        cycle: 0,
    };
    let about = (TicketId::named("t"), ANN);
    OutboxMessage::new(Uuid::from_u128(n), TENANT, about, at(BEGIN), what)
}

/// Of messages 1 to 3, `bad` cannot be read. It is the first, and held like the others.
pub fn a_bad_message_keeps_no_other_back(store: &dyn Store, bad: Uuid) {
    let minute = TimeDelta::minutes(1);
    let claim = |now, limit| {
        let claimed = store.claim(now, minute, limit)?;
        Ok(claimed
            .iter()
            .map(|message| message.id.as_u128())
            .collect::<Vec<_>>())
    };
    let alone = |result: Result<Vec<u128>, StoreError>| {
        let error = result.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Corrupt, "{error}");
        assert!(error.to_string().contains(&bad.to_string()), "{error}");
    };
    alone(claim(at(BEGIN), 1));
    assert_eq!(claim(at(BEGIN), 1).unwrap(), [2]);
    assert_eq!(claim(at(BEGIN), 9).unwrap(), [3]);
    assert_eq!(store.next_delivery().unwrap(), Some(at(BEGIN) + minute));
    let later = at(BEGIN) + minute;
    assert_eq!(claim(later, 9).unwrap(), [2, 3]);
    assert_eq!(claim(later, 9).unwrap(), [0; 0]);
    store.acknowledge(&[2, 3].map(Uuid::from_u128)).unwrap();
    alone(claim(later + minute, 9));
    store.acknowledge(&[bad]).unwrap();
    assert_eq!(store.next_delivery().unwrap(), None);
}

/// `make_unknown` gives the stream with this id a kind that no version knows yet.
pub fn unknown_kinds_take_no_place(store: &dyn Store, make_unknown: impl Fn(Uuid)) {
    let wake = |seconds| Wake {
        at: Some(at(BEGIN) + TimeDelta::seconds(seconds)),
        stamp: Stamp {
            rulebook: rulebook().id(),
            zone_data: "z".into(),
        },
    };
    let names = ["unknown 1", "unknown 2", "known", "unknown 3"].map(stream);
    let parts = names.into_iter().zip(0..);
    let parts = parts.map(|(stream, n)| append(stream, 0, 1).wake(wake(n)));
    store.commit(&commit(parts.collect())).unwrap();
    for unknown in [0, 1, 3] {
        make_unknown(names[unknown].id);
    }
    let now = at(BEGIN) + TimeDelta::minutes(1);
    for zone_data in ["z", "other data"] {
        let due = store.due(now, zone_data, 1).unwrap();
        let due: Vec<_> = due.iter().map(|due| due.stream).collect();
        assert_eq!(due, [names[2]], "under {zone_data}");
    }
}

pub fn opening(n: u128) -> Operation {
    let rulebooks = Arc::new(Rulebooks::new(rulebook()));
    let request = Request::Open(Open::new("order").body("where is it?"));
    Operation::new(rulebooks, call(Actor::Customer(ANN), at(BEGIN), n), request)
}

/// The commit that the operation comes to.
pub fn planned(store: &dyn Store, operation: &mut Operation) -> Commit {
    loop {
        match operation.need() {
            Need::Load(load) => {
                let loaded = store.load(load).unwrap();
                operation.loaded(loaded).unwrap();
            }
            Need::Commit(commit) => return commit.clone(),
            Need::Nothing => panic!("a commit was to come"),
        }
    }
}

/// A ticket is opened, answered, and swept until it closes by itself; `write` writes.
pub fn live(store: &dyn Store, mut write: impl FnMut(&Commit) -> Result<(), StoreError>) {
    let rulebooks = Arc::new(Rulebooks::new(rulebook()));
    let id = TicketId::named("t");
    let ask = Command::reply("Which floor?").then_pend(Pending::Customer);
    let hour = |n| at(BEGIN) + TimeDelta::hours(n);
    let opened = call(Actor::Customer(ANN), hour(0), 1).key(name("k"));
    for (call, request) in [
        (opened, Request::Open(Open::new("x").id(id).body("help"))),
        (
            call(Actor::Agent(KIM), hour(1), 2),
            Request::Submit(id, ask),
        ),
        (call(Actor::System, hour(30), 3), Request::Sweep(id)),
        (call(Actor::System, hour(100), 4), Request::Sweep(id)),
        (call(Actor::System, hour(500), 5), Request::Sweep(id)),
    ] {
        let mut operation = Operation::new(rulebooks.clone(), call, request);
        loop {
            match operation.need() {
                Need::Load(load) => {
                    let loaded = store.load(load).unwrap();
                    operation.loaded(loaded).unwrap();
                }
                Need::Commit(commit) => {
                    let result = write(commit);
                    operation.committed(result).unwrap();
                }
                Need::Nothing => break,
            }
        }
    }
}

/// Two store values on one database take turns at random on a few tickets: each loads every one as its events alone make it.
pub fn two_take_turns<S: Store>(connect: impl Fn() -> S) {
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(7);
    let desks = [0, 1].map(|_| Desk::new(connect(), rulebook()));
    let open = |n| {
        let call = call(Actor::Customer(ANN), at(BEGIN), n);
        let opened = desks[0].open(&call, Open::new("x").body("help"));
        opened.unwrap().id()
    };
    let tickets = [1, 2, 3, 4, 5].map(open);
    for n in 0..200 {
        let (who, ticket) = (random.random_range(0..2), random.random_range(0..5));
        let now = at(BEGIN) + TimeDelta::minutes(n);
        let said = call(Actor::Agent(KIM), now, 100 + n as u128);
        let command = match random.random_range(0..3) {
            0 => Command::note("seen"),
            1 => Command::reply("we look into it"),
            _ => Command::priority([Priority::Low, Priority::High][random.random_range(0..2)]),
        };
        desks[who].submit(tickets[ticket], &said, command).unwrap();
        for desk in &desks {
            let seen = tickets[random.random_range(0..5)];
            let known = with_what_is_kept(desk, seen);
            assert_eq!(known, Ticket::replay(TENANT, &history(desk, seen)));
        }
    }
}

/// A ticket by the snapshot that its store gives, where it gives one, and the events after it.
pub fn with_what_is_kept<S: Store>(desk: &Desk<S>, ticket: TicketId) -> Option<Ticket> {
    let mut load = Load::streams(TENANT, [StreamId::ticket(TENANT, ticket)]);
    load.snapshots = true;
    let mut loaded = desk.store().load(&load).unwrap();
    let Stream {
        snapshot,
        events: since,
        ..
    } = loaded.streams.pop().unwrap();
    match snapshot {
        Some(kept) => kept.then(since.ticket()).map(|kept| (*kept.ticket).clone()),
        None => Ticket::replay(TENANT, since.ticket()),
    }
}

/// Whether the store tells a ticket for a command as it wrote it last, without a look.
pub fn is_told_as_kept<S: Store>(desk: &Desk<S>, ticket: TicketId) -> bool {
    let mut load = Load::streams(TENANT, [StreamId::ticket(TENANT, ticket)]);
    (load.snapshots, load.as_kept) = (true, true);
    desk.store().load(&load).unwrap().as_kept.is_some()
}

/// A command of who writes alone reads nothing: an event far ahead, put there by `spoil`, is met by whoever reads the ticket.
pub fn a_command_reads_nothing<S: Store>(store: S, spoil: impl Fn(&S)) {
    let desk = Desk::new(store, rulebook());
    let opened = desk.open(
        &call(Actor::Customer(ANN), at(BEGIN), 1),
        Open::new("x").body("help"),
    );
    let ticket = opened.unwrap().id();
    let note = |n: i64| {
        let by_kim = call(
            Actor::Agent(KIM),
            at(BEGIN) + TimeDelta::minutes(n),
            1 + n as u128,
        );
        desk.submit(ticket, &by_kim, Command::note("seen"))
    };
    (1..=12).for_each(|n| drop(note(n).unwrap()));
    spoil(desk.store());
    note(13).unwrap();
    let read = desk.ticket(ticket).unwrap_err();
    assert_eq!(read.kind(), ErrorKind::Corrupt);
    let key = call(Actor::Agent(KIM), at(BEGIN) + TimeDelta::hours(1), 20).key(name("k"));
    let keyed = desk
        .submit(ticket, &key, Command::note("once"))
        .unwrap_err();
    assert_eq!(
        keyed.kind(),
        ErrorKind::Corrupt,
        "what was done under a key is looked for"
    );
}

/// Whoever writes alone is told tickets as kept after a while; whatever others wrote meanwhile is met all the same: by a commit, by what
/// would be nothing new, by a refusal and by a key that was used.
pub fn what_others_write_is_met<S: Store>(connect: impl Fn() -> S) {
    let [ours, theirs] = [0, 1].map(|_| Desk::new(connect(), rulebook()));
    let mut n = 0;
    let mut next = || {
        n += 1;
        call(
            Actor::Agent(KIM),
            at(BEGIN) + TimeDelta::minutes(n),
            n as u128,
        )
    };
    let by_ann = call(Actor::Customer(ANN), at(BEGIN), 1_000);
    let opened = ours.open(&by_ann, Open::new("x").body("help"));
    let t = opened.unwrap().id();
    let mut write_alone = || {
        for _ in 0..12 {
            ours.submit(t, &next(), Command::note("seen")).unwrap();
        }
        assert!(is_told_as_kept(&ours, t));
        (next(), next())
    };
    let stands = || ours.ticket(t).unwrap();

    let (first, second) = write_alone();
    theirs.submit(t, &first, Command::note("theirs")).unwrap();
    let before = history(&ours, t).len();
    ours.submit(t, &second, Command::note("ours")).unwrap();
    assert_eq!(history(&ours, t).len(), before + 1);
    assert!(!is_told_as_kept(&ours, t), "others write, so it looks");

    let (first, second) = write_alone();
    let high = Command::priority(Priority::High);
    theirs.submit(t, &first, high).unwrap();
    let normal = Command::priority(Priority::Normal);
    let told = ours.submit(t, &second, normal).unwrap();
    assert_eq!(told.events().len(), 1, "it was no longer so");
    assert_eq!(stands().priority(), Priority::Normal);

    let (first, second) = write_alone();
    let waits = Command::default().then_pend(Pending::Customer);
    theirs.submit(t, &first, waits).unwrap();
    let goes_on = Command::default().then(Move::Resume);
    ours.submit(t, &second, goes_on).unwrap();
    assert_eq!(stands().status(), Status::Open);

    let (first, second) = write_alone();
    let key = |call: Call| call.key(name("once"));
    let said = Command::note("once");
    theirs.submit(t, &key(first.clone()), said.clone()).unwrap();
    write_alone();
    let told = ours.submit(t, &key(first), said).unwrap();
    assert!(told.is_replayed());
    let other = ours.submit(t, &key(second), Command::note("other"));
    assert_eq!(other.unwrap_err().code(), "key_reused");

    let (first, second) = write_alone();
    let close = Command::close(CloseReason::Settled);
    theirs.submit(t, &first, close).unwrap();
    let refused = ours.submit(t, &second, Command::reply("Well"));
    assert_eq!(refused.unwrap_err().code(), "closed");
    assert_eq!(Some(stands()), Ticket::replay(TENANT, &history(&ours, t)));
}

/// Two store values on one database, each of which writes alone for a while, do what one desk in memory does, whether they keep tickets or
/// not.
pub fn two_are_as_one<S: Store>(keeps: bool, connect: impl Fn() -> S) {
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(11);
    let desks = [0, 1].map(|_| Desk::new(connect(), rulebook()));
    let one = Desk::new(MemoryStore::new(), rulebook());
    let mut tickets = Vec::new();
    for n in 1..=3 {
        let call = call(Actor::Customer(ANN), at(BEGIN), n);
        let open = || Open::new("x").body("help");
        tickets.push(one.open(&call, open()).unwrap().id());
        desks[0].open(&call, open()).unwrap();
    }
    let (mut who, mut as_kept) = (0, 0);
    for n in 0..400 {
        if random.random_range(0..25) == 0 {
            who = 1 - who;
        }
        let ticket = tickets[random.random_range(0..3)];
        let now = at(BEGIN) + TimeDelta::minutes(n);
        let by = [Actor::Agent(KIM), Actor::Customer(ANN)][random.random_range(0..2)];
        let key = name(&format!("key {}", random.random_range(0..300)));
        let said = call(by, now, 100 + n as u128);
        let said = match random.random_range(0..4) {
            0 => said.key(key),
            _ => said,
        };
        let mail = Draft::new("And?").external_id(format!("<{}>", random.random_range(0..40)));
        let command = match random.random_range(0..9) {
            0 => Command::note("seen"),
            1 => Command::reply("we look into it"),
            2 => Command::reply("Which?").then_pend(Pending::Customer),
            3 => Command::say(mail),
            4 => Command::resolve(),
            5 => Command::default().then(Move::Resume),
            6 => Command::default().then(Move::Reopen),
            _ => Command::priority([Priority::Low, Priority::High][random.random_range(0..2)]),
        };
        as_kept += usize::from(is_told_as_kept(&desks[who], ticket));
        let told = |result: Result<Outcome, Error>| match result {
            Ok(told) => (
                told.id(),
                told.is_replayed(),
                format!("{:?}", told.events()),
            ),
            Err(error) => (ticket, false, error.to_string()),
        };
        let expected = told(one.submit(ticket, &said, command.clone()));
        assert_eq!(told(desks[who].submit(ticket, &said, command)), expected);
    }
    assert_eq!(as_kept > 50, keeps, "{as_kept} of 400");
    for ticket in tickets {
        assert_eq!(history(&desks[0], ticket), history(&one, ticket));
    }
}
