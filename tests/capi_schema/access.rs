//! The parts of a type as they are handed out: its fields, elements, entries and variants, each with its place.

use std::cell::RefCell;
use std::collections::BTreeMap;

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess,
    VariantAccess, Visitor,
};
use serde_json::{Value, json};

use super::failed::Failed;
use super::state::{Key, State};
use super::tracer::Tracer;

pub(super) struct Fields<'s, 'f> {
    pub(super) state: &'s RefCell<State>,
    pub(super) key: Key,
    pub(super) fields: std::vec::IntoIter<&'static str>,
    pub(super) at: &'static str,
    pub(super) found: &'f mut BTreeMap<&'static str, Value>,
}

impl<'de> MapAccess<'de> for Fields<'_, '_> {
    type Error = Failed;
    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Failed> {
        let Some(field) = self.fields.next() else {
            return Ok(None);
        };
        self.at = field;
        seed.deserialize(field.into_deserializer()).map(Some)
    }
    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Failed> {
        let place = format!("{}.{}", self.key.0, self.at);
        let mut found = Value::Null;
        let value = seed.deserialize(Tracer {
            state: self.state,
            place,
            found: &mut found,
        })?;
        self.found.insert(self.at, found);
        Ok(value)
    }
}

pub(super) struct Elements<'s, 'f> {
    pub(super) state: &'s RefCell<State>,
    pub(super) place: String,
    pub(super) left: usize,
    pub(super) found: &'f mut Vec<Value>,
}

impl<'de> SeqAccess<'de> for Elements<'_, '_> {
    type Error = Failed;
    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Failed> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        let place = format!("{}[{}]", self.place, self.found.len());
        let mut found = Value::Null;
        let value = seed.deserialize(Tracer {
            state: self.state,
            place,
            found: &mut found,
        })?;
        self.found.push(found);
        Ok(Some(value))
    }
}

/// A map with one entry.
pub(super) struct Entry<'s, 'f> {
    pub(super) state: &'s RefCell<State>,
    pub(super) place: String,
    pub(super) done: bool,
    pub(super) key: &'f mut Value,
    pub(super) value: &'f mut Value,
}

impl<'de> MapAccess<'de> for Entry<'_, '_> {
    type Error = Failed;
    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Failed> {
        if std::mem::replace(&mut self.done, true) {
            return Ok(None);
        }
        let place = format!("{}{{key}}", self.place);
        seed.deserialize(Tracer {
            state: self.state,
            place,
            found: self.key,
        })
        .map(Some)
    }
    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Failed> {
        let place = format!("{}{{}}", self.place);
        seed.deserialize(Tracer {
            state: self.state,
            place,
            found: self.value,
        })
    }
}

pub(super) struct Variant<'s, 'f> {
    pub(super) state: &'s RefCell<State>,
    pub(super) key: Key,
    pub(super) chosen: usize,
    pub(super) found: &'f mut Value,
}

impl Variant<'_, '_> {
    fn name(&self) -> &'static str {
        self.key.1[self.chosen]
    }

    fn tagged(&mut self, inner: Value) {
        let name = self.name();
        *self.found = json!({"type": "object", "properties": {name: inner}, "required": [name], "additionalProperties": false});
    }
}

impl<'de> EnumAccess<'de> for Variant<'_, '_> {
    type Error = Failed;
    type Variant = Self;
    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Failed> {
        let value = seed.deserialize(self.name().into_deserializer())?;
        Ok((value, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'_, '_> {
    type Error = Failed;
    fn unit_variant(self) -> Result<(), Failed> {
        *self.found = json!({"const": self.name()});
        Ok(())
    }
    fn newtype_variant_seed<T: DeserializeSeed<'de>>(
        mut self,
        seed: T,
    ) -> Result<T::Value, Failed> {
        let place = format!("{}::{}", self.key.0, self.name());
        let mut inner = Value::Null;
        let value = seed.deserialize(Tracer {
            state: self.state,
            place,
            found: &mut inner,
        })?;
        self.tagged(inner);
        Ok(value)
    }
    fn tuple_variant<V: Visitor<'de>>(
        mut self,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Failed> {
        let place = format!("{}::{}", self.key.0, self.name());
        let mut inner = Value::Null;
        let value = Tracer {
            state: self.state,
            place,
            found: &mut inner,
        }
        .deserialize_tuple(len, visitor)?;
        self.tagged(inner);
        Ok(value)
    }
    fn struct_variant<V: Visitor<'de>>(
        mut self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failed> {
        let name: &'static str =
            Box::leak(format!("{}.{}", self.key.0, self.name()).into_boxed_str());
        let key = {
            let state = self.state.borrow();
            let known = state
                .types
                .keys()
                .find(|known| **known == (name, fields))
                .copied();
            known.unwrap_or((name, fields))
        };
        let mut inner = Value::Null;
        let tracer = Tracer {
            state: self.state,
            place: name.to_owned(),
            found: &mut inner,
        };
        let value = tracer.object(key, visitor)?;
        self.tagged(inner);
        Ok(value)
    }
}
