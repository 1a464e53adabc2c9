//! What holds for every kind that stands beside tickets: its door, and what is told again.

use helpdesk::Command;
use helpdesk::customer::{self, Profile};
use helpdesk::desk::Anything;

use super::common::*;
use super::{ann, code, desks, hours, kim, lee, marks, resolved, score};

#[test]
fn what_was_done_is_told_again_however_late_its_stamp() {
    for desk in desks() {
        let t = resolved(&desk, ANN, 0);
        let said = || desk.submit(t, &kim(2).key(name("note")), Command::note("so"));
        let told = || {
            let note = customer::Command::Note("calls in the evening".to_owned());
            desk.tell::<Profile>(ANN, &kim(2).key(name("told")), note)
        };
        let late = || {
            let note = customer::Command::Note("calls at noon".to_owned());
            desk.tell::<Profile>(ANN, &ann(2), note)
        };
        assert!(!said().unwrap().is_replayed() && !told().unwrap().replayed);
        desk.accept_until(Some(hours(1)));
        assert!(said().unwrap().is_replayed() && told().unwrap().replayed);
        let other = desk.submit(t, &kim(2).key(name("note")), Command::note("else"));
        assert_eq!(code(other), "key_reused");
        // What was not done before is refused by its stamp alone, whoever asks for it.
        let new = desk.submit(t, &ann(2).key(name("new")), Command::note("so"));
        assert_eq!(
            (code(new), code(late())),
            ("stamp_too_late", "stamp_too_late")
        );
    }
}

#[test]
fn every_kind_has_a_door() {
    let doors = [
        r#"{"customer":{"note":"x"}}"#,
        r#"{"feedback":{"opt_out":true}}"#,
        r#"{"article":{"write":{"title":"t","body":"b","language":"en"}}}"#,
        r#"{"visit":{"search":{"text":"x","results":3}}}"#,
        r#"{"finding":{"find":"x"}}"#,
    ];
    for desk in desks() {
        for (n, door) in (1..).zip(doors) {
            let command: Anything = serde_json::from_str(door).unwrap();
            let kind = command.kind().to_string();
            let told = desk
                .tell_anything(uuid::Uuid::from_u128(n), &kim(1), command)
                .unwrap();
            let json = serde_json::to_value(&told).unwrap();
            assert_eq!(
                json[&kind]["version"],
                json[&kind]["events"].as_array().unwrap().len(),
                "{json}"
            );
        }
        let t = resolved(&desk, ANN, 0);
        let review = Anything::Review(score(
            t,
            marks(&[("tone", Some(1)), ("solution", None), ("privacy", None)]),
        ));
        assert!(
            desk.tell_anything(uuid::Uuid::from_u128(9), &lee(1), review)
                .is_ok()
        );
    }
}
