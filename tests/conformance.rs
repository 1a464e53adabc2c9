//! Every rule of the storage contract, on each store of this crate and through wrappers.

use std::sync::Arc;

use helpdesk::store::{MemoryStore, Store};
use helpdesk::store_conformance;
use helpdesk::testing::FaultyStore;

store_conformance!(memory, MemoryStore::new);
store_conformance!(memory_in_an_arc, || Arc::new(MemoryStore::new()));
store_conformance!(memory_as_dyn, || Box::new(MemoryStore::new())
    as Box<dyn Store>);
store_conformance!(faulty_without_faults, || FaultyStore::new(
    MemoryStore::new()
));
