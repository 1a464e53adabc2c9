//! Rules that hold for all values, as functions that panic where one does not.
//!
//! Call them from property tests of your own, with values of your own or from the strategies beside this module.

pub mod calendar;
pub mod clock;
pub mod routing;
