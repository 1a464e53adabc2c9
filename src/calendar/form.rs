//! The serde form of a calendar: as it was written. Reading it goes through the same door as the builder.
//!
//! `"always"`, `{"hours": {"zone": .., "hours": ".."}}`, or `{"union": [.., ..]}`, `intersection` and `difference`, or
//! `{"succession": {"first": .., "then": [{"from": instant, "calendar": ..}]}}`.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::algebra::Combination;
use super::definition::Definition;
use super::succession::Editions;
use super::{Calendar, Source};

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

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Read {
    Always,
    Hours(Box<Definition>),
    Union(Box<[Calendar; 2]>),
    Intersection(Box<[Calendar; 2]>),
    Difference(Box<[Calendar; 2]>),
    Succession(Box<Editions>),
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
        let (how, parts) = match Read::deserialize(deserializer)? {
            Read::Always => return Ok(Calendar::always()),
            Read::Hours(definition) => {
                return Calendar::from_definition(*definition).map_err(D::Error::custom);
            }
            Read::Succession(editions) => {
                let mut then = editions.then.iter();
                let joined = then.try_fold(editions.first.clone(), |calendar, next| {
                    calendar.succeeded_by(&next.calendar, next.from)
                });
                return joined.map_err(D::Error::custom);
            }
            Read::Union(parts) => (Combination::Union, parts),
            Read::Intersection(parts) => (Combination::Intersection, parts),
            Read::Difference(parts) => (Combination::Difference, parts),
        };
        let [first, second] = *parts;
        first.combine(how, &second).map_err(D::Error::custom)
    }
}
