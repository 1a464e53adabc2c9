//! What people call the ids in a report.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::kpi::place::Label;

/// Names of agents, teams and customers, for showing alone: rows and figures hold ids.
///
/// ```
/// use helpdesk::{id::AgentId, kpi::{Label, Names}};
/// let kim = AgentId::named("kim");
/// let names = Names::default().name(kim.uuid(), "Kim");
/// assert_eq!(names.of(&Label::Agent(kim)), "Kim");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names(BTreeMap<Uuid, String>);

impl Names {
    /// With one more name.
    #[must_use]
    pub fn name(mut self, id: impl Into<Uuid>, name: impl Into<String>) -> Names {
        self.0.insert(id.into(), name.into());
        self
    }

    /// What a label is called; an id without a name stands as it is. Not escaped: every form of a report does that itself.
    pub fn of(&self, label: &Label) -> String {
        let id = match label {
            Label::Agent(id) => Some(id.uuid()),
            Label::Team(id) => Some(id.uuid()),
            Label::Requester(id) => Some(id.uuid()),
            _ => None,
        };
        let name = id.and_then(|id| self.0.get(&id));
        name.cloned().unwrap_or_else(|| label.to_string())
    }
}
