//! The laws of comparing two rulebooks, over stories of any kind.

use chrono::{DateTime, TimeDelta, Utc};
use helpdesk::escalation::Action;
use helpdesk::replay::{Changed, How, What, WhatIf, what_if};
use helpdesk::rulebook::RulebookDraft;
use helpdesk::sla::Policy;
use helpdesk::store::MemoryStore;
use helpdesk::ticket::{Metric, Recorded};
use helpdesk::{Actor, Calendar, Desk, Rulebook};
use proptest::prelude::*;

use super::common::*;
use super::{TENANT, WEEK, counts, draft, target};

/// The rules of the stories with other hours, one target more and one rule less.
fn other() -> Rulebook {
    let mut draft = rulebook().as_draft().clone();
    let office = Calendar::parse("Mon-Sat 08:00-20:00", "America/New_York").unwrap();
    draft.calendars.insert(name("office"), office);
    draft.policies[1]
        .targets
        .insert(Metric::FirstResponse, target("90min"));
    draft
        .escalations
        .retain(|rule| rule.name.as_str() != "resolve");
    draft.build().unwrap()
}

/// The story, lived under these rules with these sweeps, and an instant after it.
fn told(rules: Rulebook, story: &[Say], sweeps: &[i64]) -> (Vec<Recorded>, DateTime<Utc>) {
    let desk = Desk::new(MemoryStore::new(), rules);
    let sweeps: Vec<_> = sweeps
        .iter()
        .map(|m| at(BEGIN) + TimeDelta::minutes(*m))
        .collect();
    let (ticket, now) = tell(&desk, story, &sweeps);
    (history(&desk, ticket), now)
}

fn instants() -> impl Strategy<Value = Vec<i64>> {
    proptest::collection::btree_set(0..60_000_i64, 0..20).prop_map(|set| set.into_iter().collect())
}

fn mirrored(changed: &Changed) -> (What, Option<DateTime<Utc>>, Option<DateTime<Utc>>) {
    (changed.what.clone(), changed.after, changed.before)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    /// However the desk was swept: what it recorded comes about again, and the same rules twice differ in nothing.
    #[test]
    fn the_same_rules_change_nothing(story in stories(), sweeps in instants(), later in gaps()) {
        let (history, now) = told(rulebook(), &story, &sweeps);
        let mut what_if = WhatIf::new(rulebook(), rulebook(), now + later);
        let one = what_if.add(TENANT, &history).unwrap();
        prop_assert_eq!(&one.changes, &[]);
        prop_assert_eq!(one.unlike_record, None);
        let all = what_if.finish().unwrap();
        prop_assert!(all.is_empty());
        prop_assert!(all.before.anomalies.is_empty(), "{:?}", all.before.anomalies);
        prop_assert_eq!((all.redone.equal, all.redone.unlike), (1, 0));
    }

    /// Swapping the rulebooks mirrors the difference; the parts of each line add up.
    #[test]
    fn swapping_mirrors(story in stories(), sweeps in instants(), later in gaps()) {
        let (history, now) = told(rulebook(), &story, &sweeps);
        let there = |before: &Rulebook, after: &Rulebook| {
            let mut what_if = WhatIf::new(before, after, now + later);
            let one = what_if.add(TENANT, &history).unwrap();
            (one, what_if.finish().unwrap())
        };
        let (one, all) = there(&rulebook(), &other());
        let (back, back_all) = there(&other(), &rulebook());
        let plain = |c: &Changed| (c.what.clone(), c.before, c.after);
        prop_assert_eq!(one.changes.iter().map(plain).collect::<Vec<_>>(), back.changes.iter().map(mirrored).collect::<Vec<_>>());
        prop_assert_eq!((&all.before, &all.after), (&back_all.after, &back_all.before));
        prop_assert_eq!(all.lines.len(), back_all.lines.len());
        for (line, mirror) in all.lines.iter().zip(&back_all.lines) {
            let [before, after, same, moved, vanished, appeared] = counts(line);
            prop_assert_eq!((before, after), (same + moved + vanished, same + moved + appeared));
            prop_assert_eq!(counts(mirror), [after, before, same, moved, appeared, vanished]);
            prop_assert_eq!((&line.earlier, &line.later), (&mirror.later, &mirror.earlier));
        }
        prop_assert_eq!(all.is_empty(), one.changes.is_empty() && all.before.report == all.after.report);
    }

    /// The difference is the one between two real desks, where nobody minds the rules: messages of agents and changes alone.
    #[test]
    fn it_is_the_difference_of_two_desks(story in stories(), sweeps in instants(), later in gaps()) {
        let harmless: Vec<Say> = story.into_iter().map(|mut say| {
            say.actor = Actor::Agent(KIM);
            say.command.step = None;
            say
        }).collect();
        // No rule of these moves or changes a ticket, so each command means the same on both desks.
        let quiet = |mut draft: RulebookDraft| {
            let harmful = |action: &Action| !matches!(action, Action::Notify(_) | Action::Custom(_));
            draft.escalations.iter_mut().flat_map(|rule| &mut rule.levels).for_each(|level| level.actions.retain(|a| !harmful(a)));
            draft.build().unwrap()
        };
        let (before, after) = (quiet(rulebook().as_draft().clone()), quiet(other().as_draft().clone()));
        let (here, now) = told(before.clone(), &harmless, &sweeps);
        let (there, _) = told(after.clone(), &harmless, &[]);
        let as_of = now + later;
        let all = what_if(TENANT, [&here], &before, &after, as_of).unwrap();
        let real = what_if(TENANT, [&there], &after, &after, as_of).unwrap();
        prop_assert_eq!(real.redone.equal, 1);
        prop_assert_eq!(&all.after, &real.after);
        let breaches = |events: &[Recorded]| events.iter().filter(|e| matches!(e.event, helpdesk::ticket::Event::Breached { .. })).count() as u64;
        let line_sum: u64 = real.lines.iter().filter(|l| matches!(l.what, What::Breach(_))).map(|l| l.after).sum();
        let after_sum: u64 = all.lines.iter().filter(|l| matches!(l.what, What::Breach(_))).map(|l| l.after).sum();
        prop_assert_eq!(line_sum, after_sum);
        prop_assert!(breaches(&there) <= line_sum, "what a desk announced, it announced");
    }

    /// More opening hours never make a due later, nor anything vanish. Something may appear: a breach, or the due of a clock that
    /// rests in a pause with its target used up.
    #[test]
    fn more_hours_never_make_a_due_later(
        story in stories(),
        more in proptest::sample::select(vec!["Mon-Sat 09:00-17:00", "Mon-Fri 08:00-17:30", "daily 00:00-24:00"]),
        later in gaps(),
    ) {
        let rules = |hours: &str| {
            draft(hours)
                .policy(Policy::new(name("inner")).agreement(helpdesk::ticket::Agreement::Ola)
                    .target(Metric::NextResponse, target("2h"))
                    .target(Metric::AgentWork, target("6h"))
                    .target(Metric::Ownership, target("1h")))
                .build()
                .unwrap()
        };
        let (fewer, more) = (rules(WEEK), rules(more));
        let (history, now) = told(fewer.clone(), &story, &[]);
        let mut what_if = WhatIf::new(&fewer, &more, now + later);
        for changed in what_if.add(TENANT, &history).unwrap().changes {
            match changed.how() {
                How::Moved => prop_assert!(changed.after < changed.before, "{:?}", changed),
                how => prop_assert_eq!(how, How::Appeared, "{:?}", changed),
            }
        }
    }
}
