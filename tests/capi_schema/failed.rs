//! Why a type could not be read: a field that is missing, one that nobody knows, or something else.

use std::fmt;

use serde::de;

#[derive(Debug)]
pub(super) struct Failed {
    words: String,
    pub(super) missing: Option<&'static str>,
    pub(super) unknown: bool,
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)
    }
}
impl std::error::Error for Failed {}

impl de::Error for Failed {
    fn custom<T: fmt::Display>(words: T) -> Failed {
        Failed {
            words: words.to_string(),
            missing: None,
            unknown: false,
        }
    }
    fn missing_field(field: &'static str) -> Failed {
        Failed {
            words: format!("missing `{field}`"),
            missing: Some(field),
            unknown: false,
        }
    }
    fn unknown_field(field: &str, _: &'static [&'static str]) -> Failed {
        Failed {
            words: format!("unknown `{field}`"),
            missing: None,
            unknown: true,
        }
    }
}
