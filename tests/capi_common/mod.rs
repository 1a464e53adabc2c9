//! The C ABI as a thin Rust client: what a binding in any language looks like.

#![allow(dead_code)] // each test takes what it needs

use std::ffi::{CStr, c_char};
use std::ptr::{null, null_mut};

use helpdesk::capi::helpdesk_status::{self, HELPDESK_OK};
use helpdesk::capi::*;
use serde_json::Value;

/// What an error object said.
#[derive(Debug, PartialEq)]
pub(crate) struct Told {
    pub(crate) status: helpdesk_status,
    pub(crate) kind: String,
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) detail: Value,
}

type Error = *mut *mut helpdesk_error;

/// Calls a function with a place for an error, and takes the error object apart.
pub(crate) fn call(body: impl FnOnce(Error) -> helpdesk_status) -> Result<(), Told> {
    let mut error = null_mut();
    let status = body(&mut error);
    if status == HELPDESK_OK {
        assert!(error.is_null(), "an error object without a failure");
        return Ok(());
    }
    assert!(!error.is_null(), "{status:?} without an error object");
    let text = |ask: unsafe extern "C" fn(*const helpdesk_error, *mut usize) -> *const c_char| {
        let mut len = 0;
        let text = unsafe { CStr::from_ptr(ask(error, &mut len)) };
        assert_eq!(text.to_bytes().len(), len);
        text.to_str().unwrap().to_owned()
    };
    let told = Told {
        status: unsafe { helpdesk_error_status(error) },
        kind: text(helpdesk_error_kind),
        code: text(helpdesk_error_code),
        message: text(helpdesk_error_message),
        detail: serde_json::from_str(&text(helpdesk_error_detail)).unwrap(),
    };
    assert_eq!(told.status, status);
    assert_eq!(unsafe { helpdesk_error_free(error) }, HELPDESK_OK);
    Err(told)
}

/// The same, for a function with one output.
pub(crate) fn get<T>(
    mut out: T,
    body: impl FnOnce(*mut T, Error) -> helpdesk_status,
) -> Result<T, Told> {
    call(|error| body(&mut out, error))?;
    Ok(out)
}

/// The same, for a function that hands out a buffer.
pub(crate) fn text(
    body: impl FnOnce(*mut *mut helpdesk_buffer, Error) -> helpdesk_status,
) -> Result<String, Told> {
    let buffer = get(null_mut(), body)?;
    let mut len = 0;
    let data = unsafe { helpdesk_buffer_data(buffer, &mut len) };
    let bytes = unsafe { std::slice::from_raw_parts(data.cast::<u8>(), len + 1) };
    assert_eq!(bytes[len], 0, "no NUL behind it");
    let text = String::from_utf8(bytes[..len].to_vec()).unwrap();
    assert_eq!(unsafe { helpdesk_buffer_free(buffer) }, HELPDESK_OK);
    Ok(text)
}

pub(crate) fn json(
    body: impl FnOnce(*mut *mut helpdesk_buffer, Error) -> helpdesk_status,
) -> Result<Value, Told> {
    Ok(serde_json::from_str(&text(body)?).unwrap())
}

pub(crate) fn ptr(text: &str) -> *const c_char {
    text.as_ptr().cast()
}

macro_rules! handles {
    ($($name:ident $raw:ident $free:ident;)*) => {$(
        /// Freed when dropped.
        #[derive(Debug)]
        pub(crate) struct $name(pub(crate) *mut $raw);
        unsafe impl Send for $name {}
        unsafe impl Sync for $name {}
        impl Drop for $name {
            fn drop(&mut self) {
                assert_eq!(unsafe { $free(self.0) }, HELPDESK_OK);
            }
        }
    )*};
}
handles! {
    Calendar helpdesk_calendar helpdesk_calendar_free;
    Rulebook helpdesk_rulebook helpdesk_rulebook_free;
    Rulebooks helpdesk_rulebooks helpdesk_rulebooks_free;
    Desk helpdesk_desk helpdesk_desk_free;
    Ticket helpdesk_ticket helpdesk_ticket_free;
    Tally helpdesk_tally helpdesk_tally_free;
    WhatIf helpdesk_what_if helpdesk_what_if_free;
    Op helpdesk_op helpdesk_op_free;
}

impl Calendar {
    pub(crate) fn parse(hours: &str, zone: &str) -> Result<Calendar, Told> {
        get(null_mut(), |out, error| unsafe {
            helpdesk_calendar_parse(ptr(hours), hours.len(), ptr(zone), zone.len(), out, error)
        })
        .map(Calendar)
    }

    pub(crate) fn from_json(json: &str) -> Result<Calendar, Told> {
        get(null_mut(), |out, error| unsafe {
            helpdesk_calendar_from_json(ptr(json), json.len(), out, error)
        })
        .map(Calendar)
    }

    pub(crate) fn elapsed(&self, from: i64, to: i64) -> Result<i64, Told> {
        get(0, |out, error| unsafe {
            helpdesk_calendar_elapsed(self.0, from, to, out, error)
        })
    }

    pub(crate) fn add(&self, from: i64, time: i64) -> Result<i64, Told> {
        get(0, |out, error| unsafe {
            helpdesk_calendar_add(self.0, from, time, out, error)
        })
    }
}

impl Rulebook {
    pub(crate) fn starter() -> Rulebook {
        Rulebook(
            get(null_mut(), |out, error| unsafe {
                helpdesk_rulebook_starter(out, error)
            })
            .unwrap(),
        )
    }

    pub(crate) fn from_json(json: &str) -> Result<Rulebook, Told> {
        get(null_mut(), |out, error| unsafe {
            helpdesk_rulebook_from_json(ptr(json), json.len(), out, error)
        })
        .map(Rulebook)
    }
}

impl Rulebooks {
    pub(crate) fn new(current: &Rulebook) -> Rulebooks {
        Rulebooks(
            get(null_mut(), |out, error| unsafe {
                helpdesk_rulebooks_new(current.0, out, error)
            })
            .unwrap(),
        )
    }
}

pub(crate) fn uuid(id: uuid::Uuid) -> helpdesk_uuid {
    helpdesk_uuid {
        bytes: id.into_bytes(),
    }
}

/// A call of an agent with an id of its own, so that nothing is random.
pub(crate) fn said_by(agent: &str, at: i64, id: &helpdesk_uuid) -> helpdesk_call {
    helpdesk_call {
        size: size_of::<helpdesk_call>(),
        role: helpdesk_role::HELPDESK_ROLE_AGENT as i32,
        reserved: 0,
        actor: uuid(helpdesk::id::AgentId::named(agent).uuid()),
        at,
        tenant: helpdesk_uuid::default(),
        id,
        key: null(),
        key_len: 0,
    }
}

impl Desk {
    pub(crate) fn in_memory(books: &Rulebooks) -> Desk {
        Desk(
            get(null_mut(), |out, error| unsafe {
                helpdesk_desk_in_memory(books.0, out, error)
            })
            .unwrap(),
        )
    }

    pub(crate) fn run(&self, call: &helpdesk_call, request: &str) -> Result<Value, Told> {
        json(|out, error| unsafe {
            helpdesk_desk_do(self.0, call, ptr(request), request.len(), out, error)
        })
    }

    pub(crate) fn ask(&self, now: i64, query: &str) -> Result<Value, Told> {
        json(|out, error| unsafe {
            helpdesk_desk_ask(self.0, null(), now, ptr(query), query.len(), out, error)
        })
    }
}
