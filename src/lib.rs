//! The customer-support domain as a library.

pub mod calendar;
