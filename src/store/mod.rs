//! Where a desk keeps what happened: the contract that every store keeps, and the embedded default.
//!
//! A store knows streams of events, versions, due instants, unique keys, content records, facts, an outbox and idempotency
//! records. It knows no rule of the domain, so anyone can write one. The unit of writing is the [`Commit`]: a list of parts
//! (one per stream) with everything that belongs to them, all or nothing.
//!
//! # What a store MUST do
//! 1. [`Store::commit`] writes the whole commit or nothing, and nobody ever sees half of one. An empty commit is written and
//!    changes nothing.
//! 2. Each [`Part`] names the version it was decided on. Where any stream stands elsewhere, the commit is refused with
//!    [`StoreErrorKind::Conflict`] and writes nothing. Of several writers that saw the same version, exactly one wins. A part
//!    without events is a version check. Events that do not follow `expected` one by one, a stream that stands twice in a
//!    commit and a stream, an idempotency key or a message of another tenant are refused with [`StoreErrorKind::Other`] ([`Commit::check`] does this).
//! 3. A unique key belongs to one owner per tenant until a commit frees or moves it ([`Commit::freed`], [`Commit::moved`]) or
//!    erases the owner; a commit that claims a key which is taken all the same for another owner is refused with
//!    [`StoreErrorKind::Conflict`]. Claiming it again for the same owner is no error. An idempotency key that exists is a
//!    conflict as well.
//! 4. [`Store::load`] answers what one instant of the store's life held: the events of a stream are without gap, in order,
//!    and equal to what was committed, to the microsecond and to the last character. A stream that nobody wrote is empty, not
//!    an error. Ticket numbers that one store value gives are all different; a tenant's first one is 1.
//! 5. Every call but [`Store::due`], [`Store::peek_due`], [`Store::wakes_by`] and [`Store::next_wake`] and the outbox's names its tenant, and never shows another
//!    tenant's records.
//! 6. An acknowledged commit is kept as the store's own documentation promises (the memory store: while it lives). Where the
//!    answer is lost (a broken connection in mid-commit), the store answers [`Unavailable`](StoreErrorKind::Unavailable): the
//!    caller does not know, and asks again under the same idempotency key.
//! 7. A message is held back until its [`at`](OutboxMessage::at), and [`Store::next_delivery`] tells that instant until then. One
//!    that was taken with [`Store::claim`] is not given to anybody else before its lease ends, and is given again after
//!    that unless it was acknowledged: every message is delivered at least once, under an id that tells repeats apart. A
//!    message whose id is in the outbox already is not added again.
//! 8. [`Store::list`] pages by ticket number: whatever is written between two pages, a ticket that fits the filter all the
//!    while comes exactly once.
//! 9. What is erased ([`Commit::erased`], [`Commit::persons`]) is gone from everything that the store answers, and from where
//!    it was kept, as far as the store's own documentation promises.
//! 10. An event that a newer version of the crate wrote is answered with [`StoreErrorKind::Newer`] and left as it is; what was
//!     stored and cannot be read is [`StoreErrorKind::Corrupt`], and never taken for an empty stream.
//! 11. Where there is no room left it answers [`StoreErrorKind::Full`] and writes nothing; what was written before stays readable.
//!
//! # What a store MAY do
//! Keep the [`Snapshot`] that comes with a part, all of them or some, and give the latest where [`Load::snapshots`] asks for
//! it. It MUST then give exactly the events after that snapshot, of the same instant of its life, and MUST NOT give one that
//! it made or changed itself, or one that did not come with a part of that stream. Where nobody asks, it gives all events.
//!
//! Tell the one stream of a load as it wrote it last, without a look at what others wrote since, where [`Load::as_kept`] allows that, and
//! say so ([`Loaded::as_kept`]): a desk commits on that version, which is a conflict where others wrote, and looks again before it
//! refuses anything or finds it done. Where what it remembers may no longer be what the database holds at that version, it MUST answer
//! [`Conflict`](StoreErrorKind::Conflict) to the commit that brings it back ([`Commit::as_kept`]).
//!
//! # What a store SHOULD do
//! Let writers of different streams not wait for each other; answer [`Store::due`] in time that depends on what is due
//! and not on what is stored; tell [`Unavailable`](StoreErrorKind::Unavailable) (try again) from the rest.
//!
//! # Hosts of other kinds
//! With the feature `async`, the module `asynchronous` has the same contract for async hosts, and bridges in both directions.
//! [`GroupCommit`] around a store lets writers that wait for one disk share its flushes.
//!
//! # A store of your own
//! Implement [`Store`], and let `helpdesk::store_conformance!` (feature `testing`) make a `#[test]` of each rule that is listed with
//! it. They ask for all of the above but for what a call cannot show: what is kept when a process or a disk fails (6), whether
//! anything erased is left where it was kept (9), how records are answered that are damaged or that a newer version wrote
//! (10), and what is said where no room is left (11). A host that has a database transaction of its own open runs a [`Commit`] as the list of statements that [`sql`] makes of it.
//!
//! ```
//! use helpdesk::store::{Load, MemoryStore, Store, StreamId};
//! use helpdesk::id::{TenantId, TicketId};
//! let store = MemoryStore::new();
//! let nobody = StreamId::ticket(TenantId::SINGLE, TicketId::named("nobody"));
//! let loaded = store.load(&Load::streams(TenantId::SINGLE, [nobody]))?;
//! assert!(loaded.streams[0].events.is_empty());
//! # Ok::<(), helpdesk::store::StoreError>(())
//! ```

#[cfg(feature = "async")]
#[cfg_attr(docsrs, doc(cfg(feature = "async")))]
pub mod asynchronous;
mod check;
mod commit;
mod error;
mod events;
mod group;
mod listing;
mod memory;
#[cfg(any(feature = "async", feature = "postgres"))]
mod park;
#[cfg(feature = "postgres")]
#[cfg_attr(docsrs, doc(cfg(feature = "postgres")))]
pub mod postgres;
mod snapshot;
pub mod sql;
#[cfg(feature = "sqlite")]
#[cfg_attr(docsrs, doc(cfg(feature = "sqlite")))]
pub mod sqlite;
pub mod stored;
mod words;

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::id::{ContentId, TenantId};
use crate::kpi::Fact;
use crate::ticket::Content;

pub use crate::aggregate::{StreamKind, UniqueKey};
#[cfg(feature = "async")]
#[cfg_attr(docsrs, doc(cfg(feature = "async")))]
pub use asynchronous::{AsyncStore, Blocking, Offloaded};
pub use commit::{
    Commit, IdempotencyKey, IdempotencyRecord, Load, Loaded, OutboxMessage, Outgoing, Part, Stamp,
    Stream, StreamId, Wake,
};
pub use error::{StoreError, StoreErrorKind};
pub use events::{EventList, Events, StreamEvent, event_names};
pub use group::GroupCommit;
pub use listing::{Filter, Page, TicketRow};
pub use memory::MemoryStore;
#[cfg(feature = "postgres")]
#[cfg_attr(docsrs, doc(cfg(feature = "postgres")))]
pub use postgres::PostgresStore;
pub(crate) use snapshot::NoTicket;
pub use snapshot::Snapshot;
#[cfg(feature = "capi")]
pub(crate) use snapshot::is_gapless;
#[cfg(feature = "sqlite")]
#[cfg_attr(docsrs, doc(cfg(feature = "sqlite")))]
pub use sqlite::SqliteStore;

/// Keeps what happened. Object-safe; shared by `&self`. The module's essay has the whole contract.
pub trait Store: fmt::Debug + Send + Sync {
    /// Everything that a decision needs, as of one instant: streams, owners of unique keys, an idempotency record, and a new
    /// ticket number where one is asked for (numbers count up per tenant from 1, also past those of [`Commit::number`]; one that is not
    /// used may be a gap; where several processes share a store, two may be given the same number, and its
    /// [unique key](UniqueKey::number) lets one of them try again).
    fn load(&self, request: &Load) -> Result<Loaded, StoreError>;

    /// Writes the whole commit or nothing.
    fn commit(&self, commit: &Commit) -> Result<(), StoreError>;

    /// Writes several commits, each as [`Store::commit`] would, one after the other: each is whole or nothing by itself, one that is
    /// refused undoes only itself, and each sees those before it. A store may let them share one flush; none is answered
    /// before it is kept. The results are in the order of the commits. Default: one by one. [`GroupCommit`] calls it,
    /// and sweeps do, with what they record on up to 32 tickets.
    fn commit_all(&self, commits: &[&Commit]) -> Vec<Result<(), StoreError>> {
        commits.iter().map(|commit| self.commit(commit)).collect()
    }

    /// At most `limit` streams whose wake-up lies at or before `now`, earliest first, and then such whose wake-up was computed
    /// under another zone-data version, or other publications, than `zone_data` says (they count as due)
    /// ([`Rulebooks::data_version`](crate::rulebook::Rulebooks::data_version)). Of all tenants, as [`Store::next_wake`] and the outbox are;
    /// it tells no content.
    fn due(
        &self,
        now: DateTime<Utc>,
        zone_data: &str,
        limit: usize,
    ) -> Result<Vec<DueStream>, StoreError>;

    /// What [`Store::due`] would answer, for whoever only wants to know: where `due` takes what it gives for whoever asks, this takes
    /// nothing. Default: `due`. A store around another one passes it on.
    fn peek_due(
        &self,
        now: DateTime<Utc>,
        zone_data: &str,
        limit: usize,
    ) -> Result<Vec<DueStream>, StoreError> {
        self.due(now, zone_data, limit)
    }

    /// The streams whose wake-up lies at or before `until`, which may be long to come, in the order of [`Store::due`], whoever holds or is
    /// just writing them: for whoever looks ahead. It takes nothing and waits for nobody. Default: `peek_due`, which is right where `due`
    /// gives everything to everybody. A store around another one passes it on.
    fn wakes_by(
        &self,
        until: DateTime<Utc>,
        zone_data: &str,
        limit: usize,
    ) -> Result<Vec<DueStream>, StoreError> {
        self.peek_due(until, zone_data, limit)
    }

    /// The earliest wake-up of all streams; with `after`, the earliest that is later than it.
    fn next_wake(&self, after: Option<DateTime<Utc>>) -> Result<Option<DateTime<Utc>>, StoreError>;

    /// Calls `visit` with the rows of each ticket of the tenant, each ticket once, in the order of ticket ids. `visit` may call the
    /// store: no lock is held meanwhile.
    fn facts(&self, tenant: TenantId, visit: &mut dyn FnMut(&[Fact])) -> Result<(), StoreError>;

    /// The content records with these ids, in their order; `None` for what is erased or was never there.
    fn content(
        &self,
        tenant: TenantId,
        ids: &[ContentId],
    ) -> Result<Vec<Option<Content>>, StoreError>;

    /// At most [`Page::limit`] tickets of the tenant that fit the filter, in the page's order.
    fn list(
        &self,
        tenant: TenantId,
        filter: &Filter,
        page: &Page,
    ) -> Result<Vec<TicketRow>, StoreError>;

    /// At most `limit` ids of the tenant's streams of this kind that have events, rising, after `after`; whatever is written between two pages, a
    /// stream that is there all the while comes exactly once. This is for kinds that have no [list](Store::list); of tickets it
    /// may be slow.
    fn streams(
        &self,
        tenant: TenantId,
        kind: StreamKind,
        after: Option<Uuid>,
        limit: usize,
    ) -> Result<Vec<Uuid>, StoreError>;

    /// Takes at most `limit` outbox messages, oldest first, that are due by `now` ([`OutboxMessage::at`]) and that nobody holds then; they
    /// are held until `now + lease`.
    fn claim(
        &self,
        now: DateTime<Utc>,
        lease: TimeDelta,
        limit: usize,
    ) -> Result<Vec<OutboxMessage>, StoreError>;

    /// Ends the delivery of these messages: they never come again. Unknown ids are no error.
    fn acknowledge(&self, ids: &[Uuid]) -> Result<(), StoreError>;

    /// Gives back messages that could not be delivered: nobody holds them from `until` on. Unknown ids are no error. It is for whoever
    /// holds them: after the lease ended, it ends the lease of whoever took them next. So let a lease be longer than a delivery takes.
    fn postpone(&self, ids: &[Uuid], until: DateTime<Utc>) -> Result<(), StoreError>;

    /// The earliest instant at which [`Store::claim`] would give a message: when it is due for one that nobody holds (which may be long
    /// past), else the end of a lease, or the instant that it was postponed to.
    fn next_delivery(&self) -> Result<Option<DateTime<Utc>>, StoreError>;

    /// Forgets the idempotency records of the tenant that are older than `before`, and tells how many.
    fn prune_keys(&self, tenant: TenantId, before: DateTime<Utc>) -> Result<usize, StoreError>;
}

/// A stream whose wake-up has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DueStream {
    /// Which stream.
    pub stream: StreamId,
    /// Its wake-up.
    pub wake_at: Option<DateTime<Utc>>,
}

/// Every method of [`Store`] but the commits, done by another store.
macro_rules! all_but_commits {
    (|$me:ident| $store:expr) => {
        fn load(&self, request: &Load) -> Result<Loaded, StoreError> {
            let $me = self;
            $store.load(request)
        }
        fn due(
            &self,
            now: DateTime<Utc>,
            zone_data: &str,
            limit: usize,
        ) -> Result<Vec<DueStream>, StoreError> {
            let $me = self;
            $store.due(now, zone_data, limit)
        }
        fn peek_due(
            &self,
            now: DateTime<Utc>,
            zone_data: &str,
            limit: usize,
        ) -> Result<Vec<DueStream>, StoreError> {
            let $me = self;
            $store.peek_due(now, zone_data, limit)
        }
        fn wakes_by(
            &self,
            until: DateTime<Utc>,
            zone_data: &str,
            limit: usize,
        ) -> Result<Vec<DueStream>, StoreError> {
            let $me = self;
            $store.wakes_by(until, zone_data, limit)
        }
        fn next_wake(
            &self,
            after: Option<DateTime<Utc>>,
        ) -> Result<Option<DateTime<Utc>>, StoreError> {
            let $me = self;
            $store.next_wake(after)
        }
        fn facts(
            &self,
            tenant: TenantId,
            visit: &mut dyn FnMut(&[Fact]),
        ) -> Result<(), StoreError> {
            let $me = self;
            $store.facts(tenant, visit)
        }
        fn content(
            &self,
            tenant: TenantId,
            ids: &[ContentId],
        ) -> Result<Vec<Option<Content>>, StoreError> {
            let $me = self;
            $store.content(tenant, ids)
        }
        fn list(
            &self,
            tenant: TenantId,
            filter: &Filter,
            page: &Page,
        ) -> Result<Vec<TicketRow>, StoreError> {
            let $me = self;
            $store.list(tenant, filter, page)
        }
        fn streams(
            &self,
            tenant: TenantId,
            kind: crate::store::StreamKind,
            after: Option<Uuid>,
            limit: usize,
        ) -> Result<Vec<Uuid>, StoreError> {
            let $me = self;
            $store.streams(tenant, kind, after, limit)
        }
        fn claim(
            &self,
            now: DateTime<Utc>,
            lease: TimeDelta,
            limit: usize,
        ) -> Result<Vec<OutboxMessage>, StoreError> {
            let $me = self;
            $store.claim(now, lease, limit)
        }
        fn postpone(&self, ids: &[Uuid], until: DateTime<Utc>) -> Result<(), StoreError> {
            let $me = self;
            $store.postpone(ids, until)
        }
        fn acknowledge(&self, ids: &[Uuid]) -> Result<(), StoreError> {
            let $me = self;
            $store.acknowledge(ids)
        }
        fn next_delivery(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
            let $me = self;
            $store.next_delivery()
        }
        fn prune_keys(&self, tenant: TenantId, before: DateTime<Utc>) -> Result<usize, StoreError> {
            let $me = self;
            $store.prune_keys(tenant, before)
        }
    };
}

pub(crate) use all_but_commits;

macro_rules! forward {
    ($($outer:ty),*) => {$(
        impl<S: Store + ?Sized> Store for $outer {
            fn commit(&self, commit: &Commit) -> Result<(), StoreError> {
                (**self).commit(commit)
            }
            fn commit_all(&self, commits: &[&Commit]) -> Vec<Result<(), StoreError>> {
                (**self).commit_all(commits)
            }
            all_but_commits!(|me| (**me));
        }
    )*};
}

forward!(std::sync::Arc<S>, Box<S>, &S);
