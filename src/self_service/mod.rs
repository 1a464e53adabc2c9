//! Self-service: articles, visits, and what they spare the desk.
//!
//! An [`Article`] is a text of the knowledge base in one language, with versions, a state, and the causes of tickets that it
//! helps with. A [`Visit`] is one person looking for help alone: what she read, searched and found helpful, and whether a ticket
//! came of it. Views and votes are kept with the visit and not with the article, so that a thousand readers at once wait for
//! nobody; [`ArticleUse`](crate::kpi::ArticleUse) counts them per article.
//!
//! ```
//! use helpdesk::id::{AgentId, ArticleId, VisitId};
//! use helpdesk::self_service::{Article, ArticleCommand, Draft, State, Visit, VisitCommand};
//! use helpdesk::{Actor, Call, Desk, Rulebook, name, store::MemoryStore};
//!
//! let desk = Desk::new(MemoryStore::new(), Rulebook::starter());
//! let call = Call::new(Actor::agent(AgentId::named("kim")), "2026-03-05T09:00:00Z".parse()?);
//! let (article, visit) = (ArticleId::named("reset"), VisitId::named("s-1"));
//! let draft = Draft::new("How to reset your phone", "Hold the red key ...", name!("en")).about(name!("frozen phone"));
//! desk.tell::<Article>(article, &call, ArticleCommand::Write(draft))?;
//! desk.tell::<Article>(article, &call, ArticleCommand::Publish)?;
//! assert_eq!(desk.state::<Article>(article)?.state(), State::Published);
//!
//! desk.tell::<Visit>(visit, &call, VisitCommand::Search { text: "phone frozen".to_owned(), results: 1 })?;
//! desk.tell::<Visit>(visit, &call, VisitCommand::View(article))?;
//! let told = desk.tell::<Visit>(visit, &call, VisitCommand::Vote { article, helpful: true })?;
//! assert_eq!(told.state.views().len(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Properties
//! - What is published is the version that was written last before it was published; a new draft leaves it in force.
//! - How a visit ended is a function of the visit, the window and the instant asked about ([`Visit::ending`]): it is undecided
//!   until the window is over, and from then on it never changes.
//! - A gap is a cause with at least so many tickets and no published article ([`gaps`]): more articles never make more gaps.
//!
//! # What is not here
//! Nothing is searched and no page is shown: the host does that and tells what was found.

mod article;
mod gaps;
mod refusal;
mod visit;

use serde::{Deserialize, Serialize};

use crate::time::Span;

pub use article::{Article, ArticleCommand, ArticleEvent, Draft, State, Use};
pub use gaps::{Gap, gaps};
pub use refusal::Refusal;
pub use visit::{Ending, Search, View, Visit, VisitCommand, VisitEvent};

/// What a rulebook says about self-service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Rules {
    /// How long after the last thing that happened in a visit a ticket counts as what it led to, and how long nobody can tell
    /// that none will come. Default: 72 h.
    pub window: Span,
}

impl Default for Rules {
    fn default() -> Rules {
        Rules {
            window: Span::hours(72),
        }
    }
}
