//! What a rulebook says about surveys.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::id::Name;
use crate::ticket::{RatingKind, Scale, Scales};
use crate::time::Span;

/// The surveys of a desk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Rules {
    /// The surveys, by name.
    #[serde(deserialize_with = "crate::id::keyed")]
    pub surveys: BTreeMap<Name, Survey>,
    /// How long after an invitation a customer is not invited again, to whatever. Default: 720 h (30 days of 24 hours).
    pub cool_down: Span,
}

/// A survey.
///
/// ```
/// use helpdesk::feedback::Survey;
/// let text = r#"{"questions":[{"name":"satisfied","kind":"csat"},{"name":"recommend","kind":"nps"}],"expires_after":"168h"}"#;
/// let survey: Survey = serde_json::from_str(text)?;
/// assert_eq!(survey.questions.len(), 2);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Survey {
    /// What is asked, in this order. Of several questions of one kind the first one that is answered rates the ticket.
    pub questions: Vec<Question>,
    /// How long an invitation can be answered. Default: 336 h (14 days of 24 hours).
    pub expires_after: Span,
}

/// A question of a survey.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Question {
    /// Its name, unique in the survey. The words are the host's, in every language.
    pub name: Name,
    /// What it asks for.
    pub kind: RatingKind,
    /// The scale; that of the kind where absent. The net promoter score is always 0 to 10.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<Scale>,
}

impl Default for Rules {
    fn default() -> Rules {
        Rules {
            surveys: BTreeMap::new(),
            cool_down: Span::hours(30 * 24),
        }
    }
}

impl Rules {
    /// The same rules with one more survey.
    #[must_use]
    pub fn survey(mut self, name: Name, survey: Survey) -> Rules {
        self.surveys.insert(name, survey);
        self
    }

    /// The same rules with another cool-down.
    #[must_use]
    pub fn cool_down(mut self, span: Span) -> Rules {
        self.cool_down = span;
        self
    }
}

impl Default for Survey {
    fn default() -> Survey {
        Survey {
            questions: Vec::new(),
            expires_after: Span::hours(14 * 24),
        }
    }
}

impl Survey {
    /// A survey without questions yet.
    pub fn new() -> Survey {
        Survey::default()
    }

    /// The same survey with one more question.
    #[must_use]
    pub fn ask(mut self, question: Question) -> Survey {
        self.questions.push(question);
        self
    }

    /// The same survey, answered within another time.
    #[must_use]
    pub fn expires_after(mut self, span: Span) -> Survey {
        self.expires_after = span;
        self
    }
}

impl Question {
    /// A question on the scale of its kind.
    pub fn new(name: Name, kind: RatingKind) -> Question {
        Question {
            name,
            kind,
            scale: None,
        }
    }

    /// The same question on another scale.
    #[must_use]
    pub fn on(mut self, scale: Scale) -> Question {
        self.scale = Some(scale);
        self
    }

    pub(crate) fn scale(&self, scales: &Scales) -> Scale {
        match self.kind {
            RatingKind::Nps => Scale::NPS,
            kind => self.scale.unwrap_or(scales.of(kind)),
        }
    }
}
