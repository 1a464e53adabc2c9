//! What self-service spares the desk, and which articles do it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::id::ArticleId;
use crate::self_service::{Article, Ending, Visit};
use crate::time::Span;

use super::ratio::{Excluded, Exclusion, Ratio};
use super::window::Window;

/// Visits and articles counted; see [`Kpi::SelfServiceScore`](super::Kpi::SelfServiceScore).
///
/// # Properties
/// Tallies of one window, one time for tickets to come and one instant merge: associative, commutative, the empty one changes
/// nothing. Every visit of the window has exactly one ending, and those that are decided are the denominator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SelfServiceTally {
    window: Window,
    within: Span,
    as_of: DateTime<Utc>,
    endings: BTreeMap<Ending, u64>,
    searches: u64,
    without_result: u64,
    articles: BTreeMap<ArticleId, ArticleUse>,
}

/// How an article was used in the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ArticleUse {
    /// How often it was read.
    pub views: u64,
    /// How many visitors said that it helped, as their votes stood.
    pub helpful: u64,
    /// How many said that it did not.
    pub not_helpful: u64,
    /// How many resolutions it was used for.
    pub resolutions: u64,
}

impl SelfServiceTally {
    /// Nothing yet: visits that began in the window count, as known at `as_of`, where a ticket `within` so much time counts as what
    /// a visit led to.
    pub fn new(window: Window, within: Span, as_of: DateTime<Utc>) -> SelfServiceTally {
        SelfServiceTally {
            window,
            within,
            as_of,
            endings: BTreeMap::new(),
            searches: 0,
            without_result: 0,
            articles: BTreeMap::new(),
        }
    }

    /// Counts a visit.
    pub fn add(&mut self, visit: &Visit) {
        if !self.window.contains(visit.began_at()) || visit.began_at() > self.as_of {
            return;
        }
        let ending = visit.ending(self.within, self.as_of);
        *self.endings.entry(ending).or_default() += 1;
        let is_known = |at: DateTime<Utc>| at <= self.as_of;
        for search in visit.searches().iter().filter(|one| is_known(one.at)) {
            self.searches += 1;
            self.without_result += u64::from(search.results == 0);
        }
        for view in visit.views().iter().filter(|one| is_known(one.at)) {
            self.articles.entry(view.article).or_default().views += 1;
        }
        for (article, helpful) in visit.votes_at(self.as_of) {
            let used = self.articles.entry(article).or_default();
            if helpful {
                used.helpful += 1;
            } else {
                used.not_helpful += 1;
            }
        }
    }

    /// Counts the resolutions that an article was used for in the window.
    pub fn add_article(&mut self, id: ArticleId, article: &Article) {
        let in_window = |at| self.window.contains(at) && at <= self.as_of;
        let n = article
            .uses()
            .iter()
            .filter(|used| in_window(used.at))
            .count() as u64;
        if n > 0 {
            self.articles.entry(id).or_default().resolutions += n;
        }
    }

    /// Counts what another tally counted.
    pub fn merge(&mut self, other: &SelfServiceTally) {
        for (ending, n) in &other.endings {
            *self.endings.entry(*ending).or_default() += n;
        }
        self.searches += other.searches;
        self.without_result += other.without_result;
        for (article, more) in &other.articles {
            let used = self.articles.entry(*article).or_default();
            used.views += more.views;
            used.helpful += more.helpful;
            used.not_helpful += more.not_helpful;
            used.resolutions += more.resolutions;
        }
    }

    /// How many visits ended so.
    pub fn ended(&self, ending: Ending) -> u64 {
        self.endings.get(&ending).copied().unwrap_or(0)
    }

    /// Of the visits whose ending is known, those that ended without a ticket and with something read, or with the visitor saying
    /// that her question is answered.
    pub fn score(&self) -> Ratio {
        let spared = self.ended(Ending::Confirmed) + self.ended(Ending::Contained);
        self.of_decided(spared)
    }

    /// Of the visits whose ending is known, those in which the visitor said that her question is answered: the stricter figure.
    pub fn confirmed(&self) -> Ratio {
        self.of_decided(self.ended(Ending::Confirmed))
    }

    fn of_decided(&self, part: u64) -> Ratio {
        let open = self.ended(Ending::Undecided);
        let all: u64 = self.endings.values().sum();
        let left_out = Excluded::from_iter([(Exclusion::Undecided, open)]);
        Ratio::new(part, all - open, left_out).unwrap_or_default()
    }

    /// Of the searches, those that found nothing.
    pub fn searches_without_result(&self) -> Ratio {
        Ratio::new(self.without_result, self.searches, Excluded::default()).unwrap_or_default()
    }

    /// How each article was used.
    pub fn articles(&self) -> &BTreeMap<ArticleId, ArticleUse> {
        &self.articles
    }
}
