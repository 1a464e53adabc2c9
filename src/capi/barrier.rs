//! The barrier between the two languages: no panic and no bad pointer crosses it.

use std::ffi::c_char;
use std::mem::{ManuallyDrop, MaybeUninit};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;

use super::error::{Fault, helpdesk_error};
use super::status::helpdesk_status::{self, HELPDESK_OK, HELPDESK_PANIC};

/// The longest text that is taken, in bytes: 64 MiB.
pub const HELPDESK_MAX_TEXT: usize = 67108864;

/// Runs `body`, and turns what it answers, or that it panicked, into a status and an error object.
#[inline(always)]
pub(super) fn barrier(
    error: *mut *mut helpdesk_error,
    body: impl FnOnce() -> Result<(), Fault>,
) -> helpdesk_status {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(())) => HELPDESK_OK,
        Ok(Err(fault)) => tell(fault, error),
        Err(panic) => panicked(panic, error),
    }
}

/// As [`barrier`], for accessors that answer a value: `otherwise` where they cannot.
pub(super) fn shielded<T>(otherwise: T, body: impl FnOnce() -> Result<T, Fault>) -> T {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(value)) => value,
        Ok(Err(_)) => otherwise,
        Err(panic) => {
            drop(words(panic));
            otherwise
        }
    }
}

#[cold]
fn tell(fault: Fault, error: *mut *mut helpdesk_error) -> helpdesk_status {
    let status = fault.status;
    let told = catch_unwind(AssertUnwindSafe(|| {
        if let Some(error) = NonNull::new(error).filter(|error| error.is_aligned()) {
            // SAFETY: the caller promises that `error` is NULL or may be written to.
            unsafe { error.write(fault.into_handle()) };
        }
    }));
    match told {
        Ok(()) => status,
        Err(panic) => {
            drop(words(panic));
            HELPDESK_PANIC
        }
    }
}

#[cold]
fn panicked(
    panic: Box<dyn std::any::Any + Send>,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    tell(Fault::panic(words(panic)), error)
}

/// What a panic said. A payload of an unknown type is not dropped: that could panic again.
fn words(panic: Box<dyn std::any::Any + Send>) -> String {
    match panic.downcast::<&'static str>() {
        Ok(words) => words.to_string(),
        Err(panic) => match panic.downcast::<String>() {
            Ok(words) => *words,
            Err(panic) => {
                let _ = ManuallyDrop::new(panic);
                String::from("no words")
            }
        },
    }
}

/// Where an answer goes, once there is one.
pub(super) struct Out<T>(NonNull<T>);

/// Checks an output argument before any work is done.
///
/// # Safety
/// `out` is NULL or may be written to.
#[inline(always)]
pub(super) unsafe fn out<T>(out: *mut T, name: &'static str) -> Result<Out<T>, Fault> {
    match NonNull::new(out) {
        Some(out) if out.is_aligned() => Ok(Out(out)),
        found => Err(Fault::no_pointer(name, found.is_none())),
    }
}

impl<T> Out<T> {
    /// Writes the answer.
    #[inline(always)]
    pub(super) fn set(self, value: T) {
        // SAFETY: `out` checked it, and its caller promised that it may be written to.
        unsafe { self.0.write(value) };
    }
}

/// A borrowed text.
///
/// # Safety
/// `text` is NULL or points to `len` bytes.
pub(super) unsafe fn text<'a>(
    text: *const c_char,
    len: usize,
    name: &'static str,
) -> Result<&'a str, Fault> {
    // SAFETY: the same promise.
    let bytes = unsafe { bytes(text.cast(), len, name) }?;
    std::str::from_utf8(bytes).map_err(|error| Fault::not_utf8(name, error.valid_up_to()))
}

/// A borrowed text that may be absent.
///
/// # Safety
/// As [`text`].
pub(super) unsafe fn text_or_none<'a>(
    text: *const c_char,
    len: usize,
    name: &'static str,
) -> Result<Option<&'a str>, Fault> {
    if text.is_null() && len == 0 {
        return Ok(None);
    }
    // A length without a text is refused: what was lost may have been what makes a call happen once.
    // SAFETY: the same promise.
    unsafe { self::text(text, len, name) }.map(Some)
}

/// Borrowed bytes.
///
/// # Safety
/// `from` is NULL or points to `len` bytes.
pub(super) unsafe fn bytes<'a>(
    from: *const u8,
    len: usize,
    name: &'static str,
) -> Result<&'a [u8], Fault> {
    if from.is_null() {
        return Err(Fault::no_pointer(name, true));
    }
    if len > HELPDESK_MAX_TEXT {
        return Err(Fault::too_long(name, len, HELPDESK_MAX_TEXT));
    }
    // SAFETY: not NULL, of that length by the caller's promise, and the length is small.
    Ok(unsafe { std::slice::from_raw_parts(from, len) })
}

/// A borrowed array of plain values.
///
/// # Safety
/// `from` is NULL or points to `len` values.
pub(super) unsafe fn array<'a, T: Plain>(
    from: *const T,
    len: usize,
    name: &'static str,
) -> Result<&'a [T], Fault> {
    if len == 0 {
        return Ok(&[]);
    }
    if from.is_null() || !from.is_aligned() {
        return Err(Fault::no_pointer(name, from.is_null()));
    }
    let most = HELPDESK_MAX_TEXT / size_of::<T>().max(1);
    if len > most {
        return Err(Fault::too_long(name, len, most));
    }
    // SAFETY: as in `bytes`.
    Ok(unsafe { std::slice::from_raw_parts(from, len) })
}

/// A value that may be absent.
///
/// # Safety
/// `from` is NULL or points to a value.
pub(super) unsafe fn value_or_none<T: Plain>(
    from: *const T,
    name: &'static str,
) -> Result<Option<T>, Fault> {
    if from.is_null() {
        return Ok(None);
    }
    if !from.is_aligned() {
        return Err(Fault::no_pointer(name, false));
    }
    // SAFETY: the same promise.
    Ok(Some(unsafe { from.read() }))
}

/// A value that is required.
///
/// # Safety
/// As [`value_or_none`].
pub(super) unsafe fn value<T: Plain>(from: *const T, name: &'static str) -> Result<T, Fault> {
    // SAFETY: the same promise.
    unsafe { value_or_none(from, name) }?.ok_or_else(|| Fault::no_pointer(name, true))
}

/// A type of which all bits may be anything, zeros too: numbers and raw pointers.
///
/// # Safety
/// That is so.
pub(super) unsafe trait Plain: Copy {}

/// A struct of C that begins with its own size and grows at its end.
///
/// # Safety
/// `repr(C)`; the first field is `size: usize`; all fields are [`Plain`]; `LEAST` is the size that its first version had.
pub(super) unsafe trait Versioned: Plain {
    /// The size of its first version.
    const LEAST: usize;
}

/// More than any struct will ever have.
const MOST: usize = 4096;

/// Reads a struct of whatever version the caller was compiled with: fields that it does not have are 0.
///
/// # Safety
/// `from` is NULL or points to a struct of the size that it says.
pub(super) unsafe fn read<T: Versioned>(from: *const T, name: &'static str) -> Result<T, Fault> {
    // SAFETY: the same promise.
    let size = unsafe { size_of_struct(from, name) }?;
    let mut read = MaybeUninit::<T>::zeroed();
    let known = size.min(size_of::<T>());
    // SAFETY: `size` bytes may be read, and `T` is of plain values for which zeros will do.
    unsafe {
        from.cast::<u8>()
            .copy_to_nonoverlapping(read.as_mut_ptr().cast(), known);
        let newer = std::slice::from_raw_parts(from.cast::<u8>().add(known), size - known);
        if newer.iter().any(|byte| *byte != 0) {
            return Err(Fault::newer_struct(name, size, size_of::<T>()));
        }
        Ok(read.assume_init())
    }
}

/// Where a struct goes, of whatever version the caller was compiled with.
pub(super) struct OutStruct<T>(*mut T, usize);

/// Checks an output struct before any work is done.
///
/// # Safety
/// `to` is NULL or points to a struct of the size that it says.
pub(super) unsafe fn out_struct<T: Versioned>(
    to: *mut T,
    name: &'static str,
) -> Result<OutStruct<T>, Fault> {
    // SAFETY: the same promise.
    let size = unsafe { size_of_struct(to, name) }?;
    Ok(OutStruct(to, size))
}

impl<T: Versioned> OutStruct<T> {
    /// Writes the fields that the caller knows; the size stays.
    pub(super) fn set(self, value: T) {
        let first = size_of::<usize>();
        let known = self.1.min(size_of::<T>());
        // SAFETY: `out_struct` checked it; its caller promised that so many bytes may be written.
        unsafe {
            let from = (&raw const value).cast::<u8>().add(first);
            from.copy_to_nonoverlapping(self.0.cast::<u8>().add(first), known - first);
        }
    }
}

/// # Safety
/// As [`read`].
unsafe fn size_of_struct<T: Versioned>(from: *const T, name: &'static str) -> Result<usize, Fault> {
    if from.is_null() || !from.is_aligned() {
        return Err(Fault::no_pointer(name, from.is_null()));
    }
    // SAFETY: every such struct begins with its size.
    let size = unsafe { from.cast::<usize>().read() };
    if (T::LEAST..=MOST).contains(&size) {
        Ok(size)
    } else {
        Err(Fault::bad_size(name, size, T::LEAST))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capi::{helpdesk_error_code, helpdesk_error_free, helpdesk_error_message};

    #[test]
    fn no_panic_crosses() {
        for words in ["plain", "made"] {
            let mut error = std::ptr::null_mut();
            let status = barrier(&mut error, || match words {
                "plain" => panic!("plain"),
                other => panic!("{other}"),
            });
            assert_eq!(status, HELPDESK_PANIC);
            // SAFETY: the error was made just now.
            let (code, message) = unsafe {
                let told = |text| std::ffi::CStr::from_ptr(text).to_str().unwrap();
                let none = std::ptr::null_mut();
                let code = told(helpdesk_error_code(error, none)).to_owned();
                let message = told(helpdesk_error_message(error, none)).to_owned();
                assert_eq!(helpdesk_error_free(error), HELPDESK_OK);
                (code, message)
            };
            assert_eq!(code, "panic");
            assert!(message.ends_with(words), "{message}");
        }
        let odd = barrier(std::ptr::null_mut(), || std::panic::panic_any(7u8));
        assert_eq!(odd, HELPDESK_PANIC);
        assert_eq!(shielded(5, || panic!("an accessor")), 5);
    }
}
