//! From rows back to what they are rows of: the same for every database.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use uuid::Uuid;

use crate::id::{TenantId, TicketNumber};
use crate::store::{DueStream, Events, OutboxMessage, StoreError, StoreErrorKind, StreamId};
use crate::ticket::Version;
use crate::time::{Micros, instant};

use super::NEVER;

/// The events of a stream, row by row: each must follow the one before.
pub(in crate::store) struct Following {
    stream: StreamId,
    version: Version,
    events: Events,
}

impl Following {
    /// The first row is the one after this version.
    pub(in crate::store) fn new(stream: StreamId, after: Version) -> Following {
        Following {
            stream,
            version: after,
            events: Events::none(stream.kind),
        }
    }

    /// Those of the same stream after another version.
    #[cfg(feature = "postgres")]
    pub(in crate::store) fn after(&self, version: Version) -> Following {
        Following::new(self.stream, version)
    }

    pub(in crate::store) fn push(
        &mut self,
        number: i64,
        schema: i64,
        body: &str,
    ) -> Result<(), StoreError> {
        let version = self.version.next();
        if u64::try_from(number) != Ok(version.0) {
            return Err(self.torn(version, number));
        }
        let pushed = self.events.push_text(version, schema, body);
        pushed.map_err(|error| self.within(error))?;
        self.version = version;
        Ok(())
    }

    pub(in crate::store) fn events(self) -> Events {
        self.events
    }

    fn torn(&self, expected: Version, found: i64) -> StoreError {
        let what = format!(
            "stream {} has event {found} where event {} belongs",
            self.stream.id, expected.0
        );
        StoreError::new(StoreErrorKind::Corrupt, what)
    }

    fn within(&self, error: StoreError) -> StoreError {
        let what = format!("stream {}: {error}", self.stream.id);
        StoreError::new(error.kind(), what).because(error)
    }
}

/// For `map_err`: the error of a record, naming the row that it stands in.
pub(in crate::store) fn of_row(what: &'static str, id: Uuid) -> impl Fn(StoreError) -> StoreError {
    move |error| StoreError::new(error.kind(), format!("{what} {id}: {error}")).because(error)
}

/// What was claimed of the outbox, row by row.
#[derive(Default)]
pub(in crate::store) struct Claimed {
    messages: Vec<OutboxMessage>,
    unreadable: Option<StoreError>,
}

impl Claimed {
    pub(in crate::store) fn push(&mut self, id: Uuid, read: Result<OutboxMessage, StoreError>) {
        match read.map_err(of_row("message", id)) {
            Ok(message) => self.messages.push(message),
            Err(error) => _ = self.unreadable.get_or_insert(error),
        }
    }

    /// The messages; the error of the first that cannot be read where that is all there is. It is held like the others, so that it keeps
    /// nobody's messages back.
    pub(in crate::store) fn finish(self) -> Result<Vec<OutboxMessage>, StoreError> {
        match self.unreadable {
            Some(error) if self.messages.is_empty() => Err(error),
            _ => Ok(self.messages),
        }
    }
}

/// The last number given to each tenant by one store value: numbers that were given and not committed yet are not given again.
#[derive(Debug, Default)]
pub(in crate::store) struct Given(Mutex<HashMap<TenantId, u64>>);

impl Given {
    /// The number after the last one that was committed and the last one that was given.
    pub(in crate::store) fn next(&self, tenant: TenantId, committed: Option<i64>) -> TicketNumber {
        let committed = committed.and_then(|last| u64::try_from(last).ok());
        let mut given = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let last = given.entry(tenant).or_default();
        *last = committed.unwrap_or(0).max(*last).saturating_add(1);
        TicketNumber(*last)
    }
}

/// The earliest of these wake-ups, in the order that [`Store::due`](crate::store::Store::due) promises.
pub(in crate::store) fn due_streams(
    mut found: Vec<(Micros, StreamId)>,
    limit: usize,
) -> Vec<DueStream> {
    if !found.is_sorted() {
        found.sort_unstable();
    }
    found.truncate(limit);
    let told = |(at, stream): (Micros, StreamId)| DueStream {
        stream,
        wake_at: (at != NEVER).then(|| instant(at)),
    };
    found.into_iter().map(told).collect()
}

/// The first id that can follow `after`; none where it is the last one.
pub(in crate::store) fn first_after(after: Option<Uuid>) -> Option<Uuid> {
    let Some(after) = after else {
        return Some(Uuid::nil());
    };
    after.as_u128().checked_add(1).map(Uuid::from_u128)
}

/// The version that the tables have once all these migrations are made.
pub(in crate::store) fn known(migrations: &[&str]) -> i64 {
    i64::try_from(migrations.len()).unwrap_or(i64::MAX)
}

/// The migrations that tables of the version `found` still need.
pub(in crate::store) fn missing_steps<'m, 't>(
    found: i64,
    migrations: &'m [&'t str],
) -> Result<&'m [&'t str], StoreError> {
    let made = usize::try_from(found).unwrap_or(usize::MAX);
    migrations.get(made..).ok_or_else(|| {
        let known = migrations.len();
        let what = format!(
            "the tables have version {found}; this version of the crate knows up to {known}: upgrade it"
        );
        StoreError::new(StoreErrorKind::Newer, what)
    })
}

/// The version of the tables, of what stands in `table`.
pub(in crate::store) fn told_version(found: Option<i64>, table: &str) -> Result<i64, StoreError> {
    found.filter(|version| *version >= 1).ok_or_else(|| {
        let what = format!("`{table}` does not tell the version of the tables");
        StoreError::new(StoreErrorKind::Corrupt, what)
    })
}
