//! What a type is given instead of a text: it writes down what the type asks for, and answers with made-up values.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use serde::de::{self, Deserializer, Visitor};
use serde_json::{Value, json};

use super::access::{Elements, Entry, Fields, Variant};
use super::failed::Failed;
use super::known::{NUMBERS, NUMBERS_OR_TEXTS, OWN_LISTS, samples};
use super::state::{Key, Shape, State, Trial, Type};
use super::written::mark_of;

pub(super) struct Tracer<'s> {
    pub(super) state: &'s RefCell<State>,
    pub(super) place: String,
    pub(super) found: &'s mut Value,
}

impl<'s> Tracer<'s> {
    fn number<'de, V: Visitor<'de>>(self, schema: Value, visitor: V) -> Result<V::Value, Failed> {
        let n = self.state.borrow_mut().feed(&self.place, NUMBERS.len());
        *self.found = schema;
        visitor.visit_u8(NUMBERS[n])
    }

    fn text<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failed> {
        let samples = samples();
        let n = self.state.borrow_mut().feed(&self.place, samples.len());
        let (text, schema) = samples[n].clone();
        *self.found = schema;
        visitor.visit_str(text)
    }

    pub(super) fn object<'de, V: Visitor<'de>>(
        self,
        key: Key,
        visitor: V,
    ) -> Result<V::Value, Failed> {
        *self.found = json!({"$mark": mark_of(&key)});
        let fresh = || Shape::Struct {
            fields: BTreeMap::new(),
            required: BTreeSet::new(),
            closed: false,
            pending: key
                .1
                .iter()
                .map(|field| Trial::Without(field))
                .chain([Trial::WithUnknown])
                .collect(),
            tries: 0,
        };
        let (fed, trial) = {
            let mut state = self.state.borrow_mut();
            let fed = state.enter(key, fresh);
            let of_this = match &state.types[&key] {
                Type {
                    seen: true,
                    shape: Shape::Struct { pending, .. },
                } => pending.first().copied(),
                _ => None,
            };
            let trial = of_this.filter(|_| state.trial.is_none() && !state.searching);
            if let Some(trial) = trial {
                state.trial = Some((key, trial));
            }
            (fed, trial)
        };
        let mut found = BTreeMap::new();
        let fields = key
            .1
            .iter()
            .copied()
            .filter(|field| trial != Some(Trial::Without(field)));
        let mut fields: Vec<&'static str> = fields.collect();
        if trial == Some(Trial::WithUnknown) {
            fields.push(UNKNOWN);
        }
        let access = Fields {
            state: self.state,
            key,
            fields: fields.into_iter(),
            at: "",
            found: &mut found,
        };
        let result = visitor.visit_map(access);
        let mut state = self.state.borrow_mut();
        if let (
            true,
            Some(Type {
                shape: Shape::Struct { fields, .. },
                seen,
            }),
        ) = (result.is_ok(), state.types.get_mut(&key))
        {
            for (field, schema) in found.into_iter().filter(|(field, _)| *field != UNKNOWN) {
                fields.insert(field, schema);
            }
            *seen = true;
        }
        state.leave(fed, result.is_ok());
        result
    }
}

const UNKNOWN: &str = "nobody knows this field";

macro_rules! numbers {
    ($($name:ident $least:expr, $most:expr;)*) => {$(
        fn $name<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failed> {
            let mut schema = json!({"type": "integer"});
            let (least, most): (Option<i64>, Option<i64>) = ($least, $most);
            if let Some(least) = least {
                schema["minimum"] = json!(least);
            }
            if let Some(most) = most {
                schema["maximum"] = json!(most);
            }
            self.number(schema, visitor)
        }
    )*};
}

impl<'de> Deserializer<'de> for Tracer<'_> {
    type Error = Failed;

    numbers! {
        deserialize_i8 Some(i8::MIN.into()), Some(i8::MAX.into());
        deserialize_i16 Some(i16::MIN.into()), Some(i16::MAX.into());
        deserialize_i32 Some(i32::MIN.into()), Some(i32::MAX.into());
        deserialize_i64 None, None;
        deserialize_i128 None, None;
        deserialize_u8 Some(0), Some(u8::MAX.into());
        deserialize_u16 Some(0), Some(u16::MAX.into());
        deserialize_u32 Some(0), Some(u32::MAX.into());
        deserialize_u64 Some(0), None;
        deserialize_u128 Some(0), None;
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failed> {
        if NUMBERS_OR_TEXTS.contains(&self.place.as_str()) {
            *self.found = json!({"anyOf": [{"type": "integer"}, {"type": "string", "pattern": "^-?[0-9]+$"}]});
            return visitor.visit_i64(1);
        }
        let n = self.state.borrow_mut().feed(&self.place, samples().len());
        let (text, mut schema) = samples()[n].clone();
        schema["type"] = json!(["string", "object"]);
        *self.found = schema;
        visitor.visit_str(text)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failed> {
        *self.found = json!({"type": "boolean"});
        visitor.visit_bool(true)
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failed> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failed> {
        self.number(json!({"type": "number"}), visitor)
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failed> {
        *self.found = json!({"type": "string", "minLength": 1, "maxLength": 1});
        visitor.visit_char('a')
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failed> {
        self.text(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failed> {
        self.text(visitor)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Failed> {
        Err(de::Error::custom("bytes have no json form"))
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failed> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failed> {
        let mut found = Value::Null;
        let value = visitor.visit_some(Tracer {
            state: self.state,
            place: self.place,
            found: &mut found,
        })?;
        *self.found = json!({"anyOf": [found, {"type": "null"}]});
        Ok(value)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failed> {
        *self.found = json!({"type": "null"});
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Failed> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Failed> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failed> {
        let mut found = Vec::new();
        if OWN_LISTS.contains(&self.place.as_str()) {
            let own = self.state.borrow();
            let own = own.stack.last().map(|(key, _)| mark_of(key));
            *self.found = json!({"type": "array", "items": {"$mark": own}});
            return visitor.visit_seq(Elements {
                state: self.state,
                place: self.place,
                left: 0,
                found: &mut found,
            });
        }
        let value = visitor.visit_seq(Elements {
            state: self.state,
            place: self.place,
            left: 1,
            found: &mut found,
        })?;
        *self.found = json!({"type": "array", "items": found.first()});
        Ok(value)
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Failed> {
        let mut found = Vec::new();
        let value = visitor.visit_seq(Elements {
            state: self.state,
            place: self.place,
            left: len,
            found: &mut found,
        })?;
        *self.found =
            json!({"type": "array", "prefixItems": found, "minItems": len, "maxItems": len});
        Ok(value)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Failed> {
        self.deserialize_tuple(len, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failed> {
        let (mut key, mut value) = (Value::Null, Value::Null);
        let entry = Entry {
            state: self.state,
            place: self.place,
            done: false,
            key: &mut key,
            value: &mut value,
        };
        let read = visitor.visit_map(entry)?;
        *self.found =
            json!({"type": "object", "propertyNames": key, "additionalProperties": value});
        Ok(read)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failed> {
        self.object((name, fields), visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failed> {
        let key = (name, variants);
        *self.found = json!({"$mark": mark_of(&key)});
        let fresh = || Shape::Enum {
            variants: vec![None; variants.len()],
            reach: vec![BTreeSet::new(); variants.len()],
        };
        let (fed, chosen) = {
            let mut state = self.state.borrow_mut();
            let fed = state.enter(key, fresh);
            let chosen = state.choose(key);
            if let Some(top) = state.stack.last_mut() {
                top.1 = Some(chosen);
            }
            (fed, chosen)
        };
        let mut found = Value::Null;
        let result = visitor.visit_enum(Variant {
            state: self.state,
            key,
            chosen,
            found: &mut found,
        });
        let mut state = self.state.borrow_mut();
        if let (
            true,
            Some(Type {
                shape: Shape::Enum { variants, .. },
                seen,
            }),
        ) = (result.is_ok(), state.types.get_mut(&key))
        {
            variants[chosen] = Some(found);
            *seen = true;
        }
        state.leave(fed, result.is_ok());
        result
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failed> {
        self.text(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failed> {
        visitor.visit_unit()
    }
}
