//! What was found, as the words of a JSON schema.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::state::{Key, Shape};

pub(super) fn written(key: &Key, shape: &Shape) -> Value {
    match shape {
        Shape::Struct {
            fields,
            required,
            closed,
            ..
        } => {
            let mut schema = json!({"type": "object", "properties": fields});
            if !required.is_empty() {
                let in_order: Vec<_> = key
                    .1
                    .iter()
                    .filter(|field| required.contains(*field))
                    .collect();
                schema["required"] = json!(in_order);
            }
            if *closed {
                schema["additionalProperties"] = json!(false);
            }
            schema
        }
        Shape::Enum { variants, .. } => {
            let (mut words, mut others) = (Vec::new(), Vec::new());
            for variant in variants.iter().flatten() {
                match variant.get("const") {
                    Some(word) => words.push(word.clone()),
                    None => others.push(variant.clone()),
                }
            }
            if !words.is_empty() {
                others.insert(0, json!({"enum": words}));
            }
            if others.len() == 1 {
                others.remove(0)
            } else {
                json!({"oneOf": others})
            }
        }
    }
}

/// References are made with a mark and all members of a type; here they get its name.
pub(super) fn renamed(value: Value, names: &BTreeMap<Key, String>) -> Value {
    match value {
        Value::Object(map) => {
            if let Some(Value::String(mark)) = map.get("$mark") {
                let name = names
                    .iter()
                    .find(|(key, _)| mark_of(key) == *mark)
                    .map(|(_, name)| name);
                return json!({"$ref": format!("#/$defs/{}", name.expect("a known type"))});
            }
            Value::Object(
                map.into_iter()
                    .map(|(k, v)| (k, renamed(v, names)))
                    .collect(),
            )
        }
        Value::Array(list) => list.into_iter().map(|one| renamed(one, names)).collect(),
        other => other,
    }
}

pub(super) fn mark_of(key: &Key) -> String {
    format!("{}({})", key.0, key.1.join(","))
}
