//! The host's own fields.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::id::ContentId;

use super::exact;

/// The value of a host's own field.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FieldValue {
    /// A text that is not about a person.
    Text(String),
    /// A whole number. In JSON a number up to 2^53 either way, beyond that a decimal string, since many readers of JSON would round
    /// it; both are read.
    Number(#[serde(with = "exact::number")] i64),
    /// Yes or no.
    Flag(bool),
    /// A text about a person, as a content record. The desk writes it; commands pass one of the others.
    Personal(ContentId),
}

impl From<&str> for FieldValue {
    fn from(text: &str) -> FieldValue {
        FieldValue::Text(text.to_owned())
    }
}

impl From<String> for FieldValue {
    fn from(text: String) -> FieldValue {
        FieldValue::Text(text)
    }
}

impl From<i64> for FieldValue {
    fn from(number: i64) -> FieldValue {
        FieldValue::Number(number)
    }
}

impl From<bool> for FieldValue {
    fn from(flag: bool) -> FieldValue {
        FieldValue::Flag(flag)
    }
}

impl FieldValue {
    /// What a content record says of it; none where it is one.
    pub(crate) fn in_words(&self) -> Option<Cow<'_, str>> {
        match self {
            FieldValue::Text(text) => Some(Cow::Borrowed(text)),
            FieldValue::Number(number) => Some(Cow::Owned(number.to_string())),
            FieldValue::Flag(flag) => Some(Cow::Borrowed(if *flag { "true" } else { "false" })),
            FieldValue::Personal(_) => None,
        }
    }
}
