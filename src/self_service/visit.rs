//! Visits to the self-service.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::aggregate::{Aggregate, Around, Context, Decided, Needs, StreamKind};
use crate::call::{Actor, Call};
use crate::customer::Person;
use crate::id::{ArticleId, ContentId, CustomerId, TicketId, VisitId};
use crate::ticket::{ContentKind, Permission, Recorded, Ticket};
use crate::time::Span;

use super::{Article, Refusal, Rules};

/// What can be said about a visit. The first command begins it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum VisitCommand {
    /// Tells who the visitor is: under any id of hers, where ids were joined. A customer who calls is known from the start.
    Recognise(CustomerId),
    /// The visitor read an article: its published version.
    View(ArticleId),
    /// The visitor searched.
    Search {
        /// For what; it becomes a content record.
        text: String,
        /// How many articles were found.
        results: u32,
    },
    /// The visitor said whether an article helped; said again, the last one counts.
    Vote {
        /// The article, which she read.
        article: ArticleId,
        /// Whether it helped.
        helpful: bool,
    },
    /// The visitor left.
    End {
        /// Whether she said that her question is answered.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        solved: Option<bool>,
    },
    /// The visitor asked the desk after all: this ticket came of the visit. Of a visitor who was not recognised the ticket tells who she
    /// is: what she searched for before is erased, and what she searches for afterwards is the requester's.
    Ticket(TicketId),
}

/// What can happen in a visit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum VisitEvent {
    /// The visitor is known.
    Recognised {
        /// Who she is.
        customer: CustomerId,
    },
    /// An article was read.
    Viewed {
        /// Which.
        article: ArticleId,
        /// Which version of it.
        number: u32,
    },
    /// Something was searched for.
    Searched {
        /// What, as a content record.
        text: ContentId,
        /// How many articles were found.
        results: u32,
    },
    /// The visitor said whether an article helped.
    Voted {
        /// The article.
        article: ArticleId,
        /// Whether it helped.
        helpful: bool,
    },
    /// The visitor left.
    Ended {
        /// Whether she said that her question is answered.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        solved: Option<bool>,
    },
    /// A ticket came of it.
    LedTo {
        /// The ticket.
        ticket: TicketId,
        /// When the ticket began.
        opened_at: DateTime<Utc>,
    },
}

/// A visit to the self-service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visit {
    began_at: DateTime<Utc>,
    customer: Option<CustomerId>,
    views: Vec<View>,
    searches: Vec<Search>,
    votes: BTreeMap<ArticleId, bool>,
    /// Every vote in the order of time, also those that another one replaced.
    voted: Vec<(DateTime<Utc>, ArticleId, bool)>,
    ended: Option<(DateTime<Utc>, Option<bool>)>,
    ticket: Option<(TicketId, DateTime<Utc>)>,
}

/// A reading of an article.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// When.
    pub at: DateTime<Utc>,
    /// Which article.
    pub article: ArticleId,
    /// Which version of it.
    pub number: u32,
}

/// A search.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Search {
    /// When.
    pub at: DateTime<Utc>,
    /// For what, as a content record.
    pub text: ContentId,
    /// How many articles were found.
    pub results: u32,
}

/// How a visit ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Ending {
    /// The window is not over: a ticket may still come.
    Undecided,
    /// A ticket came of it within the window.
    Ticket,
    /// The visitor said that her question is answered, and no ticket came.
    Confirmed,
    /// The visitor read something, did not say that it failed, and no ticket came.
    Contained,
    /// The visitor read nothing, or said that her question is not answered; and no ticket came.
    GaveUp,
}

impl Ending {
    /// All of them, in their order.
    pub const ALL: [Ending; 5] = [
        Ending::Undecided,
        Ending::Ticket,
        Ending::Confirmed,
        Ending::Contained,
        Ending::GaveUp,
    ];
}

impl Visit {
    /// When it began.
    pub fn began_at(&self) -> DateTime<Utc> {
        self.began_at
    }

    /// Who the visitor is, where that is known.
    pub fn customer(&self) -> Option<CustomerId> {
        self.customer
    }

    /// What was read, oldest first.
    pub fn views(&self) -> &[View] {
        &self.views
    }

    /// What was searched for, oldest first.
    pub fn searches(&self) -> &[Search] {
        &self.searches
    }

    /// Which articles helped and which did not.
    pub fn votes(&self) -> &BTreeMap<ArticleId, bool> {
        &self.votes
    }

    /// Which articles had helped by `as_of` and which had not.
    pub fn votes_at(&self, as_of: DateTime<Utc>) -> BTreeMap<ArticleId, bool> {
        let voted = self.voted.iter().filter(|(at, ..)| *at <= as_of);
        voted
            .map(|(_, article, helpful)| (*article, *helpful))
            .collect()
    }

    /// When the visitor left.
    pub fn ended_at(&self) -> Option<DateTime<Utc>> {
        self.ended.map(|(at, _)| at)
    }

    /// The ticket that came of it.
    pub fn ticket(&self) -> Option<TicketId> {
        self.ticket.map(|(ticket, _)| ticket)
    }

    /// How it ended, as known at `as_of`, where a ticket counts that was opened since the visit began and within `window` of the last
    /// thing that the visitor did. That she was recognised is nothing that she did. Who comes back after the window is over changes
    /// nothing of how it had ended by then.
    pub fn ending(&self, window: Span, as_of: DateTime<Utc>) -> Ending {
        let active_at = self.active_at(window, as_of);
        let until = active_at.checked_add_signed(window.delta());
        let is_over = until.is_some_and(|until| until < as_of);
        let in_window =
            |at: DateTime<Utc>| self.began_at <= at && until.is_none_or(|until| at <= until);
        let ended = self.ended.filter(|(at, _)| *at <= active_at);
        let has_read = self.views.iter().any(|view| view.at <= active_at);
        match (self.ticket, ended.and_then(|(_, solved)| solved)) {
            (Some((_, at)), _) if in_window(at) && at <= as_of => Ending::Ticket,
            _ if !is_over => Ending::Undecided,
            (_, Some(true)) => Ending::Confirmed,
            (_, None) if has_read => Ending::Contained,
            _ => Ending::GaveUp,
        }
    }

    /// The last thing that the visitor did by `as_of`, until she left or did nothing for longer than `window`.
    fn active_at(&self, window: Span, as_of: DateTime<Utc>) -> DateTime<Utc> {
        let read = self.views.iter().map(|view| view.at);
        let searched = self.searches.iter().map(|search| search.at);
        let voted = self.voted.iter().map(|(at, ..)| *at);
        let left = self.ended_at();
        let mut did: Vec<DateTime<Utc>> = read.chain(searched).chain(voted).chain(left).collect();
        did.retain(|at| *at <= left.map_or(as_of, |left| left.min(as_of)));
        did.sort_unstable();
        let goes_on = |last: DateTime<Utc>, at| {
            let until = last.checked_add_signed(window.delta());
            until.is_none_or(|until| at <= until).then_some(at)
        };
        let steps = did.into_iter().scan(self.began_at, |last, at| {
            *last = goes_on(*last, at)?;
            Some(at)
        });
        steps.last().unwrap_or(self.began_at)
    }
}

impl Aggregate for Visit {
    const KIND: StreamKind = StreamKind::Visit;
    type Id = VisitId;
    type Command = VisitCommand;
    type Event = VisitEvent;
    type Rules = Rules;
    type Refusal = Refusal;

    fn permission(_command: &VisitCommand) -> Permission {
        Permission::Browse
    }

    fn needs(id: VisitId, call: &Call, command: &VisitCommand, around: &Around) -> Needs {
        let visit = around.state::<Visit>(id);
        let visitor = visit.and_then(Visit::customer);
        let of_her = |known| Person::needs(known, around);
        let needs = match visitor.or(speaker(call.actor())) {
            Some(known) => of_her(known),
            None => Needs::default(),
        };
        let needs = needs.stream::<Visit>(id);
        match command {
            VisitCommand::View(article) => needs.stream::<Article>(*article),
            VisitCommand::Ticket(ticket) => needs.ticket(*ticket),
            VisitCommand::Search { .. } if visitor.is_none() => {
                let led_to = visit.and_then(Visit::ticket);
                led_to.into_iter().fold(needs, Needs::ticket)
            }
            _ => needs,
        }
    }

    fn decide(
        stands: Option<&Visit>,
        id: VisitId,
        _rules: &Rules,
        context: &Context<'_>,
        command: &VisitCommand,
    ) -> Result<Decided<VisitEvent>, Refusal> {
        let mut decided = Decided::default();
        let mut visitor = stands.and_then(|visit| visit.customer);
        // A visit recorded under one id of a person goes on under any of them.
        let is_hers = |known, other| Person::behind(known, context.around).speaks_as(known, other);
        if let Some(speaker) = speaker(context.actor()) {
            match visitor {
                Some(visitor) if !is_hers(visitor, speaker) => {
                    return Err(Refusal::SomebodyElse { visit: id });
                }
                Some(_) => {}
                None => {
                    let customer = speaker;
                    decided.events.push(VisitEvent::Recognised { customer });
                    visitor = Some(customer);
                }
            }
        }
        let is_late = stands.is_some_and(|visit| visit.ended.is_some());
        let is_afterthought = matches!(
            command,
            VisitCommand::Ticket(_) | VisitCommand::Vote { .. } | VisitCommand::Recognise(_)
        );
        if is_late && !is_afterthought {
            return Err(Refusal::VisitEnded { visit: id });
        }
        match command {
            VisitCommand::Recognise(customer) => {
                if visitor.is_some_and(|known| !is_hers(known, *customer)) {
                    return Err(Refusal::SomebodyElse { visit: id });
                }
                if visitor.is_none() {
                    let customer = *customer;
                    decided.events.push(VisitEvent::Recognised { customer });
                }
            }
            VisitCommand::View(article) => {
                let views = stands.map_or(0, |visit| visit.views.len());
                context.check_list("the list of views", views + 1)?;
                let known = context.around.state::<Article>(*article);
                let number = known.and_then(Article::published);
                let article = *article;
                let number = number.ok_or(Refusal::NotPublished { article })?;
                decided.events.push(VisitEvent::Viewed { article, number });
            }
            VisitCommand::Search { text, results } => {
                let searches = stands.map_or(0, |visit| visit.searches.len());
                context.check_list("the list of searches", searches + 1)?;
                // A text of nobody's would be hers to whoever follows the visit to its ticket.
                let asks = stands.and_then(|visit| context.around.ticket(visit.ticket()?));
                let whose = visitor.or(asks.map(Ticket::requester));
                let about = (ContentKind::Search, whose);
                let text = decided.keep(context, id, about, "the search", text)?;
                let results = *results;
                decided.events.push(VisitEvent::Searched { text, results });
            }
            VisitCommand::Vote { article, helpful } => {
                let (article, helpful) = (*article, *helpful);
                let views = stands.map(|visit| visit.views.as_slice());
                let read = views.unwrap_or_default();
                if !read.iter().any(|view| view.article == article) {
                    return Err(Refusal::NotRead { article });
                }
                let before = stands.and_then(|visit| visit.votes.get(&article));
                if before != Some(&helpful) {
                    let votes = stands.map_or(0, |visit| visit.voted.len());
                    context.check_list("the list of votes", votes + 1)?;
                    decided.events.push(VisitEvent::Voted { article, helpful });
                }
            }
            VisitCommand::End { solved } => {
                decided.events.push(VisitEvent::Ended { solved: *solved });
            }
            VisitCommand::Ticket(ticket) => {
                let about = context.around.ticket(*ticket);
                let ticket = *ticket;
                // To whom a ticket does not belong, it is not there.
                let reached = |about: &&Ticket| match speaker(context.actor()) {
                    Some(caller) => Person::behind(caller, context.around)
                        .ids()
                        .chain([caller])
                        .any(|one| about.reaches(one)),
                    None => true,
                };
                let about = about.filter(reached);
                let opened_at = about.ok_or(Refusal::NoTicket { ticket })?.created_at();
                match stands.and_then(|visit| visit.ticket) {
                    Some((known, _)) if known == ticket => {}
                    Some((known, _)) => return Err(Refusal::OtherTicket { ticket: known }),
                    None => decided.events.push(VisitEvent::LedTo { ticket, opened_at }),
                }
            }
        }
        let tells_who = |event: &VisitEvent| match event {
            VisitEvent::Recognised { .. } => true,
            VisitEvent::LedTo { .. } => visitor.is_none(),
            _ => false,
        };
        if decided.events.iter().any(tells_who) {
            // What was searched for before was nobody's text: now it would be hers and not be erased with her.
            let searches = stands.map(Visit::searches).unwrap_or_default();
            decided
                .erased
                .extend(searches.iter().map(|search| search.text));
        }
        Ok(decided)
    }

    fn apply(stands: &mut Option<Visit>, event: &Recorded<VisitEvent>) {
        let at = event.at;
        let visit = stands.get_or_insert_with(|| Visit {
            began_at: at,
            customer: None,
            views: Vec::new(),
            searches: Vec::new(),
            votes: BTreeMap::new(),
            voted: Vec::new(),
            ended: None,
            ticket: None,
        });
        match &event.event {
            VisitEvent::Recognised { customer } => {
                visit.customer = Some(*customer);
            }
            VisitEvent::Viewed { article, number } => visit.views.push(View {
                at,
                article: *article,
                number: *number,
            }),
            VisitEvent::Searched { text, results } => visit.searches.push(Search {
                at,
                text: *text,
                results: *results,
            }),
            VisitEvent::Voted { article, helpful } => {
                visit.votes.insert(*article, *helpful);
                visit.voted.push((at, *article, *helpful));
            }
            VisitEvent::Ended { solved } => visit.ended = Some((at, *solved)),
            VisitEvent::LedTo { ticket, opened_at } => {
                visit.ticket = Some((*ticket, *opened_at));
            }
        }
    }
}

fn speaker(actor: Actor) -> Option<CustomerId> {
    match actor {
        Actor::Customer(speaker) => Some(speaker),
        _ => None,
    }
}
