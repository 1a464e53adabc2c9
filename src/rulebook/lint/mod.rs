//! What is wrong with a rulebook that is valid: parts without effect, contradictions, traps.
//!
//! Building a rulebook refuses what has no meaning. [`Rulebook::lint`] looks for what has one that nobody can have wanted: a
//! policy that no ticket gets, a target that cannot be missed, a rule that cannot fire, rules that hand a ticket in circles.
//! Each [`Finding`] has a [`Severity`], the place in the rulebook, and a typed [`Problem`] with a stable code and a sentence.
//!
//! ```
//! use helpdesk::{Rulebook, rulebook::Severity};
//! let rulebook: Rulebook = serde_json::from_str(r#"{"policies": [
//!     {"name": "standard", "targets": {"first_response": "4h"}},
//!     {"name": "urgent", "when": {"priority": ["urgent"]}, "targets": {"first_response": "30min"}}
//! ]}"#)?;
//! let findings = rulebook.lint();
//! assert_eq!(findings[0].code(), "shadowed_policy");
//! assert_eq!(findings[0].severity(), Severity::Error);
//! assert_eq!(
//!     findings[0].to_string(),
//!     "error at `policies[1].when`: `urgent` never applies: every ticket it is for is taken before it by `standard`",
//! );
//! # Ok::<(), serde_json::Error>(())
//! ```
//!
//! # What is certain
//! *Never* is meant: conditions are seen through exactly ([tickets differ only in the values that conditions
//! name](Problem::NotFullyChecked)), and a question that would take too long is left without a finding and said to be. What is
//! said of clocks and stages holds for tickets that live under the rulebook; an imported history can hold what the lifecycle
//! would refuse, and one that is moved to the rulebook later may be past what it says comes first. What is said of targets and calendars holds
//! for tickets that keep their policy: one that comes from another policy brings its running time along, and can so be late under a
//! target that could not be missed otherwise.
//!
//! # What is not here
//! Nothing is changed and nothing is refused: a host decides which severity it tolerates. The present instant plays no part,
//! so a calendar whose hours have run out is told by its last close.

mod asking;
mod desk;
mod forestalled;
mod logic;
mod loops;
mod policies;
mod problem;
mod rules;
mod view;

use std::fmt;

use serde::{Serialize, Serializer};

pub use problem::{Because, Problem, Severity};

use super::Rulebook;
use view::View;

/// One thing that is wrong with a rulebook.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// The place in the rulebook, such as `policies[1].when`.
    pub path: String,
    /// What is wrong, with the facts.
    pub problem: Problem,
}

impl Finding {
    /// How much it matters.
    pub const fn severity(&self) -> Severity {
        self.problem.severity()
    }

    /// The stable name of this kind of problem.
    pub const fn code(&self) -> &'static str {
        self.problem.code()
    }

    /// What is wrong, for people.
    pub fn sentence(&self) -> String {
        self.problem.to_string()
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} at `{}`: {}",
            self.severity(),
            self.path,
            self.problem
        )
    }
}

impl Serialize for Finding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Shown<'a> {
            severity: Severity,
            path: &'a str,
            sentence: String,
            #[serde(flatten)]
            problem: &'a Problem,
        }
        let shown = Shown {
            severity: self.severity(),
            path: &self.path,
            sentence: self.sentence(),
            problem: &self.problem,
        };
        shown.serialize(serializer)
    }
}

/// What was found so far.
#[derive(Debug, Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, path: impl Into<String>, problem: Problem) {
        let path = path.into();
        self.0.push(Finding { path, problem });
    }
}

impl Rulebook {
    /// What is wrong with it: the worst first, and within a severity in the order of the rulebook's parts.
    ///
    /// # Properties
    /// It ends for every rulebook. A policy that is found shadowed is chosen for no ticket.
    pub fn lint(&self) -> Vec<Finding> {
        let mut found = Findings::default();
        let view = View::of(self.as_draft());
        policies::check(&view, &mut found);
        rules::check(&view, &mut found);
        loops::check(&view, &mut found);
        desk::check(&view, &mut found);
        asking::check(&view, &mut found);
        if view.logic.gave_up() {
            found.add("", Problem::NotFullyChecked);
        }
        let mut found = found.0;
        found.sort_by_key(|finding| std::cmp::Reverse(finding.severity())); // stable
        found
    }
}
