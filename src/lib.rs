//! The customer-support domain as a library.

pub mod calendar;
#[cfg(feature = "testing")]
pub mod testing;
