//! From a thread that blocks to a future that waits: a queue with room for a few pieces.
//!
//! The sender waits for room, and is let go at once when the receiver is gone. The receiver ends when the sender is gone,
//! whether it sent anything or not. So neither can wait for ever for the other.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

struct Pipe<T> {
    state: Mutex<State<T>>,
    room: Condvar,
}

struct State<T> {
    pieces: VecDeque<T>,
    most: usize,
    /// Of the receiver, where it waits.
    waker: Option<Waker>,
    sender_gone: bool,
    receiver_gone: bool,
}

/// The two ends of a queue with room for `most` pieces, at least one.
pub(super) fn pipe<T>(most: usize) -> (Sender<T>, Receiver<T>) {
    let state = State {
        pieces: VecDeque::new(),
        most: most.max(1),
        waker: None,
        sender_gone: false,
        receiver_gone: false,
    };
    let pipe = Arc::new(Pipe {
        state: Mutex::new(state),
        room: Condvar::new(),
    });
    (Sender(pipe.clone()), Receiver(pipe))
}

impl<T> Pipe<T> {
    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state, and then wakes the receiver, if it waits.
    fn tell(&self, change: impl FnOnce(&mut State<T>)) {
        let waker = {
            let mut state = self.state();
            change(&mut state);
            state.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

pub(super) struct Sender<T>(Arc<Pipe<T>>);

impl<T> Sender<T> {
    /// Waits for room, and sends. `false` where nobody will receive it.
    pub(super) fn send(&self, piece: T) -> bool {
        let full = |state: &mut State<T>| state.pieces.len() >= state.most && !state.receiver_gone;
        let state = self.0.room.wait_while(self.0.state(), full);
        if state.unwrap_or_else(PoisonError::into_inner).receiver_gone {
            return false;
        }
        // There is one sender, so the room is still there.
        self.0.tell(|state| state.pieces.push_back(piece));
        true
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        self.0.tell(|state| state.sender_gone = true);
    }
}

pub(super) struct Receiver<T>(Arc<Pipe<T>>);

impl<T> Receiver<T> {
    /// The next piece; none where the sender is gone and everything was received.
    pub(super) async fn next(&mut self) -> Option<T> {
        poll_fn(|context| {
            let mut state = self.0.state();
            if let Some(piece) = state.pieces.pop_front() {
                self.0.room.notify_one();
                return Poll::Ready(Some(piece));
            }
            if state.sender_gone {
                return Poll::Ready(None);
            }
            state.waker = Some(context.waker().clone());
            Poll::Pending
        })
        .await
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.receiver_gone = true;
        let unread = std::mem::take(&mut state.pieces);
        drop(state);
        drop(unread);
        self.0.room.notify_one();
    }
}
