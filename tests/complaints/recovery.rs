//! Who is won back: a low mark, and the next one of whoever gave it.

use chrono::TimeDelta;
use helpdesk::id::{AgentId, CustomerId};
use helpdesk::kpi::{Bands, RecoveryTally};
use helpdesk::ticket::{Change, RatingKind};
use helpdesk::{Actor, Call, Command};

use super::{BEGIN, Told, at};

/// Whoever was let down is who gave the mark: a participant is not won back by the requester's next one.
#[test]
fn recovery_follows_who_gave_the_mark() {
    let told = Told::new();
    let bob = CustomerId::named("bob");
    let by = |actor, minutes: i64| Call::new(actor, Told::call(minutes).at());
    let say = |ticket, call: &Call, command| told.desk.submit(ticket, call, command).unwrap();
    let (hers, next) = (
        told.open(0, "ann@example.com"),
        told.open(60, "ann@example.com"),
    );
    let ann = Actor::Customer(told.desk.ticket(hers).unwrap().requester());
    let joins = Command::change(Change::AddParticipant(bob));
    say(hers, &by(Actor::agent(AgentId::named("kim")), 5), joins);
    told.say(hers, 10, Command::resolve());
    say(
        hers,
        &by(Actor::Customer(bob), 20),
        Command::rate(RatingKind::Csat, 1),
    );
    told.say(next, 70, Command::resolve());
    say(next, &by(ann, 80), Command::rate(RatingKind::Csat, 5));
    let mut tally = RecoveryTally::default();
    tally.add(&told.rows()).unwrap();
    let as_of = at(BEGIN) + TimeDelta::days(1);
    let report = tally.report(RatingKind::Csat, &Bands::Middle, as_of);
    let recovered = report.recovered.to_string();
    assert_eq!(recovered, "- (0 of 0; left out: 1 unanswered)");

    // The same mark of somebody else is another mark; of one cycle the last one stands.
    say(hers, &by(ann, 25), Command::rate(RatingKind::Csat, 1));
    let mut tally = RecoveryTally::default();
    tally.add(&told.rows()).unwrap();
    let report = tally.report(RatingKind::Csat, &Bands::Middle, as_of);
    assert_eq!(report.recovered.to_string(), "100.0 % (1 of 1)");
}

#[test]
fn recovery_pairs_a_low_mark_with_the_next_one() {
    let told = Told::new();
    let rate = |ticket, minutes: i64, mark| {
        let call = Call::new(Actor::System, Told::call(minutes).at());
        told.desk
            .submit(ticket, &call, Command::rate(RatingKind::Csat, mark))
            .unwrap();
    };
    let won = told.open(0, "ann@example.com");
    told.say(won, 10, Command::resolve());
    rate(won, 20, 2);
    rate(won, 21, 1); // revised: this one stands
    told.say(won, 30, Command::reopen());
    told.say(won, 40, Command::resolve());
    rate(won, 50, 5); // won back, on the same ticket
    let first = told.open(0, "bob@example.com");
    told.say(first, 10, Command::resolve());
    rate(first, 20, 1);
    let second = told.open(60, "bob@example.com");
    told.say(second, 70, Command::resolve());
    rate(second, 80, 2); // not won back on the next ticket, and nothing followed
    let neutral = told.open(0, "cat@example.com");
    told.say(neutral, 10, Command::resolve());
    rate(neutral, 20, 3);

    let mut tally = RecoveryTally::default();
    tally.add(&told.rows()).unwrap();
    let as_of = at(BEGIN) + TimeDelta::days(1);
    let report = tally.report(RatingKind::Csat, &Bands::Middle, as_of);
    assert_eq!(
        report.recovered.to_string(),
        "50.0 % (1 of 2; left out: 1 unanswered)"
    );
    assert_eq!(report.before_and_after, (2, 7, 2));
    assert_eq!(
        tally.report(RatingKind::Ces, &Bands::Middle, as_of),
        Default::default()
    );
    let mut again = tally.clone();
    again.add(&told.rows()).unwrap();
    again.merge(&tally);
    assert_eq!(again, tally);
}
