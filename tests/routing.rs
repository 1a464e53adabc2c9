//! Routing: its laws over arbitrary rosters and tickets, and what it says in plain cases.

use chrono::{DateTime, TimeDelta, Utc};
use helpdesk::calendar::Calendar;
use helpdesk::id::{AgentId, Name, TeamId, TicketId, TicketNumber};
use helpdesk::routing::{
    Limits, Load, MAX_PAIRS, Member, Needs, Preference, Reason, ReasonKind, Roster, Route, Rules,
    WorkItem, plan, route,
};
use helpdesk::testing::laws::routing as laws;
use helpdesk::testing::routing::{instants, items, members, queues, rosters, rules};
use helpdesk::ticket::{self, Change, Channel, Holder, Priority, Ticket};
use helpdesk::{Actor, Call, Command, Open};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_chosen_agent_suits(roster in rosters(), item in items(), rules in rules(), now in instants()) {
        laws::the_chosen_agent_suits(&roster, &item, &rules, now);
    }

    #[test]
    fn a_holder_who_suits_keeps_it(roster in rosters(), item in items(), rules in rules(), now in instants()) {
        laws::a_holder_who_suits_keeps_it(&roster, &item, &rules, now);
    }

    #[test]
    fn an_unsuitable_agent_changes_nothing(
        roster in rosters(), newcomer in members(), item in items(), rules in rules(), now in instants(),
    ) {
        laws::an_unsuitable_agent_changes_nothing(&roster, &newcomer, &item, &rules, now);
    }

    #[test]
    fn the_order_means_nothing(
        roster in rosters(), queue in queues(), rules in rules(), now in instants(),
        places in proptest::collection::vec(any::<prop::sample::Index>(), 24),
    ) {
        laws::the_order_means_nothing(&roster, &queue, &rules, now, |n| places[n % 24].index(n + 1));
    }

    #[test]
    fn no_limit_is_broken(roster in rosters(), queue in queues(), rules in rules(), now in instants()) {
        laws::no_limit_is_broken(&roster, &queue, &rules, now);
    }

    #[test]
    fn a_plan_is_its_routes(roster in rosters(), queue in queues(), rules in rules(), now in instants()) {
        laws::a_plan_is_its_routes(&roster, &queue, &rules, now);
    }

    #[test]
    fn what_was_chosen_is_read_back(roster in rosters(), queue in queues(), rules in rules(), now in instants()) {
        let text = serde_json::to_string(&(&roster, &queue, &rules)).unwrap();
        let read: (Roster, Vec<WorkItem>, Rules) = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(&read.1, &queue);
        prop_assert_eq!(&read.2, &rules);
        let plan = plan(&roster, &queue, &rules, now).unwrap();
        prop_assert_eq!(&helpdesk::routing::plan(&read.0, &read.1, &read.2, now).unwrap(), &plan);
        let text = serde_json::to_string(&plan).unwrap();
        prop_assert_eq!(serde_json::from_str::<helpdesk::routing::Plan>(&text).unwrap(), plan);
    }
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

const MORNING: &str = "2026-03-05T09:00:00Z";

fn agent(name: &str) -> AgentId {
    AgentId::named(name)
}

fn held(agent: AgentId) -> Holder {
    Holder {
        agent: Some(agent),
        team: None,
    }
}

fn roster(members: impl IntoIterator<Item = Member>) -> Roster {
    let early = Calendar::parse("Mon-Fri 06:00-14:00", "UTC").unwrap();
    let late = Calendar::parse("Mon-Fri 14:00-22:00", "UTC").unwrap();
    let draft = Roster::draft()
        .calendar(name("early"), early)
        .calendar(name("late"), late);
    let draft = members
        .into_iter()
        .fold(draft, |draft, member| draft.member(member));
    draft.build().unwrap()
}

/// Each preference, decided by it alone: who is better, and that it was this that decided.
#[test]
fn each_preference_decides_where_all_before_it_are_equal() {
    let (a, b) = (agent("a"), agent("b"));
    let (low, high) = (a.min(b), a.max(b)); // without a preference the lower id is chosen
    let item = || WorkItem::new(TicketId::named("T")).needs(Needs::default().skill(name("s"), 1));
    let plain = |agent| Member::new(agent).skill(name("s"), 2);
    let team = TeamId::named("front");
    let of_team = Holder {
        agent: None,
        team: Some(team),
    };
    let limited = |agent, held| {
        let load = (0..held).fold(Load::default(), |load, _| load.and(&Channel::Email, 1));
        plain(agent).limits(Limits::tickets(10)).load(load)
    };
    type Case = (Preference, Member, Member, WorkItem);
    let cases: Vec<Case> = vec![
        (
            Preference::Holder,
            plain(low),
            plain(high).load(Load::default().and(&Channel::Email, 1)),
            item().held_by(held(high)),
        ),
        (
            Preference::LastAgent,
            plain(low),
            plain(high),
            item().last_agent(high),
        ),
        (
            Preference::SameTeam,
            plain(low),
            plain(high).team(team),
            item().held_by(of_team),
        ),
        (
            Preference::LowestTier,
            plain(low).tier(2),
            plain(high).tier(1),
            item(),
        ),
        (
            Preference::LeastLoad,
            limited(low, 5),
            limited(high, 4),
            item(),
        ),
        (
            Preference::BestSkill,
            plain(low),
            plain(high).skill(name("s"), 3),
            item(),
        ),
        (
            Preference::ClosestSkill,
            plain(low),
            plain(high).skill(name("s"), 1),
            item(),
        ),
        (
            Preference::LongestIdle,
            plain(low).last_given_at(at(MORNING)),
            plain(high).last_given_at(at("2026-03-05T08:59:00Z")),
            item(),
        ),
    ];
    for (preference, worse, better, item) in cases {
        let mut rules = Rules::default();
        rules.prefer = vec![preference];
        let roster = roster([worse.clone(), better]);
        let choice = route(&roster, &item, &rules, at(MORNING)).unwrap();
        assert_eq!(choice.route().agent(), Some(high), "{preference:?}");
        assert_eq!(choice.decided_by(), Some(preference));
        let because = Reason::Better(preference);
        assert_eq!(choice.others()[0].reasons, [because], "{preference:?}");
        rules.prefer.clear();
        let choice = route(&roster, &item, &rules, at(MORNING)).unwrap();
        assert_eq!(choice.route().agent(), Some(low), "without {preference:?}");
        assert_eq!(choice.decided_by(), Some(Preference::SmallestId));
    }
}

#[test]
fn what_decided_is_told_against_the_next_best() {
    // In the order of ids: far behind, second, best. The first two are told apart late, the best is told from both early.
    let mut ids = [agent("a"), agent("b"), agent("c")];
    ids.sort();
    let given = |minute| at(MORNING) - TimeDelta::minutes(minute);
    let roster = roster([
        Member::new(ids[0]).tier(1).last_given_at(given(1)),
        Member::new(ids[1]).tier(1).last_given_at(given(2)),
        Member::new(ids[2]).tier(0).last_given_at(given(0)),
    ]);
    let item = WorkItem::new(TicketId::named("T"));
    let choice = route(&roster, &item, &Rules::default(), at(MORNING)).unwrap();
    assert_eq!(choice.route().agent(), Some(ids[2]));
    assert_eq!(choice.decided_by(), Some(Preference::LowestTier));
}

#[test]
fn every_reason_is_told() {
    let (skill, language) = (name("billing"), name("de"));
    let mut needs = Needs::default()
        .skill(skill.clone(), 2)
        .skill(name("tax"), 1)
        .language(language)
        .tier(1)
        .customer_tier(name("gold"))
        .team(TeamId::named("invoices"));
    needs.not.insert(agent("a"));
    let limits = Limits::tickets(1).weight(1).on(Channel::Chat, 1);
    let hopeless = Member::new(agent("a"))
        .skill(skill, 1)
        .serving(name("silver"))
        .away(true)
        .shift(name("late"))
        .limits(limits)
        .load(Load::default().and(&Channel::Chat, 1));
    let item = WorkItem::new(TicketId::named("T"))
        .over(Channel::Chat)
        .weight(2)
        .needs(needs);
    let choice = route(&roster([hopeless]), &item, &Rules::default(), at(MORNING)).unwrap();
    assert_eq!(choice.route(), Route::Nobody { from: None });
    let kinds: Vec<ReasonKind> = choice.others()[0]
        .reasons
        .iter()
        .map(Reason::kind)
        .collect();
    assert_eq!(
        kinds,
        [
            ReasonKind::Excluded,
            ReasonKind::OtherTeam,
            ReasonKind::Skill,
            ReasonKind::Skill,
            ReasonKind::Language,
            ReasonKind::Tier,
            ReasonKind::CustomerTier,
            ReasonKind::Away,
            ReasonKind::OffShift,
            ReasonKind::TicketLimit,
            ReasonKind::WeightLimit,
            ReasonKind::ChannelLimit,
        ]
    );
    let told = choice.others()[0].to_string();
    for part in [
        "has the skill `billing` at level 1, level 2 is needed",
        "has no skill `tax`",
        "does not speak `de`",
        "is off shift until 2026-03-05 14:00:00 UTC",
        "holds 1 of at most 1 tickets on the channel `chat`",
    ] {
        assert!(told.contains(part), "{told}");
    }
}

#[test]
fn a_ticket_stays_with_a_holder_who_is_back_in_time() {
    let (late, there) = (agent("late"), agent("there"));
    let roster = roster([
        Member::new(late).shift(name("late")),
        Member::new(there).shift(name("early")),
    ]);
    let item = WorkItem::new(TicketId::named("T")).held_by(held(late));
    let rules = Rules::default(); // back at 14:00, an hour before due
    let routed = |item: &WorkItem| route(&roster, item, &rules, at(MORNING)).unwrap();
    let in_time = routed(&item.clone().due(at("2026-03-05T15:00:00Z")));
    let from = at("2026-03-05T14:00:00Z");
    assert_eq!(in_time.route(), Route::Stays { agent: late, from });
    assert!(!in_time.transfers().any());
    assert_eq!(in_time.others()[0].reasons, [Reason::Stays]);
    for moves in [item.clone().due(at("2026-03-05T14:59:59Z")), item] {
        let choice = routed(&moves);
        assert_eq!(choice.route().agent(), Some(there));
        assert!(choice.transfers().agent);
        assert!(
            choice.to_string().ends_with("this is a transfer"),
            "{choice}"
        );
    }
}

#[test]
fn a_shift_is_over_at_its_end() {
    let roster = roster([Member::new(agent("a")).shift(name("early"))]);
    let item = WorkItem::new(TicketId::named("T"));
    let at_end = route(
        &roster,
        &item,
        &Rules::default(),
        at("2026-03-05T14:00:00Z"),
    )
    .unwrap();
    let from = Some(at("2026-03-06T06:00:00Z"));
    assert_eq!(at_end.route(), Route::Nobody { from });
    let before = at("2026-03-05T13:59:59.999999Z");
    let before = route(&roster, &item, &Rules::default(), before).unwrap();
    assert_eq!(before.route().agent(), Some(agent("a")));
}

#[test]
fn the_queue_is_that_of_the_team_that_has_it_else_of_whoever_comes_soonest() {
    let (front, back) = (TeamId::named("front"), TeamId::named("back"));
    let roster = roster([
        Member::new(agent("a")).team(front).shift(name("early")),
        Member::new(agent("b")).team(back).shift(name("late")),
    ]);
    let night = at("2026-03-05T23:00:00Z");
    let item = WorkItem::new(TicketId::named("T"));
    let queue = |item: &WorkItem| route(&roster, item, &Rules::default(), night).unwrap();
    let soonest = Route::Team {
        team: front,
        from: Some(at("2026-03-06T06:00:00Z")),
    };
    assert_eq!(queue(&item).route(), soonest);
    let has_it = Holder {
        agent: None,
        team: Some(back),
    };
    let kept = queue(&item.clone().held_by(has_it));
    let from = Some(at("2026-03-06T14:00:00Z"));
    assert_eq!(kept.route(), Route::Team { team: back, from });
    assert!(!kept.transfers().any());
    let only = Needs::default().team(back);
    assert_eq!(queue(&item.needs(only)).route(), kept.route());
}

/// A limit that was lowered below what an agent holds takes nothing away: it keeps other tickets from coming.
#[test]
fn a_holder_over_a_lowered_limit_keeps_what_is_held() {
    let (full, free) = (agent("full"), agent("free"));
    let load = (0..3).fold(Load::default(), |load, _| load.and(&Channel::Chat, 2));
    let lowered = [
        Limits::tickets(2),
        Limits::default().weight(5),
        Limits::default().on(Channel::Chat, 2),
    ];
    for limits in lowered {
        let roster = roster([
            Member::new(full).limits(limits).load(load.clone()),
            Member::new(free),
        ]);
        let item = |key| {
            WorkItem::new(TicketId::named(key))
                .over(Channel::Chat)
                .weight(2)
        };
        let held = ["1", "2", "3"].map(|key| item(key).held_by(held(full)));
        let [of_three, ..] = &held;
        let choice = route(&roster, of_three, &Rules::default(), at(MORNING)).unwrap();
        assert_eq!(choice.route().agent(), Some(full), "{choice}");
        let mut items = held.to_vec();
        items.push(item("new"));
        let plan = plan(&roster, &items, &Rules::default(), at(MORNING)).unwrap();
        assert_eq!(plan.transfers(), 0);
        let new = plan.of(TicketId::named("new")).unwrap();
        assert_eq!(new.route.agent(), Some(free));
    }
}

/// Whose limits leave no room for a ticket even where nothing is held will never take it: no queue waits for her.
#[test]
fn no_queue_waits_for_who_could_never_take_it() {
    let (front, back) = (TeamId::named("front"), TeamId::named("back"));
    let item = WorkItem::new(TicketId::named("T"))
        .over(Channel::Chat)
        .weight(3);
    let never = [
        Limits::tickets(0),
        Limits::default().weight(2),
        Limits::default().on(Channel::Chat, 0),
    ];
    let routed = |roster: &Roster, item: &WorkItem| {
        let choice = route(roster, item, &Rules::default(), at(MORNING)).unwrap();
        choice.route()
    };
    for limits in never {
        let closed = Member::new(agent("a")).team(front).limits(limits.clone());
        let alone = roster([closed.clone()]);
        assert_eq!(routed(&alone, &item), Route::Nobody { from: None });
        let without_team = Member::new(agent("a")).limits(limits);
        let alone = roster([without_team]);
        assert_eq!(routed(&alone, &item), Route::Nobody { from: None });
        let late = Member::new(agent("b")).team(back).shift(name("late"));
        let both = roster([closed.clone(), late]);
        let from = Some(at("2026-03-05T14:00:00Z"));
        let has_it = Holder {
            agent: None,
            team: Some(front),
        };
        for item in [item.clone(), item.clone().held_by(has_it)] {
            assert_eq!(routed(&both, &item), Route::Team { team: back, from });
        }
        // Who holds it needs no room for it.
        let away = roster([closed.away(true)]);
        let held = item.clone().held_by(held(agent("a")));
        let waits = Route::Team {
            team: front,
            from: None,
        };
        assert_eq!(routed(&away, &held), waits);
    }
    // A load of now is no reason: there will be room.
    let load = Load::default().and(&Channel::Chat, 3);
    let full = Member::new(agent("a")).team(front).load(load);
    let roster = roster([full.limits(Limits::tickets(1).weight(3))]);
    let from = Some(at(MORNING));
    assert_eq!(routed(&roster, &item), Route::Team { team: front, from });
}

#[test]
fn a_plan_takes_the_urgent_first_then_the_due_then_the_waiting() {
    let roster = roster([Member::new(agent("a")).limits(Limits::tickets(2))]);
    let ticket = |key: &str| WorkItem::new(TicketId::named(key));
    let items = [
        ticket("usual"),
        ticket("due later").due(at("2026-03-06T09:00:00Z")),
        ticket("due").due(at("2026-03-05T10:00:00Z")),
        ticket("waiting").since(at("2026-03-01T09:00:00Z")),
        ticket("urgent").priority(Priority::Urgent),
    ];
    let plan = plan(&roster, &items, &Rules::default(), at(MORNING)).unwrap();
    let order: Vec<TicketId> = plan.assigned.iter().map(|one| one.ticket).collect();
    let expected = ["urgent", "due", "due later", "waiting", "usual"];
    assert_eq!(order, expected.map(TicketId::named));
    assert_eq!((plan.given(), plan.transfers()), (2, 0));
    let late = plan.of(TicketId::named("due later")).unwrap();
    assert_eq!(late.unsuited.get(&ReasonKind::TicketLimit), Some(&1));
    assert_eq!(late.suited, 0);
}

#[test]
fn a_ticket_that_moves_leaves_room_where_it_was() {
    let (full, free) = (agent("full"), agent("free"));
    let skill = name("s");
    let load = Load::default().and(&Channel::Email, 1);
    let roster = roster([
        Member::new(full).limits(Limits::tickets(1)).load(load),
        Member::new(free)
            .limits(Limits::tickets(1))
            .skill(skill.clone(), 1),
    ]);
    let moves = WorkItem::new(TicketId::named("moves"))
        .priority(Priority::High)
        .held_by(held(full))
        .needs(Needs::default().skill(skill, 1));
    let comes = WorkItem::new(TicketId::named("comes"));
    let plan = plan(&roster, &[comes, moves], &Rules::default(), at(MORNING)).unwrap();
    let of = |key: &str| plan.of(TicketId::named(key)).unwrap().route.agent();
    assert_eq!((of("moves"), of("comes")), (Some(free), Some(full)));
    assert_eq!(plan.transfers(), 1);
}

/// So does one that goes to a team's queue.
#[test]
fn a_ticket_that_goes_to_a_queue_leaves_room_where_it_was() {
    let team = TeamId::named("t");
    let skill = name("s");
    let held_one = Load::default().and(&Channel::Email, 1);
    let roster = roster([
        Member::new(agent("full"))
            .limits(Limits::tickets(1))
            .load(held_one),
        Member::new(agent("late"))
            .team(team)
            .shift(name("late"))
            .skill(skill.clone(), 1),
    ]);
    let moves = WorkItem::new(TicketId::named("moves"))
        .priority(Priority::High)
        .held_by(held(agent("full")))
        .needs(Needs::default().skill(skill, 1));
    let comes = WorkItem::new(TicketId::named("comes"));
    let plan = plan(&roster, &[comes, moves], &Rules::default(), at(MORNING)).unwrap();
    let route = |key: &str| plan.of(TicketId::named(key)).unwrap().route;
    assert!(matches!(route("moves"), Route::Team { team: to, .. } if to == team));
    assert_eq!(route("comes").agent(), Some(agent("full")));
}

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

#[test]
fn a_plan_of_too_many_pairs_is_refused_and_a_large_one_is_quick() {
    let many = |n: usize, key: &str| (0..n).map(|n| format!("{key}{n}")).collect::<Vec<_>>();
    let members = many(1_000, "a");
    let members = members.iter().map(|key| {
        let limits = Limits::tickets(8).on(Channel::Chat, 3);
        Member::new(agent(key))
            .limits(limits)
            .skill(name("s"), 1 + key.len() as u8 % 3)
    });
    let roster = roster(members);
    let items: Vec<_> = many(4_000, "t")
        .iter()
        .map(|key| {
            let needs = Needs::default().skill(name("s"), 1 + key.len() as u8 % 3);
            WorkItem::new(TicketId::named(key))
                .over(Channel::Chat)
                .needs(needs)
        })
        .collect();
    let plan = plan(&roster, &items, &Rules::default(), at(MORNING)).unwrap();
    // Three chats each: room for the 990 tickets of the lower levels, and for at most 30 of the 3,010 of the highest.
    assert!((990..=1_020).contains(&plan.given()), "{}", plan.given());
    let too_many = MAX_PAIRS as usize / 1_000 + 1;
    let items = vec![items[0].clone(); too_many];
    let error = helpdesk::routing::plan(&roster, &items, &Rules::default(), at(MORNING));
    assert!(error.unwrap_err().to_string().contains("in several parts"));
}
