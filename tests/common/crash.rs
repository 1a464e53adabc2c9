//! What the crash tests of the SQL stores share: commands that are said again under their key until they are answered, and what must
//! hold of the tickets afterwards.

#![allow(missing_docs, unreachable_pub)]

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use helpdesk::id::Name;
use helpdesk::store::{Filter, Page, Store, TicketRow};
use helpdesk::ticket::{Delivery, Event, Ticket};
use helpdesk::{Actor, Call, Command, Desk, Error, Open, Outcome, TenantId, TicketId};
use uuid::Uuid;

use super::common::{ANN, BEGIN, KIM, at, history, keys, name, rulebook};

/// The highest version that was acknowledged, and the notes, by ticket.
pub type Acknowledged = BTreeMap<TicketId, (u64, BTreeSet<String>)>;

pub fn minute(n: i64) -> DateTime<Utc> {
    at(BEGIN) + TimeDelta::minutes(n)
}

/// Opens tickets, from this one on, and notes four things on each, until `say` tells that it is enough. It is given the ticket, the
/// note, and a request that may be made any number of times.
pub fn write_on<S: Store>(
    desk: &Desk<S>,
    now: &dyn Fn() -> DateTime<Utc>,
    first: u128,
    mut say: impl FnMut(TicketId, &str, &dyn Fn() -> Result<Outcome, Error>) -> bool,
) {
    for n in first + 1.. {
        let id = TicketId::from_uuid(Uuid::from_u128(n << 64 | n));
        let note = format!("open-{n}");
        let call = Call::with_id(Uuid::from_u128(n << 1), Actor::Customer(ANN), now());
        let call = call.key(name(&note));
        let open = || desk.open(&call, Open::new("x").id(id).body(note.clone()));
        if !say(id, &note, &open) {
            return;
        }
        for step in 0..4 {
            let note = format!("note-{n}-{step}");
            let id_of_call = Uuid::from_u128((n << 8 | (step + 1)) << 32);
            let call = Call::with_id(id_of_call, Actor::Agent(KIM), now()).key(name(&note));
            let submit = || desk.submit(id, &call, Command::note(note.clone()));
            if !say(id, &note, &submit) {
                return;
            }
        }
    }
}

/// Nothing acknowledged is lost, nothing is torn, nothing fired twice. Tells how much was acknowledged.
pub fn check<S: Store>(desk: &Desk<S>, acknowledged: &Acknowledged) -> usize {
    let single = desk.tenant(TenantId::SINGLE);
    let rows = single.list(&Filter::all(), &Page::oldest(100_000)).unwrap();
    let mut facts = BTreeSet::new();
    let visit = &mut |rows: &[helpdesk::kpi::Fact]| facts.extend(rows.iter().map(|row| row.ticket));
    single.facts(visit).unwrap();
    let mut seen = BTreeSet::new();
    for row in &rows {
        let events = history(desk, row.ticket);
        let ticket = Ticket::replay(TenantId::SINGLE, &events).unwrap();
        let mut places = events.iter().zip(1..);
        assert!(places.all(|(event, n)| event.version.0 == n));
        assert_eq!(TicketRow::of(&ticket), *row);
        assert_eq!(single.find(row.number).unwrap(), Some(row.ticket));
        assert!(facts.contains(&row.ticket));
        let fired = keys(&events);
        let different: BTreeSet<_> = fired.iter().collect();
        assert_eq!(different.len(), fired.len(), "a key fired twice");

        let messages = ticket.messages().iter();
        let bodies: Vec<_> = messages.map(|message| message.body).collect();
        let texts = single.content(&bodies).unwrap();
        let texts: Vec<String> = texts.into_iter().map(|text| text.unwrap().text).collect();
        let different: BTreeSet<String> = texts.iter().cloned().collect();
        assert_eq!(different.len(), texts.len(), "a command was done twice");
        if let Some((version, notes)) = acknowledged.get(&row.ticket) {
            let stands = ticket.version().0;
            assert!(stands >= *version, "an acknowledged commit is lost");
            assert!(notes.is_subset(&different), "an acknowledged note is lost");
        }
        seen.insert(row.ticket);
    }
    assert!(acknowledged.keys().all(|ticket| seen.contains(ticket)));
    acknowledged.values().map(|(_, notes)| notes.len()).sum()
}

/// How many messages the firings in all histories sent.
pub fn fired<S: Store>(desk: &Desk<S>) -> usize {
    let single = desk.tenant(TenantId::SINGLE);
    let rows = single.list(&Filter::all(), &Page::oldest(100_000)).unwrap();
    let book = rulebook();
    let levels: BTreeMap<(Name, Name), usize> = book
        .as_draft()
        .escalations
        .iter()
        .flat_map(|rule| rule.levels.iter().map(move |level| (rule, level)))
        .map(|(rule, level)| {
            let outward = level.actions.iter().filter(|action| action.is_outward());
            ((rule.name.clone(), level.name.clone()), outward.count())
        })
        .collect();
    let events = rows.iter().flat_map(|row| history(desk, row.ticket));
    let sent = |event: &Event| match event {
        Event::Escalated(escalated) if escalated.delivery == Delivery::Delivered => {
            levels[&(escalated.rule.clone(), escalated.level.clone())]
        }
        _ => 0,
    };
    events.map(|recorded| sent(&recorded.event)).sum()
}
