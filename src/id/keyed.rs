//! Reading what people write by name: each name stands there once. Of two, a reader would keep one and lose the other without a word.

use std::collections::BTreeMap;
use std::fmt::{self, Display};
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};

/// Reads a map; for serde's `deserialize_with`.
pub(crate) fn keyed<'de, D, K, V>(deserializer: D) -> Result<BTreeMap<K, V>, D::Error>
where
    D: Deserializer<'de>,
    K: Deserialize<'de> + Display + Ord,
    V: Deserialize<'de>,
{
    struct Keyed<K, V>(PhantomData<(K, V)>);

    impl<'de, K, V> Visitor<'de> for Keyed<K, V>
    where
        K: Deserialize<'de> + Display + Ord,
        V: Deserialize<'de>,
    {
        type Value = BTreeMap<K, V>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a map")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut read = BTreeMap::new();
            while let Some(key) = map.next_key::<K>()? {
                if read.contains_key(&key) {
                    return Err(twice(&key));
                }
                read.insert(key, map.next_value()?);
            }
            Ok(read)
        }
    }

    deserializer.deserialize_map(Keyed(PhantomData))
}

/// That a key stands where it stood before.
pub(crate) fn twice<E: Error>(key: &impl Display) -> E {
    E::custom(format!("`{key}` stands here twice; it may stand here once"))
}
