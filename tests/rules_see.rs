//! The rules of stores see what is wrong: each of those here is shown a store that breaks it, and one that keeps it. No rule goes on for
//! ever, whatever the store does.

#[macro_use]
#[path = "common/through.rs"]
mod through;

use std::panic::catch_unwind;
use std::sync::mpsc::channel;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use helpdesk::TenantId;
use helpdesk::kpi::Fact;
use helpdesk::store::{
    Commit, DueStream, Events, Filter, Load, Loaded, MemoryStore, OutboxMessage, Page, Part,
    Snapshot, Store, StoreError, StoreErrorKind, Stream, StreamId, StreamKind, TicketRow,
    UniqueKey,
};
use helpdesk::testing::conformance::{
    desks, kinds, lists, outbox, records, schedule, streams, texts,
};
use uuid::Uuid;

/// What a store does wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Lie {
    None,
    /// A message that somebody holds is given to others too.
    NoLeases,
    /// Every page of a kind is the first one.
    FirstPage,
    /// A wake-up stays what it was at first.
    FirstWake,
    /// A commit panics.
    Panics,
    /// Of a commit that is refused, this is written.
    Leaks(Leak),
    /// A commit that is refused for its idempotency key is written but for the key.
    KeyLast,
    /// Keys are moved before they are freed.
    MovedFirst,
    /// An idempotency record is shown to every tenant.
    OpenKeys,
    /// Erasing a person frees the keys of the same id in every tenant.
    OpenErasure,
    /// All events come with a snapshot.
    SnapshotAndAll,
    /// The first event after the snapshot is left out.
    Gap,
    /// A snapshot is folded on by the store.
    OwnSnapshot,
    /// Snapshots come unasked.
    Unasked,
    /// What is told without a look lies behind what the store wrote itself.
    KeptBehind,
    /// The snapshot of a commit that was refused is given.
    RefusedSnapshot,
    /// No lie: what is due for its zone data alone comes in another order than elsewhere.
    OtherOrder,
    /// What is due for its zone data alone comes first.
    ZonesFirst,
    /// An idempotency key of another tenant is written as its own.
    ForeignKey,
    /// A message of another tenant is sent as its own.
    ForeignMessage,
    /// An idempotency key of another tenant is looked up there.
    ForeignLook,
    /// Texts are read after the rest.
    TextsLater,
    /// An idempotency key is looked at before the commit, and written after it.
    KeyAfter,
    /// What is only checked is looked at before the commit.
    ChecksFirst,
    /// Nothing is written while rows are told.
    LockedFacts,
    /// Lists show those of whoever wrote last.
    OpenLists,
    /// Rows are those of whoever wrote last.
    OpenFacts,
    /// A snapshot is kept of each 64 events, and the first event after it is left out.
    LongGap,
    /// Whoever peeks is told of nothing.
    BlindPeek,
    /// What was given once as due is not told to whoever peeks.
    PeekOnce,
    /// The last ticket of each thousand comes again on the next page.
    OverlappingPages,
    /// The first ticket of each thousand but the first one is passed over.
    PagesApart,
}

/// A piece of a commit.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Leak {
    Wake,
    Facts,
    Listing,
    Content,
    Erased,
    Persons,
    Freed,
    Moved,
    Outbox,
    Unique,
    Idempotency,
}

const LEAKS: [Leak; 11] = [
    Leak::Wake,
    Leak::Facts,
    Leak::Listing,
    Leak::Content,
    Leak::Erased,
    Leak::Persons,
    Leak::Freed,
    Leak::Moved,
    Leak::Outbox,
    Leak::Unique,
    Leak::Idempotency,
];

/// A store that lies, with what it heard so far.
#[derive(Debug)]
struct Lying(MemoryStore, Lie, Mutex<Heard>);

#[derive(Debug, Default)]
struct Heard {
    tenants: Vec<TenantId>,
    keys: Vec<(UniqueKey, Uuid)>,
    refused: Vec<Snapshot>,
    given: Vec<StreamId>,
    /// Whether rows are told.
    tells: bool,
}

impl Lying {
    fn new(lie: Lie) -> Lying {
        Lying(MemoryStore::new(), lie, Mutex::default())
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.2.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes this piece of a commit and nothing else.
    fn leak(&self, leak: Leak, of: &Commit) {
        let mut piece = Commit::new(of.tenant, of.at, Vec::new());
        let of = of.clone();
        match leak {
            Leak::Wake => piece.parts = self.parts(of, |bare, part| bare.wake = part.wake),
            Leak::Facts => piece.parts = self.parts(of, |bare, part| bare.facts = part.facts),
            Leak::Listing => piece.parts = self.parts(of, |bare, part| bare.listing = part.listing),
            Leak::Content => piece.content = of.content,
            Leak::Erased => piece.erased = of.erased,
            Leak::Persons => piece.persons = of.persons,
            Leak::Freed => piece.freed = of.freed,
            Leak::Moved => piece.moved = of.moved,
            Leak::Outbox => piece.outbox = of.outbox,
            Leak::Unique => piece.unique = of.unique,
            Leak::Idempotency => piece.idempotency = of.idempotency,
        }
        let _ = self.0.commit(&piece); // what cannot be written by itself does not leak
    }

    /// The parts about streams that are there, as they stand, with a piece of each.
    fn parts(&self, of: Commit, copy: impl Fn(&mut Part, Part)) -> Vec<Part> {
        let bare = |part: Part| {
            let loaded = self
                .0
                .load(&Load::streams(of.tenant, [part.stream]))
                .unwrap();
            let mut bare = Part::check(part.stream, loaded.streams[0].events.last_version()?);
            copy(&mut bare, part);
            Some(bare)
        };
        of.parts.into_iter().filter_map(bare).collect()
    }

    /// Who wrote last, in place of the tenant that is asked for, where this is the lie.
    fn or_last(&self, lie: Lie, tenant: TenantId) -> TenantId {
        let last = self.heard().tenants.last().copied();
        last.filter(|_| self.1 == lie).unwrap_or(tenant)
    }

    /// The same keys given up by the same ids in all other tenants.
    fn erase_elsewhere(&self, commit: &Commit) {
        let heard = self.heard();
        let is_erased = |owner: Uuid| commit.persons.iter().any(|person| person.uuid() == owner);
        for tenant in heard.tenants.iter().filter(|of| **of != commit.tenant) {
            let mut freeing = Commit::new(*tenant, commit.at, Vec::new());
            let keys = heard.keys.iter().filter(|(_, owner)| is_erased(*owner));
            freeing.freed.extend(keys);
            self.0.commit(&freeing).unwrap();
        }
    }
}

impl Store for Lying {
    fn load(&self, request: &Load) -> Result<Loaded, StoreError> {
        let mut asked = request.clone();
        asked.snapshots |= self.1 == Lie::Unasked;
        asked.snapshots &= self.1 != Lie::KeptBehind;
        let later = std::mem::take(&mut asked.content);
        if self.1 != Lie::TextsLater {
            asked.content.clone_from(&later);
        }
        let foreign = asked
            .idempotency
            .as_mut()
            .filter(|_| self.1 == Lie::ForeignLook);
        if let Some(key) = foreign {
            key.tenant = request.tenant;
        }
        let mut loaded = self.0.load(&asked)?;
        if self.1 == Lie::TextsLater {
            thread::sleep(Duration::from_micros(100));
            loaded.content = self.0.content(request.tenant, &later)?;
        }
        if let (Lie::KeptBehind, true, [stream]) =
            (self.1, request.as_kept, loaded.streams.as_mut_slice())
        {
            let (_, before) = stream.events.ticket().split_last().unwrap();
            *stream = before.to_vec().into();
            loaded.as_kept = Some(0);
        }
        match (self.1, &request.idempotency) {
            (Lie::OpenKeys, Some(key)) if loaded.idempotency.is_none() => {
                for tenant in self.heard().tenants.iter().copied() {
                    let mut elsewhere = Load::streams(tenant, []);
                    let key = key.clone();
                    elsewhere.idempotency = Some(helpdesk::store::IdempotencyKey { tenant, ..key });
                    let found = self.0.load(&elsewhere)?.idempotency;
                    loaded.idempotency = loaded.idempotency.or(found);
                }
            }
            _ => {}
        }
        for stream in &mut loaded.streams {
            let Some(snapshot) = &stream.snapshot else {
                continue;
            };
            let after = stream.events.ticket().to_vec();
            let whole = StreamId::ticket(snapshot.ticket.tenant(), snapshot.ticket.id());
            let all = self.0.load(&Load::streams(whole.tenant, [whole]))?;
            *stream = match self.1 {
                Lie::SnapshotAndAll => {
                    Stream::since(Some(snapshot.clone()), all.streams[0].events.clone())
                }
                Lie::LongGap if after.is_empty() => continue,
                Lie::Gap if after.len() < 2 => continue,
                Lie::Gap | Lie::LongGap => {
                    Stream::since(Some(snapshot.clone()), after[1..].to_vec().into())
                }
                Lie::OwnSnapshot => {
                    let on = snapshot.clone().then(&after);
                    Stream::since(on, Events::none(StreamKind::Ticket))
                }
                Lie::RefusedSnapshot if !self.heard().refused.is_empty() => {
                    let refused = self.heard().refused[0].clone();
                    Stream::since(Some(refused), Events::none(StreamKind::Ticket))
                }
                _ => continue,
            };
        }
        Ok(loaded)
    }

    fn commit(&self, commit: &Commit) -> Result<(), StoreError> {
        {
            let mut heard = self.heard();
            heard.tenants.push(commit.tenant);
            heard.keys.extend(&commit.unique);
        }
        let mut changed = commit.clone();
        match self.1 {
            Lie::Panics => panic!("the commit is not written"),
            Lie::FirstWake => {
                let later = changed.parts.iter_mut().filter(|part| part.expected.0 > 0);
                later.for_each(|part| part.wake = None);
            }
            Lie::MovedFirst => {
                let mut first = Commit::new(commit.tenant, commit.at, Vec::new());
                first.moved = std::mem::take(&mut changed.moved);
                self.0.commit(&first)?;
            }
            Lie::ForeignKey => changed
                .idempotency
                .iter_mut()
                .for_each(|record| record.key.tenant = commit.tenant),
            Lie::ForeignMessage => changed
                .outbox
                .iter_mut()
                .for_each(|message| message.tenant = commit.tenant),
            Lie::LongGap => changed.parts.iter_mut().for_each(|part| {
                let before = part.expected.0 / 64;
                let keep = |kept: &Snapshot| before < kept.version().0 / 64;
                part.snapshot = part.snapshot.take().filter(keep);
            }),
            Lie::KeyAfter => {
                let mut record = Commit::new(commit.tenant, commit.at, Vec::new());
                record.idempotency = changed.idempotency.take();
                let mut look = Load::streams(commit.tenant, []);
                look.idempotency = record.idempotency.as_ref().map(|record| record.key.clone());
                if self.0.load(&look)?.idempotency.is_some() {
                    return self.0.commit(&record); // the key was used
                }
                thread::sleep(Duration::from_millis(1));
                self.0.commit(&changed)?;
                let _ = self.0.commit(&record);
                return Ok(());
            }
            Lie::ChecksFirst => {
                let (checks, parts): (Vec<Part>, Vec<Part>) = changed
                    .parts
                    .into_iter()
                    .partition(|part| part.events.is_empty());
                self.0
                    .commit(&Commit::new(commit.tenant, commit.at, checks))?;
                thread::sleep(Duration::from_millis(1));
                changed.parts = parts;
            }
            Lie::LockedFacts if self.heard().tells => {
                return Err(StoreError::new(
                    StoreErrorKind::Unavailable,
                    "the rows are being read",
                ));
            }
            _ => {}
        }
        let result = self.0.commit(&changed);
        match self.1 {
            Lie::OpenErasure if result.is_ok() => self.erase_elsewhere(commit),
            Lie::Leaks(leak) if result.is_err() => self.leak(leak, commit),
            Lie::RefusedSnapshot if result.is_err() => {
                let snapshots = commit.parts.iter().filter_map(|part| part.snapshot.clone());
                self.heard().refused.extend(snapshots);
            }
            Lie::KeyLast => {
                changed.idempotency = None;
                let is_conflict = |error: &StoreError| error.kind() == StoreErrorKind::Conflict;
                if commit.idempotency.is_some() && result.as_ref().is_err_and(is_conflict) {
                    let _ = self.0.commit(&changed);
                }
            }
            _ => {}
        }
        result
    }

    fn streams(
        &self,
        tenant: TenantId,
        kind: StreamKind,
        after: Option<Uuid>,
        limit: usize,
    ) -> Result<Vec<Uuid>, StoreError> {
        let after = after.filter(|_| self.1 != Lie::FirstPage);
        self.0.streams(tenant, kind, after, limit)
    }

    fn list(
        &self,
        tenant: TenantId,
        filter: &Filter,
        page: &Page,
    ) -> Result<Vec<TicketRow>, StoreError> {
        let tenant = self.or_last(Lie::OpenLists, tenant);
        self.0.list(tenant, filter, page)
    }

    fn facts(&self, tenant: TenantId, visit: &mut dyn FnMut(&[Fact])) -> Result<(), StoreError> {
        let tenant = self.or_last(Lie::OpenFacts, tenant);
        let mut n = 0;
        self.heard().tells = true;
        let told = self.0.facts(tenant, &mut |rows| {
            n += 1;
            match self.1 {
                Lie::OverlappingPages if n % 1_000 == 0 => {
                    visit(rows);
                    visit(rows);
                }
                Lie::PagesApart if n > 1_000 && n % 1_000 == 1 => {}
                _ => visit(rows),
            }
        });
        self.heard().tells = false;
        told
    }

    fn claim(
        &self,
        now: DateTime<Utc>,
        lease: TimeDelta,
        limit: usize,
    ) -> Result<Vec<OutboxMessage>, StoreError> {
        let claimed = self.0.claim(now, lease, limit)?;
        if self.1 == Lie::NoLeases {
            let ids: Vec<Uuid> = claimed.iter().map(|message| message.id).collect();
            self.0.postpone(&ids, now)?;
        }
        Ok(claimed)
    }

    fn due(
        &self,
        now: DateTime<Utc>,
        zone_data: &str,
        limit: usize,
    ) -> Result<Vec<DueStream>, StoreError> {
        let mut due = self.0.due(now, zone_data, limit)?;
        let come = due.partition_point(|due| due.wake_at.is_some_and(|at| at <= now));
        match self.1 {
            Lie::OtherOrder => due[come..].reverse(),
            Lie::ZonesFirst => due.rotate_left(come),
            Lie::PeekOnce => {
                let given = due.iter().map(|due| due.stream);
                self.heard().given.extend(given);
            }
            _ => {}
        }
        Ok(due)
    }

    fn peek_due(
        &self,
        now: DateTime<Utc>,
        zone_data: &str,
        limit: usize,
    ) -> Result<Vec<DueStream>, StoreError> {
        let mut due = self.0.due(now, zone_data, limit)?;
        match self.1 {
            Lie::BlindPeek => due.clear(),
            Lie::PeekOnce => due.retain(|due| !self.heard().given.contains(&due.stream)),
            _ => {}
        }
        Ok(due)
    }

    through! { next_wake content acknowledge postpone next_delivery prune_keys }
}

/// Whether the rule holds on a store that lies so; it comes to an end in any case.
fn holds(rule: fn(&dyn Store), lie: Lie) -> bool {
    let (tell, told) = channel();
    thread::spawn(move || {
        let held = catch_unwind(|| rule(&Lying::new(lie))).is_ok();
        let _ = tell.send(held); // nobody waits any more
    });
    let limit = Duration::from_secs(20);
    let held = told.recv_timeout(limit);
    held.unwrap_or_else(|_| panic!("the rule goes on for ever, asked about {lie:?}"))
}

#[track_caller]
fn sees(rule: fn(&dyn Store), lie: Lie) {
    assert!(holds(rule, Lie::None), "the rule asks too much");
    assert!(!holds(rule, lie), "{lie:?} is not seen");
}

#[test]
fn leases_that_are_ignored() {
    sees(outbox::claimers_never_share_a_message, Lie::NoLeases);
}

#[test]
fn pages_that_do_not_go_on() {
    sees(kinds::a_kind_comes_page_by_page, Lie::FirstPage);
}

#[test]
fn a_wake_up_that_is_not_replaced() {
    sees(desks::a_story_comes_out_as_in_memory, Lie::FirstWake);
}

#[test]
fn a_commit_that_panics() {
    sees(streams::nobody_sees_half_a_commit, Lie::Panics);
}

#[test]
fn pieces_of_a_commit_that_was_refused() {
    let rule = streams::a_commit_is_all_or_nothing;
    assert!(holds(rule, Lie::None), "the rule asks too much");
    let unseen = LEAKS
        .map(Lie::Leaks)
        .into_iter()
        .filter(|lie| holds(rule, *lie));
    assert_eq!(unseen.collect::<Vec<_>>(), [], "are not seen");
}

#[test]
fn a_commit_that_is_written_without_its_key() {
    sees(streams::a_commit_is_all_or_nothing, Lie::KeyLast);
}

#[test]
fn keys_that_are_moved_before_they_are_freed() {
    sees(kinds::keys_are_freed_and_moved, Lie::MovedFirst);
}

#[test]
fn what_another_tenant_did_under_a_key() {
    sees(records::tenants_do_not_see_each_other, Lie::OpenKeys);
}

#[test]
fn a_person_who_is_erased_in_another_tenant() {
    sees(records::tenants_do_not_see_each_other, Lie::OpenErasure);
}

#[test]
fn snapshots_that_are_not_what_was_committed() {
    for lie in [
        Lie::SnapshotAndAll,
        Lie::Gap,
        Lie::OwnSnapshot,
        Lie::Unasked,
        Lie::RefusedSnapshot,
    ] {
        sees(streams::a_snapshot_is_one_that_was_committed, lie);
    }
}

#[test]
fn keys_and_messages_of_another_tenant() {
    for lie in [Lie::ForeignKey, Lie::ForeignMessage, Lie::ForeignLook] {
        sees(streams::what_contradicts_itself_is_refused, lie);
    }
}

#[test]
fn texts_of_another_instant() {
    sees(texts::texts_are_of_the_instant_of_the_rest, Lie::TextsLater);
}

#[test]
fn a_key_that_several_use_at_once() {
    let rule = records::of_many_that_use_an_idempotency_key_one_wins;
    sees(rule, Lie::KeyAfter);
}

#[test]
fn checks_that_are_made_before_the_commit() {
    let rule = streams::commits_that_rest_on_each_other_never_both_win;
    sees(rule, Lie::ChecksFirst);
}

#[test]
fn rows_that_are_locked_while_they_are_told() {
    sees(schedule::facts_come_by_ticket, Lie::LockedFacts);
}

#[test]
fn rows_of_another_tenant() {
    for lie in [Lie::OpenLists, Lie::OpenFacts] {
        sees(lists::rows_of_tenants_stay_apart, lie);
    }
}

#[test]
fn a_long_stream_with_a_gap_after_its_snapshot() {
    let short = streams::a_snapshot_is_one_that_was_committed;
    assert!(holds(short, Lie::LongGap), "it is long before it lies");
    let rule = streams::a_long_history_is_loaded_as_its_events_make_it;
    sees(rule, Lie::LongGap);
}

#[test]
fn a_ticket_that_is_told_without_a_look_and_behind() {
    let rule = streams::what_is_told_as_kept_is_what_was_written;
    sees(rule, Lie::KeptBehind);
}

#[test]
fn pages_of_rows_that_overlap_or_lie_apart() {
    for lie in [Lie::OverlappingPages, Lie::PagesApart] {
        assert!(holds(schedule::facts_come_by_ticket, lie), "they are few");
        sees(schedule::facts_of_many_tickets_come_once, lie);
    }
}

#[test]
fn a_peek_that_tells_something_else() {
    for lie in [Lie::BlindPeek, Lie::PeekOnce] {
        sees(schedule::what_is_due_can_be_peeked_at, lie);
    }
}

#[test]
fn the_order_of_what_is_due_for_its_zone_data() {
    let rule = schedule::other_zone_data_counts_as_due;
    assert!(holds(rule, Lie::OtherOrder), "it is left open");
    sees(rule, Lie::ZonesFirst);
}
