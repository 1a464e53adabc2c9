//! Which histories are lived through again, up to which instant, and what is none.

use helpdesk::id::{AgentId, CustomerId, TicketNumber};
use helpdesk::replay::{AnomalyKind, History, Row, What, WhatIf, import, what_if};
use helpdesk::ticket::{CloseReason, Metric, Status};
use helpdesk::{Actor, Command, TicketId};

use super::common::*;
use super::{TENANT, WEEK, all_shown, book, kim, lived, tried};

/// What happened after the instant has not happened, and a ticket opened later is none.
#[test]
fn nothing_is_known_of_later() {
    let (week, saturday) = (book(WEEK), book("Mon-Sat 09:00-17:00"));
    let said = [(kim("2026-03-07T10:00:00Z"), Command::reply("yes"))];
    let history = lived(&week, "2026-03-06T15:00:00Z", &said);
    let mut early = WhatIf::new(&week, &saturday, at("2026-03-07T09:30:00Z"));
    assert_eq!(early.add(TENANT, &history).unwrap().unlike_record, None);
    let early = early.finish().unwrap();
    assert_eq!(early.after.report.first_response().calendar, None);
    assert_eq!(
        early
            .line(&What::Due(Metric::FirstResponse.into()))
            .unwrap()
            .moved,
        1
    );
    let none = what_if(
        TENANT,
        [&history],
        &week,
        &saturday,
        at("2026-03-06T14:59:59Z"),
    )
    .unwrap();
    assert_eq!((none.tickets, none.is_empty()), (0, true));
}

#[test]
fn what_is_no_history_is_refused_by_name() {
    let week = book(WEEK);
    let history = lived(&week, "2026-03-06T15:00:00Z", &[]);
    let mut what_if = WhatIf::new(&week, &week, at("2026-04-01T00:00:00Z"));
    let error = what_if.add(TENANT, &history[1..]).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("begin with the ticket's opening"),
        "{error}"
    );
    assert!(what_if.add(TENANT, &[]).is_err());
    assert_eq!(what_if.finish().unwrap().tickets, 0);
}

/// An imported log recorded nothing that fell due; here it falls due, as if the desk had been live.
#[test]
fn an_imported_history_is_lived_through() {
    let history = History::new(
        TicketId::named("INC7"),
        TicketNumber(7),
        CustomerId::named("ann"),
        at("2026-03-06T15:00:00Z"),
    )
    .row(
        Row::new(at("2026-03-09T16:00:00Z"))
            .by(Actor::Agent(AgentId::named("kim")))
            .status(Status::Resolved),
    )
    .row(Row::new(at("2026-03-10T16:00:00Z")).status(Status::Closed(CloseReason::Settled)))
    .row(Row::new(at("2026-03-11T16:00:00Z")).status(Status::Open));
    let (week, saturday) = (book(WEEK), book("Mon-Sat 09:00-17:00"));
    let imported = import(&history, &week, TENANT);
    let (one, all) = tried(imported.events(), &week, &saturday);
    let shown = all_shown(&one);
    assert!(
        shown.contains(&"breach first_response: 09 11:00 to 07 11:00".to_owned()),
        "{shown:?}"
    );
    assert_eq!(all.redone.not_compared, 1);
    // The log's own surprise is one on both sides.
    assert_eq!(all.before.anomalies.count(&AnomalyKind::ReopenOfClosed), 1);
    assert_eq!(all.before.anomalies, all.after.anomalies);
}
