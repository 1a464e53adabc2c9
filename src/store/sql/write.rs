//! From a commit to the statements that write it.

use chrono::{DateTime, Utc};

use crate::call::Actor;
use crate::store::stored::{SCHEMA, write, write_rows};
use crate::store::{
    Commit, IdempotencyRecord, OutboxMessage, Part, Snapshot, StoreError, StreamId, TicketRow, Wake,
};
use crate::ticket::{Content, Priority, Stage, Version};
use crate::time::{Micros, micros};

use super::texts::Texts;
use super::{Expect, Sql, Statement, Value, number, signed};

/// A snapshot is kept each time that a stream grew by so many events: short tickets have none, and of a long one at most so
/// many events are read after it.
const SNAPSHOT_EVERY: u64 = 64;

/// A wake-up that will not come.
pub(in crate::store) const NEVER: Micros = Micros::MAX;

pub(super) fn statements<'a>(
    sql: &'a Sql,
    commit: &Commit,
) -> Result<Vec<Statement<'a>>, StoreError> {
    commit.check()?;
    let texts = &sql.texts;
    let mut list = List {
        texts,
        set_aside: sql.set_aside.as_deref(),
        commit,
        statements: Vec::with_capacity(8),
    };
    list.persons();
    for part in &commit.parts {
        list.part(part)?;
    }
    for (key, owner) in &commit.freed {
        let params = vec![list.tenant(), key.uuid().into(), (*owner).into()];
        list.push(&texts.free_key, params, Expect::Any);
    }
    for (from, to) in &commit.moved {
        let params = vec![list.tenant(), (*from).into(), (*to).into()];
        list.push(&texts.move_keys, params, Expect::Any);
    }
    for (key, owner) in &commit.unique {
        list.push(
            &texts.claim_key,
            vec![list.tenant(), key.uuid().into(), (*owner).into()],
            Expect::Unclaimed(*key),
        );
    }
    if let Some(record) = &commit.idempotency {
        list.remember(record)?;
    }
    if let Some(used) = commit.number {
        let params = vec![list.tenant(), number(used)?.into()];
        list.push(&texts.use_number, params, Expect::Any);
    }
    for content in &commit.content {
        list.keep(content)?;
    }
    for id in &commit.erased {
        let params = vec![list.tenant(), id.uuid().into()];
        list.push(&texts.erase_content, params, Expect::Any);
    }
    for message in &commit.outbox {
        list.send(message)?;
    }
    Ok(list.statements)
}

struct List<'a, 'c> {
    texts: &'a Texts,
    set_aside: Option<&'a str>,
    commit: &'c Commit,
    statements: Vec<Statement<'a>>,
}

impl<'a> List<'a, '_> {
    fn tenant(&self) -> Value {
        self.commit.tenant.uuid().into()
    }

    fn push(&mut self, sql: &'a str, params: Vec<Value>, expect: Expect) {
        self.statements.push(Statement {
            sql,
            params,
            expect,
        });
    }

    fn persons(&mut self) {
        for person in &self.commit.persons {
            for sql in [&self.texts.erase_person, &self.texts.release_keys] {
                let params = vec![self.tenant(), person.uuid().into()];
                self.push(sql, params, Expect::Any);
            }
        }
    }

    fn part(&mut self, part: &Part) -> Result<(), StoreError> {
        let until = part.events.last_version().unwrap_or(part.expected);
        let [tenant, kind, id] = place(part.stream);
        let mut params = vec![tenant, kind, id, signed(until.0, "version")?.into()];
        let facts = match &part.facts {
            Some(rows) => Some(write_rows(rows)?.into()),
            None => None,
        };
        let listing = match &part.listing {
            Some(row) => Some(write("the list row of a ticket", row)?.into()),
            None => None,
        };
        let stage = part
            .listing
            .as_ref()
            .map(|row| stage_text(row.status.stage()).into());
        let rows = [
            schema(),
            Value::Text(facts),
            Value::Text(listing),
            Value::Text(stage),
        ];
        let standing = Value::from(signed(part.expected.0, "version")?);
        let sql = match (part.expected.0, &part.wake) {
            (0, wake) => {
                params.extend(wake_up(wake.as_ref()));
                params.extend(rows);
                &self.texts.begin_stream
            }
            (_, Some(wake)) => {
                params.extend(wake_up(Some(wake)));
                params.extend(rows);
                params.push(standing);
                &self.texts.move_stream
            }
            (_, None) => {
                params.extend(rows);
                params.push(standing);
                &self.texts.extend_stream
            }
        };
        self.push(sql, params, Expect::Stands(part.stream, part.expected));
        for (version, body) in part.events.texts()? {
            self.event(part.stream, version, body)?;
        }
        if let Some(snapshot) = &part.snapshot
            && part.expected.0 / SNAPSHOT_EVERY < snapshot.version().0 / SNAPSHOT_EVERY
        {
            self.snapshot(part.stream, snapshot)?;
        }
        match &part.listing {
            Some(row) if part.expected.0 == 0 || !part.keeps_place => self.listing(part, row),
            _ => Ok(()),
        }
    }

    fn snapshot(&mut self, stream: StreamId, snapshot: &Snapshot) -> Result<(), StoreError> {
        let [tenant, kind, id] = place(stream);
        let version = signed(snapshot.version().0, "version")?.into();
        let fold = i64::from(snapshot.fold).into();
        let body = write("a snapshot", snapshot)?.into();
        let params = vec![tenant, kind, id, version, fold, schema(), body];
        self.push(&self.texts.keep_snapshot, params, Expect::Any);
        Ok(())
    }

    fn event(
        &mut self,
        stream: StreamId,
        version: Version,
        body: String,
    ) -> Result<(), StoreError> {
        let [tenant, kind, id] = place(stream);
        let version = signed(version.0, "version")?.into();
        let params = vec![tenant, kind, id, version, schema(), body.into()];
        self.push(&self.texts.add_event, params, Expect::Any);
        Ok(())
    }

    fn listing(&mut self, part: &Part, row: &TicketRow) -> Result<(), StoreError> {
        let stage = row.status.stage();
        let params = vec![
            self.tenant(),
            number(row.number)?.into(),
            part.stream.id.into(),
            i64::from(stage.is_backlog()).into(),
            standing_text(stage).into(),
            priority_text(row.priority).into(),
            Value::Text(row.kind.as_ref().map(|kind| kind.to_string().into())),
            Value::Uuid(row.team.map(|team| team.uuid())),
            Value::Uuid(row.agent.map(|agent| agent.uuid())),
            row.requester.uuid().into(),
        ];
        self.push(&self.texts.list_ticket, params, Expect::Any);
        Ok(())
    }

    fn remember(&mut self, record: &IdempotencyRecord) -> Result<(), StoreError> {
        let params = vec![
            self.tenant(),
            actor_text(record.key.actor)?.into(),
            record.key.key.to_string().into(),
            micros(record.at).into(),
            schema(),
            write("an idempotency record", record)?.into(),
        ];
        let expect = Expect::Unused(record.key.key.clone());
        self.push(&self.texts.remember, params, expect);
        Ok(())
    }

    fn keep(&mut self, content: &Content) -> Result<(), StoreError> {
        if let Some(set_aside) = self.set_aside {
            let params = vec![self.tenant(), content.id.uuid().into()];
            self.push(set_aside, params, Expect::Any);
        }
        let params = vec![
            self.tenant(),
            content.id.uuid().into(),
            Value::Uuid(content.about.map(|about| about.uuid())),
            schema(),
            write("a text", content)?.into(),
        ];
        self.push(&self.texts.keep_content, params, Expect::Any);
        Ok(())
    }

    fn send(&mut self, message: &OutboxMessage) -> Result<(), StoreError> {
        let params = vec![
            message.id.into(),
            message.tenant.uuid().into(),
            micros(message.at).into(),
            i64::from(message.attempts).into(),
            schema(),
            write("an outbox message", message)?.into(),
        ];
        self.push(&self.texts.send, params, Expect::Any);
        Ok(())
    }
}

fn schema() -> Value {
    i64::from(SCHEMA).into()
}

fn place(stream: StreamId) -> [Value; 3] {
    let StreamId { tenant, kind, id } = stream;
    [tenant.uuid().into(), kind.code().into(), id.into()]
}

/// The wake-up, its rulebook and its zone data.
fn wake_up(wake: Option<&Wake>) -> [Value; 3] {
    let at = |at: Option<DateTime<Utc>>| at.map_or(NEVER, micros);
    [
        Value::Integer(wake.map(|wake| at(wake.at))),
        Value::Uuid(wake.map(|wake| wake.stamp.rulebook.uuid())),
        Value::Text(wake.map(|wake| wake.stamp.zone_data.clone())),
    ]
}

/// The kind behind a stored code; `None` for one that a newer version of the crate knows.
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub(in crate::store) fn kind_of(code: i64) -> Option<crate::store::StreamKind> {
    crate::store::StreamKind::of_code(code)
}

pub(in crate::store) fn actor_text(actor: Actor) -> Result<String, StoreError> {
    write("an actor", &actor)
}

pub(super) const fn stage_text(stage: Stage) -> &'static str {
    match stage {
        Stage::Open => "open",
        Stage::Pending => "pending",
        Stage::Resolved => "resolved",
        Stage::Reopened => "reopened",
        Stage::Closed => "closed",
    }
}

/// What of the stage stands among what lists filter by: that changes seldom.
pub(super) const fn standing_text(stage: Stage) -> &'static str {
    match stage.is_backlog() {
        true => stage_text(Stage::Open),
        false => stage_text(stage),
    }
}

pub(super) const fn priority_text(priority: Priority) -> &'static str {
    match priority {
        Priority::Low => "low",
        Priority::Normal => "normal",
        Priority::High => "high",
        Priority::Urgent => "urgent",
        Priority::Critical => "critical",
    }
}

/// A limit as a database has it.
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub(in crate::store) fn limit(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
