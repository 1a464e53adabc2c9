//! A minimal executor: futures driven by hand, and dropped half-way.

#![allow(dead_code, missing_docs, unreachable_pub)] // each test file uses a part

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::Duration;

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Polls to the end, on this thread. A future that nobody wakes for ten seconds is stuck, and the test says so.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut future = pin!(future);
    for _ in 0..1_000_000 {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(answer) => return answer,
            Poll::Pending => {
                let begun = std::time::Instant::now();
                std::thread::park_timeout(Duration::from_secs(10));
                assert!(begun.elapsed() < Duration::from_secs(9), "nobody woke it");
            }
        }
    }
    panic!("it is woken without end");
}

/// A future with a waker of its own, polled one step at a time.
pub struct Stepped<'a, T> {
    future: Pin<Box<dyn Future<Output = T> + Send + 'a>>,
    woken: Arc<Flag>,
}

#[derive(Default)]
struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl<'a, T> Stepped<'a, T> {
    pub fn new(future: impl Future<Output = T> + Send + 'a) -> Stepped<'a, T> {
        Stepped {
            future: Box::pin(future),
            woken: Arc::default(),
        }
    }

    /// One poll.
    pub fn step(&mut self) -> Option<T> {
        self.woken.0.store(false, Ordering::SeqCst);
        let waker = Waker::from(self.woken.clone());
        match self.future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(answer) => Some(answer),
            Poll::Pending => None,
        }
    }

    /// Whether it was woken since the last poll.
    pub fn is_woken(&self) -> bool {
        self.woken.0.load(Ordering::SeqCst)
    }
}
