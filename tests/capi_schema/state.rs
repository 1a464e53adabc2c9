//! What is known of each type so far, and what the next run tries.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::failed::Failed;
use super::known::{BEGIN_WITH, NAMES};
use super::written::{renamed, written};

pub(super) type Key = (&'static str, &'static [&'static str]);

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Trial {
    Without(&'static str),
    WithUnknown,
}

#[derive(Debug)]
pub(super) enum Shape {
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
pub(super) struct Type {
    pub(super) shape: Shape,
    pub(super) seen: bool,
}

impl Type {
    pub(super) fn is_complete(&self) -> bool {
        match &self.shape {
            Shape::Struct { pending, .. } => self.seen && pending.is_empty(),
            Shape::Enum { variants, .. } => variants.iter().all(Option::is_some),
        }
    }
}

#[derive(Default)]
pub(super) struct State {
    pub(super) types: BTreeMap<Key, Type>,
    sample: BTreeMap<String, usize>,
    settled: BTreeSet<String>,
    fed: Vec<(String, usize)>,
    pub(super) stack: Vec<(Key, Option<usize>)>,
    pub(super) trial: Option<(Key, Trial)>,
    /// The last run failed, and not for its trial: samples are being looked for, and no trial is made.
    pub(super) searching: bool,
}

impl State {
    pub(super) fn begin(&mut self) {
        self.fed.clear();
        self.stack.clear();
        self.trial = None;
    }

    pub(super) fn is_complete(&self) -> bool {
        self.types.values().all(Type::is_complete)
    }

    /// What a run tells: of the trial, where one was made; else that another sample is needed.
    pub(super) fn learn(&mut self, failed: Option<Failed>) {
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
    pub(super) fn feed(&mut self, place: &str, most: usize) -> usize {
        self.fed.push((place.to_owned(), most));
        let first = BEGIN_WITH
            .iter()
            .find(|(known, _)| *known == place)
            .map_or(0, |(_, n)| *n);
        *self.sample.entry(place.to_owned()).or_insert(first)
    }

    pub(super) fn enter(&mut self, key: Key, shape: impl FnOnce() -> Shape) -> usize {
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

    pub(super) fn leave(&mut self, fed: usize, ok: bool) {
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
    pub(super) fn choose(&self, key: Key) -> usize {
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

    pub(super) fn write(self, root: Value) -> Value {
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
