//! A commit is whole or nothing, whatever is in it and whatever is against it.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::lists::row;
use super::outbox::message;
use super::records::{record_of, recorded};
use super::{
    TENANT, append, begin, commit, id, key, one_row, owner, refused, stream, text, versions,
};
use crate::call::Actor;
use crate::id::{ContentId, CustomerId, RulebookId, TicketNumber};
use crate::kpi::Fact;
use crate::store::{
    Commit, DueStream, Filter, IdempotencyRecord, Page, Stamp, Store, StoreErrorKind, TicketRow,
    UniqueKey, Wake,
};
use crate::ticket::{Content, Priority};

/// The tickets, by the numbers that lists show them under.
const TICKETS: [&str; 2] = ["1", "2"];
const TEXTS: [&str; 3] = ["erased", "about ann", "new"];
const KEYS: [&str; 5] = ["<taken>", "<freed>", "<moved>", "<ann's>", "<new>"];
const ONCE: [&str; 2] = ["once", "again"];

/// Everything of a store that the commits here are about.
#[derive(Debug, PartialEq)]
struct Seen {
    versions: [Vec<u64>; 2],
    due: Vec<DueStream>,
    facts: Vec<Vec<Fact>>,
    rows: Vec<TicketRow>,
    texts: Vec<Option<Content>>,
    owners: [Option<Uuid>; 5],
    once: [Option<IdempotencyRecord>; 2],
    delivery: Option<DateTime<Utc>>,
}

fn seen(store: &dyn Store) -> Seen {
    let mut facts = Vec::new();
    store
        .facts(TENANT, &mut |rows| facts.push(rows.to_vec()))
        .unwrap();
    facts.retain(|rows| !rows.is_empty());
    let page = Page::oldest(10);
    Seen {
        versions: TICKETS.map(|ticket| versions(store, stream(ticket))),
        due: store.due(minute(99), "2026a", 10).unwrap(),
        facts,
        rows: store.list(TENANT, &Filter::all(), &page).unwrap(),
        texts: store.content(TENANT, &TEXTS.map(ContentId::named)).unwrap(),
        owners: KEYS.map(|of| owner(store, key(of))),
        once: ONCE.map(|of| recorded(store, &once(of))),
        delivery: store.next_delivery().unwrap(),
    }
}

fn minute(n: i64) -> DateTime<Utc> {
    begin() + TimeDelta::minutes(n)
}

fn once(key: &str) -> IdempotencyRecord {
    record_of(TENANT, Actor::System, key)
}

fn wake(minutes: i64) -> Wake {
    Wake {
        at: Some(minute(minutes)),
        stamp: Stamp {
            rulebook: RulebookId::named("r"),
            zone_data: "2026a".into(),
        },
    }
}

fn due(ticket: &str, minutes: i64) -> DueStream {
    DueStream {
        stream: stream(ticket),
        wake_at: Some(minute(minutes)),
    }
}

fn urgent(number: u64) -> TicketRow {
    TicketRow {
        priority: Priority::Critical,
        ..row(number)
    }
}

fn claims(keys: &[(&str, Uuid)]) -> Vec<(UniqueKey, Uuid)> {
    keys.iter().map(|(of, owner)| (key(of), *owner)).collect()
}

/// One stale part, one taken key, one idempotency key that was used: nothing of all the rest is written, nor is anything erased, freed or
/// moved.
pub fn a_commit_is_all_or_nothing(store: &dyn Store) {
    let ann = CustomerId::named("ann");
    let texts = [
        text(TEXTS[0], None, "erased?"),
        text(TEXTS[1], Some("ann"), "erased with her?"),
        text(TEXTS[2], None, "kept?"),
    ];
    let part = append(stream(TICKETS[1]), 0, 1).wake(wake(5));
    let part = part.facts(vec![one_row(TICKETS[1])]).listing(row(2));
    let mut first = commit(vec![part]);
    first.content = texts[..2].to_vec();
    first.unique = claims(&[
        (KEYS[0], id(1)),
        (KEYS[1], id(5)),
        (KEYS[2], id(6)),
        (KEYS[3], ann.uuid()),
    ]);
    first.idempotency = Some(once(ONCE[0]));
    store.commit(&first).unwrap();

    let whole = |stands_at, taken_by, key: &str| -> Commit {
        let rows = |ticket, n| vec![one_row(ticket); n];
        let new = append(stream(TICKETS[0]), 0, 2).wake(wake(3));
        let old = append(stream(TICKETS[1]), stands_at, stands_at + 1).wake(wake(2));
        let mut whole = commit(vec![
            new.facts(rows(TICKETS[0], 1)).listing(row(1)),
            old.facts(rows(TICKETS[1], 2)).listing(urgent(2)),
        ]);
        whole.content.push(texts[2].clone());
        whole.erased.push(texts[0].id);
        whole.persons.push(ann);
        whole.freed = claims(&[(KEYS[1], id(5))]);
        whole.moved.push((id(6), id(7)));
        whole.outbox.push(message(1, minute(1)));
        whole.unique = claims(&[(KEYS[4], id(2)), (KEYS[0], id(taken_by))]);
        whole.idempotency = Some(once(key));
        whole.number = Some(TicketNumber(40));
        whole
    };
    let before = Seen {
        versions: [vec![], vec![1]],
        due: vec![due(TICKETS[1], 5)],
        facts: vec![vec![one_row(TICKETS[1])]],
        rows: vec![row(2)],
        texts: vec![Some(texts[0].clone()), Some(texts[1].clone()), None],
        owners: [
            Some(id(1)),
            Some(id(5)),
            Some(id(6)),
            Some(ann.uuid()),
            None,
        ],
        once: [Some(once(ONCE[0])), None],
        delivery: None,
    };
    assert_eq!(seen(store), before);
    for (refusable, cause) in [
        (whole(0, 1, ONCE[1]), "a stale part"),
        (whole(1, 2, ONCE[1]), "a taken key"),
        (whole(1, 1, ONCE[0]), "a used idempotency key"),
    ] {
        refused(store.commit(&refusable), StoreErrorKind::Conflict);
        assert_eq!(seen(store), before, "after {cause}");
    }

    store.commit(&whole(1, 1, ONCE[1])).unwrap();
    let mut facts = vec![vec![one_row(TICKETS[0])], vec![one_row(TICKETS[1]); 2]];
    facts.sort_by_key(|rows| rows[0].ticket);
    let after = Seen {
        versions: [vec![1, 2], vec![1, 2]],
        due: vec![due(TICKETS[1], 2), due(TICKETS[0], 3)],
        facts,
        rows: vec![row(1), urgent(2)],
        texts: vec![None, None, Some(texts[2].clone())],
        owners: [Some(id(1)), None, Some(id(7)), None, Some(id(2))],
        once: ONCE.map(|key| Some(once(key))),
        delivery: Some(minute(1)),
    };
    assert_eq!(seen(store), after);
}
