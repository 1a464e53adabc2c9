//! Who is chosen and why: each preference, what decided, and every reason against an agent.

use chrono::TimeDelta;
use helpdesk::id::{TeamId, TicketId};
use helpdesk::routing::{
    Limits, Load, Member, Needs, Preference, Reason, ReasonKind, Route, Rules, WorkItem, plan,
    route,
};
use helpdesk::ticket::{Channel, Holder};

use super::{MORNING, agent, at, held, name, roster};

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
