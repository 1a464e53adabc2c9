//! What a rulebook says about tickets: who may do what, the host's status labels, the reopen window, the limits.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::call::{Actor, Role};
use crate::id::{Name, RulebookId};
use crate::time::{Span, micros};

use super::Ticket;
use super::cause::Causes;
use super::command::{Change, Command, Move};
use super::conversation::Visibility;
use super::draft::Draft;
use super::lifecycle::{CloseReason, Pending, Stage, Step};
use super::rating::Scales;
use super::refusal::Refusal;

/// The part of a rulebook that [`decide`](super::decide) reads.
///
/// Every field has a default ([`Rules::default`]), so a rulebook names only what differs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Rules {
    /// Who may do what.
    pub permissions: Permissions,
    /// The host's own names for statuses.
    #[serde(deserialize_with = "crate::id::keyed")]
    pub labels: BTreeMap<Name, Label>,
    /// Fields whose values are personal: kept as content records, erased with the person. A number is kept as the text of its digits,
    /// a flag as `true` or `false`.
    pub personal_fields: BTreeSet<Name>,
    /// How long after a resolution the ticket can be reopened; of a closed one, where [`reopen_closed`](Self::reopen_closed) allows
    /// it, how long after it was closed. Default: 336 h (14 days of 24 hours).
    pub reopen_window: Span,
    /// Whether a closed ticket can be reopened at all. Default: no; a later message makes a follow-up ticket.
    pub reopen_closed: bool,
    /// How far a command's stamp may lie before the last event. Default: 5 s.
    pub clock_skew: Span,
    /// The scales on which customers rate.
    pub scales: Scales,
    /// Why customers have to ask, as a tree. Default: none is declared.
    #[serde(skip_serializing_if = "Causes::is_empty")]
    pub causes: Causes,
    /// The longest text, in bytes. Default: 1 MiB.
    pub max_text: usize,
    /// The longest list (changes in a command, tags, fields, participants, files of a message). Default: 256. What a rule or an import
    /// made longer stays so, and hinders no change that does not lengthen it.
    pub max_list: usize,
    /// The rulebook's version, told to every ticket that begins under it. Not part of the text form.
    #[serde(skip)]
    pub(crate) rulebook: Option<RulebookId>,
}

impl Default for Rules {
    fn default() -> Rules {
        Rules {
            permissions: Permissions::default(),
            labels: BTreeMap::new(),
            personal_fields: BTreeSet::new(),
            reopen_window: Span::hours(14 * 24),
            reopen_closed: false,
            clock_skew: Span::seconds(5),
            scales: Scales::default(),
            causes: Causes::default(),
            max_text: 1 << 20,
            max_list: 256,
            rulebook: None,
        }
    }
}

impl Rules {
    /// The instant at which a command stamped `at` is taken, after a last event at `last`: its own, or the last event's
    /// where the stamp is at most [`clock_skew`](Rules::clock_skew) earlier.
    pub fn effective(
        &self,
        at: DateTime<Utc>,
        last: DateTime<Utc>,
    ) -> Result<DateTime<Utc>, Refusal> {
        if at >= last {
            Ok(at)
        } else if micros(last).saturating_sub(micros(at)) <= self.clock_skew.micros() {
            Ok(last)
        } else {
            Err(Refusal::StampTooEarly {
                at,
                last,
                skew: self.clock_skew,
            })
        }
    }

    /// Whether `actor` may give `command` to `ticket`. Checked before everything else.
    pub fn permit(&self, ticket: &Ticket, actor: Actor, command: &Command) -> Result<(), Refusal> {
        Rules::reach(ticket, actor)?;
        self.permit_command(ticket, actor, command)
    }

    /// Customers reach only their own tickets.
    pub(crate) fn reach(ticket: &Ticket, actor: Actor) -> Result<(), Refusal> {
        match actor {
            Actor::Customer(customer) if !ticket.reaches(customer) => Err(Refusal::NotYours {
                ticket: ticket.id(),
            }),
            _ => Ok(()),
        }
    }

    /// Whether the role may say what the command says, on whatever stage the ticket is: its message, its changes, and its move on
    /// one stage at least.
    pub(crate) fn permit_words(&self, actor: Actor, command: &Command) -> Result<(), Refusal> {
        let said = command.message.iter().map(Permission::of_message);
        let changed = command.changes.iter().map(Permission::of_change);
        self.permit_all(actor, said.chain(changed))?;
        let moved = |done| self.permit_move(actor, command, done);
        moved(false).or_else(|refusal| moved(true).map_err(|_| refusal))
    }

    /// Whether the role may do what the command says, to a ticket that it reaches. A move that comes with a customer's message is no
    /// reason to refuse the message: see [`decide`](super::decide).
    pub(crate) fn permit_command(
        &self,
        ticket: &Ticket,
        actor: Actor,
        command: &Command,
    ) -> Result<(), Refusal> {
        self.permit_words(actor, command)?;
        match (actor, &command.message) {
            (Actor::Customer(_), Some(_)) => Ok(()),
            _ => self.permit_move_of(ticket, actor, command),
        }
    }

    /// Whether the role may ask for the command's move where the ticket stands.
    pub(crate) fn permit_move_of(
        &self,
        ticket: &Ticket,
        actor: Actor,
        command: &Command,
    ) -> Result<(), Refusal> {
        let done = !ticket.status().stage().is_backlog();
        self.permit_move(actor, command, done)
    }

    fn permit_move(&self, actor: Actor, command: &Command, done: bool) -> Result<(), Refusal> {
        let step = command.step.iter();
        self.permit_all(
            actor,
            step.flat_map(|step| self.permissions_of_move(step, done)),
        )
    }

    fn permit_all(
        &self,
        actor: Actor,
        mut all: impl Iterator<Item = Permission>,
    ) -> Result<(), Refusal> {
        all.try_for_each(|permission| self.permissions.check(actor.role(), permission))
    }

    /// The steps that a role may ask for at a stage: those that nobody asks for (a wait that ends, a customer's message) are not
    /// among them, nor what it has no right to.
    pub(crate) fn steps_of(&self, role: Role, stage: Stage) -> Vec<Step> {
        let done = !stage.is_backlog();
        let may = |step: &Step| {
            let needs: &[Permission] = match step {
                Step::Wake | Step::CustomerMessage => return false,
                Step::Reopen if stage == Stage::Closed && !self.reopen_closed => return false,
                Step::Pend if done => &[Permission::Pend, Permission::Reopen],
                Step::Pend => &[Permission::Pend],
                Step::Resume => &[Permission::Resume],
                Step::Resolve => &[Permission::Resolve],
                Step::Reopen => &[Permission::Reopen],
                Step::Close => &[Permission::Close],
            };
            needs
                .iter()
                .all(|needed| self.permissions.allows(role, *needed))
        };
        stage.steps().into_iter().filter(may).collect()
    }

    /// What a move needs; on a ticket that is done, going on is reopening.
    fn permissions_of_move(&self, step: &Move, done: bool) -> Vec<Permission> {
        let pend = || {
            if done {
                vec![Permission::Pend, Permission::Reopen]
            } else {
                vec![Permission::Pend]
            }
        };
        let resume = || {
            vec![if done {
                Permission::Reopen
            } else {
                Permission::Resume
            }]
        };
        match step {
            Move::Pend(_) => pend(),
            Move::Resume => vec![Permission::Resume],
            Move::Resolve => vec![Permission::Resolve],
            Move::Reopen => vec![Permission::Reopen],
            Move::Close(_) => vec![Permission::Close],
            Move::Label(name) => match self.labels.get(name) {
                Some(Label::Pending(_)) => pend(),
                Some(Label::Resolved) => vec![Permission::Resolve],
                Some(Label::Closed(_)) => vec![Permission::Close],
                Some(Label::Work) | None => resume(),
            },
        }
    }
}

/// What can be permitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Permission {
    /// Open a ticket.
    Open,
    /// Write a public message.
    Reply,
    /// Write an internal note.
    Note,
    /// Let the ticket wait.
    Pend,
    /// Go on with it.
    Resume,
    /// Resolve it.
    Resolve,
    /// Reopen it.
    Reopen,
    /// Close it.
    Close,
    /// Put somebody in charge.
    Assign,
    /// Set priority, type, tags and fields.
    Classify,
    /// Record effort.
    LogTime,
    /// Promise an update or a time of resolution.
    Promise,
    /// Add and remove participants.
    Participants,
    /// Rate the help.
    Rate,
    /// Move it to another version of the rulebook.
    ApplyRulebook,
    /// Take the text of a message away.
    Redact,
    /// Merge a ticket into another.
    Merge,
    /// Begin a ticket with messages of another.
    Split,
    /// Tie tickets to each other.
    Link,
    /// Record calls, chats and conversations with bots.
    Session,
    /// Change what a customer prefers: name, channel, language, time zone.
    Preferences,
    /// Change a customer's profile: identities, tier, organisation, notes; join two.
    Profile,
    /// Invite a customer to a survey.
    Survey,
    /// Write, publish and retire articles, and tell which one resolved a ticket.
    Article,
    /// Use the self-service: view, search, vote.
    Browse,
    /// Review the quality of work.
    Review,
    /// Object to a review of one's own work.
    Dispute,
    /// Record findings and what is done about them.
    Improve,
}

impl Permission {
    /// Everything that can be permitted.
    pub const ALL: [Permission; 28] = [
        Permission::Open,
        Permission::Reply,
        Permission::Note,
        Permission::Pend,
        Permission::Resume,
        Permission::Resolve,
        Permission::Reopen,
        Permission::Close,
        Permission::Assign,
        Permission::Classify,
        Permission::LogTime,
        Permission::Promise,
        Permission::Participants,
        Permission::Rate,
        Permission::ApplyRulebook,
        Permission::Redact,
        Permission::Merge,
        Permission::Split,
        Permission::Link,
        Permission::Session,
        Permission::Preferences,
        Permission::Profile,
        Permission::Survey,
        Permission::Article,
        Permission::Browse,
        Permission::Review,
        Permission::Dispute,
        Permission::Improve,
    ];

    pub(crate) fn of_message(draft: &Draft) -> Permission {
        match draft.visibility {
            Visibility::Public => Permission::Reply,
            Visibility::Internal => Permission::Note,
        }
    }

    pub(crate) fn of_change(change: &Change) -> Permission {
        match change {
            Change::Assign { .. } => Permission::Assign,
            Change::Continue(_) => Permission::Reply,
            Change::Priority(_)
            | Change::Type(_)
            | Change::AddTag(_)
            | Change::RemoveTag(_)
            | Change::Field { .. } => Permission::Classify,
            Change::PromiseUpdate(_) | Change::EstimateResolution(_) => Permission::Promise,
            Change::LogTime { .. } => Permission::LogTime,
            Change::AddParticipant(_) | Change::RemoveParticipant(_) => Permission::Participants,
            Change::Rate { .. } | Change::Surveyed(_) => Permission::Rate,
            Change::Redact(_) => Permission::Redact,
            Change::Session { .. } => Permission::Session,
        }
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Permission::Open => "open",
            Permission::Reply => "reply",
            Permission::Note => "note",
            Permission::Pend => "pend",
            Permission::Resume => "resume",
            Permission::Resolve => "resolve",
            Permission::Reopen => "reopen",
            Permission::Close => "close",
            Permission::Assign => "assign",
            Permission::Classify => "classify",
            Permission::LogTime => "log time",
            Permission::Promise => "promise",
            Permission::Participants => "change participants",
            Permission::Rate => "rate",
            Permission::ApplyRulebook => "apply a rulebook",
            Permission::Redact => "redact",
            Permission::Merge => "merge",
            Permission::Split => "split",
            Permission::Link => "link",
            Permission::Session => "record sessions",
            Permission::Preferences => "set preferences",
            Permission::Profile => "change profiles",
            Permission::Survey => "invite to surveys",
            Permission::Article => "write articles",
            Permission::Browse => "use the self-service",
            Permission::Review => "review quality",
            Permission::Dispute => "object to a review",
            Permission::Improve => "improve",
        })
    }
}

/// The permission table: what each role may do. A table that is written replaces the default one whole: a role that it does not
/// name may do nothing.
///
/// By default a customer may open, reply, resolve, reopen, rate, set her own preferences and use the self-service; a bot may talk, record its
/// sessions, let a ticket wait, assign and classify; an agent may do everything but rate, apply a rulebook, redact and review; a supervisor
/// may do everything but rate; the system may do everything, so that a
/// host can record what a survey brought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Permissions(
    #[serde(deserialize_with = "crate::id::keyed")] BTreeMap<Role, BTreeSet<Permission>>,
);

impl Default for Permissions {
    fn default() -> Permissions {
        use Permission::{
            ApplyRulebook, Assign, Browse, Classify, Note, Open, Pend, Preferences, Rate, Redact,
            Reopen, Reply, Resolve, Resume, Review, Session,
        };
        let all = BTreeSet::from(Permission::ALL);
        let but = |left_out: &[Permission]| {
            let stays = |permission: &Permission| !left_out.contains(permission);
            all.iter().copied().filter(stays).collect::<BTreeSet<_>>()
        };
        Permissions(BTreeMap::from([
            (
                Role::Customer,
                BTreeSet::from([Open, Reply, Resolve, Reopen, Rate, Preferences, Browse]),
            ),
            (
                Role::Bot,
                BTreeSet::from([
                    Open, Reply, Note, Pend, Resume, Assign, Classify, Browse, Session,
                ]),
            ),
            (Role::Agent, but(&[Rate, ApplyRulebook, Redact, Review])),
            (Role::Supervisor, but(&[Rate])),
            (Role::System, all.clone()),
        ]))
    }
}

impl Permissions {
    /// The same table with what one role may do replaced.
    #[must_use]
    pub fn with(
        mut self,
        role: Role,
        permissions: impl IntoIterator<Item = Permission>,
    ) -> Permissions {
        self.0.insert(role, permissions.into_iter().collect());
        self
    }

    /// Whether `role` may do this.
    pub fn allows(&self, role: Role, permission: Permission) -> bool {
        self.0
            .get(&role)
            .is_some_and(|allowed| allowed.contains(&permission))
    }

    /// Refuses what [`allows`](Permissions::allows) does not.
    pub fn check(&self, role: Role, permission: Permission) -> Result<(), Refusal> {
        if self.allows(role, permission) {
            return Ok(());
        }
        let allowed = self.0.get(&role).into_iter().flatten().copied().collect();
        Err(Refusal::Forbidden {
            role,
            permission,
            allowed,
        })
    }
}

/// What a host's own status name stands for. Rules see the status, people the label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Label {
    /// `Open`, or `Reopened` after a resolution.
    Work,
    /// `Pending` for this reason.
    Pending(Pending),
    /// `Resolved`.
    Resolved,
    /// `Closed` for this reason.
    Closed(CloseReason),
}
