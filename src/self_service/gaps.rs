//! What the knowledge base lacks.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::id::Name;

use super::Article;

/// A cause with many tickets and no published article.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Gap {
    /// The cause.
    pub cause: Name,
    /// How many tickets it has.
    pub tickets: u64,
}

/// The causes with at least `at_least` tickets that no published article helps with: most tickets first, then by name.
///
/// ```
/// use std::collections::BTreeMap;
/// use helpdesk::self_service::{Article, gaps};
/// let tickets = BTreeMap::from([("frozen phone".parse()?, 40), ("lost card".parse()?, 2)]);
/// let found = gaps(&tickets, std::iter::empty::<&Article>(), 10);
/// assert_eq!((found.len(), found[0].tickets), (1, 40));
/// # Ok::<(), helpdesk::id::InvalidName>(())
/// ```
pub fn gaps<'a>(
    tickets: &BTreeMap<Name, u64>,
    articles: impl IntoIterator<Item = &'a Article>,
    at_least: u64,
) -> Vec<Gap> {
    let published = articles
        .into_iter()
        .filter(|article| article.published().is_some());
    let covered: BTreeSet<&Name> = published.flat_map(Article::causes).collect();
    let open = tickets
        .iter()
        .filter(|(cause, n)| **n >= at_least && !covered.contains(cause));
    let mut found: Vec<Gap> = open
        .map(|(cause, tickets)| Gap {
            cause: cause.clone(),
            tickets: *tickets,
        })
        .collect();
    found.sort_by(|a, b| b.tickets.cmp(&a.tickets).then(a.cause.cmp(&b.cause)));
    found
}
