//! From a history to a ticket: total, pure, without catch-up.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::calendar::{EARLIEST, LATEST};
use crate::call::{Actor, Cause, Role};
use crate::desk::Working;
use crate::id::{ContentId, MessageId, TenantId, derive, in_order};
use crate::rulebook::Rulebook;
use crate::store::UniqueKey;
use crate::ticket::{
    Content, ContentKind, Event, Opened, Permission, Permissions, Recorded, Rules, Ticket, Version,
};
use crate::time::truncate;

use super::anomaly::{Anomalies, AnomalyKind};
use super::history::{Beginning, History, Order, Row};

/// What became of a history: a ticket with its events, its texts, and what surprised.
#[derive(Clone, Debug, PartialEq)]
pub struct Imported {
    pub(super) ticket: Ticket,
    pub(super) events: Vec<Recorded>,
    pub(super) content: Vec<Content>,
    /// What the ticket claims where nobody has it yet: its address, its messages' ids outside.
    pub(super) claims: Vec<(UniqueKey, Uuid)>,
    anomalies: Anomalies,
}

impl Imported {
    /// The ticket as the log's last row left it.
    pub fn ticket(&self) -> &Ticket {
        &self.ticket
    }

    /// Its events, oldest first; the last one is [`Event::Imported`].
    pub fn events(&self) -> &[Recorded] {
        &self.events
    }

    /// The texts that the events refer to.
    pub fn content(&self) -> &[Content] {
        &self.content
    }

    /// What surprised.
    pub fn anomalies(&self) -> &Anomalies {
        &self.anomalies
    }
}

/// Makes a ticket of a history, pinned to `rulebook`. Total: whatever the history says, nothing of it is refused. What
/// makes no difference (a fact that is so already, a message told again) is no event, nor is what nobody can tell (an unknown status);
/// [`AnomalyKind`] says which of it is counted.
///
/// The events are those of a live ticket, each with [`Cause::Import`], and [`Event::Imported`] is the last of them. Nothing
/// that fell due in the recorded time fires; [`TenantDesk::import`](crate::desk::TenantDesk::import) tells what
/// that means for a ticket that lives on.
pub fn import(history: &History, rulebook: &Rulebook, tenant: TenantId) -> Imported {
    let mut work = Work::begin(history, rulebook, tenant);
    let mut rows: Cow<'_, [Row]> = Cow::Borrowed(&history.rows);
    if history.order == Order::ByTime {
        rows.to_mut().sort_by_key(|row| row.at); // stable
    }
    for row in rows.iter() {
        work.row(row);
    }
    work.finish(history.until)
}

/// An import in the making.
pub(super) struct Work<'a> {
    pub(super) tenant: TenantId,
    /// The rules of a live desk, but for the permission table: the roles are the log's own.
    pub(super) rules: Rules,
    pub(super) working: Working<'a>,
    pub(super) content: Vec<Content>,
    pub(super) claims: Vec<(UniqueKey, Uuid)>,
    pub(super) messages: BTreeSet<MessageId>,
    pub(super) redacted: BTreeSet<MessageId>,
    pub(super) anomalies: Anomalies,
    texts: u64,
    /// Of the row at hand: when it takes effect, its own stamp where that is another, who did it.
    pub(super) at: DateTime<Utc>,
    stamped_at: Option<DateTime<Utc>>,
    pub(super) by: Actor,
}

impl<'a> Work<'a> {
    fn begin(history: &History, book: &'a Rulebook, tenant: TenantId) -> Work<'a> {
        let opened = &history.opened;
        let mut anomalies = Anomalies::default();
        let stamp = truncate(opened.at);
        let at = in_range(stamp, &mut anomalies);
        let (subject, address) = first_texts(history, at, tenant);
        let first = Recorded {
            version: Version::default().next(),
            at,
            stamped_at: Some(stamp).filter(|stamp| *stamp != at),
            timing: None,
            actor: opened.by,
            cause: Some(Cause::Import),
            event: Event::Opened(Opened {
                ticket: history.ticket,
                number: history.number,
                rulebook: book.id(),
                requester: opened.requester,
                direction: opened.direction,
                channel: opened.channel.clone(),
                subject: subject.id,
                address: address.as_ref().map(|address| address.id),
                priority: opened.priority,
            }),
        };
        let Some(working) = Working::begin(tenant, [first], book) else {
            unreachable!("the first event is the opening");
        };
        let content: Vec<Content> = std::iter::once(subject).chain(address).collect();
        let rules = all_may_do_all(book.tickets());
        for _ in content
            .iter()
            .filter(|text| text.text.len() > rules.max_text)
        {
            anomalies.add(AnomalyKind::TooLarge);
        }
        Work {
            tenant,
            rules,
            working,
            content,
            claims: claim_of_address(opened, tenant).into_iter().collect(),
            messages: BTreeSet::new(),
            redacted: BTreeSet::new(),
            anomalies,
            texts: 0,
            at,
            stamped_at: None,
            by: Actor::System,
        }
    }

    fn row(&mut self, row: &Row) {
        self.by = row.by;
        self.take_stamp(row.at);
        let before = self.working.events.len();
        for said in &row.says {
            self.said(said);
        }
        if self.working.events.len() > before {
            self.working.choose_policies();
        }
    }

    /// Raises the stamp to the creation and to the row before.
    fn take_stamp(&mut self, at: DateTime<Utc>) {
        let stamp = truncate(at);
        let mut at = in_range(stamp, &mut self.anomalies);
        let created = self.working.ticket.created_at();
        if at < created {
            self.anomalies.add(AnomalyKind::BeforeCreation);
            at = created;
        }
        if at < self.at {
            self.anomalies.add(AnomalyKind::OutOfOrder);
            at = self.at;
        }
        self.at = at;
        self.stamped_at = Some(stamp).filter(|stamp| *stamp != at);
    }

    /// Records an event of the row at hand.
    pub(super) fn push(&mut self, event: Event) {
        self.working.push(Recorded {
            version: self.working.ticket.version().next(),
            at: self.at,
            stamped_at: self.stamped_at,
            timing: None,
            actor: self.by,
            cause: Some(Cause::Import),
            event,
        });
    }

    /// Sets a text apart and gives its id.
    pub(super) fn text(&mut self, kind: ContentKind, text: &str) -> ContentId {
        self.texts += 1;
        let ticket = &self.working.ticket;
        let about = match self.by {
            Actor::Customer(customer) => customer,
            _ => ticket.requester(),
        };
        let (tenant, ticket, n) = (self.tenant.uuid(), ticket.id().uuid(), self.texts);
        let id = derive(&[
            b"imported text",
            tenant.as_bytes(),
            ticket.as_bytes(),
            &n.to_be_bytes(),
        ]);
        let id = ContentId::from_uuid(in_order(self.working.ticket.created_at(), id));
        self.content.push(Content {
            id,
            kind,
            about: Some(about),
            text: text.to_owned(),
        });
        id
    }

    fn finish(mut self, until: Option<DateTime<Utc>>) -> Imported {
        self.by = Actor::System;
        self.stamped_at = None;
        if let Some(until) = until {
            let mut unseen = Anomalies::default(); // not a row of the log
            self.at = self.at.max(in_range(truncate(until), &mut unseen));
        }
        self.push(Event::Imported);
        Imported {
            ticket: Arc::unwrap_or_clone(self.working.ticket),
            events: self.working.events,
            content: self.content,
            claims: self.claims,
            anomalies: self.anomalies,
        }
    }
}

/// The stamp, held to the years for which calendars are exact.
fn in_range(at: DateTime<Utc>, anomalies: &mut Anomalies) -> DateTime<Utc> {
    let held = at.clamp(EARLIEST, LATEST - TimeDelta::microseconds(1));
    if held != at {
        anomalies.add(AnomalyKind::OutOfRange);
    }
    held
}

/// The subject and the requester's address, as content records.
fn first_texts(
    history: &History,
    at: DateTime<Utc>,
    tenant: TenantId,
) -> (Content, Option<Content>) {
    let (tenant, ticket) = (tenant.uuid(), history.ticket.uuid());
    let id = |name: &[u8]| derive(&[name, tenant.as_bytes(), ticket.as_bytes()]);
    let content = |kind, name: &[u8], text: &str| Content {
        id: ContentId::from_uuid(in_order(at, id(name))),
        kind,
        about: Some(history.opened.requester),
        text: text.to_owned(),
    };
    let address = history.opened.address.as_deref();
    (
        content(
            ContentKind::Subject,
            b"imported subject",
            &history.opened.subject,
        ),
        address.map(|address| content(ContentKind::Address, b"imported address", address)),
    )
}

fn claim_of_address(opened: &Beginning, tenant: TenantId) -> Option<(UniqueKey, Uuid)> {
    let key = UniqueKey::address(tenant, opened.address.as_deref()?);
    Some((key, opened.requester.uuid()))
}

pub(super) fn all_may_do_all(rules: &Rules) -> Rules {
    let everything = |table: Permissions, role| table.with(role, Permission::ALL);
    Rules {
        permissions: Role::ALL
            .into_iter()
            .fold(Permissions::default(), everything),
        ..rules.clone()
    }
}
