//! The connections: taken where one is idle, opened where none is, up to a number.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinHandle;
use tokio::time::{error::Elapsed, timeout};
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::{Config, Row, Socket};

use super::super::sql::Recent;
use super::error::connecting;
use super::link::{BEGIN, Connected, Failed, Link, Query};
use super::mover::{Mover, pause};
use super::{Options, StoreError, StoreErrorKind};

/// Where the configuration has none.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long what was sent may be without an answer from the other machine.
const SENT_TIMEOUT: Duration = Duration::from_secs(30);
/// While nothing is sent, the other machine is asked whether it is there: after so long, so often, so many times.
const ASK_AFTER: Duration = Duration::from_secs(15);
const ASK_EVERY: Duration = Duration::from_secs(5);
const ASK_TIMES: u32 = 3;

/// Several commits in one transaction wait so long for a row, in milliseconds: whoever wants one that they wrote waits with them.
const HELD_UP: u128 = 100;

/// What a transaction begins with, and which memory of this store value it rests on.
pub(super) type Begin<'a> = (&'a str, Option<u64>);

type Connecting = Pin<Box<dyn Future<Output = Result<Connected, StoreError>> + Send>>;
type Connect = dyn Fn(&Handle) -> Connecting + Send + Sync;

pub(super) struct Pool {
    idle: Mutex<Vec<Link>>,
    /// One permit for each connection that may be at work.
    places: Arc<Semaphore>,
    most: usize,
    patience: Duration,
    connect: Box<Connect>,
    /// What a new connection is told first.
    settings: String,
    /// What begins a transaction of several commits.
    pub(super) together: String,
    /// What was written over these connections lately. A new one may lead to a server that took over and has not all of it.
    pub(super) recent: Recent,
    pub(super) mover: Mover,
}

impl Pool {
    pub(super) fn new<T>(mut config: Config, tls: T, options: &Options) -> Result<Pool, StoreError>
    where
        T: MakeTlsConnect<Socket> + Clone + Send + Sync + 'static,
        T::TlsConnect: Send,
        T::Stream: Send,
        <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
    {
        fill_in(&mut config);
        let millis = options.lock_timeout.as_millis().clamp(1, i32::MAX as u128);
        // The way to what a statement wants is the same whatever its parameters are: the server need not look for it each time.
        let settings = format!(
            "SET lock_timeout = {millis}; SET client_min_messages = warning; SET plan_cache_mode = force_generic_plan; \
            SET default_transaction_isolation = 'read committed'"
        );
        let longest = longest_handshake(&config);
        let connect = move |handle: &Handle| -> Connecting {
            let (config, tls) = (config.clone(), tls.clone());
            let connecting = handle.spawn(async move {
                // The driver's own timeout is for reaching the server, not for being let in.
                let connected = timeout(longest, config.connect(tls)).await;
                let (client, connection) = connected.map_err(not_let_in)?.map_err(connecting)?;
                Ok((client, tokio::spawn(connection))) // who uses it is told what goes wrong
            });
            let mut connecting = GivenUp(connecting);
            Box::pin(async move {
                let connected = (&mut connecting.0).await;
                connected.unwrap_or_else(|error| {
                    let what = "the connections ended";
                    Err(StoreError::new(StoreErrorKind::Unavailable, what).because(error))
                })
            })
        };
        Ok(Pool {
            idle: Mutex::default(),
            places: Arc::new(Semaphore::new(
                options.connections.min(Semaphore::MAX_PERMITS),
            )),
            most: options.connections,
            patience: options.lock_timeout,
            connect: Box::new(connect),
            settings,
            together: format!("{BEGIN}; SET LOCAL lock_timeout = {}", millis.min(HELD_UP)),
            recent: Recent::keeping(options.recent_tickets),
            mover: Mover::new()?,
        })
    }

    /// A connection that nobody else has meanwhile.
    pub(super) async fn link(&self) -> Result<Taken<'_>, StoreError> {
        let place = self.place().await?;
        let link = match self.take_idle().await {
            Some(mut link) => {
                link.place = Some(place);
                link
            }
            None => {
                let handle = self.mover.handle();
                let mut link = Link::new((self.connect)(handle).await?, place, handle.clone());
                self.recent.forget();
                link.run(&self.settings).await?;
                link
            }
        };
        Ok(Taken { pool: self, link })
    }

    /// [`Link::ask`] on a connection of its own.
    pub(super) async fn ask(&self, query: &Query<'_>) -> Result<Vec<Row>, StoreError> {
        let mut taken = self.link().await?;
        let answer = taken.link.ask(query).await;
        taken.back().await;
        answer
    }

    /// [`Link::execute`] on a connection of its own.
    pub(super) async fn execute(&self, query: &Query<'_>) -> Result<u64, StoreError> {
        let mut taken = self.link().await?;
        let answer = taken.link.execute(query).await;
        taken.back().await;
        answer
    }

    /// The rows of one statement, on a connection of its own.
    pub(super) async fn rows(&self, query: &Query<'_>) -> Result<Vec<Row>, StoreError> {
        let mut rows = Vec::new();
        let mut taken = self.link().await?;
        let answer = taken.link.each_row(query, &mut |row| rows.push(row)).await;
        taken.back().await;
        answer.map(|()| rows)
    }

    /// [`Link::write`] on a connection of its own.
    pub(super) async fn write(
        &self,
        (begin, as_kept): Begin<'_>,
        queries: &[Query<'_>],
    ) -> Result<(), Failed> {
        let mut taken = self.link().await.map_err(Failed::whole)?;
        let answer = match self.recent.is_of(as_kept) {
            true => taken.link.write(begin, queries).await,
            false => Err(Failed::whole(forgotten())),
        };
        taken.back().await;
        answer
    }

    /// [`Link::take`] on a connection of its own.
    pub(super) async fn take(&self, queries: &[Query<'_>]) -> Result<Vec<Row>, StoreError> {
        let mut taken = self.link().await?;
        let answer = taken.link.take(queries).await;
        taken.back().await;
        answer
    }

    async fn take_idle(&self) -> Option<Link> {
        if self.idle().is_empty() {
            return None;
        }
        // Where nobody waited in the meantime, nobody heard that a server went down: once to listen, once to understand.
        pause().await;
        pause().await;
        let mut idle = self.idle();
        while let Some(link) = idle.pop() {
            if link.is_usable() {
                return Some(link);
            }
        }
        None
    }

    /// A free place, waited for as long as for a lock.
    async fn place(&self) -> Result<OwnedSemaphorePermit, StoreError> {
        if let Ok(place) = self.places.clone().try_acquire_owned() {
            return Ok(place);
        }
        let mut place = pin!(self.places.clone().acquire_owned());
        let mut patience = {
            let _timer = self.mover.handle().enter(); // whatever polls this, the connections' own runtime keeps the time
            Box::pin(tokio::time::sleep(self.patience))
        };
        let place = poll_fn(|context| match place.as_mut().poll(context) {
            Poll::Ready(place) => Poll::Ready(place.ok()),
            Poll::Pending => patience.as_mut().poll(context).map(|()| None),
        });
        place.await.ok_or_else(|| {
            let what = format!("all {} connections are at work; try again", self.most);
            StoreError::new(StoreErrorKind::Unavailable, what)
        })
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Link>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection in the making, which ends with whoever waits for it.
struct GivenUp(JoinHandle<Result<Connected, StoreError>>);

impl Drop for GivenUp {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// To reach the server, each of its hosts at up to three addresses, and as long again to be let in.
fn longest_handshake(config: &Config) -> Duration {
    let reach = config.get_connect_timeout().copied();
    let hosts = config.get_hosts().len().max(config.get_hostaddrs().len());
    let hosts = u32::try_from(hosts.max(1)).unwrap_or(u32::MAX);
    reach
        .unwrap_or(CONNECT_TIMEOUT)
        .saturating_mul(hosts)
        .saturating_mul(4)
}

/// A new connection may lead to another server: what was told by heart may not stand there.
fn forgotten() -> StoreError {
    let what = "what was kept of the stream was forgotten with its connection; load it again";
    StoreError::new(StoreErrorKind::Conflict, what)
}

fn not_let_in(elapsed: Elapsed) -> StoreError {
    let what = "the server was not reached, or lets nobody in; try again";
    StoreError::new(StoreErrorKind::Unavailable, what).because(elapsed)
}

/// What the host left open. A server that vanished without a word is found out within half a minute.
fn fill_in(config: &mut Config) {
    let driver = Config::new();
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT_TIMEOUT);
    }
    if config.get_application_name().is_none() {
        config.application_name("helpdesk");
    }
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(SENT_TIMEOUT);
    }
    if config.get_keepalives_idle() == driver.get_keepalives_idle() {
        config.keepalives_idle(ASK_AFTER);
    }
    if config.get_keepalives_interval().is_none() {
        config.keepalives_interval(ASK_EVERY);
    }
    if config.get_keepalives_retries().is_none() {
        config.keepalives_retries(ASK_TIMES);
    }
}

/// A connection at work. Where it is not given back (a future is dropped half-way, a thread panics), it is closed.
pub(super) struct Taken<'a> {
    pool: &'a Pool,
    pub(super) link: Link,
}

impl Taken<'_> {
    /// Lets others have it, unless it became unusable; its place is free in any case.
    pub(super) async fn back(mut self) {
        if self.link.is_usable() {
            let place = self.link.place.take();
            self.pool.idle().push(self.link);
            drop(place); // whoever waits for it finds the connection idle
            return;
        }
        drop(self);
        pause().await; // that it is closed is said to the server before whoever moves the bytes goes away
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("idle", &self.idle().len())
            .field("most", &self.most)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(text: &str) -> Config {
        let mut config = text.parse().unwrap();
        fill_in(&mut config);
        config
    }

    /// A vanished server is found out in half a minute, unless the host says otherwise.
    #[test]
    fn a_vanished_server_is_found_out() {
        let seconds = Duration::from_secs;
        let ours = filled("host=localhost user=support");
        assert!(ours.get_keepalives());
        assert_eq!(ours.get_keepalives_idle(), seconds(15));
        assert_eq!(ours.get_keepalives_interval(), Some(seconds(5)));
        assert_eq!(ours.get_keepalives_retries(), Some(3));
        assert_eq!(ours.get_tcp_user_timeout(), Some(&seconds(30)));
        assert_eq!(ours.get_connect_timeout(), Some(&seconds(10)));
        assert_eq!(ours.get_application_name(), Some("helpdesk"));

        let hosts = "host=localhost user=support keepalives=0 keepalives_idle=60 keepalives_interval=61 keepalives_retries=62 \
            tcp_user_timeout=63 connect_timeout=64 application_name=mine";
        assert_eq!(filled(hosts), hosts.parse().unwrap());
    }
}
