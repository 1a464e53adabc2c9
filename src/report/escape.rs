//! Text in HTML, in an element or in a quoted attribute.

use crate::kpi::plain;

/// `text` with everything escaped that HTML or XML would read, and one visible mark for each character that could not be seen.
pub(super) fn html(text: &str) -> String {
    let text = visible(text);
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// The same without the escapes: for who escapes by itself.
pub(super) fn visible(text: &str) -> String {
    plain(text).replace(['\u{61c}', '\u{fffe}', '\u{ffff}'], "\u{fffd}")
}

/// `text`, beginning with a capital letter.
pub(super) fn sentence(text: &str) -> String {
    let mut rest = text.chars();
    let first = rest.next().map(char::to_uppercase);
    first.into_iter().flatten().chain(rest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Read back by an XML parser of another crate, in an element and in an attribute, it is the visible text.
        #[test]
        fn what_is_escaped_is_read_back(text in "(?s).{0,24}") {
            let escaped = html(&text);
            let xml = format!("<a b=\"{escaped}\">{escaped}</a>");
            let read = roxmltree::Document::parse(&xml).unwrap();
            let root = read.root_element();
            let visible = visible(&text);
            prop_assert_eq!(root.attribute("b"), Some(visible.as_str()));
            prop_assert_eq!(root.text().unwrap_or_default(), visible);
        }
    }

    #[test]
    fn hostile_names_do_not_act() {
        assert_eq!(html("<script>"), "&lt;script&gt;");
        assert_eq!(html("\" onload='x'"), "&quot; onload=&#39;x&#39;");
        assert_eq!(
            html("a\u{202e}b\u{200f}\u{0}"),
            "a\u{fffd}b\u{fffd}\u{fffd}"
        );
    }
}
