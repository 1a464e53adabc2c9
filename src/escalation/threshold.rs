//! When a level fires, as people write it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::id::{read_text, shorten};
use crate::sla::{Measure, Target};
use crate::time::Span;

/// When a level fires. Its text form is one of
///
/// - `75 %`: that share of the clock's target has run, 1 to 1,000 per cent. `100 %` is the due: the earliest instant at which the target is
///   used up, at which it can still be met;
/// - `on breach`: the target is breached: the last instant at which it was kept has passed, and is what the breach is stamped with. Where the due falls on a close (Friday 17:00) that is
///   the next opening (Monday 09:00): who answers at that very instant is in time, and nothing fires. It comes right after the breach was
///   recorded, in the same commit. A target that was passed before it came into force is breached as it does: the level fires then, held
///   back like every level whose threshold was past ([`Rule::deliver_past`](super::Rule::deliver_past)). Repeats count from
///   when the target was used up;
/// - `30min before due`, `1h after due`: so much before or after the clock's target is used up. A business amount is running time
///   of the clock; a calendar amount is counted from the due instant; `0 after due` is `100 %`;
/// - `after 3h`, `after 48h calendar`, `after 2 business days`: so long after what an idle or waiting rule counts from;
/// - `at once`: as soon as a low rating is there;
/// - `2 times`: at that reopening.
///
/// ```
/// use helpdesk::escalation::Threshold;
/// assert_eq!("75%".parse::<Threshold>()?.to_string(), "75 %");
/// assert_eq!("1h before due".parse::<Threshold>()?.to_string(), "1h business before due");
/// assert_eq!("0 after due".parse::<Threshold>()?, "100 %".parse()?);
/// assert_eq!("on breach".parse::<Threshold>()?, Threshold::on_breach());
/// assert!("soon".parse::<Threshold>().is_err());
/// # Ok::<(), helpdesk::escalation::InvalidThreshold>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Threshold(pub(crate) Kind);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Percent(u16), // INVARIANT: 1 to 1000
    Before(Target),
    After(Target),
    OnBreach,
    For(Target),
    AtOnce,
    Times(u16), // INVARIANT: more than 0
}

impl Threshold {
    /// At this share of the target, 1 to 1,000 per cent.
    pub fn percent(percent: u16) -> Result<Threshold, InvalidThreshold> {
        let invalid = || InvalidThreshold {
            text: format!("{percent} %"),
        };
        (1..=1000)
            .contains(&percent)
            .then_some(Threshold(Kind::Percent(percent)))
            .ok_or_else(invalid)
    }

    /// When the clock's target is breached, right after that was recorded.
    pub const fn on_breach() -> Threshold {
        Threshold(Kind::OnBreach)
    }

    /// As soon as what is watched is there.
    pub const AT_ONCE: Threshold = Threshold(Kind::AtOnce);

    /// Whether it is counted from the due instant, in calendar time.
    pub(super) fn is_from_an_instant(self) -> bool {
        match self.0 {
            Kind::Before(offset) | Kind::After(offset) => offset.measure() == Measure::Calendar,
            _ => false,
        }
    }

    /// So long after what an idle or waiting rule counts from.
    pub const fn after(time: Target) -> Threshold {
        Threshold(Kind::For(time))
    }

    /// At the `times`-th reopening, more than 0.
    pub fn times(times: u16) -> Result<Threshold, InvalidThreshold> {
        let invalid = || InvalidThreshold {
            text: format!("{times} times"),
        };
        (times > 0)
            .then_some(Threshold(Kind::Times(times)))
            .ok_or_else(invalid)
    }
}

/// The share of `amount`, rounded up to the microsecond: it is not reached before all of it has run.
pub(crate) fn share(percent: u16, amount: i64) -> i64 {
    let product = i128::from(amount) * i128::from(percent);
    let rounded_up = product.div_euclid(100) + i128::from(product.rem_euclid(100) > 0);
    i64::try_from(rounded_up).unwrap_or(i64::MAX)
}

impl FromStr for Threshold {
    type Err = InvalidThreshold;
    fn from_str(text: &str) -> Result<Threshold, InvalidThreshold> {
        let invalid = || InvalidThreshold {
            text: shorten(text),
        };
        let text = text.trim();
        let target = |text: &str| text.trim().parse::<Target>().map_err(|_| invalid());
        let number = |text: &str| text.trim().parse::<u16>().map_err(|_| invalid());
        // An offset from the due is an amount: a number of days has none before a clock starts.
        let offset =
            |text: &str| target(text).and_then(|t| t.amount().map(|_| t).ok_or_else(invalid));
        if text == "at once" {
            Ok(Threshold::AT_ONCE)
        } else if text == "on breach" {
            Ok(Threshold::on_breach())
        } else if let Some(percent) = text.strip_suffix('%') {
            Threshold::percent(number(percent)?)
        } else if is_due_itself(text) {
            Threshold::percent(100)
        } else if let Some(amount) = text.strip_suffix("before due") {
            offset(amount).map(|target| Threshold(Kind::Before(target)))
        } else if let Some(amount) = text.strip_suffix("after due") {
            offset(amount).map(|target| Threshold(Kind::After(target)))
        } else if let Some(amount) = text.strip_prefix("after ") {
            target(amount).map(Threshold::after)
        } else if let Some(times) = text.strip_suffix("times").or(text.strip_suffix("time")) {
            Threshold::times(number(times)?)
        } else {
            Err(invalid())
        }
    }
}

/// Whether it is nothing before or after the due, such as `0 after due`: that is `100 %`.
fn is_due_itself(text: &str) -> bool {
    let amount = text
        .strip_suffix("before due")
        .or(text.strip_suffix("after due"));
    amount.is_some_and(|amount| {
        let amount = amount.trim();
        amount == "0" || Span::parse_without_days(amount).is_ok_and(|span| span.micros() == 0)
    })
}

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Kind::Percent(percent) => write!(f, "{percent} %"),
            Kind::Before(amount) => write!(f, "{amount} before due"),
            Kind::After(amount) => write!(f, "{amount} after due"),
            Kind::For(amount) => write!(f, "after {amount}"),
            Kind::OnBreach => f.write_str("on breach"),
            Kind::AtOnce => f.write_str("at once"),
            Kind::Times(1) => f.write_str("1 time"),
            Kind::Times(times) => write!(f, "{times} times"),
        }
    }
}

impl Serialize for Threshold {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Threshold {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Threshold, D::Error> {
        let what = "a threshold such as `75 %` or `1h after due`, as a text,";
        read_text(deserializer, what)
    }
}

/// A text that is not a [`Threshold`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is not a threshold; allowed are `75 %` (1 to 1000), `1h before due`, `1h after due`, `on breach`, `after 3h` (open hours), `after 120h calendar`, `after 5 business days`, `at once` and `2 times`"
)]
pub struct InvalidThreshold {
    text: String,
}
