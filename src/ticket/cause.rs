//! Why customers had to ask at all: cause codes as a tree, which a rulebook declares.
//!
//! The cause of a ticket is the value of one of its fields, so that it is set, changed and cleared as any field, policies can ask for
//! it, and every figure can be divided by it. A desk that declares a tree takes no other value there.
//!
//! ```
//! use helpdesk::ticket::Causes;
//! let causes: Causes = serde_json::from_str(r#"{"tree": [
//!   {"code": "delivery", "title": "Delivery", "below": [{"code": "late"}, {"code": "damaged"}]},
//!   {"code": "billing"}
//! ]}"#)?;
//! assert!(causes.knows("late") && causes.is_within("late", "delivery") && !causes.is_within("late", "billing"));
//! assert!(serde_json::from_str::<Causes>(r#"{"tree": [{"code": "late"}, {"code": "late"}]}"#).is_err());
//! # Ok::<(), serde_json::Error>(())
//! ```

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::id::Name;

use super::{Change, FieldValue, Ticket};

/// The causes that a desk knows, and the field that holds a ticket's. None by default: then the field takes any value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Causes {
    written: Written,
    /// Each code with the one above it.
    above: BTreeMap<Name, Option<Name>>, // INVARIANT: as deep as MAX_DEPTH at most, so a walk upwards ends
}

/// A cause, and the finer ones below it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct CauseCode {
    /// Its code, unique in the whole tree.
    pub code: Name,
    /// What people read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The finer causes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub below: Vec<CauseCode>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename = "Causes", deny_unknown_fields)]
struct Written {
    #[serde(default = "field")]
    field: Name,
    #[serde(default)]
    tree: Vec<CauseCode>,
}

fn field() -> Name {
    Name::new("cause").unwrap_or_else(|_| unreachable!("`cause` is a name"))
}

impl Default for Causes {
    fn default() -> Causes {
        let (field, tree) = (field(), Vec::new());
        Causes {
            written: Written { field, tree },
            above: BTreeMap::new(),
        }
    }
}

impl CauseCode {
    /// A cause without finer ones.
    pub fn new(code: Name) -> CauseCode {
        CauseCode {
            code,
            title: None,
            below: Vec::new(),
        }
    }

    /// The same cause, with one finer cause more.
    #[must_use]
    pub fn with(mut self, finer: CauseCode) -> CauseCode {
        self.below.push(finer);
        self
    }
}

impl Causes {
    /// How deep causes may nest.
    pub const MAX_DEPTH: usize = 16;

    /// How many causes there may be.
    pub const MAX_CODES: usize = 10_000;

    /// The causes of `tree`, held by `field` of a ticket.
    ///
    /// # Errors
    /// A code twice, more than [`MAX_CODES`](Causes::MAX_CODES), nesting deeper than [`MAX_DEPTH`](Causes::MAX_DEPTH).
    pub fn new(field: Name, tree: Vec<CauseCode>) -> Result<Causes, InvalidCauses> {
        let mut above = BTreeMap::new();
        let mut open: Vec<(&CauseCode, Option<&Name>, usize)> =
            tree.iter().map(|cause| (cause, None, 1)).collect();
        while let Some((cause, parent, depth)) = open.pop() {
            let code = &cause.code;
            if depth > Causes::MAX_DEPTH {
                return Err(InvalidCauses::Deep { code: code.clone() });
            }
            if above.insert(code.clone(), parent.cloned()).is_some() {
                return Err(InvalidCauses::Twice { code: code.clone() });
            }
            if above.len() > Causes::MAX_CODES {
                return Err(InvalidCauses::Many);
            }
            open.extend(
                cause
                    .below
                    .iter()
                    .map(|finer| (finer, Some(code), depth + 1)),
            );
        }
        let written = Written { field, tree };
        Ok(Causes { written, above })
    }

    /// The field that holds a ticket's cause. Default: `cause`.
    pub fn field(&self) -> &Name {
        &self.written.field
    }

    /// The tree, from the coarsest causes on.
    pub fn tree(&self) -> &[CauseCode] {
        &self.written.tree
    }

    /// Whether no cause is declared.
    pub fn is_empty(&self) -> bool {
        self.above.is_empty()
    }

    /// Whether this is the code of a cause.
    pub fn knows(&self, code: &str) -> bool {
        self.above.contains_key(code)
    }

    /// A cause and those above it, the finest first; nothing for an unknown code.
    pub fn upwards<'a>(&'a self, code: &str) -> impl Iterator<Item = &'a Name> + use<'a> {
        let first = self.above.get_key_value(code).map(|(code, _)| code);
        std::iter::successors(first, |code| self.above.get(*code)?.as_ref())
    }

    /// Whether a cause is this other one, or lies below it.
    pub fn is_within(&self, code: &str, other: &str) -> bool {
        self.upwards(code).any(|above| above.as_str() == other)
    }

    /// The cause of a ticket, where one is set.
    pub fn of<'a>(&self, ticket: &'a Ticket) -> Option<&'a str> {
        text(ticket.fields().get(self.field())?)
    }

    /// Says that this is the cause.
    pub fn set(&self, code: &Name) -> Change {
        Change::Field {
            name: self.field().clone(),
            value: Some(FieldValue::Text(code.as_str().to_owned())),
        }
    }

    /// Whether a field may have this value: of the cause's field only codes of the tree.
    pub(crate) fn allow(&self, field: &Name, value: &FieldValue) -> bool {
        self.is_empty() || field != self.field() || text(value).is_some_and(|code| self.knows(code))
    }
}

fn text(value: &FieldValue) -> Option<&str> {
    match value {
        FieldValue::Text(text) => Some(text),
        _ => None,
    }
}

impl TryFrom<Written> for Causes {
    type Error = InvalidCauses;
    fn try_from(written: Written) -> Result<Causes, InvalidCauses> {
        Causes::new(written.field, written.tree)
    }
}

impl From<Causes> for Written {
    fn from(causes: Causes) -> Written {
        causes.written
    }
}

/// A tree of causes that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidCauses {
    /// A code stands twice in the tree.
    #[error("the cause `{code}` stands twice in the tree; codes are unique in all of it")]
    Twice {
        /// The code.
        code: Name,
    },
    /// The tree is too deep.
    #[error("the cause `{code}` nests deeper than {} levels", Causes::MAX_DEPTH)]
    Deep {
        /// The code.
        code: Name,
    },
    /// The tree is too large.
    #[error("the tree has more than {} causes", Causes::MAX_CODES)]
    Many,
}
