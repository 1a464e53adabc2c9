//! The customer-support domain as a library.

pub mod call;
pub mod calendar;
pub mod id;
pub mod ticket;
pub mod time;

pub use call::{Actor, Call};
pub use ticket::{Command, Open, Ticket};
