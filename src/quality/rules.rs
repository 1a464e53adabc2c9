//! What a rulebook says about quality reviews.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::id::Name;

use super::Plan;

/// The scorecards and sampling plans of a desk.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Rules {
    /// The scorecards, by name.
    #[serde(deserialize_with = "crate::id::keyed")]
    pub scorecards: BTreeMap<Name, Scorecard>,
    /// The sampling plans, by name.
    #[serde(deserialize_with = "crate::id::keyed")]
    pub plans: BTreeMap<Name, Plan>,
}

impl Rules {
    /// The same rules with one more scorecard.
    #[must_use]
    pub fn scorecard(mut self, name: Name, card: Scorecard) -> Rules {
        self.scorecards.insert(name, card);
        self
    }

    /// The same rules with one more sampling plan.
    #[must_use]
    pub fn plan(mut self, name: Name, plan: Plan) -> Rules {
        self.plans.insert(name, plan);
        self
    }
}

/// What work is marked against.
///
/// ```
/// use helpdesk::quality::Scorecard;
/// let text = r#"{"best":5,"categories":[{"name":"tone","weight":1},{"name":"data protection","weight":1,"critical":true}]}"#;
/// let card: Scorecard = serde_json::from_str(text)?;
/// assert!(card.categories[1].critical);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Scorecard {
    /// The most points for a category.
    pub best: u8,
    /// The categories.
    pub categories: Vec<Category>,
}

impl Scorecard {
    /// A scorecard with up to `best` points for each category, and none yet.
    pub fn new(best: u8) -> Scorecard {
        Scorecard {
            best,
            categories: Vec::new(),
        }
    }

    /// The same scorecard with one more category.
    #[must_use]
    pub fn category(mut self, category: Category) -> Scorecard {
        self.categories.push(category);
        self
    }
}

/// A category of a scorecard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Category {
    /// Its name, unique in the scorecard.
    pub name: Name,
    /// How much it counts.
    pub weight: u16,
    /// Whether 0 points in it make the whole score 0.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub critical: bool,
}

impl Category {
    /// A category that counts this much.
    pub fn new(name: Name, weight: u16) -> Category {
        Category {
            name,
            weight,
            critical: false,
        }
    }

    /// The same category, critical.
    #[must_use]
    pub fn critical(mut self) -> Category {
        self.critical = true;
        self
    }
}
