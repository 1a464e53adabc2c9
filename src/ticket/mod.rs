//! Tickets: what they are, what may be said about them, and what then happens.
//!
//! A [`Ticket`] is a fold over its events. Saying something about it takes two pure steps: [`decide`] turns a
//! [`Command`] into events or into a [`Refusal`], and [`Ticket::apply`] folds an event in. Deciding may refuse;
//! applying never does, because a recorded event is a fact. So a rule changed later can never make old history unreadable.
//!
//! ```
//! use helpdesk::{Actor, Call, Command, Open, id::{AgentId, TicketNumber}, ticket::{self, Rules, Status, Ticket}};
//!
//! let rules = Rules::default();
//! let call = Call::new(Actor::agent(AgentId::named("kim")), "2026-03-05T09:00:00Z".parse()?);
//! let opened = ticket::open(&rules, &call, &Open::new("Printer on fire").from("ann@example.com"), TicketNumber(1), None)?;
//! let mut ticket = Ticket::replay(call.tenant_id(), &opened.recorded(&call)).ok_or("empty")?;
//!
//! let decision = ticket::decide(&ticket, &rules, &call, call.at(), &Command::resolve())?;
//! for event in decision.recorded_after(&ticket, &call) {
//!     ticket.apply(&event);
//! }
//! assert_eq!(ticket.status(), Status::Resolved);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is not here
//! No clock is measured and no rule fires here: deadlines are in [`sla`](crate::sla), their consequences in
//! [`escalation`](crate::escalation), and [`desk::plan`](crate::desk::plan) puts all of it together. No text is kept: events
//! hold ids of [`Content`] records, so that a person can be erased without rewriting history.

mod cause;
mod clock;
mod command;
mod content;
mod conversation;
mod cycle;
mod decide;
mod diagram;
mod draft;
mod effort;
mod event;
mod exact;
mod field;
mod fold;
mod holder;
mod lifecycle;
mod link;
mod mark;
mod merge;
mod open;
mod priority;
mod promise;
mod rating;
mod refusal;
mod rules;
mod session;
mod split;
mod standing;
mod view;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::call::Actor;
use crate::id::{
    AgentId, ContentId, CustomerId, FiringKey, MessageId, Name, RulebookId, TeamId, TenantId,
    TicketId, TicketNumber,
};
use crate::time::{Micros, instant};

pub use cause::{CauseCode, Causes, InvalidCauses};
pub use clock::{Agreement, ClockId, Metric};
pub use command::{Change, Command, Move};
pub use content::{Content, ContentKind};
pub use conversation::{
    Attachment, Channel, Direction, Message, MessageClass, Recipients, Visibility,
};
pub use cycle::Cycle;
pub use decide::{Decision, FollowUp, Merging, decide, follow_up, merge, open, split};
pub(crate) use decide::{decide_permitted, envelopes, event_of, merge_permitted, split_permitted};
pub use diagram::{lifecycle_mermaid, lifecycle_svg};
pub use draft::{AttachmentDraft, Draft};
pub use effort::{Estimate, TimeEntry};
pub use event::{Delivery, Escalated, Event, MessageAdded, Opened, Recorded, Timing, Version};
pub use field::FieldValue;
pub(crate) use fold::About;
pub use fold::FOLD;
pub use holder::{Assignment, Holder};
pub use lifecycle::{CloseReason, LIFECYCLE, Pending, Stage, Status, Step};
pub use link::Link;
pub(crate) use mark::{Mark, MarkKind, Phase};
pub use mark::{PendingReason, PendingReasons};
pub use merge::{Merge, Merged};
pub use open::{Open, Requester};
pub use priority::Priority;
pub use promise::Promise;
pub(crate) use promise::{Made, PromiseEnd};
pub use rating::{Rated, Rating, RatingKind, Scale, Scales};
pub use refusal::Refusal;
pub use rules::{Label, Permission, Permissions, Rules};
pub use session::{Handling, Session, SessionEnd, SessionEvent, SessionStep};
pub use split::Split;
pub(crate) use standing::Standing;
pub use view::{CustomerMessage, CustomerPage, CustomerView};

/// A ticket as its events made it.
///
/// What grows with every command is shared between its clones, until one of them changes it: most events change little of it.
///
/// Serialises whole: a ticket restored from its serialised form goes on exactly as the original would.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    tenant: TenantId,
    opened: Opened,
    version: Version,
    created_at: DateTime<Utc>,
    created_by: Actor,
    last_at: DateTime<Utc>,
    status: Status,
    label: Option<Name>,
    priority: Priority,
    kind: Option<Name>,
    tags: BTreeSet<Name>,
    fields: BTreeMap<Name, FieldValue>,
    participants: BTreeSet<CustomerId>,
    messages: Arc<Vec<Message>>,
    effort: Vec<TimeEntry>,
    links: Vec<(Link, TicketId)>,
    estimates: Vec<Estimate>,
    assignments: Vec<Assignment>,
    standing: Vec<Standing>,
    /// How many events rules brought about in a row.
    chain: u16,
    /// How many firings were withdrawn.
    withdrawn: u64,
    ratings: Vec<Rating>,
    sessions: Vec<Session>,
    goes_over: Option<Channel>,
    cycles: Arc<Vec<Cycle>>, // INVARIANT: never empty
    policies: [Option<Name>; Agreement::ALL.len()],
    marks: Arc<Vec<Mark>>,
    active: (Micros, u64),
    waiting: Option<(Micros, u64)>,
    announced: Arc<[FiringKey]>, // sorted
    /// A bit per clock, and one per digest of a level's names: what was announced may be found only where its bit is set.
    #[serde(with = "exact::bits")]
    announced_about: u64,
    /// The rulebook version, and since when where it was moved to it.
    pinned: (RulebookId, Option<Micros>),
    imported_until: Option<Micros>,
}

impl Ticket {
    /// The tenant it belongs to.
    pub fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// Its id.
    pub fn id(&self) -> TicketId {
        self.opened.ticket
    }

    /// Its number in the tenant.
    pub fn number(&self) -> TicketNumber {
        self.opened.number
    }

    /// How it began.
    pub fn opened(&self) -> &Opened {
        &self.opened
    }

    /// How many events it has.
    pub fn version(&self) -> Version {
        self.version
    }

    /// When it began.
    pub fn created_at(&self) -> DateTime<Utc> {
        self.created_at
    }

    /// Who opened it.
    pub fn created_by(&self) -> Actor {
        self.created_by
    }

    /// When its last event took effect.
    pub fn last_event_at(&self) -> DateTime<Utc> {
        self.last_at
    }

    /// Where it stands.
    pub fn status(&self) -> Status {
        self.status
    }

    /// The host's own name for where it stands.
    pub fn label(&self) -> Option<&Name> {
        self.label.as_ref()
    }

    /// Who is in charge.
    pub fn holder(&self) -> Holder {
        self.assignments
            .last()
            .map(|last| last.holder)
            .unwrap_or_default()
    }

    /// The agent in charge.
    pub fn agent(&self) -> Option<AgentId> {
        self.holder().agent
    }

    /// The team in charge.
    pub fn team(&self) -> Option<TeamId> {
        self.holder().team
    }

    /// How urgent it is.
    pub fn priority(&self) -> Priority {
        self.priority
    }

    /// Its type, in the host's words.
    pub fn kind(&self) -> Option<&Name> {
        self.kind.as_ref()
    }

    /// Its tags.
    pub fn tags(&self) -> &BTreeSet<Name> {
        &self.tags
    }

    /// The host's own fields.
    pub fn fields(&self) -> &BTreeMap<Name, FieldValue> {
        &self.fields
    }

    /// Who asks for help.
    pub fn requester(&self) -> CustomerId {
        self.opened.requester
    }

    /// The other customers who take part.
    pub fn participants(&self) -> &BTreeSet<CustomerId> {
        &self.participants
    }

    /// Whether this customer may see and answer it.
    pub fn reaches(&self, customer: CustomerId) -> bool {
        self.requester() == customer || self.participants.contains(&customer)
    }

    /// The subject line, as a content record.
    pub fn subject(&self) -> ContentId {
        self.opened.subject
    }

    /// The way it came.
    pub fn channel(&self) -> &Channel {
        &self.opened.channel
    }

    /// The way in which the conversation goes on: the one it came, until that was changed.
    pub fn goes_over(&self) -> &Channel {
        self.goes_over.as_ref().unwrap_or(&self.opened.channel)
    }

    /// The conversation, oldest first.
    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// One message.
    pub fn message(&self, id: MessageId) -> Option<&Message> {
        self.messages.iter().find(|message| message.id == id)
    }

    /// Its calls, chats and conversations with bots, in the order in which they began.
    pub fn sessions(&self) -> &[Session] {
        &self.sessions
    }

    /// The effort recorded, oldest first.
    pub fn effort(&self) -> &[TimeEntry] {
        &self.effort
    }

    /// What the customer was told about when it will be resolved, oldest first.
    pub fn estimates(&self) -> &[Estimate] {
        &self.estimates
    }

    /// Who was in charge since when, oldest first. Nobody was before the first.
    pub fn assignments(&self) -> &[Assignment] {
        &self.assignments
    }

    /// Its resolution cycles; the last one is the current one.
    pub fn cycles(&self) -> &[Cycle] {
        &self.cycles
    }

    /// Whether it was ever reopened.
    pub fn is_reopened(&self) -> bool {
        self.cycles.len() > 1
    }

    /// When it was last resolved, over all cycles.
    pub fn resolved_at(&self) -> Option<DateTime<Utc>> {
        self.cycles.iter().rev().find_map(|cycle| cycle.resolved_at)
    }

    /// The rulebook version it is pinned to: the one it was opened under, or was last moved to.
    pub fn rulebook(&self) -> RulebookId {
        self.pinned.0
    }

    /// Every rulebook version that it was ever pinned to, in order; the last one is [`rulebook`](Ticket::rulebook).
    pub fn rulebooks(&self) -> impl Iterator<Item = RulebookId> + '_ {
        let moved = self.moves_of_rulebook().map(|(_, version)| version);
        std::iter::once(self.opened.rulebook).chain(moved)
    }

    /// When it was moved to which rulebook version.
    pub(crate) fn moves_of_rulebook(&self) -> impl Iterator<Item = (Micros, RulebookId)> + '_ {
        self.marks.iter().filter_map(|mark| match mark.kind {
            MarkKind::Rulebook(version) => Some((mark.at, version)),
            _ => None,
        })
    }

    /// When it was moved to the rulebook version that it is pinned to, if it was.
    pub(crate) fn moved_to_rulebook(&self) -> Option<Micros> {
        self.pinned.1
    }

    /// The policy in force for an agreement, by its name in the rulebook.
    pub fn policy(&self, agreement: Agreement) -> Option<&Name> {
        self.policies[agreement.index()].as_ref()
    }

    /// Whether a breach or firing with this key stands in the history.
    pub fn has_announced(&self, key: FiringKey) -> bool {
        self.announced.binary_search(&key).is_ok()
    }

    /// Whether a breach or firing with these bits may stand in the history: spares the digest that its key is.
    pub(crate) fn may_have_announced(&self, about: About) -> bool {
        self.announced_about & about.0 != 0
    }

    /// The instant up to which the history came from a recorded log.
    pub fn imported_until(&self) -> Option<DateTime<Utc>> {
        self.imported_until.map(instant)
    }

    /// The last thing that somebody did: when, and the place of the event. What rules do and automatic messages do not count.
    pub(crate) fn active(&self) -> (Micros, u64) {
        self.active
    }

    /// Since when nothing happened in its status: the last thing that somebody did, or the last change of status if that was later.
    pub(crate) fn idle_since(&self) -> (Micros, u64) {
        let moved = self.last_move();
        self.active.max(moved.unwrap_or((Micros::MIN, 0)))
    }

    /// Since when it has its status, and the place of the event.
    pub(crate) fn in_status_since(&self) -> (Micros, u64) {
        let began = self.marks.first().map(|mark| (mark.at, mark.version));
        self.last_move().or(began).unwrap_or((Micros::MIN, 0))
    }

    /// The last change of status: when, and the place of the event. Another label, or another instant to wait until, is the same status.
    fn last_move(&self) -> Option<(Micros, u64)> {
        let phase_of = |mark: &'_ Mark| match mark.kind {
            MarkKind::Moved(phase) => Some(phase),
            _ => None,
        };
        let moves = self.marks.iter().rev();
        let mut moves = moves
            .filter_map(|mark| Some((mark, phase_of(mark)?)))
            .peekable();
        while let Some((mark, phase)) = moves.next() {
            let before = moves.peek().map_or(Phase::Work, |(_, before)| *before);
            if before != phase {
                return Some((mark.at, mark.version));
            }
        }
        None
    }

    /// When the oldest message of a customer came that nobody has answered, on an unresolved ticket; or when a bot handed over.
    pub fn waiting_since(&self) -> Option<DateTime<Utc>> {
        let waiting = self.waiting.filter(|_| self.status.stage().is_backlog());
        waiting.map(|(since, _)| instant(since))
    }

    /// The same, with the place of the event.
    pub(crate) fn waiting(&self) -> Option<(Micros, u64)> {
        self.waiting
    }

    /// Each reopening: when, and the place of the event.
    pub(crate) fn reopenings(&self) -> impl Iterator<Item = (Micros, u64)> + '_ {
        let mut was_done = false;
        self.marks.iter().filter_map(move |mark| {
            let MarkKind::Moved(phase) = mark.kind else {
                return None;
            };
            let done = phase.is_done();
            let reopened = std::mem::replace(&mut was_done, done) && !done;
            reopened.then_some((mark.at, mark.version))
        })
    }

    /// The firings that somebody was told of and that are not over yet.
    pub(crate) fn standing(&self) -> &[Standing] {
        &self.standing
    }

    /// Counts a firing of which it is known only now that somebody was told.
    pub(crate) fn stand(&mut self, fired: &Escalated, version: Version) {
        self.standing.extend(Standing::of(fired, version));
    }

    /// The place of its last event, as keys count it: without the withdrawals, because whether there are any depends on who
    /// looked when.
    pub(crate) fn place(&self) -> u64 {
        self.version.0.saturating_sub(self.withdrawn)
    }

    /// How many events rules brought about since somebody last did something.
    pub(crate) fn chain(&self) -> u16 {
        self.chain
    }

    /// Reads a little of every part, so that all of it lies near for whoever works on it next; tells something that depends on it.
    pub(crate) fn touch(&self) -> u64 {
        let marked = self.marks.last().map_or(0, |mark| mark.version);
        let lengths = [
            self.messages.len(),
            self.cycles.len(),
            self.tags.len(),
            self.participants.len(),
            self.links.len(),
            self.assignments.len(),
            self.ratings.len(),
            self.announced.len(),
        ];
        let lengths = lengths.iter().fold(0, |all, length| all ^ *length as u64);
        let ids = self.opened.number.0 ^ self.announced_about ^ self.active.1 ^ self.version.0;
        let key = self
            .announced
            .last()
            .map_or(0, |key| key.uuid().as_u64_pair().0);
        marked ^ lengths ^ ids ^ key
    }

    pub(crate) fn marks(&self) -> &[Mark] {
        &self.marks
    }
}
