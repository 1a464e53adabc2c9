//! What should not be passed is told and does no harm: refusals, dead handles, other versions, hostile texts.

use std::ptr::{null, null_mut};

use helpdesk::capi::helpdesk_status::*;
use helpdesk::capi::*;
use serde_json::json;

use super::capi_common::*;
use super::{HOUR, id, story, us};

#[test]
fn refusals_tell_their_facts() {
    let desk = story();
    let call_id = id(3);
    let by = said_by("kim", us("2026-03-05T11:00:00Z"), &call_id);
    let ticket = desk.ask(0, r#"{"find": {"number": 1}}"#).unwrap();
    let again = json!({"submit": {"ticket": ticket, "command": {"step": "reopen"}}}).to_string();
    let told = desk.run(&by, &again).unwrap_err();
    assert_eq!(
        (told.status, &*told.kind, &*told.code),
        (HELPDESK_REFUSED, "refused", "step_not_allowed")
    );
    assert_eq!(told.detail["step_not_allowed"]["stage"], "pending");
    let mut customer = by;
    customer.role = 0;
    let told = desk.run(&customer, &again).unwrap_err();
    assert_eq!(told.status, HELPDESK_FORBIDDEN);
    let nobody = json!({"submit": {"ticket": helpdesk::TicketId::named("x"), "command": {"step": "resolve"}}}).to_string();
    assert_eq!(
        desk.run(&by, &nobody).unwrap_err().status,
        HELPDESK_NOT_FOUND
    );
    let told = Rulebook::from_json(r#"{"calendar": "offise"}"#).unwrap_err();
    assert_eq!((told.status, &*told.code), (HELPDESK_INVALID, "bad_json"));
    assert_eq!(told.detail, json!({"argument": "json", "path": "calendar"}));
    assert!(
        told.message.contains("there is no calendar `offise`"),
        "{}",
        told.message
    );
    let told = Calendar::parse("Mon-Fri 9-17h", "UTC").unwrap_err();
    assert_eq!((told.status, &*told.code), (HELPDESK_INVALID, "bad_text"));
    assert_eq!(told.detail, json!({"argument": "hours"}));
    let told = Calendar::parse("Mon-Fri 9-17h", "Europe/Berln").unwrap_err();
    assert_eq!((told.status, &*told.code), (HELPDESK_INVALID, "bad_text"));
    let near = json!({"argument": "zone", "near_zones": ["Europe/Berlin"]});
    assert_eq!(told.detail, near);
    let office = Calendar::parse("Mon-Fri 09:00-17:00", "UTC").unwrap();
    let told = office.elapsed(-1, 0).unwrap_err();
    assert_eq!(
        (told.status, &*told.code),
        (HELPDESK_NO_ANSWER, "out_of_range")
    );
    assert_eq!(
        office
            .add(us("2100-12-30T00:00:00Z"), 1000 * HOUR)
            .unwrap_err()
            .code,
        "beyond_range"
    );
}

#[test]
fn handles_of_another_kind_and_freed_ones_are_told() {
    let office = Calendar::parse("Mon-Fri 09:00-17:00", "UTC").unwrap();
    let told = get(null_mut(), |out, error| unsafe {
        helpdesk_rulebook_lint(office.0.cast(), out, error)
    })
    .unwrap_err();
    assert_eq!(
        (told.status, &*told.code),
        (HELPDESK_INVALID, "wrong_handle")
    );
    assert_eq!(
        unsafe { helpdesk_rulebook_free(office.0.cast()) },
        HELPDESK_INVALID
    );
    let freed = Calendar::parse("Mon-Fri 09:00-17:00", "UTC").unwrap();
    let stale = freed.0;
    drop(freed);
    assert_eq!(unsafe { helpdesk_calendar_free(stale) }, HELPDESK_INVALID);
    let told = get(0, |out, error| unsafe {
        helpdesk_calendar_elapsed(stale, 0, 1, out, error)
    })
    .unwrap_err();
    assert_eq!(
        (told.status, &*told.code),
        (HELPDESK_INVALID, "freed_handle")
    );
    for _ in 0..40 {
        drop(Calendar::parse("Mon-Fri 09:00-17:00", "UTC").unwrap()); // the place is not used again so soon
    }
    assert_eq!(unsafe { helpdesk_calendar_free(stale) }, HELPDESK_INVALID);
    assert_eq!(unsafe { helpdesk_calendar_free(null_mut()) }, HELPDESK_OK);
    let unaligned = (office.0 as usize + 1) as *mut helpdesk_calendar;
    let told = get(0, |out, error| unsafe {
        helpdesk_calendar_elapsed(unaligned, 0, 1, out, error)
    })
    .unwrap_err();
    assert_eq!(told.code, "unaligned");
}

#[test]
fn structs_of_other_versions_are_read() {
    let desk = story();
    let call_id = id(9);
    let by = said_by("kim", us("2026-03-05T11:00:00Z"), &call_id);
    let request = r#"{"open": {"subject": "x", "requester": {"address": "a@b"}}}"#;
    // A caller of a later version, with fields that are not used.
    #[repr(C)]
    #[derive(Clone, Copy)]
    struct Later {
        known: helpdesk_call,
        more: [u64; 4],
    }
    let mut later = Later {
        known: by,
        more: [0; 4],
    };
    later.known.size = size_of::<Later>();
    assert!(
        desk.run(unsafe { &*(&raw const later).cast() }, request)
            .is_ok()
    );
    later.more[2] = 1;
    assert_eq!(
        desk.run(unsafe { &*(&raw const later).cast() }, request)
            .unwrap_err()
            .code,
        "newer_struct"
    );
    for size in [0, 8, usize::MAX] {
        let bad = helpdesk_call { size, ..by };
        assert_eq!(desk.run(&bad, request).unwrap_err().code, "bad_size");
    }
}

#[test]
fn hostile_texts_are_told() {
    let desk = story();
    let call_id = id(9);
    let by = said_by("kim", us("2026-03-05T11:00:00Z"), &call_id);
    let raw = |bytes: &[u8]| {
        json(|out, error| unsafe {
            helpdesk_desk_do(desk.0, &by, bytes.as_ptr().cast(), bytes.len(), out, error)
        })
        .unwrap_err()
    };
    assert_eq!(raw(b"{\"open\": \"\xff\xfe\"}").code, "not_utf8");
    assert_eq!(raw(b"").code, "bad_json");
    assert_eq!(
        raw(b"{\"open\": {\"subject\": \"x\", \"actor\": \"system\"}}").code,
        "bad_json"
    );
    for deep in ["[", "{\"open\":", "{\"submit\":{\"command\":"] {
        assert_eq!(raw(deep.repeat(100_000).as_bytes()).code, "bad_json");
    }
    let nested = format!(
        "{}{}{}",
        "{\"union\":[\"always\",".repeat(60_000),
        "\"always\"",
        "]}".repeat(60_000)
    );
    assert_eq!(Calendar::from_json(&nested).unwrap_err().code, "bad_json");
    let huge = json!({"open": {"subject": "x".repeat(9_000_000), "requester": {"address": "a@b"}}})
        .to_string();
    assert_eq!(desk.run(&by, &huge).unwrap_err().code, "too_large");
    let told = json(|out, error| unsafe {
        helpdesk_desk_do(desk.0, &by, ptr("{}"), usize::MAX, out, error)
    })
    .unwrap_err();
    assert_eq!(told.code, "too_long");
    let mut bad = by;
    (bad.key, bad.key_len) = (ptr(" padded "), 8);
    assert_eq!(desk.run(&bad, "{}").unwrap_err().code, "bad_text");
    (bad.key, bad.key_len) = (null(), 8);
    assert_eq!(desk.run(&bad, "{}").unwrap_err().code, "null");
    let bad = helpdesk_call { reserved: 1, ..by };
    assert_eq!(desk.run(&bad, "{}").unwrap_err().code, "no_such_choice");
    for role in [-1, 5, i32::MAX] {
        let bad = helpdesk_call { role, ..by };
        assert_eq!(desk.run(&bad, "{}").unwrap_err().code, "no_such_choice");
    }
    for instant in [i64::MIN, i64::MAX] {
        let bad = helpdesk_call { at: instant, ..by };
        assert_eq!(desk.run(&bad, "{}").unwrap_err().code, "no_instant");
    }
}

#[test]
fn outputs_are_written_only_on_success() {
    let office = Calendar::parse("Mon-Fri 09:00-17:00", "UTC").unwrap();
    let mut out = 77;
    assert_eq!(
        unsafe { helpdesk_calendar_elapsed(office.0, -1, 5, &mut out, null_mut()) },
        HELPDESK_NO_ANSWER
    );
    assert_eq!(out, 77);
    let mut handle = null_mut::<helpdesk_calendar>().wrapping_byte_add(64);
    assert_eq!(
        unsafe { helpdesk_calendar_from_json(ptr("{"), 1, &mut handle, null_mut()) },
        HELPDESK_INVALID
    );
    assert_eq!(handle as usize, 64);
    let mut swept = helpdesk_swept {
        size: size_of::<helpdesk_swept>(),
        events: 9,
        ..Default::default()
    };
    assert_eq!(
        unsafe { helpdesk_desk_sweep(null(), 0, 1, &mut swept, null_mut()) },
        HELPDESK_INVALID
    );
    assert_eq!(swept.events, 9);
}
