//! The host's own fields.

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
    /// A text about a person, as a content record. The desk writes it; commands pass [`FieldValue::Text`].
    Personal(ContentId),
}
