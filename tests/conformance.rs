//! Every rule of the storage contract, on each store of this crate and through wrappers.

#[macro_use]
#[path = "common/through.rs"]
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod through;

use std::sync::Arc;

use helpdesk::store::{GroupCommit, MemoryStore, Store};
use helpdesk::store_conformance;
use helpdesk::testing::FaultyStore;

store_conformance!(memory, MemoryStore::new);
store_conformance!(memory_in_an_arc, || Arc::new(MemoryStore::new()));
store_conformance!(memory_as_dyn, || Box::new(MemoryStore::new())
    as Box<dyn Store>);
store_conformance!(faulty_without_faults, || FaultyStore::new(
    MemoryStore::new()
));

/// Two handles on one database, as two processes have: what the second one writes, the first one reads.
#[cfg(any(feature = "postgres", feature = "sqlite"))]
#[derive(Debug)]
struct TwoHandles<S>(S, S);

#[cfg(any(feature = "postgres", feature = "sqlite"))]
impl<S: Store> Store for TwoHandles<S> {
    fn commit(&self, commit: &helpdesk::store::Commit) -> Result<(), helpdesk::store::StoreError> {
        self.1.commit(commit)
    }

    through! { load due next_wake facts content list streams claim acknowledge postpone next_delivery prune_keys }
}

#[cfg(feature = "sqlite")]
mod sqlite {
    use helpdesk::store::sqlite::Durability;
    #[cfg(feature = "async")]
    use helpdesk::store::{Blocking, Offloaded};
    use helpdesk::store::{GroupCommit, SqliteStore};
    use helpdesk::store_conformance;

    use super::TwoHandles;

    /// A new file, named after the test.
    fn path() -> std::path::PathBuf {
        let thread = std::thread::current();
        let test = thread.name().unwrap_or("none").replace("::", "-");
        let dir = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("conformance");
        std::fs::create_dir_all(&dir).unwrap();
        let path = dir.join(test);
        for end in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{end}", path.display()));
        }
        path
    }

    store_conformance!(a_file, || SqliteStore::open(path()).unwrap());
    store_conformance!(faster, || {
        let options = SqliteStore::options().durability(Durability::FasterNotDurable);
        options.idle_readers(0).open(path()).unwrap()
    });
    store_conformance!(in_memory, || SqliteStore::in_memory().unwrap());
    store_conformance!(grouped, || GroupCommit::new(
        SqliteStore::open(path()).unwrap()
    ));
    store_conformance!(two_handles, || {
        let path = path();
        let [one, two] = [0, 1].map(|_| SqliteStore::open(&path).unwrap());
        TwoHandles(one, two)
    });

    #[cfg(feature = "async")]
    store_conformance!(grouped_tasks, || {
        let store = SqliteStore::open(path()).unwrap();
        let offloaded = Offloaded::new(store, std::thread::spawn);
        Blocking::new(GroupCommit::new(offloaded))
    });
}

#[cfg(feature = "postgres")]
#[path = "common/postgres.rs"]
mod server;

#[cfg(feature = "postgres")]
store_conformance!(
    #[ignore = "needs a PostgreSQL server: set HELPDESK_POSTGRES"]
    postgres,
    server::store
);

#[cfg(feature = "postgres")]
store_conformance!(
    #[ignore = "needs a PostgreSQL server: set HELPDESK_POSTGRES"]
    postgres_grouped,
    || GroupCommit::new(server::store())
);

#[cfg(feature = "postgres")]
store_conformance!(
    #[ignore = "needs a PostgreSQL server: set HELPDESK_POSTGRES"]
    postgres_two_handles,
    || {
        let one = server::store();
        let again = helpdesk::store::PostgresStore::options().schema(one.schema());
        let two = again.connect(&server::server()).unwrap();
        TwoHandles(one, two)
    }
);

#[cfg(feature = "postgres")]
store_conformance!(
    #[ignore = "needs a PostgreSQL server: set HELPDESK_POSTGRES"]
    postgres_sharing_the_sweeps,
    || server::options()
        .sweep_lease(chrono::TimeDelta::days(9))
        .connect(&server::server())
        .unwrap()
);

#[cfg(all(feature = "async", feature = "postgres"))]
store_conformance!(
    #[ignore = "needs a PostgreSQL server: set HELPDESK_POSTGRES"]
    postgres_async,
    || helpdesk::store::Blocking::new(server::store())
);

#[cfg(all(feature = "async", feature = "postgres"))]
store_conformance!(
    #[ignore = "needs a PostgreSQL server: set HELPDESK_POSTGRES"]
    postgres_async_grouped,
    || helpdesk::store::Blocking::new(GroupCommit::new(server::store()))
);

#[cfg(feature = "postgres")]
store_conformance!(
    #[ignore = "needs a PostgreSQL server: set HELPDESK_POSTGRES"]
    postgres_on_one_connection,
    || server::options()
        .connections(1)
        .lock_timeout(std::time::Duration::from_secs(60))
        .connect(&server::server())
        .unwrap()
);

store_conformance!(grouped, || GroupCommit::new(MemoryStore::new()));

#[cfg(feature = "async")]
mod asynchronous {
    use helpdesk::store::{AsyncStore, Blocking, GroupCommit, MemoryStore, Offloaded};
    use helpdesk::store_conformance;

    fn offloaded() -> Offloaded<MemoryStore> {
        Offloaded::new(MemoryStore::new(), std::thread::spawn)
    }

    store_conformance!(bridged_there_and_back, || Blocking::new(offloaded()));
    store_conformance!(bridged_as_dyn, || Blocking::new(
        Box::new(offloaded()) as Box<dyn AsyncStore>
    ));
    store_conformance!(grouped_tasks, || Blocking::new(GroupCommit::new(
        offloaded()
    )));
}
