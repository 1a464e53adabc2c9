//! What is wrong with a rulebook as it was written.

use std::collections::BTreeMap;
use std::fmt;

use crate::calendar::Calendar;
use crate::id::{Name, list};

/// What is wrong with a rulebook, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidRulebook {
    path: String,
    problem: String,
}

impl InvalidRulebook {
    pub(super) fn at(path: &str, problem: String) -> InvalidRulebook {
        InvalidRulebook {
            path: path.to_owned(),
            problem,
        }
    }

    pub(super) fn twice(path: &str, name: &Name) -> InvalidRulebook {
        InvalidRulebook::at(
            path,
            format!("the name `{name}` is taken; names are unique"),
        )
    }

    pub(super) fn no_calendar(
        path: &str,
        name: &Name,
        known: &BTreeMap<Name, Calendar>,
    ) -> InvalidRulebook {
        let known = list(known.keys());
        InvalidRulebook::at(
            path,
            format!("there is no calendar `{name}`; there are {known}"),
        )
    }

    /// The place in the rulebook, such as `policies[1].calendar`; empty where it is the whole.
    pub fn path(&self) -> &str {
        &self.path
    }
}

impl fmt::Display for InvalidRulebook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.as_str() {
            "" => f.write_str(&self.problem),
            path => write!(f, "`{path}`: {}", self.problem),
        }
    }
}

impl std::error::Error for InvalidRulebook {}
