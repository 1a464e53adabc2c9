//! Stories of a whole desk: several tickets of several customers, with merging, splitting, links, calls and chats, and what stands
//! beside tickets.
//!
//! A [`DeskStory`] is told to any desk. Its deeds name tickets and messages by their place, so that it shrinks to few tickets and few
//! deeds; a deed takes what is there at its turn, which makes most of them possible. What is refused is left out.
//!
//! Every text says who may know it: what the desk keeps to itself has [`INTERNAL`] in it, and what is of a person the person's
//! [`mark`]. So a law about who sees what only has to search.

mod telling;

use std::collections::BTreeSet;

use chrono::TimeDelta;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use uuid::Uuid;

use crate::customer::{self};
use crate::desk::Desk;
use crate::error::Error;
use crate::feedback::{self};
use crate::id::{AgentId, CustomerId, Name};
use crate::quality::{self, Category, Scorecard};
use crate::rulebook::{Rulebook, RulebookDraft};
use crate::store::Store;
use crate::ticket::{Link, Open, RatingKind};
use crate::time::Span;

use super::story::beginning;

pub use telling::Telling;

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
