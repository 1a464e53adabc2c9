//! JSON on its way in and out.

use std::ffi::c_char;
use std::io;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::ser::{Formatter, Serializer};

use super::barrier::text;
use super::buffer::{buffer, helpdesk_buffer};
use super::error::Fault;
use super::status::helpdesk_status::HELPDESK_FAILED;

/// Reads a record from JSON text.
///
/// # Safety
/// `from` is NULL or points to `len` bytes.
pub(super) unsafe fn read<T: DeserializeOwned>(
    from: *const c_char,
    len: usize,
    name: &'static str,
) -> Result<T, Fault> {
    // SAFETY: the same promise.
    let text = unsafe { text(from, len, name) }?;
    serde_json::from_str(text).map_err(|error| Fault::bad_json(name, &error))
}

/// A record as JSON text, in a buffer that the caller owns.
pub(super) fn write<T: Serialize + ?Sized>(record: &T) -> Result<*mut helpdesk_buffer, Fault> {
    let mut bytes = Vec::new();
    record
        .serialize(&mut Serializer::with_formatter(&mut bytes, Exact))
        .map_err(|error| {
            let message = format!("the answer has no json form: {error}");
            Fault::new(HELPDESK_FAILED, "other", "no_json", message)
        })?;
    Ok(buffer(bytes))
}

/// Compact JSON in which sums (the numbers of 128 bits) are decimal strings: many readers of JSON hold numbers as floats,
/// which are exact up to 2^53 only.
struct Exact;

impl Formatter for Exact {
    fn write_i128<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: i128) -> io::Result<()> {
        write!(writer, "\"{value}\"")
    }

    fn write_u128<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: u128) -> io::Result<()> {
        write!(writer, "\"{value}\"")
    }
}
