//! How a story of a whole desk is told: a deed takes what is there at its turn.

use chrono::{DateTime, Utc};
use proptest::sample::Index;
use uuid::Uuid;

use crate::call::{Actor, Call};
use crate::customer::{Identity, Profile};
use crate::desk::{Anything, Desk};
use crate::error::Error;
use crate::feedback::{self, Answer, Feedback};
use crate::id::{
    ArticleId, BotId, FindingId, InvitationId, ReviewId, SessionId, TicketId, VisitId,
};
use crate::improvement;
use crate::quality::{self, Mark, Marked};
use crate::self_service::{ArticleCommand, Draft as ArticleDraft, VisitCommand};
use crate::store::Store;
use crate::ticket::{
    AttachmentDraft, Change, Channel, CloseReason, Command, Draft, FieldValue, Handling, Merge,
    Pending, SessionEnd, SessionStep, Split, Ticket, Visibility,
};

use super::{CUSTOMERS, Deed, INTERNAL, KIM, LEE, What, customer, mark, name};

/// A desk to which a story is being told.
#[derive(Debug)]
pub struct Telling<'a, S> {
    pub(super) desk: &'a Desk<S>,
    /// The tickets so far, in the order in which they began.
    pub tickets: Vec<TicketId>,
    /// The instant of the last deed.
    pub now: DateTime<Utc>,
    pub(super) calls: u128,
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

    pub(super) fn call_of(&self, by: Option<usize>) -> Call {
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
