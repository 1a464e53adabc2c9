//! Histories for property tests of imports: what other systems may have recorded, odd and contradicting itself.
//!
//! Stamps go back and forth, some of them far out of the range of calendars; statuses jump; what is taken away was never there; one
//! message comes twice. Nothing of it may be dropped, nor make an import fail.

use chrono::{DateTime, TimeDelta, Utc};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use crate::call::Actor;
use crate::id::{AgentId, BotId, CustomerId, MessageId, Name, TeamId, TicketId, TicketNumber};
use crate::replay::{History, Order, Row, Said};
use crate::ticket::{
    Change, CloseReason, Draft, FieldValue, MessageClass, Pending, Priority, Status, Visibility,
};
use crate::time::Span;

/// When most histories begin: a Thursday morning.
pub fn beginning() -> DateTime<Utc> {
    DateTime::from_timestamp(1_772_701_200, 0).unwrap_or_default()
}

/// One ticket's history, of up to ten rows that each say up to three things.
pub fn histories() -> impl Strategy<Value = History> {
    let rows = (instants(), actors(), vec(said(), 0..4));
    let rows = vec(rows, 0..10);
    let begins = prop_oneof![6 => Just(beginning()), 1 => instants()];
    let orders = select(vec![Order::AsRecorded, Order::ByTime]);
    (begins, rows, orders, option::of(instants())).prop_map(|(begins, rows, order, until)| {
        let (ticket, number) = (TicketId::named("INC7"), TicketNumber(7));
        let mut history = History::new(ticket, number, CustomerId::named("ann"), begins);
        history.order = order;
        history.until = until;
        for (at, by, says) in rows {
            let row = Row::new(at).by(by);
            history.rows.push(says.into_iter().fold(row, Row::says));
        }
        history
    })
}

/// Mostly within some weeks of the [`beginning`], now and then anywhere at all.
pub fn instants() -> impl Strategy<Value = DateTime<Utc>> {
    let near = (-40i64..2_000).prop_map(|hours| beginning() + TimeDelta::hours(hours));
    let far = (-8_000_000_000_000i64..8_000_000_000_000)
        .prop_map(|s| DateTime::from_timestamp(s, 123_456_789).unwrap_or_default());
    prop_oneof![12 => near, 1 => far, 1 => Just(DateTime::<Utc>::MIN_UTC), 1 => Just(DateTime::<Utc>::MAX_UTC)]
}

fn name(text: &'static str) -> Name {
    Name::new(text).unwrap_or_else(|_| unreachable!("`{text}` is a name"))
}

fn statuses() -> impl Strategy<Value = Status> {
    prop_oneof![
        Just(Status::Open),
        Just(Status::Reopened),
        Just(Status::Resolved),
        Just(Status::Closed(CloseReason::Settled)),
        Just(Status::Closed(CloseReason::Spam)),
        Just(Status::Pending(Pending::Customer)),
        instants().prop_map(|until| Status::Pending(Pending::Scheduled { until })),
    ]
}

fn changes() -> impl Strategy<Value = Change> {
    let team = || Some(TeamId::named("first level"));
    let field = |value| Change::Field {
        name: name("phone"),
        value,
    };
    prop_oneof![
        select(Priority::ALL.to_vec()).prop_map(Change::Priority),
        any::<bool>().prop_map(move |some| Change::Assign {
            agent: None,
            team: team().filter(|_| some)
        }),
        any::<bool>().prop_map(|some| Change::Type(some.then(|| name("incident")))),
        Just(Change::AddTag(name("vip"))),
        Just(Change::RemoveTag(name("vip"))),
        any::<bool>().prop_map(move |some| field(some.then(|| FieldValue::Text("012".into())))),
        Just(Change::LogTime {
            spent: Span::minutes(5),
            activity: None
        }),
        instants().prop_map(Change::PromiseUpdate),
        instants().prop_map(Change::EstimateResolution),
        Just(Change::AddParticipant(CustomerId::named("bob"))),
        Just(Change::RemoveParticipant(CustomerId::named("bob"))),
        Just(Change::Redact(MessageId::named("none"))),
    ]
}

/// What one row says of one thing.
pub fn said() -> impl Strategy<Value = Said> {
    let classes = select(vec![
        MessageClass::Ordinary,
        MessageClass::Automatic,
        MessageClass::Thanks,
    ]);
    let messages = (any::<bool>(), classes, option::of("m[12]"), ".{0,60}").prop_map(
        |(public, class, id, text)| {
            let mut draft = Draft::new(text).class(class);
            draft.visibility = if public {
                Visibility::Public
            } else {
                Visibility::Internal
            };
            draft.external_id = id;
            draft
        },
    );
    prop_oneof![
        6 => (statuses(), any::<bool>()).prop_map(|(to, label)| Said::Status { to, label: label.then(|| name("Awaiting vendor")) }),
        1 => Just(Said::UnknownStatus),
        4 => changes().prop_map(Said::Change),
        4 => messages.prop_map(Said::Message),
        1 => Just(Said::Noted(name("odd"))),
    ]
}

fn actors() -> impl Strategy<Value = Actor> {
    select(vec![
        Actor::System,
        Actor::agent(AgentId::named("kim")),
        Actor::customer(CustomerId::named("ann")),
        Actor::customer(CustomerId::named("bob")),
        Actor::Bot(BotId::named("greeter")),
    ])
}
