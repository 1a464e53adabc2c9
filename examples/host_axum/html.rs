//! HTML, piece by piece: what is not written by this service itself is escaped.

use std::fmt::{self, Write};

use axum::http::header;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};

/// A piece of a page.
#[derive(Clone, Debug, Default)]
pub(crate) struct Html(String);

impl Html {
    /// Text of somebody: it reads as text and never acts.
    pub(crate) fn text(text: impl fmt::Display) -> Html {
        let mut out = String::new();
        for c in text.to_string().chars() {
            match c {
                '&' => out.push_str("&amp;"),
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                '"' => out.push_str("&quot;"),
                '\'' => out.push_str("&#39;"),
                '\n' | '\t' => out.push(c),
                c if c.is_control() => out.push('\u{fffd}'),
                c => out.push(c),
            }
        }
        Html(out)
    }

    /// This service's own words.
    pub(crate) fn own(markup: fmt::Arguments<'_>) -> Html {
        Html(markup.to_string())
    }

    pub(crate) fn push(&mut self, piece: &Html) {
        self.0.push_str(&piece.0);
    }
}

impl fmt::Display for Html {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromIterator<Html> for Html {
    fn from_iter<I: IntoIterator<Item = Html>>(pieces: I) -> Html {
        let mut all = Html::default();
        pieces.into_iter().for_each(|piece| all.push(&piece));
        all
    }
}

impl IntoResponse for Html {
    fn into_response(self) -> Response {
        ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], self.0).into_response()
    }
}

/// What may stand in markup as it is.
pub(crate) trait Safe: fmt::Display {}
impl Safe for Html {}
impl Safe for &Html {}
impl Safe for u64 {}

pub(crate) fn safe(piece: &impl Safe) -> impl fmt::Display + '_ {
    piece
}

/// Markup with pieces put in, each of which is [`Safe`].
macro_rules! html {
    ($markup:literal $(, $piece:expr)* $(,)?) => {
        $crate::html::Html::own(format_args!($markup $(, $crate::html::safe(&$piece))*))
    };
}

pub(crate) use html;

/// An instant, for people and for programs.
pub(crate) fn time(at: DateTime<Utc>) -> Html {
    let machine = Html::text(at.format("%Y-%m-%dT%H:%M:%SZ"));
    let people = Html::text(at.format("%-d %b %Y, %H:%M"));
    html!("<time datetime=\"{}\">{} UTC</time>", machine, people)
}

/// A length of time in its two largest units.
pub(crate) fn length(time: chrono::TimeDelta) -> Html {
    let (minutes, sign) = (
        time.num_minutes().abs(),
        if time < chrono::TimeDelta::zero() {
            "-"
        } else {
            ""
        },
    );
    let mut text = String::new();
    _ = match (minutes / 1_440, minutes / 60 % 24, minutes % 60) {
        (0, 0, m) => write!(text, "{sign}{m} min"),
        (0, h, m) => write!(text, "{sign}{h} h {m} min"),
        (d, h, _) => write!(text, "{sign}{d} d {h} h"),
    };
    Html::text(text)
}
