//! The stored form: JSON text with a schema version beside it, the same in every database.
//!
//! A store on any database writes events, rows and texts with [`write()`] and keeps [`SCHEMA`] beside them. Whoever reads gives
//! both to [`read()`] or [`read_event`]. What a newer version of the crate wrote is told apart from what is damaged: the first is
//! [`StoreErrorKind::Newer`] and is left as it is, the second is [`StoreErrorKind::Corrupt`].
//!
//! # The rule for changes
//! A field with a default, and a new kind of event, need no new schema: older texts still read, and older processes know a kind
//! that they do not know. Everything else (a new variant inside a record, another spelling) raises [`SCHEMA`], and the
//! way from each older form to the newest stands below. Files of every schema that was released stand in `tests/stored/` and must still read.

mod short;

use serde::Serialize;
use serde::de::{DeserializeOwned, Deserializer, Error as _, Visitor};
use serde::{Deserialize, forward_to_deserialize_any};

use crate::kpi::Fact;
use crate::ticket::{Recorded, Version};

use super::{StoreError, StoreErrorKind};

/// The schema of what this version writes. It reads this one and every earlier one.
pub const SCHEMA: u32 = 1;

/// The stored form of a record; `what` names it in the error.
///
/// # Errors
/// [`StoreErrorKind::Other`] where the record has no JSON form.
pub fn write<T: Serialize>(what: &str, record: &T) -> Result<String, StoreError> {
    sized(what, record, 512)
}

/// The stored form of a ticket's KPI rows: short, because each commit writes it anew. Each row is the list of its fields, and so
/// are the records in it; [`read()`] reads it, and the form with names too.
///
/// # Errors
/// [`StoreErrorKind::Other`] where a row has no JSON form.
pub fn write_rows(rows: &[Fact]) -> Result<String, StoreError> {
    sized(
        "the rows of a ticket",
        &short::List(rows),
        2_048 * rows.len(),
    )
}

/// A text for which there is room at once, where it takes no more than so many bytes.
fn sized<T: Serialize>(what: &str, record: &T, bytes: usize) -> Result<String, StoreError> {
    let other = |error: Box<dyn std::error::Error + Send + Sync>| {
        let what = format!("{what} cannot be written as json");
        StoreError::new(StoreErrorKind::Other, what).because(error)
    };
    let mut text = Vec::with_capacity(bytes);
    serde_json::to_writer(&mut text, record).map_err(|error| other(error.into()))?;
    String::from_utf8(text).map_err(|error| other(error.into()))
}

/// The record behind a stored text of this schema.
///
/// # Errors
/// [`StoreErrorKind::Newer`] where the schema is newer than [`SCHEMA`]; [`StoreErrorKind::Corrupt`] where the text is not what
/// the schema says.
pub fn read<T: DeserializeOwned>(what: &str, schema: i64, text: &str) -> Result<T, StoreError> {
    let damaged = |error| {
        let what = format!("{what} cannot be read back");
        StoreError::new(StoreErrorKind::Corrupt, what).because(error)
    };
    match lift(what, schema)? {
        Form::Newest => serde_json::from_str(text).map_err(damaged),
    }
}

/// The event behind a stored text, which must be the one with this place in its stream.
///
/// # Errors
/// Those of [`read()`]; an event of a kind that this version does not know is [`StoreErrorKind::Newer`] as well.
pub fn read_event<E: DeserializeOwned>(
    version: Version,
    schema: i64,
    text: &str,
) -> Result<Recorded<E>, StoreError> {
    let place = || format!("event {}", version.0);
    match read::<Recorded<E>>("an event", schema, text) {
        Ok(event) if event.version == version => Ok(event),
        Ok(event) => {
            let what = format!("{} says that it is event {}", place(), event.version.0);
            Err(StoreError::new(StoreErrorKind::Corrupt, what))
        }
        Err(error) if error.kind() == StoreErrorKind::Corrupt => match unknown_kind::<E>(text) {
            Some(kind) => {
                let what = format!(
                    "{} is of the kind `{kind}`, which a newer version of this crate wrote",
                    place()
                );
                Err(StoreError::new(StoreErrorKind::Newer, what))
            }
            None => Err(error),
        },
        Err(error) => Err(error),
    }
}

/// How a text of an earlier schema becomes one of the newest. There is one schema so far.
enum Form {
    Newest,
}

fn lift(what: &str, schema: i64) -> Result<Form, StoreError> {
    match schema {
        1 => Ok(Form::Newest),
        newer if newer > i64::from(SCHEMA) => {
            let what = format!(
                "{what} has schema {newer}; this version of the crate reads up to {SCHEMA}"
            );
            Err(StoreError::new(StoreErrorKind::Newer, what))
        }
        never => {
            let what = format!("{what} has schema {never}, which never was");
            Err(StoreError::new(StoreErrorKind::Corrupt, what))
        }
    }
}

/// The kind of an event that has none of the kinds known here.
fn unknown_kind<E: DeserializeOwned>(text: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Tagged {
        event: serde_json::Value,
    }
    let kind = match serde_json::from_str::<Tagged>(text).ok()?.event {
        serde_json::Value::String(kind) => kind,
        serde_json::Value::Object(one) if one.len() == 1 => one.into_iter().next()?.0,
        _ => return None,
    };
    (!event_kinds::<E>().contains(&kind.as_str())).then_some(kind)
}

/// The kinds of events of a stream as they are stored: `opened`, `message_added`, and so on.
pub fn event_kinds<E: DeserializeOwned>() -> &'static [&'static str] {
    let mut kinds: &'static [&'static str] = &[];
    let _ = E::deserialize(Kinds(&mut kinds));
    kinds
}

/// Asks serde for the names of an enum's variants, so that there is no second list to keep.
struct Kinds<'a>(&'a mut &'static [&'static str]);

impl<'de> Deserializer<'de> for Kinds<'_> {
    type Error = serde::de::value::Error;

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Self::Error> {
        *self.0 = variants;
        Err(Self::Error::custom("only the names were wanted"))
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Self::Error> {
        Err(Self::Error::custom("an event is an enum"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kinds_are_those_of_the_enum() {
        let kinds = event_kinds::<crate::ticket::Event>();
        assert!(
            kinds.contains(&"opened") && kinds.contains(&"imported"),
            "{kinds:?}"
        );
    }
}
