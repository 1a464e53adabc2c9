//! The names of things: ids that cannot be mixed up, ticket numbers, and short names chosen by people.
//!
//! Every id is a newtype over [`Uuid`]; a host that has ids of its own wraps them with `from_uuid`, or derives them from
//! its own text keys with `named` (a uuid v5: the same text gives the same id on every machine). Nothing here reads a clock
//! or draws a random number.

mod keyed;

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize};
use sha1::{Digest, Sha1};
use uuid::{Builder, Uuid};

pub(crate) use keyed::{keyed, twice};

/// The namespace of every uuid v5 that this crate derives.
const NAMESPACE: Uuid = Uuid::from_u128(0x6d0f_8c1e_51f4_4f0e_9c3b_2f6a_7d1e_0b55);

/// The id derived from `parts`: length-prefixed, so that no two lists of parts meet by accident.
pub(crate) fn derive(parts: &[&[u8]]) -> Uuid {
    // A uuid v5 by hand: every command derives several ids, and this digest uses the processor's own instructions for it.
    // It is fed in one piece where that fits: many small ones cost more than the digest.
    let mut digest = Sha1::new();
    let (mut text, mut filled) = ([0; 256], NAMESPACE.as_bytes().len());
    text[..filled].copy_from_slice(NAMESPACE.as_bytes());
    for part in parts {
        for piece in [&(part.len() as u64).to_be_bytes(), *part] {
            let end = filled + piece.len();
            if let Some(free) = text.get_mut(filled..end) {
                free.copy_from_slice(piece);
                filled = end;
            } else {
                digest.update(&text[..filled]);
                digest.update(piece);
                filled = 0;
            }
        }
    }
    digest.update(&text[..filled]);
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest.finalize()[..16]);
    Builder::from_sha1_bytes(bytes).into_uuid()
}

/// The first bits of a derived id behind the millisecond of `at` (the layout of uuid v7). In an index, what is known by such an id
/// stands beside what was written a moment ago, and not on a page of its own.
pub(crate) fn in_order(at: DateTime<Utc>, derived: Uuid) -> Uuid {
    let mut tail = [0; 10];
    tail.copy_from_slice(&derived.as_bytes()[..10]);
    let millis = u64::try_from(at.timestamp_millis()).unwrap_or(0);
    Builder::from_unix_timestamp_millis(millis, &tail).into_uuid()
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident $kind:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps an id that the host chose.
            pub const fn from_uuid(id: Uuid) -> $name {
                $name(id)
            }

            /// The id that stands for a host's own text key, the same on every machine (uuid v5).
            pub fn named(key: &str) -> $name {
                $name(derive(&[$kind.as_bytes(), key.as_bytes()]))
            }

            /// The bare uuid.
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Uuid {
                id.0
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> $name {
                $name(id)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<$name, InvalidId> {
                Uuid::try_parse(text).map($name).map_err(|_| InvalidId { kind: $kind, text: shorten(text) })
            }
        }
    )*};
}

ids! {
    /// One customer of the host: every record belongs to exactly one tenant. Hosts with one use [`TenantId::SINGLE`].
    TenantId "tenant";
    /// A ticket.
    TicketId "ticket";
    /// A person who works at the desk.
    AgentId "agent";
    /// A person who asks for help.
    CustomerId "customer";
    /// A group of agents.
    TeamId "team";
    /// An automatic participant: a chatbot, an auto-responder.
    BotId "bot";
    /// One message of a conversation.
    MessageId "message";
    /// One call, chat or conversation with a bot.
    SessionId "session";
    /// A text, name or address that is kept apart from the events, so that it can be erased.
    ContentId "content";
    /// One invitation to a survey.
    InvitationId "invitation";
    /// An article of the knowledge base.
    ArticleId "article";
    /// A visit to the self-service.
    VisitId "visit";
    /// A quality review.
    ReviewId "review";
    /// A finding, and what is done about it.
    FindingId "finding";
    /// One version of a [`Rulebook`](crate::Rulebook): the uuid v5 of its canonical form.
    RulebookId "rulebook";
    /// One firing of an escalation level, or one announced breach: once for ever.
    FiringKey "firing";
}

impl TenantId {
    /// The tenant of a host that has only one (the nil uuid).
    pub const SINGLE: TenantId = TenantId(Uuid::nil());
}

/// A text that is not an id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is not a {kind} id; a uuid such as `018f3c1e-7a00-7000-8000-000000000001` is expected"
)]
pub struct InvalidId {
    kind: &'static str,
    text: String,
}

/// The number people use for a ticket: unique in its tenant, counting up, with gaps allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TicketNumber(pub u64);

impl TicketNumber {
    /// The highest number that a ticket from elsewhere may bring along, 2^53 - 1: numbers count on from there, and what stands in JSON is
    /// exact for every reader up to it.
    pub const MAX_IMPORTED: TicketNumber = TicketNumber((1 << 53) - 1);
}

impl fmt::Display for TicketNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A short name chosen by people: of a calendar, policy, rule, label, tag, ticket type or field.
///
/// 1 to [`Name::MAX_BYTES`] bytes of UTF-8, no control characters, no white space at either end. Cheap to clone.
///
/// ```
/// use helpdesk::id::Name;
/// let vip: Name = "vip".parse()?;
/// assert_eq!(vip.as_str(), "vip");
/// assert!(" vip".parse::<Name>().is_err());
/// # Ok::<(), helpdesk::id::InvalidName>(())
/// ```
///
/// One that stands in the program is written [`name!("vip")`](crate::name!): it is checked while compiling.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Name(Arc<str>);

impl Name {
    /// The longest name, in bytes.
    pub const MAX_BYTES: usize = 128;

    /// Checks and wraps `text`; see the type for what is allowed.
    pub fn new(text: &str) -> Result<Name, InvalidName> {
        if is_name(text) {
            Ok(Name(text.into()))
        } else {
            Err(InvalidName {
                text: shorten(text),
            })
        }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether `text` may be a name. It needs no run time, so [`name!`](crate::name!) asks while compiling.
const fn is_name(text: &str) -> bool {
    if text.is_empty() || text.len() > Name::MAX_BYTES {
        return false;
    }
    let (mut rest, mut is_first, mut ends_white) = (text.as_bytes(), true, false);
    while let Some((code, tail)) = first_code_point(rest) {
        ends_white = match char::from_u32(code) {
            Some(c) => c.is_whitespace(),
            None => false,
        };
        let is_control = code < 0x20 || (code >= 0x7f && code < 0xa0);
        if is_control || (is_first && ends_white) {
            return false;
        }
        (rest, is_first) = (tail, false);
    }
    !ends_white
}

/// The first code point of valid UTF-8, and what follows it.
const fn first_code_point(text: &[u8]) -> Option<(u32, &[u8])> {
    const fn low(byte: u8) -> u32 {
        (byte & 0x3f) as u32
    }
    match text {
        [a @ ..0x80, rest @ ..] => Some((*a as u32, rest)),
        [a @ ..0xe0, b, rest @ ..] => Some((((*a & 0x1f) as u32) << 6 | low(*b), rest)),
        [a @ ..0xf0, b, c, rest @ ..] => {
            let code = ((*a & 0x0f) as u32) << 12 | low(*b) << 6 | low(*c);
            Some((code, rest))
        }
        [a, b, c, d, rest @ ..] => {
            let code = ((*a & 0x07) as u32) << 18 | low(*b) << 12 | low(*c) << 6 | low(*d);
            Some((code, rest))
        }
        _ => None,
    }
}

/// A [`Name`](crate::id::Name) that stands in the program, checked while compiling: nothing can fail at run time.
///
/// ```
/// use helpdesk::id::Name;
/// use helpdesk::{Command, name};
/// assert_eq!(Ok(name!("vip")), Name::new("vip"));
/// let said = Command::tag(name!("vip"));
/// ```
///
/// What is no name does not compile:
///
/// ```compile_fail
/// helpdesk::name!(" vip");
/// ```
#[macro_export]
macro_rules! name {
    ($text:expr) => {
        $crate::id::Name::from(const {
            match $crate::id::NameText::new($text) {
                ::core::option::Option::Some(text) => text,
                ::core::option::Option::None => ::core::panic!(
                    "this is not a name; 1 to 128 bytes without control characters or outer white space are allowed"
                ),
            }
        })
    };
}

/// The text of a [`Name`], as [`name!`](crate::name!) has it while compiling.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct NameText(&'static str); // INVARIANT: a name

impl NameText {
    /// The text, where it is a name.
    pub const fn new(text: &'static str) -> Option<NameText> {
        match is_name(text) {
            true => Some(NameText(text)),
            false => None,
        }
    }
}

impl From<NameText> for Name {
    fn from(text: NameText) -> Name {
        Name(text.0.into())
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl FromStr for Name {
    type Err = InvalidName;
    fn from_str(text: &str) -> Result<Name, InvalidName> {
        Name::new(text)
    }
}

impl TryFrom<&str> for Name {
    type Error = InvalidName;
    fn try_from(text: &str) -> Result<Name, InvalidName> {
        Name::new(text)
    }
}

impl Borrow<str> for Name {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Name, D::Error> {
        read_text(deserializer, "a name, as a text,")
    }
}

/// A text that cannot be a [`Name`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is not a name; 1 to 128 bytes without control characters or outer white space are allowed"
)]
pub struct InvalidName {
    text: String,
}

/// Reads what people write as a text; `what` says what is expected where something else stands.
pub(crate) fn read_text<'de, D, T>(deserializer: D, what: &'static str) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr,
    T::Err: fmt::Display,
{
    struct Text<T>(&'static str, std::marker::PhantomData<T>);
    impl<T: FromStr> Visitor<'_> for Text<T>
    where
        T::Err: fmt::Display,
    {
        type Value = T;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<T, E> {
            text.parse().map_err(E::custom)
        }
    }
    deserializer.deserialize_str(Text(what, std::marker::PhantomData))
}

/// At most 60 characters of `text`, for error messages.
pub(crate) fn shorten(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

/// `a`, `b`, `c` in backticks, for error messages; `none` where there is nothing.
pub(crate) fn list<T: fmt::Display>(items: impl IntoIterator<Item = T>) -> String {
    let items = items.into_iter().map(|item| format!("`{item}`"));
    let items: Vec<String> = items.collect();
    match items.is_empty() {
        true => "none".to_owned(),
        false => items.join(", "),
    }
}

impl MessageId {
    /// The id of the message that has this id outside: the same twice is one message.
    pub(crate) fn of_external(tenant: TenantId, external: &str) -> MessageId {
        MessageId::from_uuid(derive(&[
            b"message",
            tenant.uuid().as_bytes(),
            external.as_bytes(),
        ]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derived_ids_depend_on_where_the_parts_end() {
        assert_ne!(derive(&[b"ab", b"c"]), derive(&[b"a", b"bc"]));
        assert_eq!(derive(&[b"ab", b"c"]), derive(&[b"ab", b"c"]));
        assert_ne!(TeamId::named("x").uuid(), AgentId::named("x").uuid());
    }

    proptest::proptest! {
        #[test]
        fn derived_ids_are_version_5(parts: Vec<Vec<u8>>) {
            let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
            let with_length = |part: &&[u8]| [&(part.len() as u64).to_be_bytes(), *part].concat();
            let text: Vec<u8> = parts.iter().flat_map(with_length).collect();
            proptest::prop_assert_eq!(derive(&parts), Uuid::new_v5(&NAMESPACE, &text));
        }
    }

    proptest::proptest! {
        #[test]
        fn ids_in_the_order_of_time_sort_by_the_millisecond(first in 0i64..1 << 47, later in 1i64..1 << 40, name: String, other: String) {
            let at = |millis| DateTime::from_timestamp_millis(millis).unwrap();
            let id = |at, name: &str| in_order(at, derive(&[name.as_bytes()]));
            proptest::prop_assert!(id(at(first), &name) < id(at(first + later), &other));
            proptest::prop_assert_eq!(id(at(first), &name).get_version_num(), 7);
            proptest::prop_assert_eq!(name == other, id(at(first), &name) == id(at(first), &other));
        }
    }

    /// The rule in the words of the standard library.
    fn by_the_book(text: &str) -> bool {
        (1..=Name::MAX_BYTES).contains(&text.len())
            && text.trim() == text
            && !text.chars().any(char::is_control)
    }

    proptest::proptest! {
        #[test]
        fn a_name_is_what_the_rule_says(text in proptest::prop_oneof![
            "[ -~\u{80}-\u{a5}\u{2000}-\u{202f}\u{3000}é€😀]{0,6}",
            "\\PC{120,130}",
            ".{0,9}",
        ]) {
            proptest::prop_assert_eq!(is_name(&text), by_the_book(&text), "{:?}", text);
        }
    }

    #[test]
    fn every_character_is_taken_as_the_rule_says() {
        let wide = ['\u{d7ff}', '\u{e000}', '\u{ffff}', '\u{10000}', char::MAX];
        for c in ('\0'..'\u{3100}').chain(wide) {
            for text in [format!("{c}a"), format!("a{c}a"), format!("a{c}")] {
                assert_eq!(is_name(&text), by_the_book(&text), "{text:?}");
            }
        }
    }

    #[test]
    fn names_refuse_what_people_cannot_see() {
        for bad in ["", " a", "a ", "a\nb", &"x".repeat(129)] {
            assert!(Name::new(bad).is_err(), "{bad:?}");
        }
        assert!(Name::new("Awaiting vendor").is_ok());
        assert!(serde_json::from_str::<Name>("\"\"").is_err());
    }
}
