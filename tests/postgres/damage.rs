//! Damage of each kind is told as damage, and never taken for an empty stream.

use chrono::TimeDelta;
use helpdesk::id::ContentId;
use helpdesk::store::{Filter, Load, Page, Store, StoreErrorKind, StreamId};
use helpdesk::{Actor, Command, Desk};
use uuid::Uuid;

use super::common::*;
use super::server::{client, forgetful, store};
use super::sql::*;
use super::{again, meddle};

/// A message that cannot be read keeps nobody's messages back, and is told where it is alone.
#[test]
#[ignore = "needs a PostgreSQL server: set HELPDESK_POSTGRES"]
fn a_damaged_message_keeps_no_other_back() {
    let store = store();
    let mut send = commit(vec![]);
    send.outbox = (1..=3).map(message).collect();
    store.commit(&send).unwrap();
    let bad = Uuid::from_u128(1);
    meddle(
        &store,
        &format!("UPDATE {{s}}.outbox SET body = '{{' WHERE id = '{bad}'"),
    );
    a_bad_message_keeps_no_other_back(&store, bad);
}

/// A row of a list or of the figures that cannot be read is told with its ticket.
#[test]
#[ignore = "needs a PostgreSQL server: set HELPDESK_POSTGRES"]
fn damaged_rows_are_told_with_their_ticket() {
    let desk = Desk::new(store(), rulebook());
    let id = opened(&desk);
    meddle(
        desk.store(),
        "UPDATE {s}.streams SET facts = '{', listing = '{'",
    );
    for error in [
        desk.store().facts(TENANT, &mut |_| {}).unwrap_err(),
        desk.store()
            .list(TENANT, &Filter::all(), &Page::oldest(9))
            .unwrap_err(),
    ] {
        assert_eq!(error.kind(), StoreErrorKind::Corrupt, "{error}");
        assert!(error.to_string().contains(&id.to_string()), "{error}");
    }
}

/// Damage of each kind is told as damage, by name, and never taken for an empty stream.
#[test]
#[ignore = "needs a PostgreSQL server: set HELPDESK_POSTGRES"]
fn damage_is_corrupt() {
    let store = store();
    let names = ["gap", "garbage", "other place", "fine", "lost"];
    let mut all = commit(names.map(|name| append(stream(name), 0, 3)).to_vec());
    all.content.push(text("1", None, "x"));
    store.commit(&all).unwrap();
    let damage = |text: &str, name: &str| {
        meddle(&store, &text.replace("{id}", &stream(name).id.to_string()));
    };
    damage(
        "DELETE FROM {s}.events WHERE id = '{id}' AND version = 2",
        "gap",
    );
    damage(
        "UPDATE {s}.events SET body = '{' WHERE id = '{id}' AND version = 2",
        "garbage",
    );
    let swap = "UPDATE {s}.events SET body = replace(body, '\"version\":3', '\"version\":1') WHERE id = '{id}'";
    damage(swap, "other place");
    for name in ["gap", "garbage", "other place"] {
        let load = Load::streams(TENANT, [stream("fine"), stream(name)]);
        let error = store.load(&load).unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Corrupt, "{name}: {error}");
        assert!(
            error.to_string().contains(&stream(name).id.to_string()),
            "{error}"
        );
    }
    meddle(&store, "UPDATE {s}.contents SET body = 'no json'");
    let read = store.content(TENANT, &[ContentId::named("1")]).unwrap_err();
    assert_eq!(read.kind(), StoreErrorKind::Corrupt);
    assert!(
        read.to_string()
            .contains(&ContentId::named("1").to_string()),
        "{read}"
    );
    assert_eq!(length(&store, stream("fine")), 3);

    let error = store.check_integrity().unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Corrupt);
    assert!(
        error.to_string().contains(&stream("gap").id.to_string()),
        "{error}"
    );
    damage("DELETE FROM {s}.events WHERE id = '{id}'", "gap");
    damage("DELETE FROM {s}.streams WHERE id = '{id}'", "gap");
    store.check_integrity().unwrap();
    damage("DELETE FROM {s}.streams WHERE id = '{id}'", "lost");
    assert_eq!(kind_of(store.check_integrity()), StoreErrorKind::Corrupt);

    meddle(&store, "DROP TABLE {s}.outbox");
    let claimed = store.claim(at(BEGIN), TimeDelta::minutes(1), 1);
    assert_eq!(kind_of(claimed), StoreErrorKind::Corrupt);
    assert_eq!(kind_of(again(&store)), StoreErrorKind::Corrupt);
    meddle(&store, "DELETE FROM {s}.schema_version");
    assert_eq!(kind_of(again(&store)), StoreErrorKind::Corrupt);
}

/// A snapshot that cannot be read is as good as none, and one of another fold too.
#[test]
#[ignore = "needs a PostgreSQL server: set HELPDESK_POSTGRES"]
fn a_spoiled_snapshot_is_passed_over() {
    let desk = Desk::new(forgetful(), rulebook());
    let ticket = opened(&desk);
    for n in 0..80 {
        let now = at(BEGIN) + TimeDelta::seconds(n);
        let by_kim = call(Actor::Agent(KIM), now, n.unsigned_abs().into());
        desk.submit(ticket, &by_kim, Command::note(n.to_string()))
            .unwrap();
    }
    let kept = "SELECT count(*) FROM {s}.snapshots".replace("{s}", desk.store().schema());
    let kept: i64 = client().query_one(&kept, &[]).unwrap().get(0);
    assert_eq!(kept, 1);
    let mut load = Load::streams(TENANT, [StreamId::ticket(TENANT, ticket)]);
    load.snapshots = true;
    let stream = |load: &Load| desk.store().load(load).unwrap().streams.remove(0);
    let with = stream(&load);
    assert!(with.snapshot.is_some() && with.events.len() < 64);
    let whole = desk.ticket(ticket).unwrap();
    for (spoil, heal) in [
        ("version = version - 1", "version = version + 1"),
        ("fold = fold + 1", "fold = fold - 1"),
        ("body = '{'", "body = '{'"),
    ] {
        meddle(desk.store(), &format!("UPDATE {{s}}.snapshots SET {spoil}"));
        let without = stream(&load);
        assert!(
            without.snapshot.is_none() && without.events.len() > 80,
            "{spoil}"
        );
        assert_eq!(desk.ticket(ticket).unwrap(), whole);
        meddle(desk.store(), &format!("UPDATE {{s}}.snapshots SET {heal}"));
    }
}
