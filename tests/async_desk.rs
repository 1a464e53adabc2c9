//! The async desk: the same answers as the blocking one, futures that may be dropped, and the bridges in both directions.

#![cfg(feature = "async")]

mod common;
#[path = "common/futures.rs"]
mod futures;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use common::*;
use futures::{Stepped, block_on};
use helpdesk::customer::{self, Identity, Profile};
use helpdesk::desk::Anything;
use helpdesk::error::ErrorKind;
use helpdesk::id::{FindingId, TicketNumber};
use helpdesk::improvement;
use helpdesk::incident::Spread;
use helpdesk::kpi::{Dimension, FORMULA, Fact, Report, Suggest, Window};
use helpdesk::quality::Plan;
use helpdesk::replay::{History, import};
use helpdesk::store::asynchronous::Job;
use helpdesk::store::{
    AsyncStore, Blocking, Commit, Filter, GroupCommit, Load, MemoryStore, Offloaded, Page, Part,
    Store, StoreErrorKind, StreamId,
};
use helpdesk::testing::{Asked, Fault, FaultyStore};
use helpdesk::ticket::{Draft, Metric, Version};
use helpdesk::{Actor, AsyncDesk, Command, Desk, Open, Rulebook, TenantId, TicketId};
use proptest::prelude::*;

const TENANT: TenantId = TenantId::SINGLE;

fn one_rulebook() -> &'static Rulebook {
    static ONE: OnceLock<Rulebook> = OnceLock::new();
    ONE.get_or_init(rulebook)
}

fn on_threads<S: Store + 'static>(store: S) -> Offloaded<S> {
    Offloaded::new(store, std::thread::spawn)
}

/// Everything that a story leaves behind, as a desk answers it.
#[derive(Debug, PartialEq)]
struct Seen {
    answers: Vec<String>,
    naps: Vec<DateTime<Utc>>,
    figures: String,
}

fn shown<T: std::fmt::Debug>(answer: Result<T, helpdesk::Error>) -> String {
    match answer {
        Ok(answer) => format!("{answer:?}"),
        Err(error) => format!("{}: {error}", error.code()),
    }
}

/// Tells a story to a desk and asks it everything; `$($wait)*` is `.await` or nothing.
macro_rules! told {
    ($desk:expr, $story:expr $(, $wait:ident)?) => {{
        let (desk, story): (_, &[Say]) = ($desk, $story);
        let mut seen = Seen { answers: Vec::new(), naps: Vec::new(), figures: String::new() };
        let mut now = at(BEGIN);
        let open = Open::new("subject").from("ann@example.com").message(Draft::new("help").external_id("m-0"));
        let opened = desk.open(&call(Actor::Customer(ANN), now, 0), open)$(.$wait)?;
        let id = opened.as_ref().unwrap().id();
        seen.answers.push(shown(opened));
        for (i, say) in story.iter().enumerate() {
            now += say.gap;
            let call = call(say.actor, now, i as u128 + 1);
            let answer = desk.submit(id, &call, say.command.clone())$(.$wait)?;
            seen.answers.push(shown(answer));
            seen.naps.push(desk.nap(now)$(.$wait)?.unwrap());
            seen.answers.push(shown(desk.next_wake(now)$(.$wait)?));
            if i % 3 == 0 {
                seen.answers.push(shown(desk.sweep(now, 10)$(.$wait)?));
            }
        }
        now += TimeDelta::days(40);
        seen.answers.push(shown(desk.sweep(now, 10)$(.$wait)?));
        let messages = desk.claim(now, TimeDelta::minutes(1), 100)$(.$wait)?.unwrap();
        let ids: Vec<_> = messages.iter().map(|message| message.id).collect();
        let half = ids.len() / 2;
        desk.acknowledge(&ids[..half])$(.$wait)?.unwrap();
        desk.postpone(&ids[half..], now + TimeDelta::hours(3))$(.$wait)?.unwrap();
        seen.answers.push(shown(desk.claim(now, TimeDelta::minutes(1), 100)$(.$wait)?));
        seen.naps.push(desk.nap(now)$(.$wait)?.unwrap());
        let ticket = desk.ticket(id)$(.$wait)?.unwrap();
        let metric = Metric::FirstResponse;
        seen.answers.push(shown(desk.reading(id, metric, now)$(.$wait)?));
        seen.answers.push(shown(desk.readings(id, now)$(.$wait)?));
        seen.answers.push(shown(desk.at_risk(now, now + TimeDelta::days(30), 5)$(.$wait)?));
        seen.answers.push(shown(desk.ledger(id, metric, now)$(.$wait)?));
        let few = Suggest::new(50).unwrap().at_least(1);
        seen.answers.push(shown(desk.suggest(id, &few, now)$(.$wait)?));
        let book = desk.rulebooks().current(TENANT).id();
        let kim = call(Actor::Agent(KIM), now, 1_000);
        seen.answers.push(shown(desk.apply_rulebook(id, &kim, book)$(.$wait)?));
        let one = desk.tenant(TENANT);
        seen.answers.push(shown(one.history(id)$(.$wait)?));
        seen.answers.push(shown(one.list(&Filter::all(), &Page::newest(5))$(.$wait)?));
        seen.answers.push(shown(one.customer_view(id, ANN)$(.$wait)?));
        let page = desk.customer_page(id, ticket.requester())$(.$wait)?;
        seen.answers.push(serde_json::to_string(&page.unwrap()).unwrap());
        seen.answers.push(shown(one.customer_view(id, BOB)$(.$wait)?));
        seen.answers.push(shown(one.find(ticket.number())$(.$wait)?));
        seen.answers.push(shown(one.find_by_message("<none>")$(.$wait)?));
        let found = one.find_by_message("m-0")$(.$wait)?;
        assert_eq!(found.unwrap(), Some(id));
        seen.answers.push(shown(one.content(&[ticket.subject()])$(.$wait)?));
        // What stands beside tickets.
        let mine = |n| call(Actor::Supervisor(KIM), now, n);
        let address = Identity::address("bob@example.com");
        let known = customer::Command::Identify(address.clone());
        seen.answers.push(shown(desk.tell::<Profile>(BOB, &mine(1_001), known)$(.$wait)?));
        let join = Anything::Customer(customer::Command::Join(BOB));
        seen.answers.push(shown(desk.tell_anything(ANN.uuid(), &mine(1_002), join)$(.$wait)?));
        let find = Anything::Finding(improvement::Command::Find("slow mornings".to_owned()));
        let finding = FindingId::named("slow mornings");
        seen.answers.push(shown(desk.tell_anything(finding.uuid(), &mine(1_003), find)$(.$wait)?));
        seen.answers.push(shown(one.find_customer(&address)$(.$wait)?));
        seen.answers.push(shown(one.survivor(BOB)$(.$wait)?));
        seen.answers.push(shown(one.customer_ids(BOB)$(.$wait)?));
        seen.answers.push(shown(one.customer_view(id, BOB)$(.$wait)?));
        seen.answers.push(shown(one.briefing(ticket.requester(), 3, now)$(.$wait)?));
        seen.answers.push(shown(one.told::<Profile>(ANN)$(.$wait)?));
        seen.answers.push(shown(one.state::<Profile>(BOB)$(.$wait)?));
        seen.answers.push(shown(one.ids::<Profile>(None, 9)$(.$wait)?));
        let mut each = Vec::new();
        one.each::<Profile>(&mut |id, profile| each.push((id, profile.clone())))$(.$wait)?.unwrap();
        seen.answers.push(format!("{each:?}"));
        let window = Window::new(at(BEGIN), now);
        seen.answers.push(shown(one.quality(window)$(.$wait)?));
        seen.answers.push(shown(one.self_service(window, now)$(.$wait)?));
        seen.answers.push(shown(one.surveys(window, now)$(.$wait)?));
        seen.answers.push(shown(one.gaps(window, 1)$(.$wait)?));
        seen.answers.push(shown(one.sample(&Plan::new(2).seed(7), window)$(.$wait)?));
        let standard = Report::standard();
        seen.answers.push(shown(one.effect(finding, 0, &standard, now)$(.$wait)?));
        let message = ticket.messages()[0].id;
        let update = Spread::update(message);
        seen.answers.push(shown(one.spread(id, &mine(1_004), &update, &[id])$(.$wait)?));
        let history = History::new(TicketId::named("old"), TicketNumber(9_000), BOB, at(BEGIN));
        let imported = import(&history, one_rulebook(), TENANT);
        seen.answers.push(shown(one.import(&imported)$(.$wait)?));
        seen.answers.push(shown(one.import(&imported)$(.$wait)?));
        desk.tenant(TENANT).erase_person(ticket.requester(), now)$(.$wait)?.unwrap();
        seen.answers.push(shown(one.content(&[ticket.subject()])$(.$wait)?));
        seen.answers.push(shown(one.prune_keys(now)$(.$wait)?));
        let nobody = TicketId::named("nobody's");
        seen.answers.push(shown(desk.ticket(nobody)$(.$wait)?));
        seen.answers.push(shown(one.history(nobody)$(.$wait)?));
        let by_agent = Report::standard().by([Dimension::Agent]);
        seen.answers.push(shown(desk.report_by(&by_agent, now)$(.$wait)?));
        let report = Report::standard().last_days(90);
        seen.figures = desk.report(&report, now)$(.$wait)?.unwrap().to_string();
        seen
    }};
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// The same requests with the same calls give the same answers and the same events as on a blocking desk.
    #[test]
    fn the_async_desk_answers_as_the_blocking_one(story in stories()) {
        let blocking = Desk::new(MemoryStore::new(), rulebook());
        let awaiting = AsyncDesk::new(on_threads(MemoryStore::new()), rulebook());
        let expected = told!(&blocking, &story);
        let seen = block_on(async { told!(&awaiting, &story, await) });
        prop_assert_eq!(seen, expected);
    }
}

/// What fails is told, put off and looked at again as on a blocking desk.
#[test]
fn ailing_tickets_are_put_off_as_on_the_blocking_desk() {
    let open = || Open::new("subject").body("help");
    let customer = |n| call(Actor::Customer(ANN), at(BEGIN), n);
    let later = at(BEGIN) + TimeDelta::days(2);
    macro_rules! lived {
        ($desk:expr, $store:expr $(, $wait:ident)?) => {{
            for n in 0..3 {
                $desk.open(&customer(n), open())$(.$wait)?.unwrap();
            }
            // Not together, and the first one not alone.
            $store.cue_times(Asked::Load, Fault::Refuse(StoreErrorKind::Corrupt), 2);
            let swept = $desk.sweep(later, 10)$(.$wait)?.unwrap();
            assert_eq!((swept.tickets, swept.failed.len()), (2, 1));
            let (nap, ailing) = ($desk.nap(later)$(.$wait)?.unwrap(), $desk.ailing());
            let again = ailing[0].not_before;
            let early = again - TimeDelta::microseconds(1);
            let early = $desk.sweep(early, 10)$(.$wait)?.unwrap().tickets;
            let in_time = $desk.sweep(again, 10)$(.$wait)?.unwrap().tickets;
            // One that fails again, and that somebody closes meanwhile, is not due any more.
            let days_later = again + TimeDelta::days(3);
            $store.cue_times(Asked::Load, Fault::Refuse(StoreErrorKind::Corrupt), 2);
            assert_eq!($desk.sweep(days_later, 10)$(.$wait)?.unwrap().failed.len(), 1);
            let ticket = TicketId::from_uuid($desk.ailing()[0].stream.id);
            let kim = call(Actor::Agent(KIM), days_later, 9);
            let close = Command::close(helpdesk::ticket::CloseReason::Cancelled);
            $desk.submit(ticket, &kim, close)$(.$wait)?.unwrap();
            $desk.nap(days_later + TimeDelta::minutes(1))$(.$wait)?.unwrap();
            assert!($desk.ailing().is_empty());
            (swept.failed[0].0, nap, ailing, early, in_time)
        }};
    }
    let faulty = Arc::new(FaultyStore::new(MemoryStore::new()));
    let blocking = Desk::new(faulty.clone(), rulebook());
    let expected = lived!(blocking, faulty);
    let faulty = Arc::new(FaultyStore::new(MemoryStore::new()));
    let awaiting = AsyncDesk::new(on_threads(faulty.clone()), rulebook());
    let seen = block_on(async { lived!(awaiting, faulty, await) });
    assert_eq!(seen, expected);
    assert_eq!(
        (seen.3, seen.4),
        (0, 1),
        "it is put off, and looked at again"
    );
}

/// A store whose jobs wait until the test runs them: futures can then be dropped at every point.
#[derive(Clone, Default)]
struct Jobs(Arc<Mutex<Vec<Job>>>);

impl Jobs {
    fn run(&self) -> usize {
        let jobs = std::mem::take(&mut *self.0.lock().unwrap());
        let count = jobs.len();
        jobs.into_iter().for_each(|job| job());
        count
    }
}

/// Dropped after any number of polls, a request leaves the ticket as it was or with the whole command, and asking again under the
/// same key makes it done once.
#[test]
fn a_dropped_request_is_done_whole_or_not_at_all() {
    let mut outcomes = [0, 0];
    for polls in 0..8 {
        let (jobs, memory) = (Jobs::default(), Arc::new(MemoryStore::new()));
        let queue = jobs.clone();
        let store = Offloaded::new(memory.clone(), move |job| {
            queue.0.lock().unwrap().push(job);
        });
        let desk = AsyncDesk::new(store, rulebook());
        let plain = Desk::new(memory.clone(), rulebook());
        let opened = plain.open(
            &call(Actor::Customer(ANN), at(BEGIN), 0),
            Open::new("x").body("help"),
        );
        let id = opened.unwrap().id();
        let before = history(&plain, id).len();

        let later = at(BEGIN) + TimeDelta::hours(1);
        let keyed = call(Actor::Agent(KIM), later, 1).key(name("answer"));
        let command = Command::reply("Which floor?").then_resolve();
        {
            let mut request = Stepped::new(desk.submit(id, &keyed, command.clone()));
            for poll in 0..polls {
                if request.step().is_some() {
                    break;
                }
                // The last one is left undone: what it was to do is done after the request is dropped, or never.
                if poll + 1 < polls {
                    jobs.run();
                }
            }
        }
        if polls % 2 == 0 {
            jobs.run();
        } else {
            jobs.0.lock().unwrap().clear();
        }
        let after = history(&plain, id).len();
        let whole = after > before;
        outcomes[usize::from(whole)] += 1;
        let done = plain.submit(id, &keyed, command).unwrap();
        assert_eq!(done.is_replayed(), whole, "after {polls} polls");
        let replies = |event: &helpdesk::ticket::Recorded| {
            matches!(event.event, helpdesk::ticket::Event::MessageAdded(_))
        };
        let events = history(&plain, id);
        assert_eq!(events.iter().filter(|event| replies(event)).count(), 2);
        let versions: Vec<u64> = events.iter().map(|event| event.version.0).collect();
        assert_eq!(versions, (1..=versions.len() as u64).collect::<Vec<_>>());
    }
    assert!(outcomes.iter().all(|count| *count > 0), "{outcomes:?}");
}

/// A job that the host drops, and one in which the store panics, are answered as a lost connection is.
#[test]
fn a_job_that_never_ends_is_answered() {
    let dropped = Offloaded::new(MemoryStore::new(), drop::<Job>);
    let load = Load::streams(TENANT, []);
    let error = block_on(dropped.load(&load)).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    let error = block_on(dropped.facts(TENANT, &mut |_| {})).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    let empty = Commit::new(TENANT, at(BEGIN), Vec::new());
    let answers = block_on(dropped.commit_all(&[&empty, &empty]));
    assert_eq!(answers.len(), 2);
    assert!(answers.iter().all(Result::is_err));

    let panics = Offloaded::new(MemoryStore::new(), |job: Job| {
        std::thread::spawn(|| {
            let _job = job;
            std::panic::resume_unwind(Box::new("in the middle"));
        })
    });
    let error = block_on(panics.load(&load)).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
}

/// Rows of many tickets come through the bridge in order, and a reader that goes away lets the job go.
#[test]
fn many_rows_come_in_pieces() {
    let memory = Arc::new(MemoryStore::new());
    let desk = Desk::new(memory.clone(), rulebook());
    for n in 0..3_000 {
        let call = call(Actor::Customer(ANN), at(BEGIN), n);
        desk.open(&call, Open::new("x").body("help")).unwrap();
    }
    let mut expected = Vec::new();
    let single = desk.tenant(TENANT);
    single
        .facts(&mut |rows| expected.push(rows.to_vec()))
        .unwrap();
    let store = on_threads(memory.clone());
    let mut seen = Vec::new();
    block_on(store.facts(TENANT, &mut |rows| seen.push(rows.to_vec()))).unwrap();
    assert_eq!((seen.len(), &seen), (3_000, &expected));

    let mut through = Vec::new();
    let bridged = Blocking::new(on_threads(memory.clone()));
    bridged
        .facts(TENANT, &mut |rows| through.push(rows.to_vec()))
        .unwrap();
    assert_eq!(through, expected);

    // The reader goes away in the middle: the thread that reads must not wait for it for ever.
    let ended = Arc::new(AtomicUsize::new(0));
    let (tell, running) = (ended.clone(), Arc::new(Mutex::new(Vec::new())));
    let handles = running.clone();
    let store = Offloaded::new(memory, move |job: Job| {
        let tell = tell.clone();
        let thread = std::thread::spawn(move || {
            job();
            tell.fetch_add(1, Ordering::SeqCst);
        });
        handles.lock().unwrap().push(thread);
    });
    let mut visit = |_: &[helpdesk::kpi::Fact]| {};
    let mut reading = Stepped::new(store.facts(TENANT, &mut visit));
    assert!(reading.step().is_none());
    drop(reading);
    for thread in running.lock().unwrap().drain(..) {
        thread.join().unwrap();
    }
    assert_eq!(ended.load(Ordering::SeqCst), 1);
}

/// Futures of a shared desk go to a runtime's threads, for a store behind `dyn` as well.
#[test]
fn futures_are_send() {
    fn is_send<T: Send>(value: T) -> T {
        value
    }
    let store: Arc<dyn AsyncStore> = Arc::new(on_threads(MemoryStore::new()));
    let desk = Arc::new(AsyncDesk::new(store, rulebook()));
    let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
    let opened: Vec<_> = (0..8)
        .map(|n| {
            let desk = desk.clone();
            runtime.spawn(async move {
                let now = at(BEGIN);
                let customer = call(Actor::Customer(ANN), now, n);
                let t = desk.open(&customer, Open::new("x").body("help")).await?;
                desk.reading(t.id(), Metric::FirstResponse, now).await?;
                desk.ledger(t.id(), Metric::FirstResponse, now).await?;
                let similar = Suggest::new(50).unwrap();
                desk.suggest(t.id(), &similar, now).await?;
                desk.report(&Report::standard(), now).await?;
                desk.sweep(now, 10).await?;
                desk.nap(now).await?;
                Ok::<_, helpdesk::Error>(t.number().0)
            })
        })
        .collect();
    let mut numbers: Vec<u64> = opened
        .into_iter()
        .map(|opened| runtime.block_on(opened).unwrap().unwrap())
        .collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=8).collect::<Vec<_>>());
    drop(is_send(
        desk.tenant(TENANT).list(&Filter::all(), &Page::newest(1)),
    ));
}

/// Inside a runtime a call that would wait is refused, before anything is done; on a thread outside of it, it is answered.
#[test]
#[cfg(feature = "postgres")]
fn waiting_inside_a_runtime_is_refused() {
    let memory = Arc::new(MemoryStore::new());
    let desk = Desk::new(Blocking::new(on_threads(memory.clone())), rulebook());
    let open = |n| {
        desk.open(
            &call(Actor::Customer(ANN), at(BEGIN), n),
            Open::new("x").body("help"),
        )
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let error = runtime.block_on(async { open(1) }).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Other);
    assert!(error.to_string().contains("inside a runtime"), "{error}");
    assert_eq!(open(2).unwrap().number().0, 1, "nothing was done before");
}

/// A call whose answer nobody brings is given up, not waited for for ever; one that must be polled by its runtime is.
#[test]
fn a_silent_answer_is_given_up() {
    let silent = Offloaded::new(MemoryStore::new(), |job: Job| {
        Box::leak(Box::new(job)); // neither run nor dropped
    });
    let store = Blocking::new(silent).patience(Duration::from_millis(50));
    let error = store.next_delivery().unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);

    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let handle = runtime.handle().clone();
    let pooled = Offloaded::new(MemoryStore::new(), move |job| handle.spawn_blocking(job));
    let store = Blocking::waiting(pooled, move |answer| runtime.block_on(answer));
    assert_eq!(store.next_delivery().unwrap(), None);
    let lazy = Blocking::waiting(on_threads(MemoryStore::new()), |_| {});
    let error = lazy.next_delivery().unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    let stream = StreamId::ticket(TENANT, TicketId::named("t"));
    let stale = helpdesk::store::Part::check(stream, Version(3));
    let commit = Commit::new(TENANT, at(BEGIN), vec![stale]);
    assert!(lazy.commit_all(&[&commit])[0].is_err());
}

/// The visitor of rows may call the store also where a runtime brings the answers about.
#[test]
fn a_visitor_calls_a_store_that_a_runtime_brings() {
    let memory = Arc::new(MemoryStore::new());
    let desk = Desk::new(memory.clone(), rulebook());
    for n in 0..600 {
        let call = call(Actor::Customer(ANN), at(BEGIN), n);
        desk.open(&call, Open::new("x").body("help")).unwrap();
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let handle = runtime.handle().clone();
    let pooled = Offloaded::new(memory, move |job| handle.spawn_blocking(job));
    let store = Blocking::waiting(pooled, move |answer| runtime.block_on(answer));
    let mut seen = 0;
    let visit = &mut |rows: &[Fact]| {
        let ticket = StreamId::ticket(TENANT, rows[0].ticket);
        let loaded = store.load(&Load::streams(TENANT, [ticket])).unwrap();
        assert!(!loaded.streams[0].events.is_empty());
        seen += 1;
    };
    store.facts(TENANT, visit).unwrap();
    assert_eq!(seen, 600);
}

/// Rows that another version of the formulas made are made anew before anybody counts them, by both desks and on any store.
#[test]
fn rows_of_another_formula_are_made_anew() {
    fn check(store: Arc<dyn Store>) {
        let desk = Desk::new(store.clone(), rulebook());
        let ids = [1, 2, 3].map(|n| {
            let opened = call(Actor::Customer(ANN), at(BEGIN), n);
            desk.open(&opened, Open::new("x").body("help"))
                .unwrap()
                .id()
        });
        let by_kim = call(Actor::Agent(KIM), at(BEGIN) + TimeDelta::hours(1), 4);
        let answer = Command::reply("done").then_resolve();
        let answered = desk.submit(ids[1], &by_kim, answer).unwrap();
        let now = at(BEGIN) + TimeDelta::days(3);
        let report = Report::standard();
        let rows_of = |desk: &Desk<Arc<dyn Store>>| {
            let mut rows = Vec::new();
            desk.facts(&mut |of_one| rows.push(of_one.to_vec()))
                .unwrap();
            rows.sort_by_key(|of_one| of_one[0].ticket);
            rows
        };
        let (rows, told) = (rows_of(&desk), desk.report(&report, now).unwrap());

        let outdated = rows.iter().find(|of_one| of_one[0].ticket == ids[1]);
        let mut outdated = outdated.unwrap().clone();
        (outdated[0].formula, outdated[0].replies) = (FORMULA - 1, 77);
        let stream = StreamId::ticket(TENANT, ids[1]);
        let part = Part::check(stream, answered.ticket().version()).facts(outdated.clone());
        store.commit(&Commit::new(TENANT, now, vec![part])).unwrap();
        let mut stored = Vec::new();
        let mut keep = |of_one: &[Fact]| stored.push(of_one.to_vec());
        store.facts(TENANT, &mut keep).unwrap();
        assert!(stored.contains(&outdated));

        assert_eq!(rows_of(&desk), rows);
        assert_eq!(desk.report(&report, now).unwrap(), told);
        let asked = report.clone().by([Dimension::Priority]);
        assert!(desk.report_by(&asked, now).is_ok());
        assert!(
            desk.suggest(ids[0], &Suggest::new(50).unwrap(), now)
                .is_ok()
        );
        let awaiting = AsyncDesk::new(on_threads(store), rulebook());
        block_on(async {
            assert_eq!(awaiting.report(&report, now).await.unwrap(), told);
            let mut seen = 0;
            let mut count = |of_one: &[Fact]| {
                assert_eq!(of_one[0].formula, FORMULA);
                seen += 1;
            };
            awaiting.facts(&mut count).await.unwrap();
            assert_eq!(seen, 3);
        });
    }
    check(Arc::new(MemoryStore::new()));
    check(Arc::new(GroupCommit::new(FaultyStore::new(
        MemoryStore::new(),
    ))));
    #[cfg(feature = "sqlite")]
    check(Arc::new(helpdesk::store::SqliteStore::in_memory().unwrap()));
}
