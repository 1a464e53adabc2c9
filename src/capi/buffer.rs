//! Texts and bytes that are handed out.

use std::ffi::c_char;

use super::barrier::{barrier, shielded};
use super::handle;
use super::status::helpdesk_status;

/// A text or bytes that the library made. Freed with `helpdesk_buffer_free`.
pub struct helpdesk_buffer {
    _opaque: [u8; 0],
}
handle::kind!(helpdesk_buffer, Text, b"hd:bytes", "a buffer");

/// Bytes with a NUL behind them that their length does not count.
pub(super) struct Text(Box<[u8]>);

impl From<&str> for Text {
    fn from(text: &str) -> Text {
        Text::from(text.as_bytes().to_vec())
    }
}

impl From<Vec<u8>> for Text {
    fn from(mut bytes: Vec<u8>) -> Text {
        bytes.push(0);
        Text(bytes.into_boxed_slice())
    }
}

impl Text {
    /// The text for C, with its length where that is wanted.
    ///
    /// # Safety
    /// `len` is NULL or may be written to.
    pub(super) unsafe fn give(&self, len: *mut usize) -> *const c_char {
        if !len.is_null() && len.is_aligned() {
            // SAFETY: the same promise.
            unsafe { len.write(self.0.len().saturating_sub(1)) };
        }
        self.0.as_ptr().cast()
    }
}

/// A buffer that the caller owns.
pub(super) fn buffer(bytes: Vec<u8>) -> *mut helpdesk_buffer {
    handle::new(Text::from(bytes))
}

/// What is in a buffer; a NUL stands behind it. `len` may be NULL.
///
/// The bytes live as long as `buffer`; NULL where that is no buffer. Borrows `buffer`; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_buffer_data(
    buffer: *const helpdesk_buffer,
    len: *mut usize,
) -> *const c_char {
    // SAFETY: the contract of the module.
    shielded(std::ptr::null(), || unsafe {
        Ok(handle::get(buffer, "buffer")?.give(len))
    })
}

/// Frees a buffer. NULL is nothing to do; a handle that was freed already is answered with `HELPDESK_INVALID`.
///
/// Takes ownership of `buffer`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_buffer_free(buffer: *mut helpdesk_buffer) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(std::ptr::null_mut(), || unsafe { handle::free(buffer) })
}
