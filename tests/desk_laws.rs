//! The laws of a whole desk, over stories with merges, splits, links, sessions, surveys, reviews and everything beside tickets: nobody
//! learns what the desk keeps to itself, nothing is lost, and an erased person leaves the figures as they were and no trace.

#![cfg(all(
    feature = "flat",
    feature = "report",
    feature = "sqlite",
    feature = "testing"
))]
#![allow(unsafe_code)] // the C ABI is called as C calls it

#[cfg(feature = "capi")]
#[path = "capi_common/mod.rs"]
mod capi_common;
mod common;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use helpdesk::customer::Profile;
use helpdesk::escalation::{Action, Level, Recipient, Rule, Trigger};
use helpdesk::feedback::Feedback;
use helpdesk::id::{ContentId, Name, VisitId};
use helpdesk::improvement::Finding;
use helpdesk::kpi::table::FactTable;
use helpdesk::kpi::table::flat::Csv;
use helpdesk::kpi::{Dimension, Fact, Kpi, Names, Report, Window};
use helpdesk::quality::Review;
use helpdesk::report::Overview;
use helpdesk::self_service::{Article, Visit};
use helpdesk::sla::{Condition, Policy};
use helpdesk::store::{
    Filter, Load, MemoryStore, OutboxMessage, Page, SqliteStore, Store, StreamId, StreamKind,
};
use helpdesk::testing::desk_story::{
    CUSTOMERS, DeskStory, INTERNAL, Telling, What, customer, desk_stories, mark, persons, rules,
};
use helpdesk::ticket::{Direction, Link, Metric, SessionEnd, Ticket, Visibility};
use helpdesk::{Desk, Rulebook, TenantId, TicketId};
use proptest::prelude::*;
use serde_json::Value;
use uuid::Uuid;

const TENANT: TenantId = TenantId::SINGLE;

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn book() -> Rulebook {
    let hours = |text: &str| text.parse().unwrap();
    let policy = Policy::new(name("all"))
        .when(Condition::Always)
        .target(Metric::FirstResponse, hours("2h"))
        .target(Metric::NextResponse, hours("2h"))
        .target(Metric::TotalResolution, hours("8h"));
    let late = Level::new(name("late"), "100 %".parse().unwrap());
    let late = late.action(Action::AddTag(name("late")));
    let late = late.action(Action::Notify(Recipient::Role(name("lead"))));
    let rule = Rule::new(name("answer"), Trigger::clock(Metric::NextResponse)).withdraw();
    let draft = Rulebook::draft().policy(policy);
    rules(draft.escalation(rule.level(late))).unwrap()
}

fn told<S: Store>(desk: &Desk<S>, story: &DeskStory) -> Vec<TicketId> {
    story.tell(desk).unwrap().tickets
}

/// Every id that stands anywhere in a value.
fn ids(value: &Value, found: &mut BTreeSet<ContentId>) {
    match value {
        Value::String(text) => found.extend(Uuid::parse_str(text).ok().map(ContentId::from_uuid)),
        Value::Array(values) => values.iter().for_each(|value| ids(value, found)),
        Value::Object(values) => values.values().for_each(|value| ids(value, found)),
        _ => {}
    }
}

/// The texts behind every id in it.
fn texts<S: Store>(desk: &Desk<S>, value: &Value) -> Vec<String> {
    let mut found = BTreeSet::new();
    ids(value, &mut found);
    let found: Vec<_> = found.into_iter().collect();
    let known = desk.tenant(TENANT).content(&found).unwrap();
    known.into_iter().flatten().map(|text| text.text).collect()
}

fn json(value: impl serde::Serialize) -> Value {
    serde_json::to_value(value).unwrap()
}

/// Everything that a store holds of a tenant, but for the texts themselves: histories and snapshots of every kind, list rows, facts and
/// the outbox.
fn dump<S: Store>(desk: &Desk<S>, now: DateTime<Utc>) -> Value {
    let store = desk.store();
    let mut all = BTreeMap::new();
    for kind in StreamKind::ALL {
        let found = store.streams(TENANT, kind, None, 1_000).unwrap();
        for id in found {
            let stream = StreamId {
                tenant: TENANT,
                kind,
                id,
            };
            let key = format!("{kind} {id}");
            let ticket = TicketId::from_uuid(id);
            let history = match kind {
                StreamKind::Ticket => json(desk.tenant(TENANT).history(ticket).unwrap()),
                StreamKind::Customer => {
                    json(desk.tenant(TENANT).told::<Profile>(id.into()).unwrap())
                }
                StreamKind::Feedback => {
                    json(desk.tenant(TENANT).told::<Feedback>(id.into()).unwrap())
                }
                StreamKind::Article => {
                    json(desk.tenant(TENANT).told::<Article>(id.into()).unwrap())
                }
                StreamKind::Visit => json(desk.tenant(TENANT).told::<Visit>(id.into()).unwrap()),
                StreamKind::Review => json(desk.tenant(TENANT).told::<Review>(id.into()).unwrap()),
                _ => json(desk.tenant(TENANT).told::<Finding>(id.into()).unwrap()),
            };
            let mut load = Load::streams(TENANT, [stream]);
            load.snapshots = true;
            let loaded = store.load(&load).unwrap();
            let snapshot = loaded.streams[0].snapshot.as_ref().map(json);
            all.insert(key, json((history, snapshot)));
        }
    }
    let rows = store
        .list(TENANT, &Filter::all(), &Page::oldest(1_000))
        .unwrap();
    let outbox: Vec<OutboxMessage> = store.claim(now, TimeDelta::zero(), 1_000).unwrap();
    json((all, rows, facts(desk), outbox))
}

fn facts<S: Store>(desk: &Desk<S>) -> Vec<Vec<Fact>> {
    let mut facts = Vec::new();
    let single = desk.tenant(TENANT);
    single.facts(&mut |rows| facts.push(rows.to_vec())).unwrap();
    facts
}

/// Every figure: of tickets and of what stands beside them.
fn figures<S: Store>(desk: &Desk<S>, now: DateTime<Utc>) -> String {
    let single = desk.tenant(TENANT);
    let window = Window::new(now - TimeDelta::days(90), now + TimeDelta::days(1));
    let standard = Report::standard().last_days(90);
    format!(
        "{:?} {} {:?} {:?} {:?}",
        facts(desk),
        single.report(&standard, now).unwrap(),
        single.quality(window).unwrap(),
        single.self_service(window, now).unwrap(),
        single.surveys(window, now).unwrap(),
    )
}

/// Everything that leaves the desk for other eyes: tables and pages.
fn exports<S: Store>(desk: &Desk<S>, now: DateTime<Utc>) -> Vec<String> {
    let facts = facts(desk);
    let table = FactTable::of(&facts).unwrap();
    let (mut csv, mut lines) = (Vec::new(), Vec::new());
    table.write_csv(&mut csv, Csv::defused()).unwrap();
    table.write_json_lines(&mut lines).unwrap();
    let mut overview =
        Overview::new(&Report::standard(), now).compare(Dimension::Agent, Kpi::Volume);
    facts.iter().for_each(|rows| overview.add(rows).unwrap());
    let page = overview.page("Desk", &Names::default()).unwrap();
    let report = desk
        .tenant(TENANT)
        .report(&Report::standard(), now)
        .unwrap();
    vec![
        String::from_utf8(csv).unwrap(),
        String::from_utf8(lines).unwrap(),
        page.to_html(),
        report.to_string(),
        json(&report).to_string(),
    ]
}

/// The ids of all texts that the desk keeps to itself.
fn kept_ids(tickets: &[Ticket]) -> Vec<String> {
    let messages = tickets.iter().flat_map(Ticket::messages);
    let of = |message: &helpdesk::ticket::Message| {
        let internal = message.visibility == Visibility::Internal;
        let files = message.attachments.iter();
        let files = files.filter(|file| file.visibility == Visibility::Internal);
        let body = internal.then_some(message.body);
        body.into_iter()
            .chain(files.map(|file| file.name))
            .collect::<Vec<_>>()
    };
    messages
        .flat_map(of)
        .map(|id| id.uuid().to_string())
        .collect()
}

fn sessions_of<'t>(tickets: impl IntoIterator<Item = &'t Ticket>) -> Vec<String> {
    let all = tickets.into_iter().flat_map(Ticket::sessions);
    let mut all: Vec<_> = all.map(|one| json(one).to_string()).collect();
    all.sort();
    all
}

/// What customers said, as the tickets have it: a split shows it twice, so each text once.
fn said_by_customers(tickets: &[Ticket]) -> BTreeSet<ContentId> {
    let messages = tickets.iter().flat_map(Ticket::messages);
    let inbound = messages.filter(|message| message.direction == Direction::Inbound);
    inbound.map(|message| message.body).collect()
}

fn known<S: Store>(desk: &Desk<S>, telling: &Telling<'_, S>) -> Vec<Ticket> {
    telling
        .tickets
        .iter()
        .map(|id| desk.ticket(*id).unwrap())
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// No customer sees an internal note, or a file for the desk alone, through any view or export; and each sees only what reaches her.
    #[test]
    fn what_the_desk_keeps_to_itself_stays_there(story in desk_stories()) {
        let desk = Desk::new(MemoryStore::new(), book());
        let told = story.tell(&desk).unwrap();
        let (tickets, now) = (known(&desk, &told), told.now);
        let kept = kept_ids(&tickets);
        let single = desk.tenant(TENANT);
        let persons = persons(&desk).unwrap();
        for ticket in &tickets {
            for (who, ids) in persons.iter().enumerate() {
                let reaches = ids.iter().any(|one| ticket.reaches(customer(*one)));
                let view = single.customer_view(ticket.id(), customer(who));
                prop_assert_eq!(view.is_ok(), reaches);
                let Ok(view) = view else { continue };
                let shown = json(&view);
                for text in texts(&desk, &shown) {
                    prop_assert!(!text.contains(INTERNAL), "{text} in {shown}");
                }
                let shown = shown.to_string();
                prop_assert!(kept.iter().all(|id| !shown.contains(id)));
                let public = ticket.messages().iter().filter(|one| one.visibility == Visibility::Public);
                prop_assert_eq!(view.messages.len(), public.count());
            }
        }
        for who in 0..CUSTOMERS {
            let briefing = single.briefing(customer(who), 1_000, now).unwrap();
            prop_assert!(briefing.contacts.iter().all(|contact| contact.direction != Direction::Internal));
        }
        for export in exports(&desk, now) {
            prop_assert!(!export.contains(INTERNAL));
            prop_assert!((0..CUSTOMERS).all(|who| !export.contains(mark(who))), "no text of anybody");
            prop_assert!(kept.iter().all(|id| !export.contains(id)));
        }
    }

    /// Merging and joining lose no message, no session and no identity, and double none.
    #[test]
    fn merges_and_joins_lose_nothing(story in desk_stories()) {
        let desk = Desk::new(MemoryStore::new(), book());
        let mut telling = story.begin(&desk).unwrap();
        for deed in &story.deeds {
            let before = known(&desk, &telling);
            let identities = |desk: &Desk<MemoryStore>| -> usize {
                let profiles = (0..CUSTOMERS).filter_map(|who| desk.state::<Profile>(customer(who)).ok());
                profiles.map(|profile| profile.identities().len()).sum()
            };
            let had = identities(&desk);
            let done = telling.deed(deed);
            let after = known(&desk, &telling);
            if matches!(deed.what, What::Merge(..) | What::Join(..)) {
                prop_assert_eq!(sessions_of(&before), sessions_of(&after));
                prop_assert_eq!(said_by_customers(&before), said_by_customers(&after));
                let messages = |all: &[Ticket]| all.iter().map(|one| one.messages().len()).sum::<usize>();
                prop_assert_eq!(messages(&before), messages(&after));
                prop_assert_eq!(identities(&desk), had);
                if let (What::Merge(..), Ok(())) = (&deed.what, &done) {
                    let merged = after.iter().filter(|one| one.merged_into().is_some());
                    let open = |one: &Ticket| one.sessions().iter().any(|session| !session.is_over());
                    for source in merged {
                        let into = after.iter().find(|one| Some(one.id()) == source.merged_into()).unwrap();
                        prop_assert!(into.linked(Link::MergedFrom).any(|id| id == source.id()));
                        // What a merge leaves behind is over, unless the other ticket could not take it.
                        let clash = source.sessions().iter().any(|one| into.sessions().iter().any(|other| other.id == one.id));
                        prop_assert!(!open(source) || clash);
                    }
                }
            } else {
                prop_assert!(said_by_customers(&before).is_subset(&said_by_customers(&after)));
            }
        }
        let ended = known(&desk, &telling).iter().flat_map(|one| one.sessions().to_vec())
            .filter(|one| matches!(one.ended, Some((_, SessionEnd::Completed)))).count();
        let effort: usize = known(&desk, &telling).iter().map(|one| one.effort().len()).sum();
        prop_assert_eq!(ended, effort, "the handle time of an answered session is effort, once");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    /// Sweeping more or less often never changes what happens on any ticket, also where they are merged and split; and every ticket is what
    /// its history makes of it, from the beginning or from its serialised form.
    #[test]
    fn sweeps_change_nothing_on_a_whole_desk(story in desk_stories(), sweeps in proptest::collection::vec(any::<bool>(), 24)) {
        let desks = [Desk::new(MemoryStore::new(), book()), Desk::new(MemoryStore::new(), book())];
        let end = |now: DateTime<Utc>| now + TimeDelta::days(3);
        let mut seen = Vec::new();
        for (n, desk) in desks.iter().enumerate() {
            let mut telling = story.begin(desk).unwrap();
            for (deed, sweep) in story.deeds.iter().zip(&sweeps) {
                if n == 0 && *sweep {
                    desk.sweep(telling.now + deed.gap, 100).unwrap();
                }
                let _ = telling.deed(deed);
            }
            while desk.sweep(end(telling.now), 100).unwrap().events > 0 {}
            let histories: Vec<_> = telling.tickets.iter().map(|id| desk.tenant(TENANT).history(*id).unwrap()).collect();
            for (ticket, history) in known(desk, &telling).iter().zip(&histories) {
                let cut = history.len() / 2;
                let mut restored = Ticket::replay(TENANT, &history[..cut.max(1)]).unwrap();
                restored = serde_json::from_value(json(&restored)).unwrap();
                history[cut.max(1)..].iter().for_each(|event| restored.apply(event));
                prop_assert_eq!(&restored, ticket);
            }
            seen.push(histories.iter().map(|history| common::what_happened(history)).collect::<Vec<_>>());
        }
        prop_assert_eq!(&seen[0], &seen[1]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// Erasing a person leaves every figure as it was, and of her no name, no address and no word, under any id that she ever had; the
    /// texts of others stay.
    #[test]
    fn an_erased_person_leaves_the_figures_and_no_trace(story in desk_stories(), who in 0..CUSTOMERS, on_disk: bool) {
        let store: Box<dyn Store> = match on_disk {
            true => Box::new(SqliteStore::in_memory().unwrap()),
            false => Box::new(MemoryStore::new()),
        };
        let desk = Desk::new(store, book());
        let now = story.tell(&desk).unwrap().now + TimeDelta::hours(3);
        while desk.sweep(now, 100).unwrap().events > 0 {}
        let hers: Vec<_> = persons(&desk).unwrap()[who].iter().map(|one| mark(*one)).collect();
        let is_hers = |text: &String| hers.iter().any(|mark| text.contains(mark));
        let (figures_before, mut before) = (figures(&desk, now), dump(&desk, now));
        // What a visitor searched for before anybody knew who it was may stay; afterwards it is hers and goes, though it names nobody.
        for one in &persons(&desk).unwrap()[who] {
            let visit = format!("{} {}", StreamKind::Visit, VisitId::named(mark(*one)).uuid());
            before[0].as_object_mut().unwrap().remove(&visit);
        }
        let (own, others): (Vec<_>, Vec<_>) = texts(&desk, &before).into_iter().partition(is_hers);
        let asked = story.tickets.iter().any(|one| persons(&desk).unwrap()[who].contains(one));
        prop_assert!(!asked || !own.is_empty(), "what is searched for is there before");

        desk.tenant(TENANT).erase_person(customer(who), now).unwrap();
        let after = dump(&desk, now);
        prop_assert_eq!(figures(&desk, now), figures_before);
        let shown = after.to_string();
        prop_assert!(hers.iter().all(|mark| !shown.contains(mark)), "{shown}");
        let left = texts(&desk, &after);
        prop_assert!(!left.iter().any(is_hers), "{left:?}");
        // Also behind the ids that stood there before.
        prop_assert_eq!(texts(&desk, &before), others);
        let address = |n: usize| helpdesk::customer::Identity::address(format!("{}-{n}@example.com", mark(who)));
        for n in 0..60 {
            prop_assert_eq!(desk.tenant(TENANT).find_customer(&address(n)).unwrap(), None);
        }
    }
}

#[cfg(feature = "capi")]
mod through_c {
    use super::*;
    use capi_common::{Rulebook as Book, Rulebooks, get, ptr};
    use helpdesk::capi::{helpdesk_desk, helpdesk_desk_open_sqlite};
    use std::ptr::null_mut;

    fn open(path: &str, books: &Rulebooks) -> capi_common::Desk {
        let desk: *mut helpdesk_desk = get(null_mut(), |out, error| unsafe {
            helpdesk_desk_open_sqlite(ptr(path), path.len(), 0, books.0, out, error)
        })
        .unwrap();
        capi_common::Desk(desk)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() })]

        /// Through the C ABI a customer's view is the same, and shows as little.
        #[test]
        fn a_view_through_the_c_abi_shows_as_little(story in desk_stories()) {
            let folder = std::env::temp_dir().join(format!("helpdesk-laws-{}", std::process::id()));
            std::fs::create_dir_all(&folder).unwrap();
            let path = folder.join(format!("{}.db", Uuid::new_v4()));
            {
                let desk = Desk::new(SqliteStore::open(&path).unwrap(), book());
                let tickets = told(&desk, &story);
                let rulebook = Book::from_json(&json(book()).to_string()).unwrap();
                let c = open(path.to_str().unwrap(), &Rulebooks::new(&rulebook));
                for ticket in tickets {
                    for who in 0..CUSTOMERS {
                        let query = serde_json::json!({"customer_view": {"ticket": ticket, "viewer": customer(who)}});
                        let seen = c.ask(0, &query.to_string());
                        let expected = desk.tenant(TENANT).customer_view(ticket, customer(who));
                        prop_assert_eq!(seen.is_ok(), expected.is_ok());
                        let (Ok(seen), Ok(expected)) = (seen, expected) else { continue };
                        prop_assert_eq!(&seen, &json(expected));
                        prop_assert!(texts(&desk, &seen).iter().all(|text| !text.contains(INTERNAL)));
                    }
                }
            }
            let _ = std::fs::remove_dir_all(&folder);
        }
    }
}
