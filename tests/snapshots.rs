//! A snapshot is a shortcut and changes nothing: neither what is decided nor when to look again.

mod common;
#[macro_use]
#[path = "common/through.rs"]
mod through;

use std::sync::Arc;

use chrono::TimeDelta;
use common::*;
use helpdesk::desk::{Known, Need, Operation, Request, plan};
use helpdesk::store::{Load, Loaded, MemoryStore, Snapshot, Store, StreamId};
use helpdesk::ticket::{Change, FieldValue, Recorded, Ticket};
use helpdesk::{Actor, Call, Command, Desk, TenantId, TicketId};
use proptest::prelude::*;
use serde_json::{Value, json};

fn load(desk: &Desk<MemoryStore>, ticket: TicketId, snapshots: bool) -> Loaded {
    let mut load = Load::streams(
        TenantId::SINGLE,
        [StreamId::ticket(TenantId::SINGLE, ticket)],
    );
    load.snapshots = snapshots;
    desk.store().load(&load).unwrap()
}

fn known(ticket: Snapshot) -> Known {
    let mut known = Known::default();
    known.ticket = Some(ticket);
    known
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    /// The ticket of the snapshot is the ticket of all events; and whatever is asked, what is planned from it is what is planned
    /// from the events alone, with the same wake-up, rows and keys.
    #[test]
    fn a_load_with_a_snapshot_equals_one_without(
        story in stories(),
        minutes in proptest::collection::btree_set(0..60_000_i64, 0..10),
        later in gaps(),
    ) {
        let sweeps: Vec<_> = minutes.iter().map(|m| at(BEGIN) + TimeDelta::minutes(*m)).collect();
        let desk = Desk::new(MemoryStore::new(), rulebook());
        let (id, now) = tell(&desk, &story, &sweeps);
        let mut with = load(&desk, id, true);
        let all = load(&desk, id, false);
        prop_assert_eq!(&all.streams[0].snapshot, &None);

        let with = with.streams.remove(0);
        let kept = with.snapshot.expect("the memory store keeps them");
        prop_assert!(kept.wake.is_some());
        let replayed = Ticket::replay(TenantId::SINGLE, all.streams[0].events.ticket()).unwrap();
        let kept = kept.then(with.events.ticket()).unwrap();
        prop_assert_eq!(&*kept.ticket, &replayed);

        let resolve = Request::Submit(id, Command::reply("done").then_resolve());
        for request in [Request::Sweep(id), resolve] {
            for at in [now, now + later, now + TimeDelta::days(40)] {
                let call = call(Actor::System, at, 900);
                let plan = |ticket| plan(&request, &known(ticket), desk.rulebooks(), &call);
                match (plan(kept.clone()), plan(Snapshot::of(replayed.clone()))) {
                    (Ok(left), Ok(right)) => prop_assert_eq!(left, right),
                    (left, right) => prop_assert_eq!(
                        left.map_err(|e| e.to_string()).err(),
                        right.map_err(|e| e.to_string()).err()
                    ),
                }
            }
        }
    }
}

#[test]
fn a_snapshot_that_another_fold_made_is_left_aside() {
    let desk = Desk::new(MemoryStore::new(), rulebook());
    let (id, now) = tell(&desk, &[], &[]);
    let request = Request::Submit(id, Command::resolve());
    let books = Arc::new(desk.rulebooks().clone());
    let mut operation = Operation::new(books, call(Actor::System, now, 900), request);
    let mut loaded = load(&desk, id, true);
    loaded.streams[0].snapshot.as_mut().unwrap().fold += 1;
    operation.loaded(loaded).unwrap();
    let Need::Load(again) = operation.need() else {
        panic!("{operation:?}")
    };
    assert!(!again.snapshots);
    let loaded = desk.store().load(again).unwrap();
    operation.loaded(loaded).unwrap();
    assert!(matches!(operation.need(), Need::Commit(_)));
}

/// A JSON value as it comes back from a host whose numbers are floats.
fn as_floats(value: Value) -> Value {
    match value {
        Value::Number(n) if n.is_f64() => Value::Number(n),
        Value::Number(n) => {
            let exact = n.as_i64().map(i128::from).or(n.as_u64().map(i128::from));
            let rounded = exact.unwrap() as f64 as i128;
            i64::try_from(rounded).map_or_else(|_| json!(rounded as u64), |n| json!(n))
        }
        Value::Array(all) => all.into_iter().map(as_floats).collect(),
        Value::Object(all) => {
            let all = all
                .into_iter()
                .map(|(name, value)| (name, as_floats(value)));
            Value::Object(all.collect())
        }
        other => other,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// A snapshot and its events are what they were when a host whose numbers are floats hands them back.
    #[test]
    fn a_host_that_holds_numbers_as_floats_loses_nothing(story in stories(), number in any::<i64>(), late in 0..60_i64) {
        let desk = Desk::new(MemoryStore::new(), rulebook());
        let (id, now) = tell(&desk, &story, &[]);
        desk.sweep(now + TimeDelta::days(late), 10).unwrap();
        for (n, number) in (0..).zip([number, i64::MAX, i64::MIN, (1 << 53) + 1, 7]) {
            let value = Some(FieldValue::Number(number));
            let set = Change::Field { name: name(&format!("f{n}")), value };
            let kim = Call::new(Actor::Agent(KIM), now + TimeDelta::days(61));
            if let Err(refused) = desk.submit(id, &kim, Command::change(set)) {
                prop_assert_eq!(refused.code(), "closed");
            }
        }
        let mut loaded = load(&desk, id, true).streams.remove(0);
        let mut kept = loaded.snapshot.take().unwrap();
        kept = kept.then(loaded.events.ticket()).unwrap();
        let back = as_floats(serde_json::to_value(&kept).unwrap());
        prop_assert_eq!(serde_json::from_value::<Snapshot>(back).unwrap(), kept);
        let all = load(&desk, id, false).streams.remove(0).events.into_ticket();
        let back = as_floats(serde_json::to_value(&all).unwrap());
        prop_assert_eq!(serde_json::from_value::<Vec<Recorded>>(back).unwrap(), all);
    }
}

/// Numbers of fields are read in either form, and up to 2^53 written as they always were.
#[test]
fn the_number_of_a_field_is_read_in_either_form() {
    let written = |number| serde_json::to_value(FieldValue::Number(number)).unwrap();
    let read = |value: Value| serde_json::from_value::<FieldValue>(json!({ "number": value }));
    let edge = 1_i64 << 53;
    for number in [0, -1, edge, -edge] {
        assert_eq!(written(number), json!({ "number": number }));
    }
    for number in [edge + 1, -edge - 1, i64::MAX, i64::MIN] {
        assert_eq!(written(number), json!({ "number": number.to_string() }));
        for form in [json!(number), json!(number.to_string())] {
            assert_eq!(read(form).unwrap(), FieldValue::Number(number));
        }
    }
    for none in [
        json!(u64::MAX),
        json!("9223372036854775808"),
        json!("x"),
        json!(1.5),
        json!(""),
    ] {
        assert!(read(none.clone()).is_err(), "{none}");
    }
}

#[test]
fn events_that_do_not_follow_a_snapshot_make_no_ticket() {
    let desk = Desk::new(MemoryStore::new(), rulebook());
    let (id, _) = tell(&desk, &[], &[]);
    let kept = load(&desk, id, true).streams.remove(0).snapshot.unwrap();
    let events = load(&desk, id, false)
        .streams
        .remove(0)
        .events
        .into_ticket();
    assert!(kept.clone().then(&[]).is_some());
    assert!(kept.then(&events).is_none());
}

/// Gives a snapshot of another fold, whatever it is asked for.
#[derive(Debug)]
struct OtherFold(MemoryStore);

impl Store for OtherFold {
    through! { commit due next_wake facts content list streams claim acknowledge postpone next_delivery prune_keys }

    fn load(&self, request: &Load) -> Result<Loaded, helpdesk::store::StoreError> {
        let mut request = request.clone();
        request.snapshots = true;
        let mut loaded = self.0.load(&request)?;
        for kept in loaded
            .streams
            .iter_mut()
            .filter_map(|one| one.snapshot.as_mut())
        {
            kept.fold += 1;
        }
        Ok(loaded)
    }
}

/// A store that has no events to tell holds up no sweep: its ticket ails.
#[test]
fn a_snapshot_that_cannot_be_used_is_asked_for_once() {
    let desk = Desk::new(OtherFold(MemoryStore::new()), rulebook());
    let id = opened(&desk);
    let late = at(BEGIN) + TimeDelta::days(9);
    let swept = desk.sweep(late, 10).unwrap();
    assert_eq!((swept.tickets, swept.failed.len()), (0, 1));
    let (stream, error) = &swept.failed[0];
    assert_eq!(stream.id, id.uuid());
    assert_eq!(error.kind(), helpdesk::error::ErrorKind::Corrupt);
}
