//! One update that reaches every ticket of a problem: once each, in batches, and nothing of the one in the other.

use chrono::{DateTime, TimeDelta, Utc};
use helpdesk::error::ErrorKind;
use helpdesk::id::{AgentId, TicketId};
use helpdesk::incident::Spread;
use helpdesk::store::{MemoryStore, SqliteStore, Store};
use helpdesk::ticket::{CloseReason, Direction, Draft, MessageClass, Stage, Visibility};
use helpdesk::{Actor, Call, Command, Desk, Open, Refusal, Rulebook, TenantId};
use proptest::prelude::*;

fn begin() -> DateTime<Utc> {
    "2026-03-05T09:00:00Z".parse().unwrap()
}

fn call(minutes: i64) -> Call {
    let at = begin() + TimeDelta::minutes(minutes);
    Call::new(Actor::agent(AgentId::named("kim")), at)
}

fn open<S: Store>(desk: &Desk<S>, customer: usize) -> TicketId {
    let open = Open::new("it is down")
        .from(format!("customer{customer}@example.com"))
        .body("help");
    desk.open(&call(0), open).unwrap().id()
}

/// A problem with this many incidents.
fn outage<S: Store>(desk: &Desk<S>, many: usize) -> (TicketId, Vec<TicketId>) {
    let problem = open(desk, many);
    let tickets: Vec<_> = (0..many).map(|customer| open(desk, customer)).collect();
    (problem, tickets)
}

/// How many answers a ticket has.
fn answers<S: Store>(desk: &Desk<S>, ticket: TicketId) -> usize {
    let ticket = desk.ticket(ticket).unwrap();
    let sent = ticket
        .messages()
        .iter()
        .filter(|m| m.direction == Direction::Outbound);
    sent.count()
}

fn memory() -> Desk<MemoryStore> {
    Desk::new(MemoryStore::new(), Rulebook::starter())
}

fn one_update_reaches_each_once(desk: &Desk<impl Store>) {
    let (problem, tickets) = outage(desk, 100);
    let tenant = desk.tenant(TenantId::SINGLE);
    let said = desk
        .submit(problem, &call(2), Command::reply("we are on it"))
        .unwrap();
    let update = Spread::update(said.message().unwrap());

    // Stopped after two batches, and begun anew by somebody who does not know how far it came.
    for batch in tickets[..60].chunks(30) {
        let done = tenant.spread(problem, &call(3), &update, batch).unwrap();
        assert_eq!((done.reached.len(), done.known.len()), (30, 0));
    }
    let done = tenant.spread(problem, &call(4), &update, &tickets).unwrap();
    assert_eq!(
        (&done.reached[..], &done.known[..]),
        (&tickets[60..], &tickets[..60])
    );
    assert!(done.refused.is_empty() && done.closed.is_empty());
    for ticket in &tickets {
        assert_eq!(answers(desk, *ticket), 1);
    }
    let itself = tenant
        .spread(problem, &call(5), &update, &[problem])
        .unwrap();
    assert_eq!((itself.known, answers(desk, problem)), (vec![problem], 1));
}

#[test]
fn one_update_reaches_each_once_in_memory() {
    one_update_reaches_each_once(&memory());
}

#[test]
fn one_update_reaches_each_once_on_sqlite() {
    let store = SqliteStore::in_memory().unwrap();
    one_update_reaches_each_once(&Desk::new(store, Rulebook::starter()));
}

#[test]
fn two_who_spread_at_once_tell_nobody_twice() {
    let desk = memory();
    let (problem, tickets) = outage(&desk, 40);
    let said = desk
        .submit(problem, &call(2), Command::reply("we are on it"))
        .unwrap();
    let update = Spread::update(said.message().unwrap());
    let reached: usize = std::thread::scope(|scope| {
        let spread = || {
            let tenant = desk.tenant(TenantId::SINGLE);
            tenant
                .spread(problem, &call(3), &update, &tickets)
                .unwrap()
                .reached
                .len()
        };
        let both = [scope.spawn(spread), scope.spawn(spread)];
        both.into_iter().map(|one| one.join().unwrap()).sum()
    });
    assert_eq!(reached, 40);
    for ticket in tickets {
        assert_eq!(answers(&desk, ticket), 1);
    }
}

#[test]
fn a_solution_resolves_what_is_open_and_leaves_the_rest() {
    let desk = memory();
    let (problem, tickets) = outage(&desk, 4);
    let tenant = desk.tenant(TenantId::SINGLE);
    let [working, resolved, closed, waiting] = tickets[..] else {
        panic!()
    };
    desk.submit(resolved, &call(2), Command::resolve()).unwrap();
    desk.submit(closed, &call(2), Command::close(CloseReason::Spam))
        .unwrap();
    desk.submit(
        waiting,
        &call(2),
        Command::pend(helpdesk::ticket::Pending::Customer),
    )
    .unwrap();
    let said = desk
        .submit(problem, &call(3), Command::reply("it works again"))
        .unwrap();
    let solution = Spread::solution(said.message().unwrap());

    let error = tenant
        .spread(problem, &call(4), &solution, &tickets)
        .unwrap_err();
    assert!(
        matches!(error.refusal(), Some(Refusal::NotSolved { .. })),
        "{error}"
    );
    desk.submit(problem, &call(4), Command::resolve()).unwrap();
    let done = tenant
        .spread(problem, &call(5), &solution, &tickets)
        .unwrap();
    assert_eq!((done.reached.len(), &done.closed[..]), (3, &[closed][..]));
    let stage = |ticket| desk.ticket(ticket).unwrap().status().stage();
    assert_eq!(
        [working, resolved, waiting].map(stage),
        [Stage::Resolved; 3]
    );
    assert_eq!(answers(&desk, resolved), 1);
    assert_eq!(answers(&desk, closed), 0);

    // A customer for whom it does not work comes back, and is not sent away by a second run.
    let requester = desk.ticket(working).unwrap().requester();
    let customer = Call::new(Actor::customer(requester), begin() + TimeDelta::minutes(6));
    desk.submit(working, &customer, Command::reply("not for me"))
        .unwrap();
    let again = tenant
        .spread(problem, &call(7), &solution, &tickets)
        .unwrap();
    assert_eq!((again.reached.len(), again.known.len()), (0, 3));
    assert_eq!(stage(working), Stage::Reopened);
}

#[test]
fn only_a_public_message_of_the_desk_is_carried() {
    let desk = memory();
    let (problem, tickets) = outage(&desk, 1);
    let tenant = desk.tenant(TenantId::SINGLE);
    let message = |command| {
        desk.submit(problem, &call(2), command)
            .unwrap()
            .message()
            .unwrap()
    };
    let note = message(Command::note("the disk of the boss is full"));
    let robot = message(Command::say(
        Draft::new("we have it").class(MessageClass::Automatic),
    ));
    let requester = desk.ticket(problem).unwrap().requester();
    let theirs = Call::new(Actor::customer(requester), begin() + TimeDelta::minutes(3));
    let theirs = desk
        .submit(problem, &theirs, Command::reply("hurry"))
        .unwrap()
        .message()
        .unwrap();
    for message in [note, robot, theirs] {
        let error = tenant
            .spread(problem, &call(4), &Spread::update(message), &tickets)
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Refused);
        assert!(
            matches!(error.refusal(), Some(Refusal::NotAnUpdate { .. })),
            "{error}"
        );
    }
    let unknown = Spread::update(helpdesk::id::MessageId::named("elsewhere"));
    let error = tenant
        .spread(problem, &call(4), &unknown, &tickets)
        .unwrap_err();
    assert!(
        matches!(error.refusal(), Some(Refusal::UnknownMessage { .. })),
        "{error}"
    );
}

#[test]
fn an_incident_that_does_not_take_it_holds_up_nobody() {
    let desk = memory();
    let (problem, tickets) = outage(&desk, 3);
    let said = desk
        .submit(problem, &call(2), Command::reply("we are on it"))
        .unwrap();
    desk.submit(
        tickets[1],
        &call(60),
        Command::note("later than the update"),
    )
    .unwrap();
    let tenant = desk.tenant(TenantId::SINGLE);
    let update = Spread::update(said.message().unwrap());
    let done = tenant.spread(problem, &call(3), &update, &tickets).unwrap();
    assert_eq!((done.reached.len(), done.refused.len()), (2, 1));
    assert_eq!(done.refused[0].0, tickets[1]);
    let done = tenant
        .spread(problem, &call(61), &update, &tickets)
        .unwrap();
    assert_eq!((done.reached, done.known.len()), (vec![tickets[1]], 2));
}

#[test]
fn no_customer_learns_of_another_and_erasing_one_takes_one_copy() {
    let desk = memory();
    let (problem, tickets) = outage(&desk, 2);
    desk.submit(problem, &call(2), Command::note("it was the cleaner"))
        .unwrap();
    let said = desk
        .submit(problem, &call(3), Command::reply("we are on it"))
        .unwrap();
    let tenant = desk.tenant(TenantId::SINGLE);
    tenant
        .spread(
            problem,
            &call(4),
            &Spread::update(said.message().unwrap()),
            &tickets,
        )
        .unwrap();
    let body = |ticket: TicketId| {
        let ticket = desk.ticket(ticket).unwrap();
        let view = ticket.customer_view(ticket.requester()).unwrap();
        let text = serde_json::to_string(&view).unwrap();
        assert!(!text.contains(&problem.to_string()), "{text}");
        assert_eq!(view.messages.len(), 2, "their own and the update");
        view.messages[1].body.unwrap()
    };
    let bodies = [body(tickets[0]), body(tickets[1])];
    assert_ne!(bodies[0], bodies[1]);
    let first = desk.ticket(tickets[0]).unwrap().requester();
    tenant
        .erase_person(first, begin() + TimeDelta::minutes(9))
        .unwrap();
    let left: Vec<bool> = tenant
        .content(&bodies)
        .unwrap()
        .iter()
        .map(Option::is_some)
        .collect();
    assert_eq!(left, [false, true]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the batches, where they begin and how often: each incident that is not closed has each update once.
    #[test]
    fn any_batches_give_the_same(
        many in 1usize..12,
        batches in proptest::collection::vec((proptest::collection::vec(any::<prop::sample::Index>(), 0..6), 0usize..2), 0..8),
    ) {
        let desk = memory();
        let (problem, tickets) = outage(&desk, many);
        let tenant = desk.tenant(TenantId::SINGLE);
        let say = |text: &str| desk.submit(problem, &call(2), Command::reply(text)).unwrap().message().unwrap();
        let updates = [say("first"), say("second")].map(Spread::update);
        for (batch, which) in batches {
            let batch: Vec<_> = batch.iter().map(|one| *one.get(&tickets)).collect();
            tenant.spread(problem, &call(3), &updates[which], &batch).unwrap();
        }
        for update in &updates {
            tenant.spread(problem, &call(4), update, &tickets).unwrap();
        }
        for ticket in tickets {
            prop_assert_eq!(answers(&desk, ticket), 2);
            let ticket = desk.ticket(ticket).unwrap();
            prop_assert!(ticket.messages().iter().all(|message| message.visibility == Visibility::Public));
        }
    }
}
