//! Writers on threads: the first one flushes, those who come meanwhile wait, and one of them flushes next.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::store::{Commit, Store, StoreError};

use super::{given_up, of_each};

#[derive(Debug, Default)]
pub(super) struct Threads(Mutex<Queue>);

#[derive(Debug, Default)]
struct Queue {
    flushing: bool,
    waiting: Vec<Arc<Writer>>,
}

/// One that waits: for its answer, or for its turn to flush.
#[derive(Debug)]
struct Writer {
    commit: Commit,
    told: Mutex<Told>,
    news: Condvar,
}

#[derive(Debug)]
enum Told {
    Nothing,
    /// To flush next, its own commit and what waits by then.
    Flush,
    Answer(Result<(), StoreError>),
}

impl Writer {
    fn tell(&self, told: Told) {
        *self.told.lock().unwrap_or_else(PoisonError::into_inner) = told;
        self.news.notify_one();
    }

    /// Its answer; `None` where it is to flush.
    fn wait(&self) -> Option<Result<(), StoreError>> {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let told = self
            .news
            .wait_while(told, |told| matches!(told, Told::Nothing));
        let mut told = told.unwrap_or_else(PoisonError::into_inner);
        match std::mem::replace(&mut *told, Told::Nothing) {
            Told::Answer(answer) => Some(answer),
            _ => None,
        }
    }
}

impl Threads {
    pub(super) fn commit(
        &self,
        store: &impl Store,
        most: usize,
        commit: &Commit,
    ) -> Result<(), StoreError> {
        let mut queue = self.queue();
        if !queue.flushing {
            queue.flushing = true;
            let others = take(&mut queue.waiting, most - 1);
            drop(queue);
            return self.flush(store, commit, others);
        }
        let writer = Arc::new(Writer {
            commit: commit.clone(),
            told: Mutex::new(Told::Nothing),
            news: Condvar::new(),
        });
        queue.waiting.push(writer.clone());
        drop(queue);
        if let Some(answer) = writer.wait() {
            return answer;
        }
        let others = take(&mut self.queue().waiting, most - 1);
        self.flush(store, commit, others)
    }

    /// Writes this commit and those of the others, and tells everybody.
    fn flush(
        &self,
        store: &impl Store,
        own: &Commit,
        others: Vec<Arc<Writer>>,
    ) -> Result<(), StoreError> {
        let mut flush = Flush {
            threads: self,
            others,
        };
        if flush.others.is_empty() {
            return store.commit(own);
        }
        let commits: Vec<&Commit> = std::iter::once(own)
            .chain(flush.others.iter().map(|writer| &writer.commit))
            .collect();
        let mut results = of_each(store.commit_all(&commits), commits.len());
        let mine = results.next().unwrap_or_else(|| Err(given_up()));
        for (writer, result) in flush.others.drain(..).zip(results) {
            writer.tell(Told::Answer(result));
        }
        mine
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The first `most` of those who wait.
fn take(waiting: &mut Vec<Arc<Writer>>, most: usize) -> Vec<Arc<Writer>> {
    let count = waiting.len().min(most);
    waiting.drain(..count).collect()
}

/// A flush under way. Whatever becomes of it, those who were not told are told at its end, and the next one may flush.
struct Flush<'a> {
    threads: &'a Threads,
    others: Vec<Arc<Writer>>,
}

impl Drop for Flush<'_> {
    fn drop(&mut self) {
        for writer in self.others.drain(..) {
            writer.tell(Told::Answer(Err(given_up()))); // the store panicked
        }
        let mut queue = self.threads.queue();
        let next = take(&mut queue.waiting, 1).pop();
        queue.flushing = next.is_some();
        drop(queue);
        if let Some(writer) = next {
            writer.tell(Told::Flush);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::thread;
    use std::time::Duration;

    use chrono::{DateTime, TimeDelta, Utc};
    use uuid::Uuid;

    use super::*;
    use crate::id::{ContentId, TenantId};
    use crate::kpi::Fact;
    use crate::store::{
        DueStream, Filter, GroupCommit, Load, Loaded, MemoryStore, OutboxMessage, Page,
        StoreErrorKind, TicketRow, all_but_commits,
    };
    use crate::ticket::Content;

    /// Waits in its first commit until the others wait for it; panics in its first flush of several.
    #[derive(Debug)]
    struct Panicking {
        store: MemoryStore,
        begun: Barrier,
        panicked: Mutex<bool>,
    }

    impl Store for Panicking {
        fn commit(&self, commit: &Commit) -> Result<(), StoreError> {
            if !*self.panicked.lock().unwrap() {
                self.begun.wait();
                thread::sleep(Duration::from_millis(200));
            }
            self.store.commit(commit)
        }

        fn commit_all(&self, _: &[&Commit]) -> Vec<Result<(), StoreError>> {
            *self.panicked.lock().unwrap() = true;
            std::panic::resume_unwind(Box::new("in the middle of a flush"));
        }

        all_but_commits!(|me| me.store);
    }

    /// Where the store panics in a flush, its leader panics, the others are told, and the next writer goes on.
    #[test]
    fn a_panic_leaves_nobody_waiting() {
        let store = GroupCommit::new(Panicking {
            store: MemoryStore::new(),
            begun: Barrier::new(2),
            panicked: Mutex::new(false),
        });
        let commit = Commit::new(TenantId::SINGLE, DateTime::UNIX_EPOCH, Vec::new());
        let answers = thread::scope(|scope| {
            let first = scope.spawn(|| store.commit(&commit));
            store.store().begun.wait();
            let others: Vec<_> = (0..4)
                .map(|_| scope.spawn(|| store.commit(&commit)))
                .collect();
            assert!(first.join().unwrap().is_ok());
            others.into_iter().map(|one| one.join()).collect::<Vec<_>>()
        });
        let panics = answers.iter().filter(|answer| answer.is_err()).count();
        assert_eq!(
            panics, 1,
            "of those who came meanwhile, one flushed for all"
        );
        for answer in answers.into_iter().flatten() {
            assert_eq!(answer.unwrap_err().kind(), StoreErrorKind::Unavailable);
        }
        assert!(store.commit(&commit).is_ok());
    }
}
