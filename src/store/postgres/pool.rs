//! The connections: taken where one is idle, opened where none is, up to a number.

use std::fmt;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::{Client, Config, Socket};

use super::error::{connecting, failed};
use super::link::{Link, Mover};
use super::{Options, StoreError, StoreErrorKind};

/// Where the configuration has none.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

type Connect = dyn Fn(&Handle) -> Result<Client, StoreError> + Send + Sync;

pub(super) struct Pool {
    links: Mutex<Links>,
    given_back: Condvar,
    most: usize,
    patience: Duration,
    connect: Box<Connect>,
    mover: Mover,
}

#[derive(Default)]
struct Links {
    idle: Vec<Link>,
    /// Idle or at work.
    made: usize,
}

impl Pool {
    pub(super) fn new<T>(mut config: Config, tls: T, options: &Options) -> Result<Pool, StoreError>
    where
        T: MakeTlsConnect<Socket> + Clone + Send + Sync + 'static,
        T::TlsConnect: Send,
        T::Stream: Send,
        <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
    {
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT_TIMEOUT);
        }
        if config.get_application_name().is_none() {
            config.application_name("helpdesk");
        }
        let millis = options.lock_timeout.as_millis().clamp(1, i32::MAX as u128);
        let settings = format!("SET lock_timeout = {millis}; SET client_min_messages = warning");
        let connect = move |handle: &Handle| {
            let (config, tls, settings) = (config.clone(), tls.clone(), settings.clone());
            let (tell, told) = mpsc::sync_channel(1);
            handle.spawn(async move {
                let (client, connection) = match config.connect(tls).await {
                    Ok(both) => both,
                    Err(error) => {
                        let _ = tell.send(Err(error));
                        return;
                    }
                };
                let _ = tell.send(Ok(client));
                let _ = connection.await; // who uses it is told what goes wrong
            });
            let gone = |error| {
                let what = "the thread for the connections ended";
                StoreError::new(StoreErrorKind::Unavailable, what).because(error)
            };
            let client: Client = told.recv().map_err(gone)?.map_err(connecting)?;
            super::link::wait(client.batch_execute(&settings)).map_err(failed)?;
            Ok(client)
        };
        Ok(Pool {
            links: Mutex::default(),
            given_back: Condvar::new(),
            most: options.connections,
            patience: options.lock_timeout,
            connect: Box::new(connect),
            mover: Mover::start()?,
        })
    }

    /// Does `work` on a connection that nobody else has meanwhile.
    pub(super) fn with<T>(
        &self,
        work: impl FnOnce(&mut Link) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut taken = self.take()?;
        let Some(link) = &mut taken.link else {
            return Err(StoreError::new(StoreErrorKind::Other, "no connection"));
        };
        let answer = work(link);
        // After a conflict it is as good as before; after anything else, better a new one.
        let fine = answer
            .as_ref()
            .err()
            .is_none_or(|error| error.kind() == StoreErrorKind::Conflict);
        if !fine || !link.is_usable() {
            taken.link = None;
        }
        answer
    }

    fn take(&self) -> Result<Taken<'_>, StoreError> {
        let until = Instant::now() + self.patience;
        let mut links = self.lock();
        loop {
            while let Some(link) = links.idle.pop() {
                if link.is_usable() {
                    return Ok(Taken {
                        pool: self,
                        link: Some(link),
                    });
                }
                links.made = links.made.saturating_sub(1);
            }
            if links.made < self.most {
                links.made += 1;
                drop(links);
                let mut taken = Taken {
                    pool: self,
                    link: None,
                };
                taken.link = Some(Link::new((self.connect)(&self.mover.handle)?));
                return Ok(taken);
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let what = format!("all {} connections are at work; try again", self.most);
                return Err(StoreError::new(StoreErrorKind::Unavailable, what));
            }
            let waited = self.given_back.wait_timeout(links, left);
            links = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Links> {
        self.links.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Gives the connection back, also where a thread panics; without one, its place is free.
struct Taken<'a> {
    pool: &'a Pool,
    link: Option<Link>,
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        let link = self.link.take().filter(Link::is_usable);
        let mut links = self.pool.lock();
        match link {
            Some(link) => links.idle.push(link),
            None => links.made = links.made.saturating_sub(1),
        }
        drop(links);
        self.pool.given_back.notify_one();
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let links = self.lock();
        f.debug_struct("Pool")
            .field("made", &links.made)
            .field("idle", &links.idle.len())
            .field("most", &self.most)
            .finish_non_exhaustive()
    }
}
