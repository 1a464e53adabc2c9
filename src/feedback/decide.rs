//! What commands about surveys mean.

use crate::aggregate::{Around, Context, Decided, Needs, Notice};
use crate::call::Actor;
use crate::customer::{Person, Profile};
use crate::id::{CustomerId, InvitationId, Name, TicketId, derive};
use crate::ticket::{self, Change, ContentKind, Rated, RatingKind, Scale, Ticket};

use super::{
    Answer, Asked, Command, Event, Feedback, Invitation, Invited, Refusal, Rules, mark_of,
};

pub(super) fn needs(id: CustomerId, command: &Command, around: &Around) -> Needs {
    let needs = Person::needs(id, around);
    // What was asked and said under any of her ids counts for all.
    let of_all = |needs: Needs| {
        let ids = Person::behind(id, around).ids();
        ids.fold(needs, Needs::stream::<Feedback>)
    };
    match command {
        Command::Invite { ticket, .. } => of_all(needs.ticket(*ticket)),
        Command::Answer { invitation, .. } => {
            let own = around.state::<Feedback>(id);
            let known = own.and_then(|own| own.invitation(*invitation));
            match known {
                Some(known) => needs.ticket(known.invited.ticket),
                None => needs.stream::<Feedback>(id),
            }
        }
        Command::OptOut(_) => of_all(needs),
    }
}

pub(super) fn decide(
    stands: Option<&Feedback>,
    id: CustomerId,
    rules: &Rules,
    context: &Context<'_>,
    command: &Command,
) -> Result<Decided<Event>, Refusal> {
    let person = Person::behind(id, context.around);
    if matches!(context.actor(), Actor::Customer(speaker) if !person.speaks_as(id, speaker)) {
        return Err(Refusal::SomebodyElse { customer: id });
    }
    let none = Feedback::default();
    let work = Work {
        id,
        own: stands.unwrap_or(&none),
        person,
        context,
    };
    match command {
        Command::Invite { survey, ticket } => work.invite(rules, survey, *ticket),
        Command::Answer {
            invitation,
            answers,
            comment,
        } => work.answer(*invitation, answers, comment.as_deref()),
        Command::OptOut(out) => {
            let is_news = work.own.opted_out != *out || stands.is_none();
            Ok(work.opt_out(*out, is_news))
        }
    }
}

struct Work<'a> {
    id: CustomerId,
    own: &'a Feedback,
    person: Person<'a>,
    context: &'a Context<'a>,
}

impl Work<'_> {
    fn invite(
        &self,
        rules: &Rules,
        survey: &Name,
        ticket: TicketId,
    ) -> Result<Decided<Event>, Refusal> {
        let customer = self.id;
        let into = self.person.id;
        if into != customer {
            return Err(Refusal::WasJoined { customer, into });
        }
        if self.person.profile.and_then(Profile::erased_at).is_some() {
            return Err(Refusal::WasErased { customer });
        }
        let known = rules.surveys.get(survey);
        let asks = known.filter(|survey| !survey.questions.is_empty());
        let declared = asks.ok_or_else(|| Refusal::UnknownSurvey {
            survey: survey.clone(),
            known: rules.surveys.keys().cloned().collect(),
        })?;
        let about = self.context.around.ticket(ticket);
        let about = about.ok_or(Refusal::UnknownTicket { ticket })?;
        let cycle = self.cycle_of(about)?;
        let mut others = self.others();
        if self.own.opted_out
            || others.any(|(_, theirs)| theirs.is_some_and(Feedback::has_opted_out))
        {
            return Err(Refusal::OptedOut);
        }
        let asked_before = self
            .everything()
            .any(|known| (known.invited.ticket, known.invited.cycle) == (ticket, cycle));
        if asked_before {
            return Err(Refusal::AlreadyAsked { ticket, cycle });
        }
        let at = self.context.at;
        if let Some(last) = self.everything().map(|known| known.at).max() {
            let from = last.checked_add_signed(rules.cool_down.delta());
            if let Some(from) = from.filter(|from| at < *from) {
                return Err(Refusal::CoolDown { from });
            }
        }
        let scales = &self.context.rules.scales;
        let asked = declared.questions.iter().map(|question| Asked {
            name: question.name.clone(),
            kind: question.kind,
            scale: question.scale(scales),
        });
        let tenant = self.context.call.tenant_id();
        let id = derive(&[
            b"invitation",
            tenant.uuid().as_bytes(),
            ticket.uuid().as_bytes(),
            &cycle.to_be_bytes(),
        ]);
        let expires_after = declared.expires_after.delta();
        let mut decided = Decided::event(Event::Invited(Invited {
            id: InvitationId::from_uuid(id),
            survey: survey.clone(),
            ticket,
            cycle,
            credit: about.credit(),
            questions: asked.collect(),
            expires_at: at.checked_add_signed(expires_after).unwrap_or(at),
        }));
        decided.notices.push(Notice {
            ticket,
            customer,
            survey: survey.clone(),
            cycle,
        });
        Ok(decided)
    }

    /// The cycle of the resolution that stands.
    fn cycle_of(&self, ticket: &Ticket) -> Result<u32, Refusal> {
        let requester = ticket.requester();
        if !self.person.has(requester) {
            return Err(Refusal::NotHers {
                ticket: ticket.id(),
                requester,
            });
        }
        let last = ticket.cycles().last();
        let is_resolved = last.is_some_and(|cycle| cycle.resolved_at.is_some());
        if !is_resolved || ticket.status().stage().is_backlog() {
            return Err(Refusal::NotResolved {
                ticket: ticket.id(),
            });
        }
        let cycle = ticket.cycles().len().saturating_sub(1);
        Ok(u32::try_from(cycle).unwrap_or(u32::MAX))
    }

    /// The surveys under her other ids.
    fn others(&self) -> impl Iterator<Item = (CustomerId, Option<&Feedback>)> {
        let others = self.person.ids().filter(|one| *one != self.id);
        others.map(|one| (one, self.context.around.state::<Feedback>(one)))
    }

    /// Every invitation of the customer, under whichever id.
    fn everything(&self) -> impl Iterator<Item = &Invitation> {
        let theirs = self.others().filter_map(|(_, theirs)| theirs);
        let all = theirs.chain([self.own]);
        all.flat_map(|feedback| &feedback.invitations)
    }

    /// She wants none, or wants them again: under all of her ids.
    fn opt_out(&self, out: bool, is_news: bool) -> Decided<Event> {
        let event = Event::OptedOut { out };
        let mut decided = Decided::event_if(is_news, || event.clone());
        let is_out = |theirs: Option<&Feedback>| theirs.is_some_and(Feedback::has_opted_out);
        let others = self.others().filter(|(_, theirs)| is_out(*theirs) != out);
        let beside = others.map(|(one, _)| (one.uuid(), event.clone()));
        decided.beside.extend(beside);
        decided
    }

    fn answer(
        &self,
        invitation: InvitationId,
        answers: &[Answer],
        comment: Option<&str>,
    ) -> Result<Decided<Event>, Refusal> {
        let known = self.own.invitation(invitation);
        let known = known.ok_or(Refusal::UnknownInvitation { invitation })?;
        let (at, expired_at) = (self.context.at, known.invited.expires_at);
        if at >= expired_at {
            return Err(Refusal::Expired { expired_at, at });
        }
        check_answers(&known.invited.questions, answers)?;
        let last = known.answered();
        let marks = || {
            let mark = |kind| mark_of(&known.invited.questions, answers, kind);
            let all = RatingKind::ALL.into_iter();
            all.filter_map(move |kind| mark(kind).map(|(asked, mark)| (kind, asked.scale, mark)))
        };
        let is_so = |(kind, scale, mark)| self.stands(known, kind, scale, mark);
        if comment.is_none()
            && last.is_some_and(|last| last.answers == answers && last.comment.is_none())
            && marks().all(is_so)
        {
            return Ok(Decided::default());
        }
        self.context
            .check_list("the list of answers", known.answers.len() + 1)?;
        let mut decided = Decided::default();
        let about = (ContentKind::Comment, Some(self.id));
        let comment = match comment {
            Some(text) => Some(decided.keep(self.context, self.id, about, "the comment", text)?),
            None => None,
        };
        let ratings = marks().filter_map(|(kind, scale, mark)| {
            let is_so = self.stands(known, kind, scale, mark);
            let rated = Rated {
                kind,
                mark,
                scale,
                customer: self.id,
                credit: known.invited.credit,
                comment,
                cycle: Some(known.invited.cycle),
            };
            (comment.is_some() || !is_so).then_some(Change::Surveyed(rated))
        });
        let ratings: Vec<Change> = ratings.collect();
        if !ratings.is_empty() {
            decided.ticket = Some((known.invited.ticket, ratings));
        }
        Ok(decided.and(Event::Answered {
            invitation,
            answers: answers.to_vec(),
            comment,
        }))
    }

    /// Whether her mark stands already: in the survey, and on the ticket, where she may have given another one since.
    fn stands(&self, known: &Invitation, kind: RatingKind, scale: Scale, mark: u8) -> bool {
        let in_survey = known.mark_on(kind) == Some((scale, mark));
        let ticket = self.context.around.ticket(known.invited.ticket);
        in_survey
            && ticket.is_none_or(|ticket| {
                let (cycle, mut all) =
                    (known.invited.cycle as usize, ticket.ratings().iter().rev());
                let own = all.find(|one| {
                    (one.cycle, one.rated.kind, one.rated.customer) == (cycle, kind, self.id)
                });
                own.is_some_and(|own| (own.rated.scale, own.rated.mark) == (scale, mark))
            })
    }
}

fn check_answers(questions: &[Asked], answers: &[Answer]) -> Result<(), Refusal> {
    if answers.is_empty() {
        return Err(ticket::Refusal::Missing {
            what: "an answer to a question",
        }
        .into());
    }
    for (n, answer) in answers.iter().enumerate() {
        let twice = answers
            .iter()
            .take(n)
            .any(|other| other.question == answer.question);
        let asked = questions.iter().find(|asked| asked.name == answer.question);
        let asked = asked
            .filter(|_| !twice)
            .ok_or_else(|| Refusal::UnknownQuestion {
                question: answer.question.clone(),
                known: questions.iter().map(|asked| asked.name.clone()).collect(),
            })?;
        if !asked.scale.has(answer.mark) {
            return Err(ticket::Refusal::NotOnScale {
                mark: answer.mark,
                kind: asked.kind,
                scale: asked.scale,
            }
            .into());
        }
    }
    Ok(())
}
