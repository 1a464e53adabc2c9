//! Stories of a whole desk: several tickets of several customers, with merging, splitting, links, calls and chats, and what stands
//! beside tickets.
//!
//! A [`DeskStory`] is told to any desk. Its deeds name tickets and messages by their place, so that it shrinks to few tickets and few
//! deeds; a deed takes what is there at its turn, which makes most of them possible. What is refused is left out.
//!
//! Every text says who may know it: what the desk keeps to itself has [`INTERNAL`] in it, and what is of a person the person's
//! [`mark`]. So a law about who sees what only has to search.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use uuid::Uuid;

use crate::call::{Actor, Call};
use crate::customer::{self, Identity, Profile};
use crate::desk::{Anything, Desk};
use crate::error::Error;
use crate::feedback::{self, Answer, Feedback};
use crate::id::{
    AgentId, ArticleId, BotId, CustomerId, FindingId, InvitationId, Name, ReviewId, SessionId,
    TicketId, VisitId,
};
use crate::improvement;
use crate::quality::{self, Category, Mark, Marked, Scorecard};
use crate::rulebook::{Rulebook, RulebookDraft};
use crate::self_service::{ArticleCommand, Draft as ArticleDraft, VisitCommand};
use crate::store::Store;
use crate::ticket::{
    AttachmentDraft, Change, Channel, CloseReason, Command, Draft, FieldValue, Handling, Link,
    Merge, Open, Pending, RatingKind, SessionEnd, SessionStep, Split, Ticket, Visibility,
};
use crate::time::Span;

use super::story::beginning;

/// What stands in every text that the desk keeps to itself.
pub const INTERNAL: &str = "for-the-desk-alone";

/// How many customers there are.
pub const CUSTOMERS: usize = 3;

/// One of the customers, from 0.
pub fn customer(n: usize) -> CustomerId {
    CustomerId::named(["ann", "ben", "cy"][n % CUSTOMERS])
}

/// What stands in every text that is of one of the customers: her words, her names, her addresses, what is written about her.
pub fn mark(n: usize) -> &'static str {
    ["said-of-ann", "said-of-ben", "said-of-cy"][n % CUSTOMERS]
}

const KIM: AgentId = AgentId::from_uuid(Uuid::from_u128(0xb));
const LEE: AgentId = AgentId::from_uuid(Uuid::from_u128(0xc));

/// What happens at a desk.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DeskStory {
    /// Whose tickets there are at first, each opened by its customer.
    pub tickets: Vec<usize>,
    /// What happens then.
    pub deeds: Vec<Deed>,
}

/// One thing that happens.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Deed {
    /// How long after the one before.
    pub gap: TimeDelta,
    /// Who does it: a customer by her place, or the desk.
    pub by: Option<usize>,
    /// What.
    pub what: What,
}

/// What somebody does.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum What {
    /// A message, public or internal, with a file.
    Message(Index, bool),
    /// A message with copies for a customer.
    Copy(Index, usize),
    /// The ticket waits, is resolved, reopened or closed.
    Move(Index, u8),
    /// A personal field gets a text.
    Field(Index),
    /// A call, chat or bot's conversation goes one step on; the number chooses among the steps that are possible.
    Session(Index, u8, u8),
    /// One ticket goes on in another.
    Merge(Index, Index),
    /// A ticket begins with a message of another.
    Split(Index, Index),
    /// Two tickets are tied.
    Link(Index, Index, Link),
    /// They are tied no longer.
    Unlink(Index, Index, Link),
    /// Two customers are one person.
    Join(usize, usize),
    /// What is known of a customer: an identity, a name, a note.
    Profile(usize, u8),
    /// A customer is invited to a survey.
    Invite(Index),
    /// And answers it.
    Answer(usize, u8),
    /// Work is reviewed, with a comment.
    Review(Index, u8),
    /// An article is written, published or used.
    Article(Index, u8),
    /// A customer visits the self-service, searches, and opens a ticket after it.
    Visit(usize, u8, Index),
    /// Something was found that is to be better.
    Find,
}

/// Stories of up to four tickets and two dozen deeds.
pub fn desk_stories() -> impl Strategy<Value = DeskStory> {
    let deed = (
        0..600_i64,
        proptest::option::weighted(0.4, 0..CUSTOMERS),
        whats(),
    );
    let deed = deed.prop_map(|(minutes, by, what)| Deed {
        gap: TimeDelta::minutes(minutes),
        by,
        what,
    });
    (vec(0..CUSTOMERS, 1..4), vec(deed, 0..24))
        .prop_map(|(tickets, deeds)| DeskStory { tickets, deeds })
}

fn whats() -> impl Strategy<Value = What> {
    let ticket = any::<Index>;
    let link = || {
        select(
            &[
                Link::ParentOf,
                Link::ChildOf,
                Link::ProblemOf,
                Link::DuplicateOf,
            ][..],
        )
    };
    let conversation = prop_oneof![
        6 => (ticket(), any::<bool>()).prop_map(|(t, internal)| What::Message(t, internal)),
        1 => (ticket(), 0..CUSTOMERS).prop_map(|(t, who)| What::Copy(t, who)),
        4 => (ticket(), 0..6_u8).prop_map(|(t, step)| What::Move(t, step)),
        1 => ticket().prop_map(What::Field),
        5 => (ticket(), 0..2_u8, any::<u8>()).prop_map(|(t, which, n)| What::Session(t, which, n)),
    ];
    let shape = prop_oneof![
        3 => (ticket(), ticket()).prop_map(|(one, other)| What::Merge(one, other)),
        2 => (ticket(), ticket()).prop_map(|(t, message)| What::Split(t, message)),
        1 => (ticket(), ticket(), link()).prop_map(|(one, other, link)| What::Link(one, other, link)),
        1 => (ticket(), ticket(), link()).prop_map(|(one, other, link)| What::Unlink(one, other, link)),
    ];
    let beside = prop_oneof![
        2 => (0..CUSTOMERS, 0..CUSTOMERS).prop_map(|(one, other)| What::Join(one, other)),
        3 => (0..CUSTOMERS, 0..3_u8).prop_map(|(who, what)| What::Profile(who, what)),
        2 => ticket().prop_map(What::Invite),
        2 => (0..CUSTOMERS, 1..6_u8).prop_map(|(who, mark)| What::Answer(who, mark)),
        1 => (ticket(), 0..6_u8).prop_map(|(t, points)| What::Review(t, points)),
        1 => (ticket(), 0..3_u8).prop_map(|(t, what)| What::Article(t, what)),
        1 => (0..CUSTOMERS, 0..3_u8, ticket()).prop_map(|(who, what, t)| What::Visit(who, what, t)),
        1 => Just(What::Find),
    ];
    prop_oneof![4 => conversation, 2 => shape, 2 => beside]
}

/// A rulebook under which every deed has a meaning: a personal field, a survey, a scorecard.
pub fn rules(draft: RulebookDraft) -> Option<Rulebook> {
    let mut draft = draft;
    draft.tickets.personal_fields.insert(name("phone")?);
    let asks = feedback::Survey::new().ask(feedback::Question::new(
        name("satisfied")?,
        RatingKind::Csat,
    ));
    draft.feedback = feedback::Rules::default()
        .survey(name("short")?, asks)
        .cool_down(Span::hours(1));
    let card = Scorecard::new(5).category(Category::new(name("tone")?, 1));
    draft.quality = quality::Rules::default().scorecard(name("talk")?, card);
    draft.build().ok()
}

fn name(text: &str) -> Option<Name> {
    Name::new(text).ok()
}

/// A desk to which a story is being told.
#[derive(Debug)]
pub struct Telling<'a, S> {
    desk: &'a Desk<S>,
    /// The tickets so far, in the order in which they began.
    pub tickets: Vec<TicketId>,
    /// The instant of the last deed.
    pub now: DateTime<Utc>,
    calls: u128,
}

impl DeskStory {
    /// Tells the whole story.
    ///
    /// # Errors
    /// What the store answers when the first tickets are opened.
    pub fn tell<'a, S: Store>(&self, desk: &'a Desk<S>) -> Result<Telling<'a, S>, Error> {
        let mut telling = self.begin(desk)?;
        for deed in &self.deeds {
            let _ = telling.deed(deed);
        }
        Ok(telling)
    }

    /// Opens the first tickets.
    ///
    /// # Errors
    /// What the store answers.
    pub fn begin<'a, S: Store>(&self, desk: &'a Desk<S>) -> Result<Telling<'a, S>, Error> {
        let mut telling = Telling {
            desk,
            tickets: Vec::new(),
            now: beginning(),
            calls: 0,
        };
        for who in &self.tickets {
            telling.calls += 1;
            let call = telling.call_of(Some(*who));
            let open =
                Open::new(format!("subject {}", mark(*who))).body(format!("help! {}", mark(*who)));
            let opened = desk.open(&call, open)?.id();
            telling.tickets.push(opened);
        }
        Ok(telling)
    }
}

impl<S: Store> Telling<'_, S> {
    /// Does one thing.
    ///
    /// # Errors
    /// What the desk refuses; what the store answers.
    pub fn deed(&mut self, deed: &Deed) -> Result<(), Error> {
        self.now += deed.gap;
        self.calls += 1;
        let (call, desk) = (self.call_of(None), self.desk);
        match &deed.what {
            What::Message(t, internal) => {
                let by = self.speaker(*t, deed.by)?;
                let internal = *internal && by.is_none();
                let about = by.or(self.whose(*t, internal)?).unwrap_or_default();
                let said = Command::say(message(mark(about), internal));
                self.submit(*t, &self.call_of(by), said)
            }
            What::Copy(t, who) => {
                let by = self.speaker(*t, deed.by)?;
                let about = by.or(self.whose(*t, false)?).unwrap_or_default();
                let draft = message(mark(about), false).copy_to(customer(*who));
                self.submit(*t, &self.call_of(by), Command::say(draft))
            }
            What::Move(t, step) => {
                let command = match step {
                    0 => Command::pend(Pending::Customer),
                    1 => Command::resume(),
                    2 | 3 => Command::resolve(),
                    4 => Command::reopen(),
                    _ => Command::close(CloseReason::Settled),
                };
                let by = self.speaker(*t, deed.by)?;
                self.submit(*t, &self.call_of(by), command)
            }
            What::Field(t) => {
                let value = self
                    .whose(*t, true)?
                    .map(|who| FieldValue::Text(format!("phone {}", mark(who))));
                let field = name("phone").map(|name| Change::Field { name, value });
                field.map_or(Ok(()), |field| {
                    self.submit(*t, &call, Command::change(field))
                })
            }
            What::Session(t, which, n) => {
                let id = SessionId::named(&format!("session {which} of {:?}", self.place(*t)));
                let ticket = self.goes_on(*t)?;
                let step = next_step(&ticket, id, *n);
                let step = Command::change(Change::Session { id, step });
                self.submit(*t, &call, step)
            }
            What::Merge(source, into) => {
                let merge = Merge::new(self.place(*source), self.place(*into)).across_requesters();
                desk.merge(&call, merge).map(drop)
            }
            What::Split(t, message) => {
                let ticket = self.ticket(*t)?;
                let messages: Vec<_> = ticket.messages().iter().map(|message| message.id).collect();
                let one = messages.get(message.index(messages.len().max(1))).copied();
                self.began(desk.split(ticket.id(), &call, Split::new(one))?.follow_up())
            }
            What::Link(one, other, link) => desk
                .link(self.place(*one), &call, *link, self.place(*other))
                .map(drop),
            What::Unlink(one, other, link) => desk
                .unlink(self.place(*one), &call, *link, self.place(*other))
                .map(drop),
            beside => self.beside(beside),
        }
    }

    /// What stands beside tickets.
    fn beside(&mut self, what: &What) -> Result<(), Error> {
        let (lee, n) = (self.call_of(None), self.calls);
        let told = match what {
            What::Join(one, other) => {
                let join = customer::Command::Join(customer(*other));
                return self
                    .desk
                    .tell::<Profile>(customer(*one), &lee, join)
                    .map(drop);
            }
            What::Profile(who, what) => {
                let said = mark(*who);
                let command = match what {
                    0 => customer::Command::Identify(Identity::address(format!(
                        "{said}-{n}@example.com"
                    ))),
                    1 => customer::Command::set(customer::Change::Name(Some(format!("Mx {said}")))),
                    _ => customer::Command::Note(format!("{INTERNAL} {said}")),
                };
                return self
                    .desk
                    .tell::<Profile>(customer(*who), &lee, command)
                    .map(drop);
            }
            What::Invite(t) => {
                let (Some(survey), ticket) = (name("short"), self.ticket(*t)?) else {
                    return Ok(());
                };
                let invite = feedback::Command::Invite {
                    survey,
                    ticket: ticket.id(),
                };
                return self
                    .desk
                    .tell::<Feedback>(ticket.requester(), &lee, invite)
                    .map(drop);
            }
            What::Answer(who, points) => {
                let asked = self.desk.state::<Feedback>(customer(*who))?;
                let invitation = asked.invitations().last().map(|asked| asked.invited.id);
                let answers = name("satisfied").map(|question| Answer {
                    question,
                    mark: *points,
                });
                let answer = feedback::Command::Answer {
                    invitation: invitation.unwrap_or(InvitationId::named("none")),
                    answers: answers.into_iter().collect(),
                    comment: Some(format!("because {}", mark(*who))),
                };
                let call = self.call_of(Some(*who));
                return self
                    .desk
                    .tell::<Feedback>(customer(*who), &call, answer)
                    .map(drop);
            }
            What::Review(t, points) => {
                let marks = name("tone").map(|category| Marked {
                    category,
                    mark: match points {
                        0 => Mark::NotApplicable,
                        points => Mark::Points(*points),
                    },
                });
                let score = name("talk").map(|scorecard| quality::Command::Score {
                    scorecard,
                    ticket: self.place(*t),
                    agent: KIM,
                    marks: marks.into_iter().collect(),
                    comment: Some(INTERNAL.to_owned()),
                });
                (
                    ReviewId::named(&n.to_string()).uuid(),
                    score.map(Anything::Review),
                )
            }
            What::Article(t, what) => {
                let command = match what {
                    0 => name("en").map(|language| {
                        ArticleCommand::Write(ArticleDraft::new(
                            "Printers",
                            "Blow it out.",
                            language,
                        ))
                    }),
                    1 => Some(ArticleCommand::Publish),
                    _ => Some(ArticleCommand::Use(self.place(*t))),
                };
                (ArticleId::named("a").uuid(), command.map(Anything::Article))
            }
            What::Visit(who, what, t) => {
                let command = match what {
                    0 => VisitCommand::Recognise(customer(*who)),
                    1 => VisitCommand::Search {
                        text: "my printer".to_owned(),
                        results: 0,
                    }, // nobody may know yet whose
                    _ => VisitCommand::Ticket(self.place(*t)),
                };
                (
                    VisitId::named(mark(*who)).uuid(),
                    Some(Anything::Visit(command)),
                )
            }
            _ => {
                let found = improvement::Command::Find("Mornings are slow".to_owned());
                (FindingId::named("f").uuid(), Some(Anything::Finding(found)))
            }
        };
        let (id, command) = told;
        command.map_or(Ok(()), |command| {
            self.desk.tell_anything(id, &lee, command).map(drop)
        })
    }

    fn submit(&mut self, t: Index, call: &Call, command: Command) -> Result<(), Error> {
        let outcome = self.desk.submit(self.place(t), call, command)?;
        self.began(outcome.follow_up())
    }

    fn began(&mut self, ticket: Option<TicketId>) -> Result<(), Error> {
        self.tickets.extend(ticket);
        Ok(())
    }

    /// A ticket by its place.
    fn place(&self, t: Index) -> TicketId {
        let place = t.index(self.tickets.len().max(1));
        self.tickets
            .get(place)
            .copied()
            .unwrap_or(TicketId::named("none"))
    }

    fn ticket(&self, t: Index) -> Result<Ticket, Error> {
        self.desk.ticket(self.place(t))
    }

    /// Which of the customers is meant by what the desk writes: she whose ticket it is, or that in which the conversation goes on.
    fn whose(&self, t: Index, stays: bool) -> Result<Option<usize>, Error> {
        let ticket = if stays {
            self.ticket(t)
        } else {
            self.goes_on(t)
        };
        let requester = ticket?.requester();
        Ok((0..CUSTOMERS).find(|who| customer(*who) == requester))
    }

    /// The ticket, or the one in which it goes on.
    fn goes_on(&self, t: Index) -> Result<Ticket, Error> {
        let mut ticket = self.ticket(t)?;
        while let Some(into) = ticket.merged_into() {
            ticket = self.desk.ticket(into)?;
        }
        Ok(ticket)
    }

    /// Who speaks: mostly somebody who may, and now and then a stranger.
    fn speaker(&self, t: Index, by: Option<usize>) -> Result<Option<usize>, Error> {
        match by {
            Some(who) if who + 1 < CUSTOMERS => self.whose(t, true),
            other => Ok(other),
        }
    }

    fn call_of(&self, by: Option<usize>) -> Call {
        let actor = by.map_or(Actor::Supervisor(LEE), |who| Actor::Customer(customer(who)));
        Call::with_id(
            Uuid::from_u128(self.calls << 2 | u128::from(by.is_some())),
            actor,
            self.now,
        )
    }
}

fn message(mark: &str, internal: bool) -> Draft {
    let said = if internal {
        format!("{INTERNAL} {mark}")
    } else {
        mark.to_owned()
    };
    let mut draft = Draft::new(&said);
    if internal {
        draft.visibility = Visibility::Internal;
    }
    // A public message may have a file for the desk alone.
    for visibility in [draft.visibility, Visibility::Internal] {
        let kept = visibility == Visibility::Internal;
        let file = if kept {
            format!("{INTERNAL} {mark}.log")
        } else {
            format!("{mark}.png")
        };
        if let Some(media_type) = name("image/png") {
            draft = draft.attach(AttachmentDraft {
                name: file,
                media_type,
                size: 1,
                visibility,
            });
        }
    }
    draft
}

/// A step that is possible in the session as it stands.
fn next_step(ticket: &Ticket, id: SessionId, n: u8) -> SessionStep {
    let end = |end| SessionStep::End {
        end,
        handling: Handling::default(),
    };
    let reason = || name("asked for a person").map(|reason| SessionStep::HandOver { reason });
    let steps = match ticket.sessions().iter().find(|session| session.id == id) {
        None => vec![
            SessionStep::Offer {
                channel: Channel::Phone,
            },
            SessionStep::Greet {
                bot: BotId::named("bot"),
                channel: Channel::Chat,
            },
        ],
        Some(known) if known.bot.is_some() && known.handed_over.is_none() => {
            let ends = [
                SessionEnd::Abandoned,
                SessionEnd::Contained,
                SessionEnd::Confirmed,
            ];
            reason().into_iter().chain(ends.map(end)).collect()
        }
        Some(known) if known.answered.is_some() => vec![end(SessionEnd::Completed)],
        Some(_) => vec![
            SessionStep::Answer { agent: Some(KIM) },
            end(SessionEnd::Abandoned),
        ],
    };
    let place = usize::from(n) % steps.len().max(1);
    steps
        .into_iter()
        .nth(place)
        .unwrap_or(end(SessionEnd::Abandoned))
}

/// Who of the customers are one person by now, by their places: each with all of them.
///
/// # Errors
/// What the store answers.
pub fn persons<S: Store>(desk: &Desk<S>) -> Result<Vec<BTreeSet<usize>>, Error> {
    let single = desk.tenant(crate::id::TenantId::SINGLE);
    let one = |who: usize| {
        let ids = single.customer_ids(customer(who))?;
        Ok((0..CUSTOMERS)
            .filter(|other| ids.contains(&customer(*other)))
            .collect())
    };
    (0..CUSTOMERS).map(one).collect()
}
