//! Who moves the bytes of the connections: whoever waits for an answer does it meanwhile, on the thread that waits.
//!
//! So a blocking call costs no change of threads. Where several wait at the same time, one of them moves the bytes of all, and
//! hands over when it has its own answer. Where nobody may be blocked (an async host), a thread of the store's own does it: it is
//! started when first such a host waits, and from then on it serves the blocking callers too.

use std::future::{Future, poll_fn};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::AbortHandle;

use crate::store::park;

use super::{StoreError, StoreErrorKind};

/// The connections' own runtime. What runs on it ends when this is dropped.
#[derive(Debug)]
pub(super) struct Mover {
    /// There until it is dropped.
    runtime: Option<Arc<Runtime>>,
    handle: Handle,
    /// What ends the thread, where there is one.
    thread: Mutex<Option<AbortHandle>>,
}

impl Mover {
    pub(super) fn new() -> Result<Mover, StoreError> {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(short)?;
        Ok(Mover {
            handle: runtime.handle().clone(),
            runtime: Some(Arc::new(runtime)),
            thread: Mutex::default(),
        })
    }

    pub(super) fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Waits on this thread, which moves the bytes meanwhile. A thread that belongs to a runtime may not: there the store's own
    /// thread does.
    pub(super) fn wait<T>(
        &self,
        future: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        match (&self.runtime, Handle::try_current()) {
            (Some(runtime), Err(none)) if none.is_missing_context() => runtime.block_on(future),
            _ => {
                self.start()?;
                park::wait(future)
            }
        }
    }

    /// Lets a thread move the bytes from now on, whoever waits.
    pub(super) fn start(&self) -> Result<(), StoreError> {
        let mut thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(runtime) = self.runtime.clone().filter(|_| thread.is_none()) else {
            return Ok(());
        };
        let forever = runtime.spawn(std::future::pending::<()>());
        let end = forever.abort_handle();
        let work = move || {
            let _ = runtime.block_on(forever);
            leave(runtime);
        };
        let named = std::thread::Builder::new().name("helpdesk-postgres".to_owned());
        named.spawn(work).map_err(short)?;
        *thread = Some(end);
        Ok(())
    }
}

impl Drop for Mover {
    fn drop(&mut self) {
        let mut thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(end) = thread.take() {
            end.abort();
        }
        if let Some(runtime) = self.runtime.take() {
            leave(runtime);
        }
    }
}

/// Lets whoever moves the bytes do so once before this goes on. It asks nothing of the runtime that it may be waited for on: one that
/// is blocked meanwhile must not keep it.
pub(super) async fn pause() {
    let mut paused = false;
    poll_fn(|context| {
        if paused {
            return Poll::Ready(());
        }
        paused = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Whoever is the last one ends what still runs, and waits for nothing: it may be a thread that must not be blocked.
fn leave(runtime: Arc<Runtime>) {
    if let Some(last) = Arc::into_inner(runtime) {
        last.shutdown_background();
    }
}

fn short(error: std::io::Error) -> StoreError {
    let what = "the thread for the connections cannot be started; try again";
    StoreError::new(StoreErrorKind::Unavailable, what).because(error)
}
