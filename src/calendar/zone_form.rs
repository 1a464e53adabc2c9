//! The serde form of a zone: a named one is its name, a host's own `{name, first_offset, changes}`, changes in Unix
//! seconds. Reading it goes through the same doors as the host does.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::offsets::Offsets;
use super::zone::Zone;

#[derive(Serialize, Deserialize)]
#[serde(
    untagged,
    deny_unknown_fields,
    expecting = "a zone is its name, such as `Europe/Berlin`, or an object with `name`, `first_offset` and `changes` and nothing else"
)]
enum Form {
    Name(String),
    Host {
        name: String,
        first_offset: i32,
        changes: Vec<(i64, i32)>,
    },
}

impl Serialize for Zone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let name = self.name().to_owned();
        let form = if self.is_host_given() {
            let offsets = self.offsets();
            Form::Host {
                name,
                first_offset: offsets.first,
                changes: offsets.changes.clone(),
            }
        } else {
            Form::Name(name)
        };
        form.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Zone, D::Error> {
        let zone = match Form::deserialize(deserializer)? {
            Form::Name(name) => Zone::parse(&name),
            Form::Host {
                name,
                first_offset,
                changes,
            } => {
                let first = first_offset;
                Zone::from_offsets(name, Offsets { first, changes })
            }
        };
        zone.map_err(D::Error::custom)
    }
}
