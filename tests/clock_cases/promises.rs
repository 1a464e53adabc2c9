//! Promises and estimates: kept, revised, broken, and what the customer sees of them.

use helpdesk::replay::{Row, Said};
use helpdesk::sla::{Fate, State, Verdict, estimates, periods, promises};
use helpdesk::store::MemoryStore;
use helpdesk::ticket::{Change, CloseReason, Command, Metric, Pending, PendingReasons, Status};
use helpdesk::{Actor, Call, Desk, Open};

use super::{ann, at, book, history, kim, policy, shown};

/// A promise is made for an instant: no pause table moves it.
#[test]
fn a_promise_is_never_paused() {
    let book = book([policy("p", Metric::FirstResponse, "1h")
        .pauses(Metric::PromisedUpdate, PendingReasons::ALL)]);
    let promise = Said::Change(Change::PromiseUpdate(at("12:00")));
    let history = history()
        .row(Row::new(at("09:00")).by(kim()).says(promise))
        .row(
            Row::new(at("10:00"))
                .by(kim())
                .status(Status::Pending(Pending::Customer)),
        );
    let reading = shown(&book, &history, Metric::PromisedUpdate, "13:00");
    assert_eq!(
        (reading.state(), reading.due()),
        (State::Running, Some(at("12:00")))
    );
    assert!(reading.ever_breached());
}

/// A promise kept at its due is kept; revised before it, superseded; revised at it, still superseded; after it, broken for good.
#[test]
fn promises_kept_superseded_and_broken() {
    let promise = |time: &str| Command::change(Change::PromiseUpdate(at(time)));
    let of = |then: &[(&str, Command)]| {
        let desk = Desk::new(
            MemoryStore::new(),
            book([policy("p", Metric::FirstResponse, "8h")]),
        );
        let open = Open::new("x").body("help");
        let t = desk
            .open(&Call::new(Actor::Customer(ann()), at("09:00")), open)
            .unwrap()
            .id();
        let mut said = vec![("09:00", promise("12:00"))];
        said.extend(then.iter().cloned());
        for (time, command) in said {
            desk.submit(t, &Call::new(kim(), at(time)), command)
                .unwrap();
        }
        let ticket = desk.ticket(t).unwrap();
        let book = desk.rulebooks().of(&ticket).unwrap();
        let all = periods(
            &ticket,
            book.policies(),
            Metric::PromisedUpdate,
            at("16:00"),
        );
        let fates = promises(&ticket, at("16:00"));
        assert_eq!(fates.len(), all.len());
        let both = all.iter().zip(fates);
        both.map(|(one, promised)| {
            assert_eq!(Some(promised.made_at), one.started_at());
            assert_eq!(promised.ended_at, one.stopped_at());
            assert_eq!(Some(promised.due - promised.made_at), one.amount());
            (one.state(), one.verdict(), promised.fate)
        })
        .collect::<Vec<_>>()
    };
    let kept = (State::Stopped, Verdict::Met, Fate::Kept);
    let late = (State::Stopped, Verdict::Breached, Fate::Late);
    let broken = (State::Stopped, Verdict::Breached, Fate::Broken);
    let superseded = (State::Cancelled, Verdict::Open, Fate::Superseded);
    let called_off = (State::Cancelled, Verdict::Open, Fate::CalledOff);
    let answer = || Command::reply("here");
    assert_eq!(of(&[("12:00", answer())]), [kept]);
    assert_eq!(
        of(&[("+09:00", answer())]),
        [late],
        "by the wall, whatever the office"
    );
    assert_eq!(
        of(&[("11:00", promise("14:00")), ("14:00", answer())]),
        [superseded, kept]
    );
    assert_eq!(
        of(&[("12:00", promise("14:00")), ("14:00", answer())]),
        [superseded, kept]
    );
    assert_eq!(
        of(&[("12:01", promise("14:00")), ("14:00", answer())]),
        [broken, kept]
    );
    // What nobody has kept yet: it stands, and is broken once its instant is past.
    let waits = (State::Running, Verdict::Open, Fate::Standing);
    assert_eq!(of(&[("11:00", promise("16:00"))]), [superseded, waits]);
    let passed = (State::Running, Verdict::Breached, Fate::Broken);
    assert_eq!(of(&[]), [passed]);
    // An answer and a new promise in one command: the answer keeps the old one first.
    let both = answer().and(Change::PromiseUpdate(at("14:00")));
    assert_eq!(of(&[("12:00", both), ("14:00", answer())]), [kept, kept]);
    // Resolving leaves a promise; closing ends it.
    assert_eq!(
        of(&[("10:00", Command::resolve()), ("11:00", answer())]),
        [kept]
    );
    assert_eq!(
        of(&[("10:00", Command::close(CloseReason::Settled))]),
        [called_off]
    );
}

/// What the customer was told stands in her view while it stands, and an estimate is as near as the resolution after it.
#[test]
fn the_customer_sees_what_she_was_told() {
    let desk = Desk::new(
        MemoryStore::new(),
        book([policy("p", Metric::FirstResponse, "8h")]),
    );
    let say = |id, time, command| {
        let call = Call::new(kim(), at(time));
        desk.submit(id, &call, command).unwrap();
    };
    let open = Open::new("x").body("help");
    let opened = desk.open(&Call::new(Actor::Customer(ann()), at("09:00")), open);
    let id = opened.unwrap().id();
    let told = |id| {
        let view = desk.ticket(id).unwrap().customer_view(ann()).unwrap();
        (view.update_promised_by, view.resolution_estimated_at)
    };
    assert_eq!(told(id), (None, None));
    let promise = Command::change(Change::PromiseUpdate(at("12:00")));
    say(
        id,
        "09:10",
        promise.and(Change::EstimateResolution(at("15:00"))),
    );
    assert_eq!(told(id), (Some(at("12:00")), Some(at("15:00"))));
    say(
        id,
        "11:00",
        Command::reply("It will be later.").and(Change::EstimateResolution(at("16:00"))),
    );
    assert_eq!(told(id), (None, Some(at("16:00"))));
    say(id, "15:30", Command::reply("Done.").then_resolve());
    assert_eq!(told(id), (None, None));
    say(id, "15:40", Command::reopen());
    assert_eq!(told(id), (None, None), "that was about the time before");
    say(
        id,
        "15:50",
        Command::change(Change::EstimateResolution(at("+09:00"))),
    );
    assert_eq!(told(id), (None, Some(at("+09:00"))));
    let ticket = desk.ticket(id).unwrap();
    let estimates = estimates(&ticket);
    let near = estimates
        .iter()
        .map(|one| (one.is_kept(), one.off().map(|off| off.num_minutes())));
    let near: Vec<_> = near.collect();
    assert_eq!(
        near,
        [
            (Some(false), Some(30)),
            (Some(true), Some(-30)),
            (None, None)
        ]
    );
}

/// A promise or an estimate beyond the supported years is refused: nobody could ever record that it was broken.
#[test]
fn promises_are_made_within_the_supported_years() {
    let desk = Desk::new(MemoryStore::new(), book([]));
    let call = Call::new(kim(), at("09:00"));
    let opened = desk.open(&call, Open::new("x").from("ann@example.com"));
    let id = opened.unwrap().id();
    let late = "2101-06-01T00:00:00Z".parse().unwrap();
    for change in [
        Change::PromiseUpdate(late),
        Change::EstimateResolution(late),
    ] {
        let refused = desk.submit(id, &call, Command::change(change)).unwrap_err();
        assert_eq!(refused.code(), "out_of_range");
    }
    let open = Open::new("x").and(Change::PromiseUpdate(late));
    let refused = desk.open(&call, open.from("bob@example.com")).unwrap_err();
    assert_eq!(refused.code(), "out_of_range");
    let last = "2100-12-31T23:00:00Z".parse().unwrap();
    let promise = Command::change(Change::PromiseUpdate(last));
    assert!(desk.submit(id, &call, promise).is_ok());
}
