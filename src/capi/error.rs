//! The error object: everything that the status is too short for, owned by the caller.

use std::borrow::Cow;
use std::ffi::c_char;

use serde::Serialize;
use serde_json::json;

use crate::calendar::{CalendarError, InvalidCalendar};
use crate::error::{Error, ErrorKind};
use crate::kpi::KpiError;
use crate::rulebook::InvalidRulebook;
use crate::store::StoreError;

use super::barrier::{barrier, shielded};
use super::buffer::Text;
use super::handle;
use super::status::helpdesk_status::{self, *};

/// What went wrong, in full. Made by a function that failed, freed with `helpdesk_error_free`.
pub struct helpdesk_error {
    _opaque: [u8; 0],
}
handle::kind!(helpdesk_error, Told, b"hd:error", "an error");

/// What an error object holds.
pub(super) struct Told {
    status: helpdesk_status,
    kind: Text,
    code: Text,
    message: Text,
    detail: Text,
}

/// Why a call failed, before anybody asked for the object.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) status: helpdesk_status,
    kind: &'static str,
    code: &'static str,
    message: Cow<'static, str>,
    detail: Option<Box<serde_json::Value>>,
}

impl Fault {
    pub(super) fn new(
        status: helpdesk_status,
        kind: &'static str,
        code: &'static str,
        message: impl Into<Cow<'static, str>>,
    ) -> Fault {
        Fault {
            status,
            kind,
            code,
            message: message.into(),
            detail: None,
        }
    }

    /// The same with facts.
    pub(super) fn with(mut self, detail: impl Serialize) -> Fault {
        self.detail = serde_json::to_value(detail).ok().map(Box::new);
        self
    }

    /// An argument that cannot be meant.
    pub(super) fn argument(
        name: &'static str,
        code: &'static str,
        message: impl Into<Cow<'static, str>>,
    ) -> Fault {
        Fault::new(HELPDESK_INVALID, "argument", code, message).with(json!({"argument": name}))
    }

    #[cold]
    pub(super) fn no_pointer(name: &'static str, is_null: bool) -> Fault {
        let (code, what) = if is_null {
            ("null", "NULL")
        } else {
            ("unaligned", "not aligned")
        };
        Fault::argument(
            name,
            code,
            format!("`{name}` is {what}; a valid pointer is expected"),
        )
    }

    #[cold]
    pub(super) fn no_handle(name: &'static str, kind: &'static str, is_freed: bool) -> Fault {
        if is_freed {
            let message = format!("`{name}` was freed already; a live handle is expected");
            Fault::argument(name, "freed_handle", message)
        } else {
            let message = format!("`{name}` is no handle of {kind}; one of this kind is expected");
            Fault::argument(name, "wrong_handle", message)
        }
    }

    pub(super) fn not_utf8(name: &'static str, at: usize) -> Fault {
        let message = format!("`{name}` is not UTF-8 from byte {at} on; UTF-8 is expected");
        Fault::argument(name, "not_utf8", message)
    }

    pub(super) fn too_long(name: &'static str, len: usize, most: usize) -> Fault {
        let message = format!("`{name}` has a length of {len}; at most {most} is allowed");
        Fault::argument(name, "too_long", message)
    }

    pub(super) fn bad_size(name: &'static str, size: usize, least: usize) -> Fault {
        let message =
            format!("`{name}` says a size of {size}; set it to `sizeof`, at least {least}");
        Fault::argument(name, "bad_size", message)
    }

    pub(super) fn newer_struct(name: &'static str, size: usize, known: usize) -> Fault {
        let message = format!(
            "`{name}` sets fields beyond byte {known} of its {size}, which this library does not know; a newer one is needed"
        );
        Fault::argument(name, "newer_struct", message)
    }

    /// A number that stands for nothing.
    pub(super) fn choice(name: &'static str, found: i32, allowed: &str) -> Fault {
        let message = format!("`{name}` is {found}; {allowed} is allowed");
        Fault::argument(name, "no_such_choice", message)
    }

    /// A text that is not what it should be.
    pub(super) fn bad_text(name: &'static str, why: impl std::fmt::Display) -> Fault {
        Fault::argument(name, "bad_text", why.to_string())
    }

    /// A zone that is none; the detail lists the names that are near.
    pub(super) fn bad_zone(name: &'static str, why: &InvalidCalendar) -> Fault {
        let detail = json!({"argument": name, "near_zones": why.near_zones()});
        Fault::bad_text(name, why).with(detail)
    }

    /// JSON that is not what it should be; the detail tells where.
    pub(super) fn bad_json(name: &'static str, error: &serde_json::Error) -> Fault {
        let message = format!("`{name}`: {error}");
        Fault::new(HELPDESK_INVALID, "argument", "bad_json", message)
            .with(json!({"argument": name, "line": error.line(), "column": error.column()}))
    }

    /// A text that is no rulebook; the detail names the place in it.
    pub(super) fn bad_rulebook(name: &'static str, error: &InvalidRulebook) -> Fault {
        let message = format!("`{name}`: {error}");
        Fault::new(HELPDESK_INVALID, "argument", "bad_json", message)
            .with(json!({"argument": name, "path": error.path()}))
    }

    /// An instant that is none.
    pub(super) fn no_instant(name: &'static str, us: i64) -> Fault {
        let message =
            format!("`{name}` is {us}, which is no instant; microseconds since 1970 are expected");
        Fault::argument(name, "no_instant", message)
    }

    pub(super) fn panic(words: String) -> Fault {
        let message = format!("a defect of the library: {words}");
        Fault::new(HELPDESK_PANIC, "panic", "panic", message)
    }

    /// The object that the caller gets.
    pub(super) fn into_handle(self) -> *mut helpdesk_error {
        let detail = self
            .detail
            .map_or_else(|| String::from("null"), |detail| detail.to_string());
        handle::new(Told {
            status: self.status,
            kind: Text::from(self.kind),
            code: Text::from(self.code),
            message: Text::from(&*self.message),
            detail: Text::from(&*detail),
        })
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Fault {
        let (status, kind) = match error.kind() {
            ErrorKind::Refused => (HELPDESK_REFUSED, "refused"),
            ErrorKind::Forbidden => (HELPDESK_FORBIDDEN, "forbidden"),
            ErrorKind::NotFound => (HELPDESK_NOT_FOUND, "not_found"),
            ErrorKind::Conflict => (HELPDESK_CONFLICT, "conflict"),
            ErrorKind::Unavailable => (HELPDESK_UNAVAILABLE, "unavailable"),
            _ => (HELPDESK_FAILED, error.code()),
        };
        let fault = Fault::new(status, kind, error.code(), in_full(&error));
        match error.facts() {
            Some(facts) => fault.with(&facts),
            None => fault,
        }
    }
}

/// A message with the messages of what led to it.
fn in_full(error: &dyn std::error::Error) -> String {
    let mut message = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        message.push_str(": ");
        message.push_str(&error.to_string());
        source = error.source();
    }
    message
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Fault {
        Error::from(error).into()
    }
}

impl From<KpiError> for Fault {
    fn from(error: KpiError) -> Fault {
        Error::from(error).into()
    }
}

impl From<CalendarError> for Fault {
    #[cold]
    fn from(error: CalendarError) -> Fault {
        let code = match error {
            CalendarError::OutOfRange { .. } | CalendarError::DateOutOfRange { .. } => {
                "out_of_range"
            }
            CalendarError::BeyondRange => "beyond_range",
            CalendarError::Never => "never",
        };
        Fault::new(HELPDESK_NO_ANSWER, "calendar", code, error.to_string())
    }
}

/// Frees an error. NULL is nothing to do; a handle that was freed already is answered with `HELPDESK_INVALID`.
///
/// Takes ownership of `error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_error_free(error: *mut helpdesk_error) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(std::ptr::null_mut(), || unsafe { handle::free(error) })
}

/// The status that the failed function answered; `HELPDESK_INVALID` where `error` is no error.
///
/// Borrows `error`; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_error_status(error: *const helpdesk_error) -> helpdesk_status {
    // SAFETY: the contract of the module.
    shielded(HELPDESK_INVALID, || unsafe {
        Ok(handle::get(error, "error")?.status)
    })
}

/// What kind of failure it is, such as `refused`, `argument` or `corrupt`. `len` may be NULL.
///
/// The text lives as long as `error`; NULL where that is no error. Borrows `error`; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_error_kind(
    error: *const helpdesk_error,
    len: *mut usize,
) -> *const c_char {
    // SAFETY: the contract of the module.
    shielded(std::ptr::null(), || unsafe {
        Ok(handle::get(error, "error")?.kind.give(len))
    })
}

/// A stable code for programs, such as `step_not_allowed` or `null`: never renamed. `len` may be NULL.
///
/// The text lives as long as `error`; NULL where that is no error. Borrows `error`; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_error_code(
    error: *const helpdesk_error,
    len: *mut usize,
) -> *const c_char {
    // SAFETY: the contract of the module.
    shielded(std::ptr::null(), || unsafe {
        Ok(handle::get(error, "error")?.code.give(len))
    })
}

/// What went wrong, for a person. `len` may be NULL.
///
/// The text lives as long as `error`; NULL where that is no error. Borrows `error`; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_error_message(
    error: *const helpdesk_error,
    len: *mut usize,
) -> *const c_char {
    // SAFETY: the contract of the module.
    shielded(std::ptr::null(), || unsafe {
        Ok(handle::get(error, "error")?.message.give(len))
    })
}

/// The facts as JSON: of a refusal, what was asked for and what is allowed; `null` where there are none. `len` may be NULL.
///
/// The text lives as long as `error`; NULL where that is no error. Borrows `error`; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_error_detail(
    error: *const helpdesk_error,
    len: *mut usize,
) -> *const c_char {
    // SAFETY: the contract of the module.
    shielded(std::ptr::null(), || unsafe {
        Ok(handle::get(error, "error")?.detail.give(len))
    })
}

/// Whether the same call may succeed later without anybody's help; false where `error` is no error.
///
/// Borrows `error`; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_error_is_retryable(error: *const helpdesk_error) -> bool {
    // SAFETY: the contract of the module.
    shielded(false, || unsafe {
        let status = handle::get(error, "error")?.status;
        Ok(matches!(status, HELPDESK_CONFLICT | HELPDESK_UNAVAILABLE))
    })
}
