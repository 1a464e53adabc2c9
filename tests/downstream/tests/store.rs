//! Every rule of the storage contract on the shop's own store, and whole desks on it.

use chrono::TimeDelta;
use helpdesk::id::{AgentId, CustomerId, Name};
use helpdesk::kpi::Report;
use helpdesk::store::{MemoryStore, StoreErrorKind};
use helpdesk::testing::laws::{clocks, desk as laws, merge};
use helpdesk::testing::likely::likely_stories;
use helpdesk::testing::proptest::collection::btree_set;
use helpdesk::testing::proptest::prelude::*;
use helpdesk::testing::story::{Story, beginning};
use helpdesk::testing::{Asked, Fault, FaultyStore};
use helpdesk::ticket::Merge;
use helpdesk::{Actor, Call, Command, Desk, Open, TenantId};
use riverside_bikes::{Shelves, contract};

helpdesk::store_conformance!(shelves, Shelves::default);

const MINUTE: TimeDelta = TimeDelta::minutes(1);

fn desk() -> Desk<Shelves> {
    Desk::new(Shelves::default(), contract().unwrap())
}

fn kim() -> Actor {
    Actor::agent(AgentId::named("kim"))
}

/// Two customers ask in the same minute, and nobody answers either of them.
#[test]
fn of_two_tickets_opened_at_one_instant_both_are_late() {
    let desk = desk();
    let ann = CustomerId::named("ann");
    let open = || Open::new("Where is my bike?").from_customer(ann).body("?");
    let both = [(); 2].map(|()| {
        let call = Call::new(Actor::customer(ann), beginning());
        desk.open(&call, open()).unwrap().id()
    });
    let swept = desk.sweep(beginning() + TimeDelta::days(14), 10).unwrap();
    assert_eq!((swept.tickets, swept.failed.len()), (2, 0));
    for ticket in both {
        assert!(
            desk.ticket(ticket).unwrap().version().0 > 3,
            "{ticket} was not looked at"
        );
    }
}

/// The answer to an agent is lost on the way; asking again under the same key does it once.
#[test]
fn a_lost_answer_is_asked_for_again() {
    let desk = Desk::new(FaultyStore::new(Shelves::default()), contract().unwrap());
    let open = Open::new("x").from("ann@example.com");
    let ticket = desk
        .open(&Call::new(kim(), beginning()), open)
        .unwrap()
        .id();
    let key: Name = "answer 1".parse().unwrap();
    let call = Call::new(kim(), beginning() + MINUTE).key(key);
    desk.store().cue(Asked::Commit, Fault::LoseAnswer);
    let lost = desk
        .submit(ticket, &call, Command::reply("Here."))
        .unwrap_err();
    assert!(lost.is_retryable(), "{lost}");
    desk.store()
        .cue(Asked::Commit, Fault::Refuse(StoreErrorKind::Unavailable));
    let again = desk.submit(ticket, &call, Command::reply("Here.")).unwrap();
    assert!(again.is_replayed());
    assert_eq!(again.ticket().messages().len(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// A ticket in the shop's store is its events, with the rows and the wake-up that they make.
    #[test]
    fn a_ticket_is_its_events(story in likely_stories(MINUTE, 10), share in 0..1_000_u16) {
        let desk = desk();
        let single = desk.tenant(TenantId::SINGLE);
        let told = story.tell_to(&single, 1).unwrap();
        laws::a_ticket_is_its_events(&single, told.ticket.id());
        laws::rows_are_those_of_the_events(&single, told.ticket.id());
        laws::the_wake_up_is_exact(&single, told.ticket.id(), told.now, share);
    }

    /// Sweeping often or seldom is the same, and the same as in the memory store.
    #[test]
    fn sweeps_change_nothing(story in likely_stories(MINUTE, 10), minutes in btree_set(0..6_000_i64, 0..20)) {
        let sweeps: Vec<_> = minutes.into_iter().map(|n| beginning() + MINUTE * n as i32).collect();
        let (shelves, memory) = (desk(), Desk::new(MemoryStore::new(), contract().unwrap()));
        let [one, other] = [TenantId::named("one"), TenantId::SINGLE];
        laws::any_pattern_of_sweeps_gives_the_same_history(
            &memory.tenant(other), &shelves.tenant(other), &story, &sweeps,
        );
        laws::any_pattern_of_sweeps_gives_the_same_history(
            &memory.tenant(one), &shelves.tenant(one), &story, &sweeps,
        );
    }

    /// Two stories in one store: read, repeated, merged and erased.
    #[test]
    fn desks_keep_their_laws(one in likely_stories(MINUTE, 6), other in likely_stories(MINUTE, 6), later in 0..9_000_i64) {
        let desk = desk();
        let single = desk.tenant(TenantId::SINGLE);
        let tell = |story: &Story, seed| story.tell_to(&single, seed).unwrap();
        let (one, other) = (tell(&one, 1), tell(&other, 2));
        let now = one.now.max(other.now);
        let late = now + MINUTE * later as i32;

        let key: Name = "note 1".parse().unwrap();
        let calls = [now, late].map(|at| Call::new(kim(), at).key(key.clone()));
        laws::a_repeated_key_writes_nothing(&single, one.ticket.id(), (&calls[0], &calls[1]), &Command::note("seen"));
        let into = Merge::new(one.ticket.id(), other.ticket.id());
        merge::a_merge_loses_nothing(&single, &Call::new(kim(), now), into, late);
        for ticket in [one.ticket.id(), other.ticket.id()] {
            laws::reading_is_reading_after_catch_up(&single, ticket, late);
            laws::announced_breaches_and_readings_agree(&single, ticket, late);
            assert!(clocks().all(|clock| desk.reading(ticket, clock, late).is_ok()));
        }
        let report = Report::standard().last_days(30);
        laws::erasing_changes_no_figure(&single, one.ticket.requester(), (&report, late), late);
    }
}
