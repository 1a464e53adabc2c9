//! Several processes on one database: who wins, who waits for a row, and what a refusal names.

use std::time::Duration;

use helpdesk::id::{ContentId, TicketNumber};
use helpdesk::store::{
    Filter, IdempotencyKey, IdempotencyRecord, Load, Page, PostgresStore, Store, StoreErrorKind,
    UniqueKey,
};
use helpdesk::ticket::Version;
use helpdesk::{Actor, Desk, Open};
use uuid::Uuid;

use super::again;
use super::common::*;
use super::server::{self, client, server, store};
use super::sql::*;

/// Several processes open tickets: numbers, versions and keys are judged by the database.
#[test]
#[ignore = "needs a PostgreSQL server: set HELPDESK_POSTGRES"]
fn processes_share_a_database() {
    let first = store();
    let second = PostgresStore::options().schema(first.schema());
    let second = second.connect(&server()).unwrap();
    let desks = [first, second].map(|store| Desk::new(store, rulebook()));
    std::thread::scope(|scope| {
        for (n, desk) in desks.iter().enumerate() {
            scope.spawn(move || {
                for i in 0..20 {
                    let call = call(Actor::Customer(ANN), at(BEGIN), (n * 100 + i) as u128);
                    desk.open(&call, Open::new("x").body("help")).unwrap();
                }
            });
        }
    });
    let list = |desk: &Desk<PostgresStore>| {
        let rows = desk.tenant(TENANT).list(&Filter::all(), &Page::oldest(100));
        rows.unwrap()
    };
    let rows = list(&desks[0]);
    assert_eq!((rows.len(), rows), (40, list(&desks[1])));
    let third = again(desks[0].store()).unwrap();
    third.check_integrity().unwrap();
    let mut load = Load::streams(TENANT, []);
    load.number = true;
    assert!(third.load(&load).unwrap().number > Some(TicketNumber(40)));
}

/// Processes that start together on an empty database make its tables once.
#[test]
#[ignore = "needs a PostgreSQL server: set HELPDESK_POSTGRES"]
fn processes_start_together() {
    let schema = server::schema();
    std::thread::scope(|scope| {
        for _ in 0..6 {
            let options = PostgresStore::options().schema(&schema);
            scope.spawn(move || options.connect(&server()).unwrap());
        }
    });
}

/// Whoever waits longer than the lock timeout for a row is told to try again; reading never waits.
#[test]
#[ignore = "needs a PostgreSQL server: set HELPDESK_POSTGRES"]
fn a_row_that_is_held_is_unavailable() {
    let store = store();
    let impatient = again(&store).unwrap();
    let s = stream("s");
    store.commit(&commit(vec![append(s, 0, 1)])).unwrap();
    let mut other = client();
    let mut held = other.transaction().unwrap();
    held.execute(
        &format!("UPDATE {}.streams SET schema = 1", store.schema()),
        &[],
    )
    .unwrap();
    let error = impatient
        .commit(&commit(vec![append(s, 1, 2)]))
        .unwrap_err();
    let told = (error.kind(), error.is_retryable());
    assert_eq!(told, (StoreErrorKind::Unavailable, true), "{error}");
    assert_eq!(length(&impatient, s), 1);
    held.rollback().unwrap();
    impatient.commit(&commit(vec![append(s, 1, 2)])).unwrap();
}

/// Of a group, one whose row is held is unavailable, and those beside it are written.
#[test]
#[ignore = "needs a PostgreSQL server: set HELPDESK_POSTGRES"]
fn a_held_row_holds_up_no_other_of_its_group() {
    let store = store();
    let impatient = again(&store).unwrap();
    let names = ["a", "b", "c"].map(stream);
    let begin = names.map(|s| append(s, 0, 1));
    store.commit(&commit(begin.to_vec())).unwrap();
    let mut other = client();
    let mut held = other.transaction().unwrap();
    let hold = format!(
        "UPDATE {}.streams SET schema = 1 WHERE id = $1",
        store.schema()
    );
    held.execute(&hold, &[&names[0].id]).unwrap();
    let commits = names.map(|s| commit(vec![append(s, 1, 2)]));
    let told = impatient.commit_all(&commits.each_ref());
    let told: Vec<_> = told
        .into_iter()
        .map(|one| one.map_err(|error| error.kind()))
        .collect();
    assert_eq!(told, [Err(StoreErrorKind::Unavailable), Ok(()), Ok(())]);
    assert_eq!(names.map(|s| length(&store, s)), [1, 2, 2]);

    // Where many are held up, those behind them do not wait for ever.
    let hold = format!("UPDATE {}.streams SET schema = 1", store.schema());
    held.execute(&hold, &[]).unwrap();
    let checks: Vec<_> = (0..20)
        .map(|_| commit(vec![append(names[0], 1, 2)]))
        .collect();
    let begun = std::time::Instant::now();
    let told = impatient.commit_all(&checks.iter().collect::<Vec<_>>());
    assert!(
        told.into_iter()
            .all(|one| kind_of(one) == StoreErrorKind::Unavailable)
    );
    assert!(
        begun.elapsed() < Duration::from_secs(2),
        "{:?}",
        begun.elapsed()
    );
}

/// A group that waits for a row keeps nobody from the rows that it has written already.
#[test]
#[ignore = "needs a PostgreSQL server: set HELPDESK_POSTGRES"]
fn a_group_that_is_held_up_holds_nothing() {
    let store = store();
    let names = ["a", "b"].map(stream);
    let begin = names.map(|s| append(s, 0, 1));
    store.commit(&commit(begin.to_vec())).unwrap();
    let mut other = client();
    let mut held = other.transaction().unwrap();
    let hold = format!(
        "UPDATE {}.streams SET schema = 1 WHERE id = $1",
        store.schema()
    );
    held.execute(&hold, &[&names[1].id]).unwrap();
    let commits = names.map(|s| commit(vec![append(s, 1, 2)]));
    std::thread::scope(|scope| {
        let group = scope.spawn(|| store.commit_all(&commits.each_ref()));
        std::thread::sleep(Duration::from_millis(50));
        let mut third = client();
        third.batch_execute("SET lock_timeout = 2000").unwrap();
        third.execute(&hold, &[&names[0].id]).unwrap();
        held.rollback().unwrap();
        let told = group.join().unwrap();
        assert!(told.iter().all(Result::is_ok), "{told:?}");
    });
    assert_eq!(names.map(|s| length(&store, s)), [2, 2]);
}

/// A usual commit is one statement, which tells of a refusal no more than that there was one: what is answered names what stood in
/// the way all the same, and nothing is written.
#[test]
#[ignore = "needs a PostgreSQL server: set HELPDESK_POSTGRES"]
fn a_refusal_names_what_stood_in_the_way() {
    let store = store();
    let (s, other) = (stream("s"), Uuid::from_u128(9));
    let key = UniqueKey::address(TENANT, "ann@example.com");
    let used = IdempotencyRecord {
        key: IdempotencyKey {
            tenant: TENANT,
            actor: Actor::System,
            key: name("once"),
        },
        at: at(BEGIN),
        fingerprint: Uuid::nil(),
        stream: s,
        after: Version(0),
        until: Version(2),
    };
    let mut first = commit(vec![append(s, 0, 2)]);
    first.unique.push((key, s.id));
    first.idempotency = Some(used.clone());
    store.commit(&first).unwrap();

    let stale = commit(vec![append(s, 1, 3)]);
    let mut claimed = commit(vec![append(s, 2, 3)]);
    claimed.unique.push((key, other));
    let mut again = commit(vec![append(s, 2, 3)]);
    again.idempotency = Some(used);
    for (mut refused, what) in [
        (stale, s.id.to_string()),
        (claimed, key.uuid().to_string()),
        (again, "`once`".to_owned()),
    ] {
        refused.content.push(text("text", None, "lost"));
        refused.outbox.push(message(1));
        let error = store.commit(&refused).unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Conflict, "{error}");
        assert!(error.to_string().contains(&what), "{error}");
        assert_eq!(length(&store, s), 2);
        let texts = store.content(TENANT, &[ContentId::named("text")]).unwrap();
        assert_eq!(texts, [None]);
        assert_eq!(store.next_delivery().unwrap(), None);
    }
}

/// What stands twice in a commit is no usual one: of two texts with one id the later stands.
#[test]
#[ignore = "needs a PostgreSQL server: set HELPDESK_POSTGRES"]
fn the_later_of_two_texts_with_one_id_stands() {
    let store = store();
    let mut both = commit(vec![append(stream("s"), 0, 1)]);
    both.content = ["first", "second"]
        .map(|body| text("text", None, body))
        .into();
    both.outbox = vec![message(1), message(1)];
    store.commit(&both).unwrap();
    let texts = store.content(TENANT, &[ContentId::named("text")]).unwrap();
    let texts: Vec<_> = texts.into_iter().flatten().map(|text| text.text).collect();
    assert_eq!(texts, ["second"]);
}
