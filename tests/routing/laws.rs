//! The laws of routing, over arbitrary rosters and tickets.

use helpdesk::routing::{Roster, Rules, WorkItem, plan};
use helpdesk::testing::laws::routing as laws;
use helpdesk::testing::routing::{instants, items, members, queues, rosters, rules};
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
