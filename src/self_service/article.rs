//! Articles of the knowledge base.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::aggregate::{Aggregate, Around, Context, Decided, Needs, StreamKind};
use crate::call::Call;
use crate::id::{ArticleId, ContentId, Name, TicketId};
use crate::ticket::{ContentKind, Permission, Recorded};

use super::{Refusal, Rules};

/// What can be said about an article.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum ArticleCommand {
    /// Writes a version: the first one begins the article. What is published stays so until the next publishing.
    Write(Draft),
    /// Publishes the version that was written last.
    Publish,
    /// Takes the article away from readers.
    Retire,
    /// It helps with this cause of tickets too.
    LinkCause(Name),
    /// It helps with this cause no longer.
    UnlinkCause(Name),
    /// It was used to resolve this ticket: counted once per resolution cycle.
    Use(TicketId),
}

/// A version to write.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Draft {
    /// The title; it becomes a content record.
    pub title: String,
    /// The text; it becomes a content record.
    pub body: String,
    /// The language, as a tag such as `de`. An article keeps its first one.
    pub language: Name,
    /// Causes of tickets that it helps with, beside those it has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<Name>,
    /// The article that this one says in another language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub translates: Option<ArticleId>,
}

impl Draft {
    /// A text in a language.
    pub fn new(title: impl Into<String>, body: impl Into<String>, language: Name) -> Draft {
        Draft {
            title: title.into(),
            body: body.into(),
            language,
            causes: Vec::new(),
            translates: None,
        }
    }

    /// The same text, which helps with this cause too.
    #[must_use]
    pub fn about(mut self, cause: Name) -> Draft {
        self.causes.push(cause);
        self
    }

    /// The same text, which says in another language what that article says.
    #[must_use]
    pub fn translates(mut self, article: ArticleId) -> Draft {
        self.translates = Some(article);
        self
    }
}

/// What can happen to an article.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ArticleEvent {
    /// A version was written.
    Written {
        /// Its number, from 1.
        number: u32,
        /// The title, as a content record.
        title: ContentId,
        /// The text, as a content record.
        body: ContentId,
        /// The language.
        language: Name,
        /// The article that it says in another language.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        translates: Option<ArticleId>,
    },
    /// A version was published.
    Published {
        /// Its number.
        number: u32,
    },
    /// It was taken away from readers.
    Retired,
    /// It helps with a cause.
    CauseLinked {
        /// The cause.
        cause: Name,
    },
    /// It helps with a cause no longer.
    CauseUnlinked {
        /// The cause.
        cause: Name,
    },
    /// It was used to resolve a ticket.
    Used {
        /// The ticket.
        ticket: TicketId,
        /// In which of its resolution cycles, from 0.
        cycle: u32,
    },
}

/// Where an article stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Written, and never published.
    Draft,
    /// Readers see a version.
    Published,
    /// Readers see it no longer.
    Retired,
}

/// An article of the knowledge base.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Article {
    language: Name,
    translates: Option<ArticleId>,
    state: State,
    versions: Vec<Text>,
    published: Option<u32>,
    causes: BTreeSet<Name>,
    uses: Vec<Use>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Text {
    at: DateTime<Utc>,
    title: ContentId,
    body: ContentId,
}

/// A resolution that an article was used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Use {
    /// When that was told.
    pub at: DateTime<Utc>,
    /// The ticket.
    pub ticket: TicketId,
    /// The resolution cycle, from 0.
    pub cycle: u32,
}

impl Article {
    /// The language.
    pub fn language(&self) -> &Name {
        &self.language
    }

    /// The article that this one says in another language.
    pub fn translates(&self) -> Option<ArticleId> {
        self.translates
    }

    /// Where it stands.
    pub fn state(&self) -> State {
        self.state
    }

    /// The number of the version that was written last, from 1.
    pub fn newest(&self) -> u32 {
        u32::try_from(self.versions.len()).unwrap_or(u32::MAX)
    }

    /// The number of the version that readers see.
    pub fn published(&self) -> Option<u32> {
        self.published.filter(|_| self.state == State::Published)
    }

    /// Title and text of a version, as content records.
    pub fn text(&self, number: u32) -> Option<(ContentId, ContentId)> {
        let n = usize::try_from(number.checked_sub(1)?).ok()?;
        self.versions.get(n).map(|text| (text.title, text.body))
    }

    /// The causes of tickets that it helps with.
    pub fn causes(&self) -> &BTreeSet<Name> {
        &self.causes
    }

    /// The resolutions that it was used for, oldest first.
    pub fn uses(&self) -> &[Use] {
        &self.uses
    }
}

impl Aggregate for Article {
    const KIND: StreamKind = StreamKind::Article;
    type Id = ArticleId;
    type Command = ArticleCommand;
    type Event = ArticleEvent;
    type Rules = Rules;
    type Refusal = Refusal;

    fn permission(_command: &ArticleCommand) -> Permission {
        Permission::Article
    }

    fn needs(_: ArticleId, _: &Call, command: &ArticleCommand, _: &Around) -> Needs {
        match command {
            ArticleCommand::Use(ticket) => Needs::default().ticket(*ticket),
            _ => Needs::default(),
        }
    }

    fn decide(
        stands: Option<&Article>,
        id: ArticleId,
        _rules: &Rules,
        context: &Context<'_>,
        command: &ArticleCommand,
    ) -> Result<Decided<ArticleEvent>, Refusal> {
        if let ArticleCommand::Write(draft) = command {
            return write(stands, id, context, draft);
        }
        let article = stands.ok_or(Refusal::NoArticle { article: id })?;
        match command {
            ArticleCommand::Write(_) => Ok(Decided::default()),
            ArticleCommand::Publish => {
                let number = article.newest();
                let changes = article.published() != Some(number);
                Ok(Decided::event_if(changes, || ArticleEvent::Published {
                    number,
                }))
            }
            ArticleCommand::Retire => {
                let changes = article.state != State::Retired;
                Ok(Decided::event_if(changes, || ArticleEvent::Retired))
            }
            ArticleCommand::LinkCause(cause) => {
                let changes = !article.causes.contains(cause);
                if changes {
                    context.check_list("the set of causes", article.causes.len() + 1)?;
                }
                let cause = cause.clone();
                Ok(Decided::event_if(changes, || ArticleEvent::CauseLinked {
                    cause,
                }))
            }
            ArticleCommand::UnlinkCause(cause) => {
                let changes = article.causes.contains(cause);
                let cause = cause.clone();
                Ok(Decided::event_if(changes, || ArticleEvent::CauseUnlinked {
                    cause,
                }))
            }
            ArticleCommand::Use(ticket) => used(article, context, *ticket),
        }
    }

    fn apply(stands: &mut Option<Article>, event: &Recorded<ArticleEvent>) {
        let at = event.at;
        match (&mut *stands, &event.event) {
            (
                known,
                ArticleEvent::Written {
                    title,
                    body,
                    language,
                    translates,
                    ..
                },
            ) => {
                let article = known.get_or_insert_with(|| Article {
                    language: language.clone(),
                    translates: *translates,
                    state: State::Draft,
                    versions: Vec::new(),
                    published: None,
                    causes: BTreeSet::new(),
                    uses: Vec::new(),
                });
                article.versions.push(Text {
                    at,
                    title: *title,
                    body: *body,
                });
            }
            (None, _) => {} // nothing is written yet
            (Some(article), ArticleEvent::Published { number }) => {
                article.published = Some(*number);
                article.state = State::Published;
            }
            (Some(article), ArticleEvent::Retired) => article.state = State::Retired,
            (Some(article), ArticleEvent::CauseLinked { cause }) => {
                article.causes.insert(cause.clone());
            }
            (Some(article), ArticleEvent::CauseUnlinked { cause }) => {
                article.causes.remove(cause);
            }
            (Some(article), ArticleEvent::Used { ticket, cycle }) => article.uses.push(Use {
                at,
                ticket: *ticket,
                cycle: *cycle,
            }),
        }
    }
}

fn write(
    stands: Option<&Article>,
    id: ArticleId,
    context: &Context<'_>,
    draft: &Draft,
) -> Result<Decided<ArticleEvent>, Refusal> {
    if let Some(article) = stands.filter(|article| article.language != draft.language) {
        return Err(Refusal::OtherLanguage {
            language: article.language.clone(),
        });
    }
    if draft.translates == Some(id) {
        return Err(Refusal::TranslatesItself { article: id });
    }
    let known = stands.map(|article| &article.causes);
    let causes: BTreeSet<&Name> = draft.causes.iter().collect();
    let fresh = |cause: &&Name| known.is_none_or(|known| !known.contains(*cause));
    let fresh: Vec<&Name> = causes.into_iter().filter(fresh).collect();
    if !fresh.is_empty() {
        let all = known.map_or(0, BTreeSet::len) + fresh.len();
        context.check_list("the set of causes", all)?;
    }
    let number = stands.map_or(0, Article::newest);
    context.check_list("the list of versions", number as usize + 1)?;
    let mut decided = Decided::default();
    let title = decided.keep(
        context,
        id,
        (ContentKind::Subject, None),
        "the title",
        &draft.title,
    )?;
    let body = decided.keep(
        context,
        id,
        (ContentKind::Body, None),
        "the text",
        &draft.body,
    )?;
    decided.events.push(ArticleEvent::Written {
        number: number.saturating_add(1),
        title,
        body,
        language: draft.language.clone(),
        translates: draft.translates.filter(|_| stands.is_none()),
    });
    let linked = fresh.into_iter().cloned();
    decided
        .events
        .extend(linked.map(|cause| ArticleEvent::CauseLinked { cause }));
    Ok(decided)
}

fn used(
    article: &Article,
    context: &Context<'_>,
    ticket: TicketId,
) -> Result<Decided<ArticleEvent>, Refusal> {
    let about = context.around.ticket(ticket);
    let about = about.ok_or(Refusal::NoTicket { ticket })?;
    let cycle = about.cycles().len().saturating_sub(1);
    let cycle = u32::try_from(cycle).unwrap_or(u32::MAX);
    let mut known = article.uses.iter();
    let is_new = !known.any(|known| (known.ticket, known.cycle) == (ticket, cycle));
    Ok(Decided::event_if(is_new, || ArticleEvent::Used {
        ticket,
        cycle,
    }))
}
