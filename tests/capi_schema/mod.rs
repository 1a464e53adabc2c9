//! A JSON schema of types, found by asking serde: each type is read again and again from made-up values, which visit every
//! variant, leave out every field in turn and add one that nobody knows. So the schema says what is really accepted, attributes
//! and all, and there is no second list to keep.
//!
//! Two things cannot be found: what the texts of a type look like (the first of [`SAMPLES`] that it takes tells), and types
//! that read anything (two: a zone is a name or a table of offsets, the number of a field may be text).

mod access;
mod failed;
mod known;
mod state;
mod tracer;
mod written;

use std::cell::RefCell;

use serde::de;
use serde_json::Value;

use state::State;
use tracer::Tracer;

/// The schema of `T`, with every type that it is made of under `$defs`.
pub(crate) fn schema_of<T: de::DeserializeOwned>() -> Value {
    let state = RefCell::new(State::default());
    for _ in 0..MOST_RUNS {
        state.borrow_mut().begin();
        let mut found = Value::Null;
        let root = Tracer {
            state: &state,
            place: String::from("root"),
            found: &mut found,
        };
        let result = T::deserialize(root);
        let failed = result.is_err();
        state.borrow_mut().learn(result.err());
        if !failed && state.borrow().is_complete() {
            return state.into_inner().write(found);
        }
    }
    panic!(
        "not all was found in {MOST_RUNS} runs: {:?}",
        state
            .borrow()
            .types
            .iter()
            .filter(|(_, t)| !t.is_complete())
            .map(|(k, _)| &k.0)
            .collect::<Vec<_>>()
    );
}

const MOST_RUNS: usize = 20_000;
