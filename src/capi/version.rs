//! Which library this is.

use std::ffi::c_char;

use crate::calendar::ZONE_DATA_VERSION;

use super::barrier::{barrier, out};
use super::buffer::{buffer, helpdesk_buffer};
use super::error::helpdesk_error;
use super::status::helpdesk_status;

/// The version of this header. A library answers it with `helpdesk_abi_version`; a program compares the two when it loads one.
///
/// Functions and constants are only ever added, and structs only grow at their end, without a new number. Whatever breaks a
/// compiled caller raises it. So a caller works with every library of the same number that is at least as new.
pub const HELPDESK_ABI_VERSION: u32 = 1;

/// The version of the library's interface: `HELPDESK_ABI_VERSION` of the header that it was built with. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn helpdesk_abi_version() -> u32 {
    HELPDESK_ABI_VERSION
}

/// The version of the library, such as `0.1.0`: a text that ends with NUL and lives for ever. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn helpdesk_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

/// The version of the time-zone data inside, as text.
///
/// The caller owns `*out`. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_zone_data_version(
    out: *mut *mut helpdesk_buffer,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let to = self::out(out, "out")?;
        to.set(buffer(ZONE_DATA_VERSION.as_bytes().to_vec()));
        Ok(())
    })
}

/// The JSON schema (draft 2020-12) of everything that goes in as JSON (requests, queries, rulebooks, calendars, histories, routing),
/// and of events, facts and outbox messages.
///
/// The caller owns `*out`. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_schema(
    out: *mut *mut helpdesk_buffer,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let to = self::out(out, "out")?;
        to.set(buffer(include_bytes!("schema.json").to_vec()));
        Ok(())
    })
}
