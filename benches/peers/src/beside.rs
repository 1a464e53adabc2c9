//! What a desk keeps beside its events, written as a cqrs-es query: cqrs-es gives it the events once they are stored, so it writes in
//! a transaction of its own, and a process that dies in between leaves the two apart. It is given as long texts as the desk writes,
//! ready made: it works out no clock, no list row and no KPI row.
//!
//! Per ticket: its version, its wake-up (in an index), what lists show and filter by, and its KPI rows. Of each text: whom it is
//! about (in an index). Of a new ticket: its unique number, and the last number.

use std::sync::atomic::{AtomicI64, Ordering};

use cqrs_es::{EventEnvelope, Query};
use uuid::Uuid;

use crate::story::{Happened, Status, Story};

/// The tables; `{id}` and `{text}` are the names of types.
pub(crate) const TABLES: [&str; 8] = [
    "CREATE TABLE tickets (id {id} NOT NULL PRIMARY KEY, version bigint NOT NULL, wake_at bigint NOT NULL, number bigint, \
        is_open bigint NOT NULL, stage text NOT NULL, listing text NOT NULL, facts text NOT NULL)",
    "CREATE INDEX due ON tickets (wake_at, id)",
    "CREATE INDEX opened ON tickets (number) WHERE is_open = 1",
    "CREATE TABLE texts (id {id} NOT NULL PRIMARY KEY, about {id}, body text NOT NULL)",
    "CREATE INDEX texts_about ON texts (about) WHERE about IS NOT NULL",
    "CREATE TABLE keys (key {id} NOT NULL PRIMARY KEY, owner {id} NOT NULL)",
    "CREATE TABLE numbers (one bigint NOT NULL PRIMARY KEY, last bigint NOT NULL)",
    "INSERT INTO numbers VALUES (1, 0)",
];

/// About as long as what the desk writes.
const LISTING: usize = 330;
const FACTS: usize = 700;

pub(crate) struct Beside<P> {
    pub(crate) pool: P,
    pub(crate) number: AtomicI64,
}

/// What one command leads to.
struct Rows {
    ticket: Uuid,
    version: i64,
    wake_at: i64,
    number: Option<i64>,
    stage: &'static str,
    texts: Vec<(Uuid, Uuid, String)>,
}

impl<P> Beside<P> {
    pub(crate) fn new(pool: P) -> Beside<P> {
        let number = AtomicI64::new(0);
        Beside { pool, number }
    }

    fn rows(&self, id: &str, events: &[EventEnvelope<Story>]) -> Option<Rows> {
        let last = events.last()?;
        let mut rows = Rows {
            ticket: id.parse().ok()?,
            version: last.sequence as i64,
            wake_at: i64::MAX,
            number: None,
            stage: "open",
            texts: Vec::new(),
        };
        for event in events {
            let text = |n: u64| {
                Uuid::from_u64_pair(
                    spread(rows.ticket.as_u128() as u64),
                    (event.sequence as u64) << 1 | n,
                )
            };
            match &event.payload {
                Happened::Opened {
                    at,
                    requester,
                    subject,
                } => {
                    rows.number = Some(self.number.fetch_add(1, Ordering::Relaxed) + 1);
                    rows.wake_at = at.timestamp_micros() + 3_600_000_000;
                    rows.texts.push((text(0), *requester, subject.clone()));
                }
                Happened::MessageAdded { at, author, body } => {
                    rows.wake_at = at.timestamp_micros() + 7_200_000_000;
                    rows.texts.push((text(1), *author, body.clone()));
                }
                Happened::StatusChanged { to, .. } => {
                    rows.stage = match to {
                        Status::Open => "open",
                        Status::Pending => "pending",
                        Status::Resolved => "resolved",
                    };
                }
            }
        }
        Some(rows)
    }
}

/// Random ids lie anywhere in an index.
fn spread(n: u64) -> u64 {
    n.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// Both databases take the same texts.
macro_rules! query {
    ($pool:ty) => {
        #[async_trait::async_trait]
        impl Query<Story> for Beside<$pool> {
            async fn dispatch(&self, id: &str, events: &[EventEnvelope<Story>]) {
                let Some(rows) = self.rows(id, events) else { return };
                let mut all = self.pool.begin().await.expect("a transaction");
                let text = match rows.number {
                    Some(_) => "INSERT INTO tickets (version, wake_at, is_open, stage, listing, facts, id, number) \
                        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
                    None => "UPDATE tickets SET version = $1, wake_at = $2, is_open = $3, stage = $4, listing = $5, facts = $6 \
                        WHERE id = $7 AND ($8 IS NULL)",
                };
                sqlx::query(text)
                    .bind(rows.version)
                    .bind(rows.wake_at)
                    .bind(i64::from(rows.stage != "resolved"))
                    .bind(rows.stage)
                    .bind("l".repeat(LISTING))
                    .bind("f".repeat(FACTS))
                    .bind(rows.ticket)
                    .bind(rows.number)
                    .execute(&mut *all)
                    .await
                    .expect("the ticket's row");
                if let Some(number) = rows.number {
                    let key = Uuid::from_u64_pair(spread(number as u64), 7);
                    let claim = sqlx::query("INSERT INTO keys (key, owner) VALUES ($1, $2)");
                    claim.bind(key).bind(rows.ticket).execute(&mut *all).await.expect("the number is free");
                    let use_up = sqlx::query("UPDATE numbers SET last = $1 WHERE last < $1");
                    use_up.bind(number).execute(&mut *all).await.expect("the last number");
                }
                for (id, about, body) in rows.texts {
                    let keep = sqlx::query("INSERT INTO texts (id, about, body) VALUES ($1, $2, $3)");
                    keep.bind(id).bind(about).bind(body).execute(&mut *all).await.expect("a text");
                }
                all.commit().await.expect("the end of the transaction");
            }
        }
    };
}

query!(sqlx::SqlitePool);
query!(sqlx::PgPool);
