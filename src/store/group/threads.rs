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
