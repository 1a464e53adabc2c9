//! Whole numbers that come through JSON as they were, also where a reader holds numbers as floats, which are exact up to 2^53.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde::ser::Serializer;

/// The largest number up to which a float has all whole numbers.
const EXACT: u64 = 1 << 53;

/// A number that a person set: a number as far as every reader keeps it, beyond that a decimal string. Either is read.
pub(super) mod number {
    use super::*;

    pub(in crate::ticket) fn serialize<S: Serializer>(
        value: &i64,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        if value.unsigned_abs() <= EXACT {
            to.serialize_i64(*value)
        } else {
            to.collect_str(value)
        }
    }

    pub(in crate::ticket) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<i64, D::Error> {
        from.deserialize_any(Either)
    }

    struct Either;

    impl Visitor<'_> for Either {
        type Value = i64;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a whole number of 64 bits, as a number or as text")
        }

        fn visit_i64<E: Error>(self, value: i64) -> Result<i64, E> {
            Ok(value)
        }

        fn visit_u64<E: Error>(self, value: u64) -> Result<i64, E> {
            let unfit = |_| E::invalid_value(serde::de::Unexpected::Unsigned(value), &self);
            i64::try_from(value).map_err(unfit)
        }

        fn visit_str<E: Error>(self, value: &str) -> Result<i64, E> {
            let unfit = |_| E::invalid_value(serde::de::Unexpected::Str(value), &self);
            value.parse().map_err(unfit)
        }
    }
}

/// Bits: a decimal string.
pub(super) mod bits {
    use super::*;

    pub(in crate::ticket) fn serialize<S: Serializer>(
        value: &u64,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.collect_str(value)
    }

    pub(in crate::ticket) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<u64, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}
