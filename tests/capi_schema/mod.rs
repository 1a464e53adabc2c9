//! A JSON schema of types, found by asking serde: each type is read again and again from made-up values, which visit every
//! variant, leave out every field in turn and add one that nobody knows. So the schema says what is really accepted, attributes
//! and all, and there is no second list to keep.
//!
//! Two things cannot be found: what the texts of a type look like (the first of [`SAMPLES`] that it takes tells), and types
//! that read anything (two: a zone is a name or a table of offsets, the number of a field may be text).

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::de::{
    self, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess,
    VariantAccess, Visitor,
};
use serde_json::{Map, Value, json};

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

/// Texts that are tried in this order, and what it says of a type that it takes one and none before.
fn samples() -> [(&'static str, Value); 15] {
    let text = |about: &str, example: &str| json!({"type": "string", "description": about, "examples": [example]});
    [
        (" \n", json!({"type": "string"})),
        (
            "a",
            json!({"type": "string", "minLength": 1, "maxLength": 128, "description": "a short name: at most 128 bytes, no control characters, no outer white space"}),
        ),
        (
            "018f3c1e-7a00-7000-8000-000000000001",
            json!({"type": "string", "format": "uuid"}),
        ),
        (
            "2026-03-05T09:00:00Z",
            json!({"type": "string", "format": "date-time"}),
        ),
        ("2018-01-01", json!({"type": "string", "format": "date"})),
        (
            "2018-01-01T00:00:00",
            text("a local date and time", "2018-01-01T00:00:00"),
        ),
        (
            "4h",
            text(
                "a length of time, such as `4h` or `1h 30min`; of targets also `24 calendar hours` or `2 business days`",
                "4h",
            ),
        ),
        (
            "UTC",
            text("a time zone of the IANA database", "Europe/Berlin"),
        ),
        ("Mon", text("a day of the week", "Mon")),
        (
            "Mon 09:00-17:00",
            text("a week of hours", "Mon-Fri 09:00-17:00; Sat 10:00-14:00"),
        ),
        ("09:00-17:00", text("a window of a day", "22:00-06:00")),
        (
            "50 %",
            text(
                "a threshold: `75 %`, `1h before due`, `1h after due`, `on breach`, `after 3h`, `at once`, `2 times`",
                "75 %",
            ),
        ),
        (
            "12-25",
            text(
                "a date or dates: `2026-12-25`, `2026-12-24..2026-12-31`, `12-25`, `12-24..01-02`",
                "12-25",
            ),
        ),
        (
            "closed",
            text(
                "the hours of a date: `closed`, `closed 12:00-24:00`, `10:00-14:00`",
                "closed",
            ),
        ),
        (
            "0",
            json!({"type": "string", "pattern": "^[0-9]+$", "description": "a whole number that may pass 2^53"}),
        ),
    ]
}

/// Where a type judges its texts only when all of them are there: with which sample to begin.
const BEGIN_WITH: &[(&str, usize)] = &[("Form.on", 12), ("Form.hours", 13)];

/// The names of types that have the name of another one, or one that tells nothing, by their first member.
const NAMES: &[(&str, &str, &str)] = &[
    ("Anything", "customer", "BesideTickets"),
    ("Anything", "request", "Anything"),
    ("Command", "identify", "CustomerCommand"),
    ("Change", "name", "CustomerChange"),
    ("Rules", "tier_field", "CustomerRules"),
    ("Read", "always", "Calendar"),
    ("Definition", "zone", "CalendarHours"),
    ("Form", "on", "CalendarException"),
    ("Filter", "stages", "TicketFilter"),
    ("Filter", "dimension", "ReportFilter"),
    ("Label", "work", "StatusLabel"),
    ("Period", "fixed", "ReportPeriod"),
    ("Window", "from", "ReportWindow"),
];

/// Places that read a number or, where that passes 2^53, its digits as text.
const NUMBERS_OR_TEXTS: &[&str] = &["FieldValue::number"];

/// Lists of a type in the type itself: they are given empty, or there would be no end.
const OWN_LISTS: &[&str] = &["CauseCode.below"];

const NUMBERS: [u8; 4] = [1, 2, 60, 0];

type Key = (&'static str, &'static [&'static str]);

#[derive(Clone, Copy, Debug, PartialEq)]
enum Trial {
    Without(&'static str),
    WithUnknown,
}

#[derive(Debug)]
enum Shape {
    Struct {
        fields: BTreeMap<&'static str, Value>,
        required: BTreeSet<&'static str>,
        closed: bool,
        pending: Vec<Trial>,
        tries: u32,
    },
    Enum {
        variants: Vec<Option<Value>>,
        reach: Vec<BTreeSet<Key>>,
    },
}

#[derive(Debug)]
struct Type {
    shape: Shape,
    seen: bool,
}

impl Type {
    fn is_complete(&self) -> bool {
        match &self.shape {
            Shape::Struct { pending, .. } => self.seen && pending.is_empty(),
            Shape::Enum { variants, .. } => variants.iter().all(Option::is_some),
        }
    }
}

#[derive(Default)]
struct State {
    types: BTreeMap<Key, Type>,
    sample: BTreeMap<String, usize>,
    settled: BTreeSet<String>,
    fed: Vec<(String, usize)>,
    stack: Vec<(Key, Option<usize>)>,
    trial: Option<(Key, Trial)>,
    /// The last run failed, and not for its trial: samples are being looked for, and no trial is made.
    searching: bool,
}

impl State {
    fn begin(&mut self) {
        self.fed.clear();
        self.stack.clear();
        self.trial = None;
    }

    fn is_complete(&self) -> bool {
        self.types.values().all(Type::is_complete)
    }

    /// What a run tells: of the trial, where one was made; else that another sample is needed.
    fn learn(&mut self, failed: Option<Failed>) {
        if let Some((key, trial)) = self.trial.take()
            && let Some(Type {
                shape:
                    Shape::Struct {
                        required,
                        closed,
                        pending,
                        tries,
                        ..
                    },
                ..
            }) = self.types.get_mut(&key)
        {
            let verdict = match (trial, &failed) {
                (_, None) => Some(false),
                (Trial::Without(field), Some(failed)) if failed.missing == Some(field) => {
                    Some(true)
                }
                (Trial::WithUnknown, Some(failed)) if failed.unknown => Some(true),
                _ if *tries > 20 => Some(true),
                _ => None,
            };
            *tries += 1;
            if let Some(refused) = verdict {
                *tries = 0;
                pending.retain(|one| *one != trial);
                match trial {
                    Trial::Without(field) if refused => drop(required.insert(field)),
                    Trial::WithUnknown => *closed = refused,
                    Trial::Without(_) => {}
                }
            } else {
                self.searching = true; // the trial, or something that it led to: the next run tells
            }
            return;
        }
        self.searching = failed.is_some();
        let Some(failed) = failed else { return };
        for (place, most) in self.fed.iter().rev() {
            if self.settled.contains(place) {
                continue;
            }
            let sample = self.sample.entry(place.clone()).or_default();
            *sample += 1;
            if *sample < *most {
                return;
            }
            *sample = 0;
        }
        panic!("no sample fits: {failed}; fed {:?}", self.fed);
    }

    /// Which sample a place takes now.
    fn feed(&mut self, place: &str, most: usize) -> usize {
        self.fed.push((place.to_owned(), most));
        let first = BEGIN_WITH
            .iter()
            .find(|(known, _)| *known == place)
            .map_or(0, |(_, n)| *n);
        *self.sample.entry(place.to_owned()).or_insert(first)
    }

    fn enter(&mut self, key: Key, shape: impl FnOnce() -> Shape) -> usize {
        for place in 0..self.stack.len() {
            let (above, variant) = self.stack[place];
            if let (
                Some(Type {
                    shape: Shape::Enum { reach, .. },
                    ..
                }),
                Some(variant),
            ) = (self.types.get_mut(&above), variant)
            {
                reach[variant].insert(key);
            }
        }
        self.types.entry(key).or_insert_with(|| Type {
            shape: shape(),
            seen: false,
        });
        self.stack.push((key, None));
        self.fed.len()
    }

    fn leave(&mut self, fed: usize, ok: bool) {
        self.stack.pop();
        if ok {
            let places: Vec<String> = self.fed[fed..]
                .iter()
                .map(|(place, _)| place.clone())
                .collect();
            self.settled.extend(places);
        }
    }

    /// The variant to visit: one that is not known through and through, unless the type is being visited already.
    fn choose(&self, key: Key) -> usize {
        let Some(Type {
            shape: Shape::Enum { variants, reach },
            ..
        }) = self.types.get(&key)
        else {
            return 0;
        };
        let on_stack = |key: &Key| self.stack.iter().any(|(above, _)| above == key);
        let recursing = self.stack.iter().filter(|(above, _)| *above == key).count() > 1;
        if recursing {
            return (0..variants.len())
                .find(|v| variants[*v].is_some() && !reach[*v].iter().any(on_stack))
                .unwrap_or(0);
        }
        let unknown = |v: &usize| {
            variants[*v].is_none()
                || reach[*v]
                    .iter()
                    .any(|key| !on_stack(key) && !self.types[key].is_complete())
        };
        (0..variants.len()).find(unknown).unwrap_or(0)
    }

    fn names(&self) -> BTreeMap<Key, String> {
        let mut taken = BTreeSet::new();
        let name = |key: &Key| {
            let first = key.1.first().copied().unwrap_or_default();
            let ours = NAMES
                .iter()
                .find(|(name, member, _)| (*name, *member) == (key.0, first));
            let mut name = ours.map_or(key.0, |(_, _, ours)| ours).to_owned();
            if !taken.insert(name.clone()) {
                name = format!("{name}_{first}"); // until it gets a name of its own above
                taken.insert(name.clone());
            }
            (*key, name)
        };
        self.types.keys().map(name).collect()
    }

    fn write(self, root: Value) -> Value {
        let names = self.names();
        let mut defs = Map::new();
        for (key, found) in &self.types {
            defs.insert(names[key].clone(), written(key, &found.shape));
        }
        let mut schema = json!({"$schema": "https://json-schema.org/draft/2020-12/schema"});
        let whole = json!({"root": root, "$defs": defs});
        let named = renamed(whole, &names);
        schema["anyOf"] = json!([named["root"]]);
        schema["$defs"] = named["$defs"].clone();
        schema
    }
}

fn written(key: &Key, shape: &Shape) -> Value {
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
fn renamed(value: Value, names: &BTreeMap<Key, String>) -> Value {
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

fn mark_of(key: &Key) -> String {
    format!("{}({})", key.0, key.1.join(","))
}

#[derive(Debug)]
struct Failed {
    words: String,
    missing: Option<&'static str>,
    unknown: bool,
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)
    }
}
impl std::error::Error for Failed {}

impl de::Error for Failed {
    fn custom<T: fmt::Display>(words: T) -> Failed {
        Failed {
            words: words.to_string(),
            missing: None,
            unknown: false,
        }
    }
    fn missing_field(field: &'static str) -> Failed {
        Failed {
            words: format!("missing `{field}`"),
            missing: Some(field),
            unknown: false,
        }
    }
    fn unknown_field(field: &str, _: &'static [&'static str]) -> Failed {
        Failed {
            words: format!("unknown `{field}`"),
            missing: None,
            unknown: true,
        }
    }
}

struct Tracer<'s> {
    state: &'s RefCell<State>,
    place: String,
    found: &'s mut Value,
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

    fn object<'de, V: Visitor<'de>>(self, key: Key, visitor: V) -> Result<V::Value, Failed> {
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

struct Fields<'s, 'f> {
    state: &'s RefCell<State>,
    key: Key,
    fields: std::vec::IntoIter<&'static str>,
    at: &'static str,
    found: &'f mut BTreeMap<&'static str, Value>,
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

struct Elements<'s, 'f> {
    state: &'s RefCell<State>,
    place: String,
    left: usize,
    found: &'f mut Vec<Value>,
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
struct Entry<'s, 'f> {
    state: &'s RefCell<State>,
    place: String,
    done: bool,
    key: &'f mut Value,
    value: &'f mut Value,
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

struct Variant<'s, 'f> {
    state: &'s RefCell<State>,
    key: Key,
    chosen: usize,
    found: &'f mut Value,
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
