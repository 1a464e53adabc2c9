//! A usual commit as one statement: one message to the server and one answer, where a transaction of several has one for each.
//!
//! Each statement becomes a part of a `WITH`; the `SELECT` behind them counts the rows of those that must touch one, and fails where
//! there is none, so that the server undoes all of it. All parts see the database as it was before, so none may touch a row that
//! another one touches: a commit that does more than add (it erases, or frees and moves keys), or does one thing twice (moves two
//! streams, claims two keys), is a transaction of several statements. So is one that was refused here: only then it is known what stood in the way.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::store::sql::{Expect, Statement, Value};

use super::PostgresStore;
use super::columns::Columns;
use super::link::Params;

/// A statement that does all of a commit.
pub(super) struct Whole<'s> {
    text: String,
    /// How many parameters are in use.
    used: usize,
    single: Vec<&'s Statement<'s>>,
    several: Vec<Columns<'s>>,
    /// What must be 1 or more, each: else the server divides by nothing.
    guards: String,
}

impl PostgresStore {
    /// The commit of these statements as one; `None` where it is not a usual one.
    pub(super) fn whole<'s>(&self, statements: &'s [Statement<'s>]) -> Option<Whole<'s>> {
        let (texts, own) = (&self.sql.texts, &self.own);
        let once = [
            &texts.begin_stream,
            &texts.move_stream,
            &texts.extend_stream,
            &texts.keep_snapshot,
            &texts.list_ticket,
            &texts.claim_key,
            &texts.remember,
            &texts.use_number,
        ];
        let several = [&texts.add_event, &texts.keep_content, &texts.send];
        // An opening asks beside its own stream for that of a customer without a profile.
        let stand_apart = |one: &Statement<'_>, other: &Statement<'_>| {
            one.sql != other.sql
                || one.sql == texts.begin_stream && one.params.get(..3) != other.params.get(..3)
        };
        let mut whole = Whole {
            text: "WITH".to_owned(),
            used: 0,
            single: Vec::with_capacity(once.len()),
            several: Vec::with_capacity(several.len()),
            guards: String::new(),
        };
        let mut of: [Vec<&Statement<'_>>; 3] = Default::default();
        for one in statements {
            match several.iter().position(|text| **text == one.sql) {
                Some(place) => of.get_mut(place)?.push(one),
                None if once.iter().all(|text| **text != one.sql) => return None,
                None if !whole.single.iter().all(|other| stand_apart(one, other)) => return None,
                None if whole.single.len() > once.len() => return None, // few texts: each is prepared once
                None => whole.add(one),
            }
        }
        let [events, contents, messages] = &of;
        whole.add_all(
            &own.add_events,
            Columns::of(events, &[0, 1, 2, 4], &[3, 5])?,
        );
        let ids: BTreeSet<_> = contents
            .iter()
            .map(|one| one.params.get(1).and_then(id))
            .collect();
        if ids.len() < contents.len() {
            return None; // the later of two texts with one id is to stand
        }
        whole.add_all(
            &own.keep_contents,
            Columns::of(contents, &[0, 3], &[1, 2, 4])?,
        );
        whole.add_all(
            &own.send_all,
            Columns::of(messages, &[1, 4], &[0, 2, 3, 5])?,
        );
        (!whole.guards.is_empty()).then(|| whole.end())
    }
}

/// Adds a statement to a text in which so many parameters are in use already.
pub(super) fn add_renumbered(all: &mut String, text: &str, used: usize) {
    let mut pieces = text.split('$');
    all.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        let digits = piece.bytes().take_while(u8::is_ascii_digit).count();
        let (number, rest) = piece.split_at(digits);
        let place = used + number.parse::<usize>().unwrap_or_default();
        let _ = write!(all, "${place}{rest}"); // a string takes all
    }
}

fn id(value: &Value) -> Option<uuid::Uuid> {
    match value {
        Value::Uuid(id) => *id,
        _ => None,
    }
}

impl<'s> Whole<'s> {
    fn add(&mut self, statement: &'s Statement<'s>) {
        let part = self.part(statement.sql, statement.params.len());
        if statement.expect != Expect::Any {
            self.text.push_str(" RETURNING 1");
            let comma = if self.guards.is_empty() { "" } else { "," };
            let _ = write!(self.guards, "{comma} 1 / (SELECT count(*) FROM {part})"); // a string takes all
        }
        self.text.push(')');
        self.single.push(statement);
    }

    /// Nothing where there are none.
    fn add_all(&mut self, text: &str, columns: Columns<'s>) {
        if columns.is_empty() {
            return;
        }
        self.part(text, columns.len());
        self.text.push(')');
        self.several.push(columns);
    }

    /// Begins a part with this text, whose parameters come after those in use.
    fn part(&mut self, text: &str, params: usize) -> String {
        let name = format!("p{}", self.single.len() + self.several.len());
        let comma = if self.used == 0 { "" } else { "," };
        let _ = write!(self.text, "{comma} {name} AS (");
        add_renumbered(&mut self.text, text, self.used);
        self.used += params;
        name
    }

    fn end(mut self) -> Whole<'s> {
        self.text.push_str(" SELECT");
        self.text.push_str(&self.guards);
        self
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn params(&self) -> Params<'_> {
        let single = self.single.iter();
        let mut params: Params<'_> = single.flat_map(|one| super::write::params(one)).collect();
        self.several
            .iter()
            .for_each(|all| params.extend(all.params()));
        params
    }
}

#[cfg(test)]
mod tests {
    use crate::customer::Profile;
    use crate::id::{CustomerId, TenantId, TicketId};
    use crate::store::{Commit, Part, StreamId};
    use crate::ticket::Version;

    use super::super::PostgresStore;

    /// An opening asks for the stream of a customer without a profile beside its own; the same stream twice is no usual commit.
    #[test]
    #[ignore = "needs a PostgreSQL server: set HELPDESK_POSTGRES"]
    fn postgres_two_streams_begin_in_one_statement() {
        let server = std::env::var("HELPDESK_POSTGRES")
            .expect("`HELPDESK_POSTGRES` must tell where a PostgreSQL server is");
        let store = PostgresStore::options()
            .schema("two_streams")
            .connect(&server)
            .unwrap();
        let ticket = StreamId::ticket(TenantId::SINGLE, TicketId::named("T"));
        let ann = StreamId::of::<Profile>(TenantId::SINGLE, CustomerId::named("ann"));
        let begin = |stream| Part::check(stream, Version::default());
        let at = chrono::DateTime::UNIX_EPOCH;
        let commit = Commit::new(TenantId::SINGLE, at, vec![begin(ticket), begin(ann)]);
        let statements = store.sql.commit(&commit).unwrap();
        assert!(store.whole(&statements).is_some());
        let twice = [statements.clone(), statements].concat();
        assert!(store.whole(&twice).is_none());
    }
}
