//! Tickets that a store value wrote lately: loads of them read only what others wrote since.

use chrono::TimeDelta;
use helpdesk::error::ErrorKind;
use helpdesk::store::{Load, PostgresStore, Store, StoreErrorKind, StreamId};
use helpdesk::{Actor, Command, Desk, TicketId};

use super::common::*;
use super::server::{schema, server, store};
use super::sql::*;
use super::{cut, meddle};

/// A ticket is loaded as its events alone make it, however two processes take turns, and however few tickets each keeps.
#[test]
#[ignore = "needs a PostgreSQL server: set HELPDESK_POSTGRES"]
fn tickets_written_lately_are_loaded_as_they_stand() {
    for keeps in [0, 1, 3] {
        let schema = schema();
        let options = || PostgresStore::options().recent_tickets(keeps);
        two_take_turns(|| options().schema(&schema).connect(&server()).unwrap());
    }
}

/// What was written lately is not read again: only what follows it. Whoever asks for the events alone is given all of them.
#[test]
#[ignore = "needs a PostgreSQL server: set HELPDESK_POSTGRES"]
fn what_was_written_lately_is_not_read_again() {
    let desk = Desk::new(store(), rulebook());
    let ticket = opened(&desk);
    meddle(
        desk.store(),
        "UPDATE {s}.events SET body = 'spoilt' WHERE version = 1",
    );
    assert!(desk.ticket(ticket).is_ok());
    let whole = Load::streams(TENANT, [StreamId::ticket(TENANT, ticket)]);
    assert_eq!(kind_of(desk.store().load(&whole)), StoreErrorKind::Corrupt);
    let none = PostgresStore::options().recent_tickets(0);
    let none = none.schema(desk.store().schema()).connect(&server());
    let read = Desk::new(none.unwrap(), rulebook()).ticket(ticket);
    assert_eq!(read.unwrap_err().kind(), ErrorKind::Corrupt);
}

/// A server that took over may not have the last commits: with the connections to the one before, what was known of them is forgotten.
#[test]
#[ignore = "needs a PostgreSQL server: set HELPDESK_POSTGRES"]
fn what_a_server_lost_is_forgotten_with_its_connections() {
    let desk = Desk::new(store(), rulebook());
    let (ticket, before) = noted(&desk);
    lose_the_last(&desk);
    cut(desk.store());
    let stands = with_what_is_kept(&desk, ticket).unwrap();
    assert_eq!(stands.version().0, before);
    assert_eq!(desk.ticket(ticket).unwrap(), stands);
}

/// Where the connections outlive it (something between keeps them), the first commit meets a conflict, and the ticket is read again.
#[test]
#[ignore = "needs a PostgreSQL server: set HELPDESK_POSTGRES"]
fn what_a_server_lost_is_forgotten_in_a_conflict() {
    let desk = Desk::new(store(), rulebook());
    let (ticket, before) = noted(&desk);
    lose_the_last(&desk);
    let by_kim = call(Actor::Agent(KIM), at(BEGIN) + TimeDelta::hours(1), 10);
    desk.submit(ticket, &by_kim, Command::note("after"))
        .unwrap();
    assert_eq!(history(&desk, ticket).len() as u64, before + 1);
    desk.store().check_integrity().unwrap();
}

#[test]
#[ignore = "needs a PostgreSQL server: set HELPDESK_POSTGRES"]
fn what_others_write_to_a_ticket_that_is_told_as_kept_is_met() {
    let schema = schema();
    what_others_write_is_met(|| {
        let options = PostgresStore::options().schema(&schema);
        options.connect(&server()).unwrap()
    });
}

#[test]
#[ignore = "needs a PostgreSQL server: set HELPDESK_POSTGRES"]
fn a_command_of_who_writes_alone_reads_nothing() {
    let ahead = "INSERT INTO {s}.events (tenant, kind, id, version, schema, body) \
        SELECT tenant, kind, id, 100, schema, 'spoilt' FROM {s}.events WHERE version = 1 AND kind = 1";
    a_command_reads_nothing(store(), |store| meddle(store, ahead));
}

#[test]
#[ignore = "needs a PostgreSQL server: set HELPDESK_POSTGRES"]
fn two_stores_that_tell_as_kept_are_as_one() {
    for keeps in [0, 2, 512] {
        let schema = schema();
        let options = || PostgresStore::options().recent_tickets(keeps);
        two_are_as_one(keeps > 0, || {
            options().schema(&schema).connect(&server()).unwrap()
        });
    }
}

/// A ticket that was told as kept over a connection that is gone may stand otherwise on the server that took over, even at the same version:
/// a commit that rests on it is a conflict.
#[test]
#[ignore = "needs a PostgreSQL server: set HELPDESK_POSTGRES"]
fn what_was_told_over_a_lost_connection_is_not_written() {
    let desk = Desk::new(store(), rulebook());
    let ticket = opened(&desk);
    let note = |n: u64, text: &str| {
        let by_kim = call(
            Actor::Agent(KIM),
            at(BEGIN) + TimeDelta::minutes(n as i64),
            10 + n as u128,
        );
        (by_kim, Command::note(text))
    };
    for n in 0..12 {
        let (by_kim, said) = note(n, "seen");
        desk.submit(ticket, &by_kim, said).unwrap();
    }
    assert!(is_told_as_kept(&desk, ticket));
    // The last note is lost, and another process writes an urgent priority in its place.
    lose_the_last(&desk);
    let options = PostgresStore::options().schema(desk.store().schema());
    let other = Desk::new(options.connect(&server()).unwrap(), rulebook());
    let (by_kim, _) = note(20, "");
    let high = Command::priority(helpdesk::ticket::Priority::High);
    other.submit(ticket, &by_kim, high).unwrap();
    cut(desk.store());
    let (by_kim, said) = note(21, "after");
    let told = loop {
        match desk.submit(ticket, &by_kim, said.clone()) {
            Err(error) if error.kind() == ErrorKind::Unavailable => {} // the cut connections
            told => break told.unwrap(),
        }
    };
    assert_eq!(told.ticket().priority(), helpdesk::ticket::Priority::High);
    let stands = helpdesk::ticket::Ticket::replay(TENANT, &history(&desk, ticket));
    assert_eq!(stands.as_ref(), Some(told.ticket()));
}

/// A ticket whose last command was a note, and the version before that.
fn noted(desk: &Desk<PostgresStore>) -> (TicketId, u64) {
    let ticket = opened(desk);
    let before = desk.ticket(ticket).unwrap().version().0;
    let by_kim = call(Actor::Agent(KIM), at(BEGIN) + TimeDelta::minutes(50), 9);
    let noted = desk.submit(ticket, &by_kim, Command::note("lost"));
    assert_eq!(noted.unwrap().ticket().version().0, before + 1);
    (ticket, before)
}

fn lose_the_last(desk: &Desk<PostgresStore>) {
    meddle(
        desk.store(),
        "DELETE FROM {s}.events WHERE version = (SELECT max(version) FROM {s}.streams WHERE kind = 1); \
         UPDATE {s}.streams SET version = version - 1 WHERE kind = 1",
    );
}
