//! Laws over whatever hosts report of sessions, in any order.

use chrono::{DateTime, TimeDelta, Utc};
use helpdesk::kpi::{BotTally, Contact};
use helpdesk::store::MemoryStore;
use helpdesk::ticket::{Channel, SessionEnd, SessionStep, Stage, Ticket};
use helpdesk::{Actor, Call, Command, Desk, Open, TenantId};
use proptest::prelude::*;
use uuid::Uuid;

use super::common::*;
use super::{BOT, ann, answer, by_channel, end, offer, session};

fn steps() -> impl Strategy<Value = SessionStep> {
    let channel = prop::sample::select(vec![Channel::Phone, Channel::Chat]);
    let ends = prop::sample::select(vec![
        SessionEnd::Completed,
        SessionEnd::Abandoned,
        SessionEnd::Contained,
        SessionEnd::Confirmed,
    ]);
    prop_oneof![
        2 => channel.clone().prop_map(offer),
        2 => channel.prop_map(|channel| SessionStep::Greet { bot: BOT, channel }),
        1 => Just(SessionStep::Understand { intent: name("refund") }),
        2 => Just(SessionStep::HandOver { reason: name("asked") }),
        4 => Just(answer()),
        4 => ends.prop_map(end),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    /// Whatever hosts report in whatever order: each session is answered once and ends once, every offer has one outcome, effort is the
    /// handle time of what was answered, and the fold survives its serialised form.
    #[test]
    fn sessions_have_one_outcome(
        said in prop::collection::vec((0..3usize, steps(), 0..400i64), 0..40),
        reply in any::<bool>(),
    ) {
        let desk = Desk::new(MemoryStore::new(), by_channel());
        let t = desk.open(&ann("2026-03-02T08:00:00Z"), Open::new("x").body("y")).unwrap().id();
        let mut now: DateTime<Utc> = at("2026-03-02T08:00:00Z");
        for (n, (which, step, gap)) in said.into_iter().enumerate() {
            now += TimeDelta::seconds(gap);
            let id = ["a", "b", "c"][which];
            let call = Call::with_id(Uuid::from_u128(n as u128 + 1), Actor::Agent(KIM), now);
            let _ = desk.submit(t, &call, Command::change(session(id, step)));
        }
        if reply {
            let call = Call::with_id(Uuid::from_u128(999), Actor::Agent(KIM), now);
            desk.submit(t, &call, Command::reply("Bye").then_resolve()).unwrap();
        }
        let ticket = desk.ticket(t).unwrap();
        let events = desk.tenant(TenantId::SINGLE).history(t).unwrap();
        prop_assert_eq!(&Ticket::replay(TenantId::SINGLE, &events).unwrap(), &ticket);
        let text = serde_json::to_string(&ticket).unwrap();
        prop_assert_eq!(&serde_json::from_str::<Ticket>(&text).unwrap(), &ticket);

        let mut handled = 0;
        for one in ticket.sessions() {
            let contact = Contact::of(one, now);
            prop_assert_eq!(contact.is_some(), one.offered_at().is_some());
            if let (Some((answered, _)), Some((ended, how))) = (one.answered, one.ended) {
                prop_assert!(answered <= ended);
                prop_assert_eq!(how, SessionEnd::Completed);
                handled += one.handled().unwrap().micros();
            }
            if let (Some(_), Some(offered)) = (&one.handed_over, one.offered_at()) {
                prop_assert!(one.began_at <= offered);
            }
        }
        prop_assert_eq!(ticket.effort().iter().map(|entry| entry.spent.micros()).sum::<i64>(), handled);
        let mut tally = BotTally::default();
        ticket.sessions().iter().for_each(|one| tally.add(one, now));
        for ratio in [tally.containment(), tally.resolution(), tally.hand_off()] {
            let ratio = ratio.unwrap();
            prop_assert!(ratio.numerator() <= ratio.denominator());
        }
        let mut none = tally.clone();
        ticket.sessions().iter().for_each(|one| none.retract(one, now));
        prop_assert_eq!(none, BotTally::default());
        if reply {
            prop_assert_eq!(ticket.status().stage(), Stage::Resolved);
        }
    }
}
