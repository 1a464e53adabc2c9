//! The C ABI: the same rules, with the same answers to the bit, from any language with a foreign function interface.
//!
//! The header is `src/capi/helpdesk.h`. [`guide`] tells how to use it from C, Python, Node, Go and others.
//!
#![doc = include_str!("conventions.md")]
//!
//! # How it is made
//! Each function is a thin shell: it checks its pointers, calls what Rust callers call, and writes the answer. Two ideas
//! carry all of it. The *barrier* (`barrier.rs`) is the only way out: it turns errors and panics into a status. The *slot*
//! (`handle.rs`) is the only way to a handle: its first word says what it is, or that it is free.
//!
//! Commands and queries come as JSON through two doors ([`helpdesk_desk_do`], [`helpdesk_desk_ask`]) whose words are
//! [`door::Request`] and [`door::Query`]: a new command of the crate needs a new word there and no new function. What is
//! asked often has a typed function beside it.
//!
//! # Safety
//! Every `unsafe` block below rests on one contract, which the conventions state for callers: a pointer is NULL, or points to
//! what its type says for the length of the call; a handle comes from this library; nobody frees a handle that is in use.

#![allow(unsafe_code, non_camel_case_types)]
#![allow(clippy::missing_safety_doc)] // the contract is the same for all, and stands above
#![allow(clippy::too_many_arguments)] // texts come with their lengths

mod barrier;
mod batch;
mod buffer;
mod business_days;
mod calendar;
mod calendar_data;
mod call;
mod desk;
pub mod door;
mod error;
mod figures;
mod file;
pub mod guide;
mod handle;
mod import;
mod json;
mod kpi;
mod operation;
mod query;
mod reading;
pub mod routing;
mod rulebook;
mod status;
mod ticket;
mod time;
mod typed;
mod version;
mod what_if;

pub use barrier::HELPDESK_MAX_TEXT;
pub use batch::*;
pub use buffer::*;
pub use business_days::*;
pub use calendar::*;
pub use calendar_data::*;
pub use call::*;
pub use desk::*;
pub use error::*;
pub use file::*;
pub use import::*;
pub use kpi::*;
pub use operation::*;
pub use reading::*;
pub use routing::{helpdesk_route, helpdesk_routing_plan};
pub use rulebook::*;
pub use status::*;
pub use ticket::*;
pub use time::*;
pub use typed::*;
pub use version::*;
pub use what_if::*;
