//! How often customer and desk turned to each other: by messages, and by calls and chats.
//!
//! A call or chat is one contact, however much is said in it: what is written over its channel while it goes on belongs to it, and the
//! customer and each agent count once in it (in each cycle that it reaches into). So a ticket that one chat resolved took one
//! contact; and what comes by mail at the same time, or in the same window after the chat has ended, is a contact of its own.
//!
//! What counts is what the marks of a ticket tell: a customer who asks, an agent who answers. Each lies on the ticket on which it
//! happened; a merge brings what nobody had answered as one contact. A call or chat that a merge took along is known to the other
//! ticket alone: what was written in it before counts here by itself.

use std::collections::BTreeSet;

use crate::id::{AgentId, SessionId};
use crate::ticket::{Mark, MarkKind, Message, Session, Ticket};
use crate::time::{Micros, instant, micros};

use super::Fact;
use super::rows::{cycle_at, is_note};

/// Counts the contacts of a ticket into the rows of its cycles; how many human agents had a part in them.
pub(super) fn count(ticket: &Ticket, rows: &mut [Fact]) -> u32 {
    let mut agents = BTreeSet::new();
    let mut talks = Talks::of(ticket);
    let said = ticket.messages().iter();
    let mut said = said
        .filter(|message| message.asks() || message.answers())
        .peekable();
    for mark in ticket.marks() {
        let message = said.next_if(|message| is_of(mark, message)); // each has its mark; the others are of calls and chats
        let at = message.map_or_else(|| instant(mark.at), |message| message.at);
        let Some(row) = cycle_at(rows, at) else {
            continue;
        };
        let who = match mark.kind {
            MarkKind::Asked | MarkKind::HandedOver | MarkKind::AskedBefore { .. } => None,
            MarkKind::Answered { by } => Some(by),
            _ => continue,
        };
        agents.extend(who);
        if !talks.counts(row.cycle, mark, message, who) {
            continue;
        }
        let in_time = row.first_resolved_at.is_some_and(|until| at <= until);
        if who.is_some() {
            row.replies = row.replies.saturating_add(1);
            row.touches = row.touches.saturating_add(1);
            row.one_contact &= !in_time || row.replies <= 1;
        } else if at > row.created_at {
            // What opened a ticket has its instant, and is no second contact.
            row.follow_ups = row.follow_ups.saturating_add(1);
            row.one_contact &= !in_time;
        }
    }
    for note in ticket.messages().iter().filter(|note| is_note(note)) {
        if let (Some(by), Some(row)) = (note.author.human_agent(), cycle_at(rows, note.at)) {
            agents.insert(by);
            row.touches = row.touches.saturating_add(1);
        }
    }
    u32::try_from(agents.len()).unwrap_or(u32::MAX)
}

/// Whether the next message that was said may have made the mark.
fn is_of(mark: &Mark, message: &Message) -> bool {
    let fits = match mark.kind {
        MarkKind::Asked => message.asks(),
        MarkKind::Answered { by } => message.answers() && message.author.human_agent() == Some(by),
        _ => false,
    };
    fits && micros(message.at) <= mark.at
}

/// The calls and chats of a ticket, with who was counted in them.
struct Talks<'a> {
    sessions: &'a [Session],
    /// What happened to them, each with the mark that it made, as long as that has not come.
    moments: Vec<(Micros, MarkKind, SessionId)>,
    /// In which cycle, in which of them, and which agent; the customer where none.
    counted: BTreeSet<(u32, SessionId, Option<AgentId>)>,
}

impl Talks<'_> {
    /// The customer of one that opened the ticket is counted with the opening.
    fn of(ticket: &Ticket) -> Talks<'_> {
        let sessions = ticket.sessions();
        let opened = sessions
            .iter()
            .filter(|session| session.began_at <= ticket.created_at());
        Talks {
            sessions,
            moments: sessions.iter().flat_map(moments).collect(),
            counted: opened.map(|session| (0, session.id, None)).collect(),
        }
    }

    /// Whether what made the mark is a contact of its own: no part of a call or chat in which the same side has its count.
    fn counts(
        &mut self,
        cycle: u32,
        mark: &Mark,
        message: Option<&Message>,
        who: Option<AgentId>,
    ) -> bool {
        if let MarkKind::AskedBefore { since } = mark.kind {
            let brought = self.sessions.iter().filter(|session| {
                let offered = session.offered_at();
                offered.is_some_and(|offered| micros(offered) == since)
            });
            self.counted
                .extend(brought.map(|session| (cycle, session.id, who)));
            return true;
        }
        let talk = match message {
            Some(message) => self.around(message),
            None => self.met(mark),
        };
        talk.is_none_or(|talk| self.counted.insert((cycle, talk, who)))
    }

    /// The call or chat in which a message was said.
    fn around(&self, message: &Message) -> Option<SessionId> {
        let mut latest = self.sessions.iter().rev();
        let around = latest.find(|session| is_said_in(message, session));
        around.map(|session| session.id)
    }

    /// The call or chat that made a mark.
    fn met(&mut self, mark: &Mark) -> Option<SessionId> {
        let moments = self.moments.iter().enumerate();
        let so_far = moments.filter(|(_, (at, kind, _))| *at <= mark.at && *kind == mark.kind);
        let (place, _) = so_far.max_by_key(|(_, (at, ..))| *at)?;
        Some(self.moments.swap_remove(place).2)
    }
}

/// What happened to a call or chat, with the marks that it made.
fn moments(session: &Session) -> impl Iterator<Item = (Micros, MarkKind, SessionId)> {
    let rang = session.bot.is_none().then_some(session.began_at);
    let rang = rang.map(|at| (at, MarkKind::Asked));
    let handed_over = session.handed_over.as_ref();
    let handed_over = handed_over.map(|(at, _)| (*at, MarkKind::HandedOver));
    let answered = session.answered;
    let answered = answered.map(|(at, by)| (at, MarkKind::Answered { by }));
    let id = session.id;
    let all = rang.into_iter().chain(handed_over).chain(answered);
    all.map(move |(at, kind)| (micros(at), kind, id))
}

fn is_said_in(message: &Message, session: &Session) -> bool {
    session.channel == message.channel
        && session.began_at <= message.at
        && session.ended.is_none_or(|(at, _)| message.at <= at)
}
