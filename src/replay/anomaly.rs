//! What surprises in a log, counted by kind.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Serialize, Serializer};

use crate::id::Name;

/// A kind of surprise in a recorded log. What surprises is recorded all the same, but for
/// [`RepeatedMessage`](AnomalyKind::RepeatedMessage), [`UnknownState`](AnomalyKind::UnknownState),
/// [`NoEffect`](AnomalyKind::NoEffect) and [`Noted`](AnomalyKind::Noted): of these the count is all that is left.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum AnomalyKind {
    /// A stamp earlier than the row before it; raised to that.
    OutOfOrder,
    /// A stamp before the ticket's creation; raised to that.
    BeforeCreation,
    /// A stamp outside the years for which calendars are exact; held to them.
    OutOfRange,
    /// A state that the reader of the log does not know; the state before is kept.
    UnknownState,
    /// A step that the lifecycle does not have, such as a resolution of a closed ticket.
    StepNotAllowed,
    /// A closed ticket went on, and the rulebook does not allow that.
    ReopenOfClosed,
    /// A resolved ticket went on after the reopen window.
    ReopenWindowOver,
    /// The log calls a ticket reopened of which it has no resolution; it is `Open`.
    ReopenWithoutResolution,
    /// A fact of a closed ticket changed.
    ChangeAfterClose,
    /// A public message of the desk on a closed ticket.
    MessageAfterClose,
    /// A customer's message that would have begun a follow-up ticket; it stays on this one.
    LateMessage,
    /// A message whose id outside the ticket has already; it is the same message, recorded once.
    RepeatedMessage,
    /// A message of a customer who is neither requester nor participant.
    NotYours,
    /// An internal message of a customer.
    CustomerNote,
    /// A wait that was over before it began.
    WaitIsOver,
    /// A promise or an estimate that was past when it was made.
    PromiseInThePast,
    /// A status label that the rulebook does not have.
    UnknownLabel,
    /// The text of a message was taken away that the ticket does not have.
    UnknownMessage,
    /// A field value that refers to a stored text.
    StoredFieldValue,
    /// A text or a list longer than the rulebook allows.
    TooLarge,
    /// It is no event: a call was answered and nobody knows by which agent; or in a [what-if](super::WhatIf), somebody made so what the
    /// rules had made so already.
    NoEffect,
    /// In a [what-if](super::WhatIf): a customer's message met a ticket that waited or was resolved, where it had met one
    /// at work; it moves the ticket as it would live.
    MovedByMessage,
    /// Anything else that a live desk would have refused.
    Refused,
    /// Something that the reader of the log noticed, under the reader's own name.
    Noted(Name),
}

impl AnomalyKind {
    /// A stable name for programs and files: never renamed, never reused.
    pub fn as_str(&self) -> &str {
        match self {
            AnomalyKind::OutOfOrder => "out_of_order",
            AnomalyKind::BeforeCreation => "before_creation",
            AnomalyKind::OutOfRange => "out_of_range",
            AnomalyKind::UnknownState => "unknown_state",
            AnomalyKind::StepNotAllowed => "step_not_allowed",
            AnomalyKind::ReopenOfClosed => "reopen_of_closed",
            AnomalyKind::ReopenWindowOver => "reopen_window_over",
            AnomalyKind::ReopenWithoutResolution => "reopen_without_resolution",
            AnomalyKind::ChangeAfterClose => "change_after_close",
            AnomalyKind::MessageAfterClose => "message_after_close",
            AnomalyKind::LateMessage => "late_message",
            AnomalyKind::RepeatedMessage => "repeated_message",
            AnomalyKind::NotYours => "not_yours",
            AnomalyKind::CustomerNote => "customer_note",
            AnomalyKind::WaitIsOver => "wait_is_over",
            AnomalyKind::PromiseInThePast => "promise_in_the_past",
            AnomalyKind::UnknownLabel => "unknown_label",
            AnomalyKind::UnknownMessage => "unknown_message",
            AnomalyKind::StoredFieldValue => "stored_field_value",
            AnomalyKind::TooLarge => "too_large",
            AnomalyKind::NoEffect => "no_effect",
            AnomalyKind::MovedByMessage => "moved_by_message",
            AnomalyKind::Refused => "refused",
            AnomalyKind::Noted(name) => name.as_str(),
        }
    }
}

impl fmt::Display for AnomalyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// How often each kind of surprise was met. Counts of several histories add up, in any order.
///
/// ```
/// use helpdesk::replay::{Anomalies, AnomalyKind};
/// let mut all = Anomalies::default();
/// all.add(AnomalyKind::OutOfOrder);
/// let mut more = Anomalies::default();
/// more.add(AnomalyKind::OutOfOrder);
/// all.merge(&more);
/// assert_eq!(serde_json::to_string(&all)?, r#"{"out_of_order":2}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Anomalies(BTreeMap<AnomalyKind, u64>);

impl Anomalies {
    /// Counts one more.
    pub fn add(&mut self, kind: AnomalyKind) {
        let count = self.0.entry(kind).or_default();
        *count = count.saturating_add(1);
    }

    /// Adds the counts of others.
    pub fn merge(&mut self, others: &Anomalies) {
        for (kind, more) in &others.0 {
            match self.0.get_mut(kind) {
                Some(count) => *count = count.saturating_add(*more),
                None => {
                    self.0.insert(kind.clone(), *more);
                }
            }
        }
    }

    /// How often this kind was met.
    pub fn count(&self, kind: &AnomalyKind) -> u64 {
        self.0.get(kind).copied().unwrap_or(0)
    }

    /// How many there are of all kinds.
    pub fn total(&self) -> u64 {
        self.0.values().fold(0, |sum, n| sum.saturating_add(*n))
    }

    /// Whether nothing surprised.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The kinds that were met, with their counts, in the order of [`AnomalyKind`].
    pub fn iter(&self) -> impl Iterator<Item = (&AnomalyKind, u64)> {
        self.0.iter().map(|(kind, count)| (kind, *count))
    }
}

impl Serialize for Anomalies {
    /// A map from name to count.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter().map(|(kind, count)| (kind.as_str(), count)))
    }
}
