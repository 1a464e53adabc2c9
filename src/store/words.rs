//! Streams and outbox messages in words, for logs.

use std::fmt;

use crate::id::TenantId;

use super::commit::{Outgoing, StreamId};

impl fmt::Display for StreamId {
    /// The kind and the id, and the tenant where it is not [`TenantId::SINGLE`].
    ///
    /// ```
    /// use helpdesk::store::StreamId;
    /// use helpdesk::{TenantId, TicketId};
    /// let ticket = "018f3c1e-7a00-7000-8000-000000000001".parse::<TicketId>()?;
    /// let stream = StreamId::ticket(TenantId::SINGLE, ticket);
    /// assert_eq!(stream.to_string(), "ticket 018f3c1e-7a00-7000-8000-000000000001");
    /// # Ok::<(), helpdesk::id::InvalidId>(())
    /// ```
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.id)?;
        match self.tenant {
            TenantId::SINGLE => Ok(()),
            tenant => write!(f, " of tenant {tenant}"),
        }
    }
}

impl fmt::Display for Outgoing {
    /// Such as ``level `soon` of rule `late`: notify the agent in charge``.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Outgoing::Escalation {
                rule,
                level,
                action,
                ..
            } => write!(f, "level `{level}` of rule `{rule}`: {action}"),
            Outgoing::Withdrawal {
                rule,
                level,
                action,
                ..
            } => write!(f, "withdrawn: level `{level}` of rule `{rule}`: {action}"),
            Outgoing::Survey { survey, cycle } => {
                write!(f, "survey `{survey}` about resolution cycle {cycle}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::escalation::{Action, Recipient};
    use crate::id::{FiringKey, Name, TicketId};
    use crate::ticket::{CloseReason, Priority};

    #[test]
    fn messages_read_well() {
        let name = |text: &str| Name::new(text).unwrap();
        let (key, rule, level) = (FiringKey::named("k"), name("late"), name("soon"));
        let fired = |action| Outgoing::Escalation {
            key,
            rule: rule.clone(),
            level: level.clone(),
            action,
        };
        let who = Action::Notify(Recipient::Role(name("duty manager")));
        let shown = "level `soon` of rule `late`: notify role `duty manager`";
        assert_eq!(fired(who.clone()).to_string(), shown);
        let withdrawn = Outgoing::Withdrawal {
            key,
            rule: rule.clone(),
            level: level.clone(),
            action: who,
        };
        assert_eq!(withdrawn.to_string(), format!("withdrawn: {shown}"));
        let raised = fired(Action::RaisePriority(Priority::Urgent)).to_string();
        assert!(
            raised.ends_with(": raise the priority to urgent"),
            "{raised}"
        );
        let closed = Action::Close(CloseReason::Settled).to_string();
        assert_eq!(closed, "close as settled");
        let tenant = TenantId::named("acme");
        let stream = StreamId::ticket(tenant, TicketId::named("t"));
        let id = TicketId::named("t");
        assert_eq!(
            stream.to_string(),
            format!("ticket {id} of tenant {tenant}")
        );
    }
}
