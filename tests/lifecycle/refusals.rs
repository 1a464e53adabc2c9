//! Refusals: the facts that they name, and what the actor could ask for instead.

use helpdesk::error::ErrorKind;
use helpdesk::ticket::{CloseReason, Pending, Stage};
use helpdesk::{Command, Open, Refusal, TicketId};

use super::{ann, desk, kim, refusal};

#[test]
fn a_refusal_names_the_facts() {
    let desk = desk();
    let id = desk
        .open(&ann("2026-03-02T15:00:00Z"), Open::new("x"))
        .unwrap()
        .id();
    let refused = refusal(desk.submit(id, &kim("2026-03-02T15:01:00Z"), Command::resume()));
    let Refusal::StepNotAllowed {
        stage,
        step,
        allowed,
    } = &refused
    else {
        panic!("{refused:?}")
    };
    assert_eq!(
        (*stage, *step),
        (Stage::Open, helpdesk::ticket::Step::Resume)
    );
    assert!(allowed.contains(&helpdesk::ticket::Step::Resolve) && !allowed.contains(step));
    assert_eq!(refused.code(), "step_not_allowed");
    assert!(refused.to_string().contains("`resolve`"), "{refused}");
}

/// What is said to be allowed is what the same actor could ask for: no step that happens by itself, and none without the right.
#[test]
fn a_refusal_lists_what_the_actor_could_ask_for() {
    use helpdesk::ticket::Step::{Close, Pend, Resolve, Resume};
    let desk = desk();
    let id = desk
        .open(&ann("2026-03-02T15:00:00Z"), Open::new("x"))
        .unwrap()
        .id();
    let pend = Command::pend(Pending::Customer);
    desk.submit(id, &kim("2026-03-02T15:01:00Z"), pend).unwrap();
    let allowed = |call| match refusal(desk.submit(id, call, Command::reopen())) {
        Refusal::StepNotAllowed { allowed, .. } => allowed,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        allowed(&kim("2026-03-02T15:02:00Z")),
        [Pend, Resume, Resolve, Close]
    );
    desk.submit(id, &kim("2026-03-02T15:03:00Z"), Command::resolve())
        .unwrap();
    desk.submit(
        id,
        &kim("2026-03-02T15:04:00Z"),
        Command::close(CloseReason::Settled),
    )
    .unwrap();
    let refused = refusal(desk.submit(id, &kim("2026-03-02T15:05:00Z"), Command::resolve()));
    assert!(
        !refused.to_string().contains("reopen") && !refused.to_string().contains("message"),
        "{refused}"
    );
}

#[test]
fn an_unknown_ticket_is_not_found() {
    let error = desk().submit(
        TicketId::named("nobody's"),
        &kim("2026-03-02T15:00:00Z"),
        Command::resolve(),
    );
    assert_eq!(error.unwrap_err().kind(), ErrorKind::NotFound);
}

/// All who gave no address would be one customer, and see each other's tickets.
#[test]
fn a_blank_address_is_nobodys() {
    let desk = desk();
    for blank in ["", " ", "\t\n\u{2003}"] {
        for call in [kim("2026-03-02T15:00:00Z"), ann("2026-03-02T15:00:00Z")] {
            let what = "the requester's address";
            let opened = desk.open(&call, Open::new("x").from(blank));
            assert_eq!(refusal(opened), Refusal::Missing { what }, "{blank:?}");
        }
    }
}
