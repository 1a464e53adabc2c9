//! Which version of itself a tally was written by.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::kpi::facts::FORMULA;

/// The version of the tally's form.
const TALLY: u32 = 4;

/// The versions that a tally was made by: of its own form and of the formulas. Others are refused when read.
#[derive(Clone, Copy, Debug)]
pub(in crate::kpi) struct Form;

impl Serialize for Form {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (TALLY, FORMULA).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Form {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Form, D::Error> {
        match <(u32, u32)>::deserialize(deserializer)? {
            (TALLY, FORMULA) => Ok(Form),
            (tally, formula) => Err(serde::de::Error::custom(format!(
                "a tally of version {tally} with formulas of version {formula}; {TALLY} with {FORMULA} can be read: make it anew from the rows"
            ))),
        }
    }
}
