//! The rules of routing: what they say that a ticket needs, and what is wrong with some.

use chrono::TimeDelta;
use helpdesk::id::{TeamId, TicketId, TicketNumber};
use helpdesk::routing::{Limits, Member, Needs, Roster, Rules, WorkItem, plan, route};
use helpdesk::ticket::{self, Change, Channel, Priority, Ticket};
use helpdesk::{Actor, Call, Command, Open};

use super::{MORNING, agent, at, name, roster};

#[test]
fn the_rules_say_what_a_ticket_needs() {
    let rules: Rules = serde_json::from_str(
        r#"{
          "requirements": [
            {"when": {"tag": "invoice"}, "needs": {"skills": {"billing": 2}, "tier": 1}},
            {"when": {"priority": ["urgent"]}, "needs": {"skills": {"billing": 3, "calm": 1}}},
            {"when": {"tag": "other"}, "needs": {"skills": {"other": 1}}}
          ],
          "language_field": "language",
          "customer_tier_field": "customer tier",
          "weights": [{"channel": "chat", "tickets": 3}]
        }"#,
    )
    .unwrap();
    let kim = agent("kim");
    let begin = at(MORNING);
    let call = |minutes| Call::new(Actor::agent(kim), begin + TimeDelta::minutes(minutes));
    let text = |field: &str, value: &str| Change::Field {
        name: name(field),
        value: Some(ticket::FieldValue::Text(value.to_owned())),
    };
    let open = Open::new("Wrong invoice")
        .from("ann@example.com")
        .over(Channel::Chat)
        .priority(Priority::Urgent)
        .and(Change::AddTag(name("invoice")))
        .and(text("language", "de"))
        .and(text("customer tier", "gold"));
    let book = ticket::Rules::default();
    let opened = ticket::open(&book, &call(0), &open, TicketNumber(1), None).unwrap();
    let mut ticket = Ticket::replay(call(0).tenant_id(), &opened.recorded(&call(0))).unwrap();
    for (minute, command) in [
        (
            1,
            Command::change(Change::Assign {
                agent: Some(kim),
                team: None,
            }),
        ),
        (2, Command::reply("Which one?")),
        (
            3,
            Command::change(Change::Assign {
                agent: None,
                team: Some(TeamId::named("t")),
            }),
        ),
    ] {
        let call = call(minute);
        let decision = ticket::decide(&ticket, &book, &call, call.at(), &command).unwrap();
        for event in decision.recorded_after(&ticket, &call) {
            ticket.apply(&event);
        }
    }

    let item = rules.item(&ticket).unwrap();
    let needs = Needs::default()
        .skill(name("billing"), 3)
        .skill(name("calm"), 1)
        .language(name("de"))
        .tier(1)
        .customer_tier(name("gold"));
    assert_eq!(item.needs, needs);
    assert_eq!((item.weight, item.priority), (3, Priority::Urgent));
    assert_eq!(item.holder.agent, None);
    assert_eq!(item.before.agent, Some(kim));
    assert_eq!(item.last_agent, Some(kim));
    assert_eq!(item.since, Some(begin + TimeDelta::minutes(3)));

    // It takes room where it goes on.
    assert_eq!(item.channel, Channel::Chat);
    let goes_on = Command::change(Change::Continue(Channel::Email));
    let at = call(4);
    let decision = ticket::decide(&ticket, &book, &at, at.at(), &goes_on).unwrap();
    for event in decision.recorded_after(&ticket, &at) {
        ticket.apply(&event);
    }
    let item = rules.item(&ticket).unwrap();
    assert_eq!((item.channel, item.weight), (Channel::Email, 1));
}

#[test]
fn more_needs_are_met_by_those_who_met_the_fewer() {
    let (a, b) = (TeamId::named("a"), TeamId::named("b"));
    let both = Needs::default().team(a).and(&Needs::default().team(b));
    assert_eq!(both.teams, Some(Default::default()), "no team may");
    let one = Needs::default().team(a).and(&Needs::default());
    assert_eq!(one.teams, Some([a].into()));
}

#[test]
fn what_is_wrong_is_named() {
    let ann = agent("ann");
    let refused = |draft: helpdesk::routing::RosterDraft| draft.build().unwrap_err().to_string();
    let draft = Roster::draft;
    let twice = refused(draft().member(Member::new(ann)).member(Member::new(ann)));
    assert_eq!(
        twice,
        format!("agent `{ann}` stands in the roster twice; each stands in it once")
    );
    let no_shift = refused(draft().member(Member::new(ann).shift(name("night"))));
    assert!(
        no_shift.contains("the shift `night`") && no_shift.ends_with("there are none"),
        "{no_shift}"
    );
    let level = refused(draft().member(Member::new(ann).skill(name("tax"), 0)));
    assert!(
        level.contains("the skill `tax`") && level.contains("1 to 255"),
        "{level}"
    );
    let limits = Limits::default().on(Channel::Chat, 1).on(Channel::Chat, 2);
    let channel = refused(draft().member(Member::new(ann).limits(limits)));
    assert!(
        channel.contains("the channel `chat` stands twice in the limits"),
        "{channel}"
    );

    let roster = roster([Member::new(ann)]);
    let item = WorkItem::new(TicketId::named("T"));
    let rules = Rules::default();
    let items = [item.clone(), item.clone()];
    let error = plan(&roster, &items, &rules, at(MORNING)).unwrap_err();
    assert!(
        error.to_string().contains("is to be planned twice"),
        "{error}"
    );
    let early = at("1969-12-31T00:00:00Z");
    let on_shift = Member::new(ann).shift(name("early"));
    let error = route(&self::roster([on_shift]), &item, &rules, early).unwrap_err();
    assert!(
        error.to_string().contains("outside the supported range"),
        "{error}"
    );
    let no_level = item.needs(Needs::default().skill(name("tax"), 0));
    let error = route(&roster, &no_level, &rules, at(MORNING)).unwrap_err();
    assert!(error.to_string().contains("the skill `tax`"), "{error}");
}
