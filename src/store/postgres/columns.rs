//! Several statements with the same text as one: what is the same in all of them, and a list for each parameter that is not.

use tokio_postgres::types::ToSql;
use uuid::Uuid;

use crate::store::sql::{Statement, Value};

use super::link::Params;
use super::write::param;

#[derive(Default)]
pub(super) struct Columns<'s> {
    common: Vec<&'s Value>,
    lists: Vec<List<'s>>,
}

/// The values of one parameter, one of each statement.
enum List<'s> {
    Integers(Vec<Option<i64>>),
    Texts(Vec<Option<&'s str>>),
    Ids(Vec<Option<Uuid>>),
}

impl<'s> Columns<'s> {
    /// What these statements have in the places `common`, and lists of what they have in the places `lists`. Empty where there is no
    /// statement; `None` where the former is not the same in all, or a place is of several types.
    pub(super) fn of(
        statements: &[&'s Statement<'s>],
        common: &[usize],
        lists: &[usize],
    ) -> Option<Columns<'s>> {
        let Some(first) = statements.first() else {
            return Some(Columns::default());
        };
        let same = |place: &usize| {
            let value = first.params.get(*place)?;
            let alike = |one: &&Statement<'_>| one.params.get(*place) == Some(value);
            statements.iter().all(alike).then_some(value)
        };
        let list = |place: &usize| {
            let mut values = statements.iter().map(|one| one.params.get(*place));
            List::of(first.params.get(*place)?, &mut values)
        };
        Some(Columns {
            common: common.iter().map(same).collect::<Option<_>>()?,
            lists: lists.iter().map(list).collect::<Option<_>>()?,
        })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lists.is_empty()
    }

    /// How many parameters it has.
    pub(super) fn len(&self) -> usize {
        self.common.len() + self.lists.len()
    }

    /// What is common, then the lists.
    pub(super) fn params(&self) -> Params<'_> {
        let lists = self.lists.iter().map(List::param);
        let common = self.common.iter().map(|value| param(value));
        common.chain(lists).collect()
    }
}

impl<'s> List<'s> {
    /// All of them, of the type of the first.
    fn of(first: &Value, values: &mut dyn Iterator<Item = Option<&'s Value>>) -> Option<List<'s>> {
        Some(match first {
            Value::Integer(_) => List::Integers(
                values
                    .map(|value| match value? {
                        Value::Integer(number) => Some(*number),
                        _ => None,
                    })
                    .collect::<Option<_>>()?,
            ),
            Value::Text(_) => List::Texts(
                values
                    .map(|value| match value? {
                        Value::Text(text) => Some(text.as_deref()),
                        _ => None,
                    })
                    .collect::<Option<_>>()?,
            ),
            Value::Uuid(_) => List::Ids(
                values
                    .map(|value| match value? {
                        Value::Uuid(id) => Some(*id),
                        _ => None,
                    })
                    .collect::<Option<_>>()?,
            ),
        })
    }

    fn param(&self) -> &(dyn ToSql + Sync) {
        match self {
            List::Integers(all) => all,
            List::Texts(all) => all,
            List::Ids(all) => all,
        }
    }
}
