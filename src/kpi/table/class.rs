//! The classes of tickets: everything about a ticket that a report counts once, in one small number.
//!
//! A report counts tickets by class and works the figures out from these counts at its end: one addition for each ticket
//! instead of one for each figure. A class is made of the outcome of the resolutions that count, of whether the first contact
//! resolved the ticket, and, for members of the window, of where the ticket stands and how its first contact was answered.

use crate::ticket::CloseReason;

use super::tickets::REASONS;

/// How many classes there are.
pub(super) const CLASSES: usize = 512;

/// A ticket that does not exist yet.
pub(super) const ABSENT: u16 = 511;

/// A ticket that exists, and of which nothing counts.
pub(super) const OUTSIDE: u16 = 0;

const OUTCOMES: u16 = 5;
const CONTACTS: u16 = 4;
const RESPONSES: u16 = 4;

/// What became of the resolutions of a ticket that count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// None counts.
    None,
    /// All are too young to say whether they hold; the flag: one did not.
    Immature { is_reopened: bool },
    /// Some are old enough; the flag: one of those did not hold.
    Mature { is_reopened: bool },
}

/// Whether the first contact resolved a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Contact {
    /// Its first resolution does not count.
    None,
    /// Its first resolution is too young to say whether it holds.
    Immature,
    /// It did, or did not.
    Told { resolved: bool },
}

/// Where a member of the window stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Backlog,
    Resolved,
    Closed(CloseReason),
}

/// How the first contact of a member of the window was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Response {
    Answered,
    NotStarted,
    Waiting,
    Unanswered,
}

/// 0 where none counts, else 1 and 2 for what is too young, 3 and 4 for what is not; the greater of two was reopened.
#[inline]
pub(super) fn outcome(counts: bool, is_mature: bool, is_reopened: bool) -> u16 {
    u16::from(counts) * (1 + u16::from(is_reopened) + 2 * u16::from(is_mature))
}

/// In the order of [`Contact`].
#[inline]
pub(super) fn contact(counts: bool, is_mature: bool, is_reopened: bool, is_first: bool) -> u16 {
    u16::from(counts) * (1 + u16::from(is_mature) * (1 + u16::from(is_first & !is_reopened)))
}

/// 0 in the backlog, 1 resolved, else 2 and the place of the reason, which is counted from 1 and settled where it is 0.
#[inline]
pub(super) fn standing(in_backlog: bool, is_resolved: bool, reason: u8) -> u16 {
    let closed = 2 + u16::from(reason.saturating_sub(1));
    let left = if is_resolved { 1 } else { closed };
    if in_backlog { 0 } else { left }
}

/// In the order of [`Response`].
#[inline]
pub(super) fn response(is_answered: bool, is_not_applicable: bool, in_backlog: bool) -> u16 {
    let open = if in_backlog { 2 } else { 3 };
    let without = if is_not_applicable { 1 } else { open };
    if is_answered { 0 } else { without }
}

/// The class of a ticket. Its standing and its response are part of it where it is a member of the window.
#[inline]
pub(super) fn of(
    exists: bool,
    is_member: bool,
    standing: u16,
    response: u16,
    outcome: u16,
    contact: u16,
) -> u16 {
    let member = u16::from(is_member) * (1 + standing * RESPONSES + response);
    let class = (member * OUTCOMES + outcome) * CONTACTS + contact;
    if exists { class } else { ABSENT }
}

/// What a class stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Parts {
    pub(super) member: Option<(Standing, Response)>,
    pub(super) outcome: Outcome,
    pub(super) contact: Contact,
}

/// What a class stands for; `None` for a ticket that does not exist yet.
pub(super) fn parts(class: u16) -> Option<Parts> {
    if class == ABSENT {
        return None;
    }
    let contact = match class % CONTACTS {
        0 => Contact::None,
        1 => Contact::Immature,
        told => Contact::Told {
            resolved: told == 3,
        },
    };
    let outcome = match class / CONTACTS % OUTCOMES {
        0 => Outcome::None,
        1 => Outcome::Immature { is_reopened: false },
        2 => Outcome::Immature { is_reopened: true },
        3 => Outcome::Mature { is_reopened: false },
        _ => Outcome::Mature { is_reopened: true },
    };
    let member = (class / (OUTCOMES * CONTACTS))
        .checked_sub(1)
        .map(|member| {
            let standing = match member / RESPONSES {
                0 => Standing::Backlog,
                1 => Standing::Resolved,
                reason => {
                    let reason = REASONS.get(usize::from(reason.saturating_sub(2)));
                    Standing::Closed(reason.copied().unwrap_or(CloseReason::Settled))
                }
            };
            let response = match member % RESPONSES {
                0 => Response::Answered,
                1 => Response::NotStarted,
                2 => Response::Waiting,
                _ => Response::Unanswered,
            };
            (standing, response)
        });
    Some(Parts {
        member,
        outcome,
        contact,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_combination_has_a_class_of_its_own() {
        let mut seen = vec![ABSENT];
        let members = (0..6).flat_map(|standing| (0..RESPONSES).map(move |r| (standing, r)));
        for member in members.map(Some).chain([None]) {
            let (standing, response) = member.unwrap_or((3, 3));
            for (outcome, contact) in (0..OUTCOMES).flat_map(|o| (0..CONTACTS).map(move |c| (o, c)))
            {
                let class = of(true, member.is_some(), standing, response, outcome, contact);
                assert!(!seen.contains(&class) && usize::from(class) < CLASSES);
                seen.push(class);
                assert_eq!(parts(class).unwrap().member.is_some(), member.is_some());
            }
        }
        assert_eq!(seen.len(), 501);
        assert_eq!(parts(ABSENT), None);
    }
}
