//! A rulebook as JSON text, in both directions. What cannot be read is told with its place, in the words of the rules.

use std::str::FromStr;

use super::{InvalidRulebook, Rulebook, RulebookDraft};

impl Rulebook {
    /// The rulebook that is written in a JSON text.
    ///
    /// ```
    /// use helpdesk::Rulebook;
    /// let text = r#"{"policies": [{"name": "standard", "targets": {"first_response": 4}}]}"#;
    /// let error = Rulebook::from_json(text).unwrap_err();
    /// assert_eq!(error.path(), "policies[0].targets.first_response");
    /// assert!(error.to_string().ends_with("`4` stands here; a target such as `4h` or `2 business days`, as a text, is expected"));
    /// assert!(text.replace("4}", "\"4h\"}").parse::<Rulebook>().is_ok());
    /// ```
    ///
    /// # Errors
    /// What is no rulebook, with the place in it.
    pub fn from_json(text: &str) -> Result<Rulebook, InvalidRulebook> {
        draft(text)?.build()
    }

    /// The rulebook as JSON: the canonical form, which its [`id`](Rulebook::id) is the digest of.
    pub fn as_json(&self) -> &str {
        &self.0.inner.canonical
    }
}

impl FromStr for Rulebook {
    type Err = InvalidRulebook;
    fn from_str(text: &str) -> Result<Rulebook, InvalidRulebook> {
        Rulebook::from_json(text)
    }
}

/// The draft that a text holds.
pub(super) fn draft(text: &str) -> Result<RulebookDraft, InvalidRulebook> {
    // A list of parts without names would be read as well.
    if text.trim_start().starts_with('[') {
        return Err(InvalidRulebook::at(
            "",
            "a list stands here; an object is expected".to_owned(),
        ));
    }
    serde_json::from_str(text).map_err(|error| {
        let whole = error.to_string();
        let problem = whole.split(" at line ").next().unwrap_or_default();
        if !error.is_data() {
            return InvalidRulebook::at("", format!("this is no json: {whole}"));
        }
        let mut end = offset(text, &error);
        if problem.starts_with("invalid type: unit variant") {
            // A word alone is known to be alone by what stands behind it.
            let behind = |c: char| matches!(c, ']' | '}' | ',') || c.is_whitespace();
            end = text
                .get(..end)
                .map_or(end, |read| read.trim_end_matches(behind).len());
        }
        let mut place = Place::until(text, end);
        if problem.starts_with("missing field") {
            place.leave_field();
        }
        InvalidRulebook::at(&place.path(), in_words(problem, &place.word))
    })
}

/// Where in the text reading stopped, in bytes.
fn offset(text: &str, error: &serde_json::Error) -> usize {
    let before = text
        .split_inclusive('\n')
        .take(error.line().saturating_sub(1));
    let before: usize = before.map(str::len).sum();
    before.saturating_add(error.column()).min(text.len())
}

/// What is wrong, as people say it; `word` is the last text before.
fn in_words(problem: &str, word: &str) -> String {
    let parts = problem.split_once(", expected ");
    match parts.and_then(|(found, what)| Some((found.strip_prefix("invalid type: ")?, what))) {
        Some(("unit variant", _)) => format!(
            "`{word}` says too little; it is written with what belongs to it, as `{{\"{word}\": ..}}`"
        ),
        Some((_, "unit variant")) => format!("`{word}` is written as a word alone"),
        Some((found, what)) => {
            let found = match found {
                "sequence" => "a list",
                "map" => "an object",
                one => one.split_once(' ').map_or(one, |(_, value)| value),
            };
            let what = match what {
                "a sequence" => "a list",
                "a map" => "an object",
                one => one,
            };
            format!("{found} stands here; {what} is expected")
        }
        None => problem.to_owned(),
    }
}

/// A place in a JSON text.
#[derive(Default)]
struct Place {
    /// The lists and objects around it.
    around: Vec<Inside>,
    /// The last text before it.
    word: String,
}

enum Inside {
    List(usize),
    /// The field that was named last.
    Object(Option<String>),
}

impl Place {
    /// The place that is reached after so many bytes.
    fn until(text: &str, end: usize) -> Place {
        let mut place = Place::default();
        let mut rest = text.get(..end).unwrap_or(text);
        let mut names = false; // whether the next text names a field
        while let Some(c) = rest.chars().next() {
            rest = &rest[c.len_utf8()..];
            match c {
                '{' => place.around.push(Inside::Object(None)),
                '[' => place.around.push(Inside::List(0)),
                '}' | ']' => _ = place.around.pop(),
                ',' => {
                    if let Some(Inside::List(n)) = place.around.last_mut() {
                        *n += 1;
                    }
                }
                '"' => {
                    let length = text_length(rest);
                    let quoted = rest.get(..length).unwrap_or_default();
                    rest = rest.get(length + 1..).unwrap_or_default();
                    let quoted = format!("\"{quoted}\"");
                    place.word = serde_json::from_str(&quoted).unwrap_or_default();
                    if let (true, Some(Inside::Object(name))) = (names, place.around.last_mut()) {
                        *name = Some(place.word.clone());
                    }
                }
                _ => {}
            }
            if !c.is_whitespace() {
                names = matches!(c, '{' | ',');
            }
        }
        place
    }

    fn leave_field(&mut self) {
        if let Some(Inside::Object(name)) = self.around.last_mut() {
            *name = None;
        }
    }

    /// The place as people write it, such as `policies[0].targets.first_response`.
    fn path(&self) -> String {
        let mut path = String::new();
        for inside in &self.around {
            match inside {
                Inside::List(n) => path.push_str(&format!("[{n}]")),
                Inside::Object(None) => {}
                Inside::Object(Some(name)) => {
                    if !path.is_empty() {
                        path.push('.');
                    }
                    path.push_str(name);
                }
            }
        }
        path
    }
}

/// How many bytes a text has before the quote that ends it.
fn text_length(rest: &str) -> usize {
    let mut escaped = false;
    for (n, byte) in rest.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return n,
            _ => {}
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, path: &str, problem: &str) {
        let error = Rulebook::from_json(text).unwrap_err();
        assert_eq!(error.path(), path, "{error}");
        assert!(error.to_string().contains(problem), "{error}");
        let spread: serde_json::Value = serde_json::from_str(text).unwrap();
        let spread = serde_json::to_string_pretty(&spread).unwrap();
        assert_eq!(
            Rulebook::from_json(&spread).unwrap_err().path(),
            path,
            "{spread}"
        );
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let level = |actions: &str| {
            format!(
                r#"{{"escalations": [{{"name": "späte \"[{{,", "trigger": "reopened", "levels": [
                {{"name": "a", "at": "at once", "actions": []}}, {{"name": "b", "at": "after 1h", "actions": [{actions}]}}]}}]}}"#
            )
        };
        let second = "escalations[0].levels[1].actions[1]";
        check(
            &level(r#"{"add_tag": "x"}, "notify""#),
            second,
            "`notify` says too little; it is written with what belongs to it, as `{\"notify\": ..}`",
        );
        check(
            &level(r#"{"add_tag": "x"}, {"resolve": 4}"#),
            &format!("{second}.resolve"),
            "",
        );
        check(
            &level(r#"{"add_tag": ["x"]}"#),
            "escalations[0].levels[1].actions[0].add_tag",
            "a list stands here; a name, as a text, is expected",
        );
        check(
            r#"{"policies": [{"name": "a"}, {"targets": {}}]}"#,
            "policies[1]",
            "missing field `name`",
        );
        check(
            r#"{"policies": [{"name": "a", "targets": {"first_response": 4}}]}"#,
            "policies[0].targets.first_response",
            "`4` stands here; a target",
        );
        check(
            r#"{"policies": [{"name": "a", "targets": {"first_response": "soon"}}]}"#,
            "policies[0].targets.first_response",
            "`soon` is not a target",
        );
        check(r#"{"polices": []}"#, "polices", "unknown field `polices`");
        let hours = r#"{"calendars": {"office": {"hours": {"zone": "UTC", "hours": "Mon-Fri 9-"}}}, "calendar": "office"}"#;
        let error = Rulebook::from_json(hours).unwrap_err();
        assert!(error.path().starts_with("calendars.office"), "{error}");
        check(
            r#"{"tickets": {"reopen_window": 14}}"#,
            "tickets.reopen_window",
            "`14` stands here; a length of time",
        );
        check("[]", "", "a list stands here; an object is expected");
    }

    #[test]
    fn a_name_stands_once() {
        let twice = |text: &str, path: &str| {
            let error = Rulebook::from_json(text).unwrap_err();
            let last = path.rsplit('.').next().unwrap();
            assert_eq!(error.path(), path, "{error}");
            let said = format!("`{last}` stands here twice");
            assert!(error.to_string().contains(&said), "{error}");
        };
        let policy = |inner: &str| format!(r#"{{"policies": [{{"name": "a", {inner}}}]}}"#);
        twice(
            &policy(r#""targets": {"first_response": "4h", "first_response": "8h"}"#),
            "policies[0].targets.first_response",
        );
        twice(
            &policy(r#""pauses": {"total_resolution": ["customer"], "total_resolution": []}"#),
            "policies[0].pauses.total_resolution",
        );
        twice(
            &policy(r#""reopening": {"first_response": "resume", "first_response": "new_cycle"}"#),
            "policies[0].reopening.first_response",
        );
        twice(
            r#"{"tickets": {"permissions": {"agent": [], "agent": ["open"]}}}"#,
            "tickets.permissions.agent",
        );
        twice(
            r#"{"tickets": {"labels": {"a": "work", "a": "resolved"}}}"#,
            "tickets.labels.a",
        );
        twice(
            r#"{"feedback": {"surveys": {"a": {}, "a": {}}}}"#,
            "feedback.surveys.a",
        );
        twice(
            r#"{"quality": {"scorecards": {"a": {"best": 1, "categories": []}, "a": {"best": 2, "categories": []}}}}"#,
            "quality.scorecards.a",
        );
        twice(
            r#"{"calendars": {"a": "always", "a": "always"}}"#,
            "calendars.a",
        );
    }

    #[test]
    fn what_is_no_json_is_told_with_its_line() {
        let error = Rulebook::from_json("{\n\"policies\": [}").unwrap_err();
        assert_eq!(error.path(), "");
        assert!(
            error.to_string().starts_with("this is no json: ")
                && error.to_string().contains("line 2"),
            "{error}"
        );
    }

    proptest::proptest! {
        /// Whatever stands in a text, looking for the place ends and finds one.
        #[test]
        fn no_text_is_too_strange(text in "[\\[\\]{}\",:\\\\a1é \n]{0,40}", end in 0_usize..60) {
            let _ = Place::until(&text, end).path();
            let _ = Rulebook::from_json(&text);
        }
    }
}
