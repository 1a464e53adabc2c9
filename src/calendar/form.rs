//! The serde form of a calendar: as it was written. Reading it goes through the same door as the builder.
//!
//! `"always"`, `{"hours": {"zone": .., "hours": ".."}}`, or `{"union": [.., ..]}`, `intersection` and `difference`, or
//! `{"succession": {"first": .., "then": [{"from": instant, "calendar": ..}]}}`.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, Utc};
use serde::de::{DeserializeSeed, Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::id::{Name, twice};

use super::algebra::Combination;
use super::definition::Definition;
use super::error::{InvalidCalendar, few};
use super::succession::Editions;
use super::{Calendar, MOST_PARTS, Source};

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Written<'a> {
    Always,
    Hours(&'a Definition),
    Union(&'a [Calendar; 2]),
    Intersection(&'a [Calendar; 2]),
    Difference(&'a [Calendar; 2]),
    Succession(&'a Editions),
}

/// A calendar as written, before anything is worked out: so that what is too much is told before it takes memory.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Read {
    Always,
    Hours(Box<Definition>),
    Union(Box<[Read; 2]>),
    Intersection(Box<[Read; 2]>),
    Difference(Box<[Read; 2]>),
    Succession(Box<ReadEditions>),
}

#[derive(Deserialize)]
#[serde(rename = "Editions", deny_unknown_fields)]
struct ReadEditions {
    first: Read,
    then: Vec<ReadEdition>,
}

#[derive(Deserialize)]
#[serde(rename = "Edition", deny_unknown_fields)]
struct ReadEdition {
    from: DateTime<Utc>,
    calendar: Read,
}

impl Read {
    /// How many calendars with hours of their own it is made of.
    fn count(&self) -> usize {
        match self {
            Read::Always | Read::Hours(_) => 1,
            Read::Union(parts) | Read::Intersection(parts) | Read::Difference(parts) => {
                parts.iter().map(Read::count).sum()
            }
            Read::Succession(editions) => {
                let then = editions.then.iter().map(|next| next.calendar.count());
                editions.first.count() + then.sum::<usize>()
            }
        }
    }

    fn compiled(self) -> Result<Calendar, InvalidCalendar> {
        let (how, parts) = match self {
            Read::Always => return Ok(Calendar::always()),
            Read::Hours(definition) => return Calendar::from_definition(*definition),
            Read::Succession(editions) => {
                let first = editions.first.compiled()?;
                let then = editions.then.into_iter();
                let then = then.map(|next| Ok((next.from, next.calendar.compiled()?)));
                return first.succeeded_by_all(then);
            }
            Read::Union(parts) => (Combination::Union, parts),
            Read::Intersection(parts) => (Combination::Intersection, parts),
            Read::Difference(parts) => (Combination::Difference, parts),
        };
        let [first, second] = *parts;
        first.compiled()?.combine(how, &second.compiled()?)
    }
}

impl Serialize for Calendar {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let written = match &self.0.source {
            Source::Always => Written::Always,
            Source::Hours(hours) => Written::Hours(&hours.definition),
            Source::Combined { how, parts, .. } => match how {
                Combination::Union => Written::Union(parts),
                Combination::Intersection => Written::Intersection(parts),
                Combination::Difference => Written::Difference(parts),
            },
            Source::Succession(editions) => Written::Succession(editions),
        };
        written.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Calendar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Calendar, D::Error> {
        One(&mut 0).deserialize(deserializer)
    }
}

/// Reads one calendar of a record, and counts its parts.
struct One<'a>(&'a mut usize);

impl<'de> DeserializeSeed<'de> for One<'_> {
    type Value = Calendar;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Calendar, D::Error> {
        let read = Read::deserialize(deserializer)?;
        let parts = read.count();
        *self.0 = self.0.saturating_add(parts);
        few("parts", parts, MOST_PARTS).map_err(D::Error::custom)?;
        let what = "parts together with the calendars before it";
        few(what, *self.0, MOST_NAMED).map_err(D::Error::custom)?;
        read.compiled().map_err(D::Error::custom)
    }
}

/// How many calendars a record with named ones may have, with the parts of combinations: each takes 57 KB.
pub(crate) const MOST_NAMED: usize = 10_000;

/// Reads calendars by their names.
pub(crate) fn named<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<Name, Calendar>, D::Error> {
    struct ByName;

    impl<'de> Visitor<'de> for ByName {
        type Value = BTreeMap<Name, Calendar>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("calendars by their names")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let (mut calendars, mut parts) = (BTreeMap::new(), 0);
            while let Some(name) = map.next_key::<Name>()? {
                if calendars.contains_key(&name) {
                    return Err(twice(&name));
                }
                calendars.insert(name, map.next_value_seed(One(&mut parts))?);
            }
            Ok(calendars)
        }
    }

    deserializer.deserialize_map(ByName)
}
