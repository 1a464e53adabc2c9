//! Writers in tasks: the flush under way is a future that all of them have together, and whoever is polled polls it.
//!
//! So a writer whose future is dropped disturbs nobody: another one goes on where it stopped.

use std::collections::{HashMap, VecDeque};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use crate::store::asynchronous::AsyncStore;
use crate::store::{Commit, StoreError};

use super::{given_up, of_each};

type Flushing = Pin<Box<dyn Future<Output = Vec<Result<(), StoreError>>> + Send>>;

#[derive(Default)]
pub(super) struct Tasks(Mutex<State>);

#[derive(Default)]
struct State {
    next: u64,
    /// Those whose commit is in no flush yet, in the order in which they came.
    waiting: VecDeque<(u64, Arc<Commit>)>,
    /// Those in the flush under way; empty where there is none.
    flushed: Vec<u64>,
    /// The flush under way, unless somebody is just polling it.
    flush: Option<Flushing>,
    /// Whether it is to be polled again.
    woken: bool,
    answers: HashMap<u64, Result<(), StoreError>>,
    /// Of everybody who waits.
    wakers: HashMap<u64, Waker>,
}

impl Tasks {
    /// Writes `commit` together with those of others.
    pub(super) async fn commit<S: AsyncStore + 'static>(
        tasks: &Arc<Tasks>,
        store: &Arc<S>,
        most: usize,
        commit: &Commit,
    ) -> Result<(), StoreError> {
        let waker = poll_fn(|context| Poll::Ready(context.waker().clone())).await;
        let mut writer = Writer::new(tasks.clone(), commit, waker);
        poll_fn(|context| {
            let start = |commits: Vec<Arc<Commit>>| -> Flushing {
                let store = store.clone();
                Box::pin(async move {
                    let commits: Vec<&Commit> = commits.iter().map(|commit| &**commit).collect();
                    store.commit_all(&commits).await
                })
            };
            tasks.poll(&mut writer, context, most, start)
        })
        .await
    }

    fn poll(
        self: &Arc<Tasks>,
        writer: &mut Writer,
        context: &mut Context<'_>,
        most: usize,
        start: impl Fn(Vec<Arc<Commit>>) -> Flushing,
    ) -> Poll<Result<(), StoreError>> {
        loop {
            let _former; // a waker may run anything when it is dropped, so the state is free by then
            let mut state = self.state();
            if let Some(answer) = state.answers.remove(&writer.id) {
                writer.answered = true;
                _former = state.wakers.remove(&writer.id);
                return Poll::Ready(answer);
            }
            _former = state.wakers.insert(writer.id, context.waker().clone());
            if state.flushed.is_empty() {
                let commits = state.begin(most);
                state.flush = Some(start(commits));
                state.woken = true;
            }
            if !state.woken {
                return Poll::Pending; // it waits for something that will wake us
            }
            let Some(flush) = state.flush.take() else {
                return Poll::Pending; // somebody is just polling it, and will do so again
            };
            state.woken = false;
            drop(state);
            self.go_on(flush);
        }
    }

    /// Polls the flush once, without holding the state.
    fn go_on(self: &Arc<Tasks>, flush: Flushing) {
        let mut polled = Polled {
            tasks: self,
            flush: Some(flush),
        };
        let waker = Waker::from(self.clone());
        let Some(flush) = &mut polled.flush else {
            return;
        };
        if let Poll::Ready(results) = flush.as_mut().poll(&mut Context::from_waker(&waker)) {
            let wakers = self.state().end(results);
            wakers.into_iter().for_each(Waker::wake);
            polled.flush = None;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Something happened to the flush: everybody is told, because whoever is told may be dropped before it looks.
impl Wake for Tasks {
    fn wake(self: Arc<Self>) {
        let wakers = {
            let mut state = self.state();
            state.woken = true;
            state.everybody()
        };
        wakers.into_iter().for_each(Waker::wake);
    }
}

impl State {
    /// The commits of the next flush.
    fn begin(&mut self, most: usize) -> Vec<Arc<Commit>> {
        let count = self.waiting.len().min(most);
        let (ids, commits) = self.waiting.drain(..count).unzip();
        self.flushed = ids;
        commits
    }

    /// The flush is done: everybody in it has an answer, and everybody who waits may begin the next one.
    fn end(&mut self, results: Vec<Result<(), StoreError>>) -> Vec<Waker> {
        let ids = std::mem::take(&mut self.flushed);
        let count = ids.len();
        for (id, result) in ids.into_iter().zip(of_each(results, count)) {
            if self.wakers.contains_key(&id) {
                self.answers.insert(id, result); // else its writer is gone
            }
        }
        self.everybody()
    }

    fn everybody(&self) -> Vec<Waker> {
        self.wakers.values().cloned().collect()
    }

    /// Whether somebody waits for the flush under way.
    fn is_wanted(&self) -> bool {
        self.flushed.iter().any(|id| self.wakers.contains_key(id))
    }
}

/// A flush while it is polled; it goes back to where all have it together, unless it is done, given up or not wanted any more.
struct Polled<'a> {
    tasks: &'a Tasks,
    flush: Option<Flushing>,
}

impl Drop for Polled<'_> {
    fn drop(&mut self) {
        let Some(flush) = self.flush.take() else {
            return;
        };
        let mut state = self.tasks.state();
        if std::thread::panicking() {
            let results = state.flushed.iter().map(|_| Err(given_up())).collect();
            let wakers = state.end(results);
            drop(state);
            wakers.into_iter().for_each(Waker::wake);
        } else if state.is_wanted() {
            state.flush = Some(flush);
        } else {
            state.flushed.clear();
            let wakers = state.everybody();
            drop(state);
            drop(flush);
            wakers.into_iter().for_each(Waker::wake);
        }
    }
}

/// One that waits; it withdraws when it is dropped.
struct Writer {
    tasks: Arc<Tasks>,
    id: u64,
    answered: bool,
}

impl Writer {
    fn new(tasks: Arc<Tasks>, commit: &Commit, waker: Waker) -> Writer {
        let commit = Arc::new(commit.clone());
        let id = {
            let mut state = tasks.state();
            let id = state.next;
            state.next += 1;
            state.waiting.push_back((id, commit));
            state.wakers.insert(id, waker);
            id
        };
        Writer {
            tasks,
            id,
            answered: false,
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if self.answered {
            return;
        }
        let mut state = self.tasks.state();
        let former = (
            state.wakers.remove(&self.id),
            state.answers.remove(&self.id),
        );
        state.waiting.retain(|(id, _)| *id != self.id);
        // A flush that is just being polled is looked after by who polls it.
        let unwanted = match state.is_wanted() {
            true => None,
            false => state.flush.take(),
        };
        if unwanted.is_some() {
            state.flushed.clear();
        }
        // Whatever we were to look after, somebody else does.
        let wakers = state.everybody();
        drop(state);
        drop((former, unwanted));
        wakers.into_iter().for_each(Waker::wake);
    }
}

impl std::fmt::Debug for Tasks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tasks").finish_non_exhaustive()
    }
}
