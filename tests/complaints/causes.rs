//! The tree of causes: what a ticket may take from it, and what is no tree.

use helpdesk::id::Name;
use helpdesk::testing::complaint::causes as causes_of_any_kind;
use helpdesk::ticket::{CauseCode, Causes, Change};
use helpdesk::{Command, Open, Refusal, Rulebook};
use proptest::prelude::*;

use super::{Told, causes, name};

#[test]
fn a_ticket_takes_no_cause_that_the_tree_does_not_have() {
    let told = Told::new();
    let ticket = told.open(0, "ann@example.com");
    told.change(ticket, 1, causes().set(&name("late")));
    let stands = told.desk.ticket(ticket).unwrap();
    assert_eq!(causes().of(&stands), Some("late"));
    let wrong = Command::change(causes().set(&name("weather")));
    let error = told.desk.submit(ticket, &Told::call(2), wrong).unwrap_err();
    let Some(refusal @ Refusal::UnknownCause { .. }) = error.refusal() else {
        panic!("{error}");
    };
    assert_eq!(refusal.code(), "unknown_cause");
    assert_eq!(
        refusal.to_string(),
        "`weather` is not a cause of the rulebook; the codes of its tree are allowed, at the top `delivery`, `billing`"
    );
    let open = Open::new("x")
        .from("ann@example.com")
        .and(causes().set(&name("weather")));
    assert!(told.desk.open(&Told::call(3), open).is_err());
    // Another field takes what it is given, and a desk without causes too.
    let other = Change::Field {
        name: name("other"),
        value: Some(helpdesk::ticket::FieldValue::Text("weather".into())),
    };
    told.change(ticket, 4, other);
    let without = Told::under(Rulebook::starter());
    let ticket = without.open(0, "ann@example.com");
    without.change(ticket, 1, causes().set(&name("weather")));
}

#[test]
fn a_tree_of_causes_is_checked_where_it_is_read() {
    let read = |text: &str| serde_json::from_str::<helpdesk::rulebook::RulebookDraft>(text);
    let draft =
        read(r#"{"tickets": {"causes": {"tree": [{"code": "a", "below": [{"code": "b"}]}]}}}"#)
            .unwrap();
    let book = draft.build().unwrap();
    let causes = &book.tickets().causes;
    let upwards: Vec<_> = causes.upwards("b").map(Name::as_str).collect();
    assert_eq!(upwards, ["b", "a"]);
    assert_eq!(causes.upwards("c").count(), 0);
    let text = serde_json::to_string(&book).unwrap();
    assert_eq!(serde_json::from_str::<Rulebook>(&text).unwrap(), book);
    let twice =
        read(r#"{"tickets": {"causes": {"tree": [{"code": "a", "below": [{"code": "a"}]}]}}}"#);
    assert!(
        twice
            .unwrap_err()
            .to_string()
            .contains("the cause `a` stands twice")
    );
    let deep = (0..20).fold(CauseCode::new(name("deepest")), |below, n| {
        CauseCode::new(name(&format!("{n}"))).with(below)
    });
    assert!(
        Causes::new(name("cause"), vec![deep])
            .unwrap_err()
            .to_string()
            .contains("deeper than 16")
    );
    let many = (0..10_001)
        .map(|n| CauseCode::new(name(&format!("{n}"))))
        .collect();
    assert!(
        Causes::new(name("cause"), many)
            .unwrap_err()
            .to_string()
            .contains("more than 10000")
    );
    // A desk without causes is the desk that it was.
    let untouched = serde_json::to_string(&Rulebook::starter()).unwrap();
    assert!(!untouched.contains("causes"), "{untouched}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// Every way up a tree of causes ends at the top, and a tree is read back as it was written.
    #[test]
    fn every_cause_leads_to_the_top(causes in causes_of_any_kind()) {
        let text = serde_json::to_string(&causes).unwrap();
        prop_assert_eq!(&serde_json::from_str::<Causes>(&text).unwrap(), &causes);
        for n in 0..30 {
            let code = n.to_string();
            let upwards: Vec<_> = causes.upwards(&code).collect();
            prop_assert_eq!(causes.knows(&code), !upwards.is_empty());
            let begins_with_itself = upwards.first().is_none_or(|first| first.as_str() == code);
            prop_assert!(begins_with_itself);
            let top = upwards.last().is_none_or(|top| causes.tree().iter().any(|cause| cause.code == **top));
            prop_assert!(top);
            for above in &upwards {
                prop_assert!(causes.is_within(&code, above.as_str()));
            }
        }
    }
}
