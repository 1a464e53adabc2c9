//! Waiting on this thread for an answer that other threads bring.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

/// Whether there was news since the last look, and who looks.
#[derive(Default)]
struct Bell {
    rung: Mutex<bool>,
    ring: Condvar,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        *self.rung.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.ring.notify_one();
    }
}

impl Bell {
    /// Waits for news; `false` where there was none for so long.
    fn wait(&self, patience: Option<Duration>) -> bool {
        let rung = self.rung.lock().unwrap_or_else(PoisonError::into_inner);
        let silent = |rung: &mut bool| !*rung;
        let (mut rung, heard) = match patience {
            None => {
                let rung = self.ring.wait_while(rung, silent);
                (rung.unwrap_or_else(PoisonError::into_inner), true)
            }
            Some(longest) => {
                let waited = self.ring.wait_timeout_while(rung, longest, silent);
                let (rung, told) = waited.unwrap_or_else(PoisonError::into_inner);
                (rung, !told.timed_out())
            }
        };
        *rung = false;
        heard
    }
}

/// Waits for an answer, whatever runtime it belongs to: something else moves its bytes.
#[cfg(feature = "postgres")]
pub(super) fn wait<F: Future>(future: F) -> F::Output {
    let mut future = std::pin::pin!(future);
    loop {
        if let Some(answer) = wait_within(future.as_mut(), None) {
            return answer;
        }
    }
}

/// The same, which gives up (`None`) where nothing was heard of the answer for so long.
pub(super) fn wait_within<F: Future + ?Sized>(
    mut future: Pin<&mut F>,
    patience: Option<Duration>,
) -> Option<F::Output> {
    let bell = Arc::new(Bell::default());
    let waker = Waker::from(bell.clone());
    let mut context = Context::from_waker(&waker);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(answer) => return Some(answer),
            Poll::Pending if bell.wait(patience) => {}
            Poll::Pending => return None,
        }
    }
}
