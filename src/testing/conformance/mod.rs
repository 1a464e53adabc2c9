//! The rules that every store keeps, as functions on `&dyn Store` that panic where one is broken.
//!
//! [`store_conformance!`](crate::store_conformance) makes a `#[test]` of each. It takes a name for the tests' module and
//! something that makes an empty store; attributes before the name go to every test.
//!
//! ```
//! use helpdesk::store::MemoryStore;
//! helpdesk::store_conformance!(memory, MemoryStore::new);
//! # fn main() {}
//! ```
//!
//! Each rule gets a store of its own, and writes a few thousand records at most. Where stores share something (a database
//! server), let each have its own namespace in it: [`Store::due`], [`Store::claim`] and their companions see every tenant.
//!
//! [`Store::due`]: crate::store::Store::due
//! [`Store::claim`]: crate::store::Store::claim

pub mod desks;
pub mod kinds;
pub mod lists;
pub mod outbox;
pub mod records;
mod samples;
pub mod schedule;
mod snapshots;
pub mod streams;
pub mod texts;
mod whole;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::call::{Actor, Call};
use crate::desk::Desk;
use crate::id::{ContentId, CustomerId, Name, TenantId, TicketId};
use crate::kpi::Fact;
use crate::rulebook::Rulebook;
use crate::store::{
    Commit, Load, MemoryStore, Part, Store, StoreError, StoreErrorKind, StreamId, UniqueKey,
};
use crate::ticket::{Content, ContentKind, Event, Open, Recorded, Version};

/// One `#[test]` per rule of the storage contract; see [`testing::conformance`](crate::testing::conformance).
#[macro_export]
macro_rules! store_conformance {
    ($(#[$attribute:meta])* $name:ident, $make:expr $(,)?) => {
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            $crate::store_conformance! { @all [$(#[$attribute])*] [$make]
                streams {
                    a_stale_writer_is_refused_and_writes_nothing
                    of_many_that_saw_the_same_version_one_wins
                    events_come_back_as_they_were
                    a_long_stream_comes_back_whole
                    a_commit_is_all_or_nothing
                    nobody_sees_half_a_commit
                    a_part_without_events_is_a_check
                    commits_that_rest_on_each_other_never_both_win
                    what_contradicts_itself_is_refused
                    an_empty_commit_changes_nothing
                    a_snapshot_is_one_that_was_committed
                    a_long_history_is_loaded_as_its_events_make_it
                    what_is_told_as_kept_is_what_was_written
                    commits_of_a_group_stand_alone
                    one_load_answers_everything_in_order
                    writers_of_many_streams_lose_nothing
                }
                kinds {
                    streams_of_every_kind_come_back
                    kinds_do_not_meet
                    a_kind_comes_page_by_page
                    keys_are_freed_and_moved
                }
                records {
                    a_unique_key_has_one_owner
                    of_many_that_claim_a_key_one_wins
                    numbers_count_up
                    no_number_is_given_twice
                    an_idempotency_key_is_used_once
                    of_many_that_use_an_idempotency_key_one_wins
                    idempotency_keys_are_pruned_by_age
                    tenants_do_not_see_each_other
                }
                texts {
                    texts_are_kept_and_erased
                    a_person_is_erased
                    odd_unicode_comes_back
                    big_payloads_come_back
                    texts_are_of_the_instant_of_the_rest
                }
                schedule {
                    due_comes_in_order
                    streams_that_wake_together_all_come
                    due_knows_its_edges
                    other_zone_data_counts_as_due
                    what_is_due_can_be_peeked_at
                    a_wake_up_is_replaced_or_left
                    the_next_wake_up_is_the_earliest
                    facts_are_replaced_or_left
                    facts_come_by_ticket
                    facts_of_many_tickets_come_once
                }
                outbox {
                    a_lease_keeps_others_away
                    messages_come_oldest_first
                    a_message_is_postponed
                    a_message_is_added_once
                    claimers_never_share_a_message
                }
                lists {
                    a_list_shows_what_fits
                    pages_follow_each_other
                    paging_is_stable_under_writes
                    a_listing_is_replaced_or_left
                    rows_of_tenants_stay_apart
                }
                desks {
                    a_story_comes_out_as_in_memory
                    writers_and_sweepers_lose_nothing
                    every_lost_answer_can_be_asked_again
                    deliveries_repeat_and_are_told_apart
                }
            }
        }
    };
    (@all $attributes:tt $make:tt $($group:ident { $($rule:ident)* })*) => {
        $($($crate::store_conformance! { @one $attributes $make $group $rule })*)*
    };
    (@one [$(#[$attribute:meta])*] [$make:expr] $group:ident $rule:ident) => {
        $(#[$attribute])*
        #[test]
        fn $rule() {
            let store = ($make)();
            $crate::testing::conformance::$group::$rule(&store);
        }
    };
}

const TENANT: TenantId = TenantId::SINGLE;

fn begin() -> DateTime<Utc> {
    super::story::beginning()
}

fn stream(text: &str) -> StreamId {
    stream_of(TENANT, text)
}

fn stream_of(tenant: TenantId, text: &str) -> StreamId {
    StreamId::ticket(tenant, TicketId::named(text))
}

fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

fn recorded(version: u64, at: DateTime<Utc>, event: Event) -> Recorded {
    Recorded {
        version: Version(version),
        at,
        stamped_at: None,
        timing: None,
        actor: Actor::System,
        cause: None,
        event,
    }
}

fn event(version: u64) -> Recorded {
    let tag = name(&format!("tag {version}"));
    recorded(version, begin(), Event::TagAdded { tag })
}

/// Appends events `after + 1` to `until`.
fn append(stream: StreamId, after: u64, until: u64) -> Part {
    Part::append(
        stream,
        Version(after),
        (after + 1..=until).map(event).collect::<Vec<_>>(),
    )
}

fn commit(parts: Vec<Part>) -> Commit {
    Commit::new(TENANT, begin(), parts)
}

fn text(id: &str, about: Option<&str>, text: impl Into<String>) -> Content {
    Content {
        id: ContentId::named(id),
        kind: ContentKind::Body,
        about: about.map(CustomerId::named),
        text: text.into(),
    }
}

fn key(text: &str) -> UniqueKey {
    UniqueKey::message(TENANT, text)
}

fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

fn events(store: &dyn Store, stream: StreamId) -> Vec<Recorded> {
    let load = Load::streams(stream.tenant, [stream]);
    let mut streams = store.load(&load).unwrap().streams;
    assert_eq!(streams.len(), 1, "one stream was asked for");
    streams.remove(0).events.into_ticket()
}

fn versions(store: &dyn Store, stream: StreamId) -> Vec<u64> {
    let events = events(store, stream);
    events.iter().map(|event| event.version.0).collect()
}

fn owner(store: &dyn Store, key: UniqueKey) -> Option<Uuid> {
    let loaded = store.load(&Load::owners(TENANT, vec![key])).unwrap();
    assert_eq!(loaded.owners.len(), 1, "one key was asked for");
    loaded.owners[0]
}

#[track_caller]
fn refused(result: Result<(), StoreError>, kind: StoreErrorKind) {
    match result {
        Ok(()) => panic!("a commit was taken that had to be refused ({kind:?})"),
        Err(error) => assert_eq!(error.kind(), kind, "{error}"),
    }
}

fn one_text(store: &dyn Store, id: ContentId) -> Option<Content> {
    let mut texts = store.content(TENANT, &[id]).unwrap();
    assert_eq!(texts.len(), 1, "one text was asked for");
    texts.remove(0)
}

/// A row as a desk makes it, of the ticket with this name.
fn one_row(ticket: &str) -> Fact {
    let desk = Desk::new(MemoryStore::new(), Rulebook::starter());
    let call = Call::with_id(id(1), Actor::Customer(CustomerId::named("ann")), begin());
    let open = Open::new("subject").id(TicketId::named(ticket));
    desk.open(&call, open).unwrap();
    let mut all = Vec::new();
    let single = desk.tenant(TENANT);
    single
        .facts(&mut |rows| all.extend_from_slice(rows))
        .unwrap();
    all.remove(0)
}
