//! What is erased is in no row any more.

use helpdesk::store::Store;
use helpdesk::{Actor, Desk, Open};

use super::common::*;
use super::dump;
use super::server::store;
use super::sql::*;

/// What is erased is in no row.
#[test]
#[ignore = "needs a PostgreSQL server: set HELPDESK_POSTGRES"]
fn erased_texts_are_in_no_row() {
    let desk = Desk::new(store(), rulebook());
    let opened = call(Actor::Customer(ANN), at(BEGIN), 1);
    let open = Open::new("the secret subject").body("the secret body");
    let ticket = desk.open(&opened, open).unwrap().id();
    let rows = || dump(desk.store()).concat().concat();
    assert!(rows().contains("the secret body") && rows().contains("the secret subject"));
    let mut erase = commit(vec![]);
    erase.persons.push(ANN);
    let bodies = desk.ticket(ticket).unwrap();
    erase.erased = bodies
        .messages()
        .iter()
        .map(|message| message.body)
        .collect();
    erase.erased.push(bodies.subject());
    erase.content.push(text("stays", None, "this stays"));
    desk.store().commit(&erase).unwrap();
    assert!(!rows().contains("secret") && rows().contains("this stays"));
}
