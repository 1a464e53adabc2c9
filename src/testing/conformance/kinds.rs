//! Streams of every kind: they are kept, told apart, paged and guarded alike; keys that are given up or handed over.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::schedule::wake;
use super::{TENANT, append, begin, commit, events, id, key, name, owner, refused, text};
use crate::aggregate::RulebookEvent;
use crate::call::Actor;
use crate::id::{AgentId, ArticleId, ContentId, CustomerId, InvitationId, TenantId, TicketId};
use crate::kpi::Kpi;
use crate::store::{
    Commit, Events, Load, Part, Store, StoreErrorKind, StreamEvent, StreamId, StreamKind, UniqueKey,
};
use crate::ticket::{Channel, RatingKind, Recorded, Scale, Version};
use crate::{customer, feedback, improvement, quality, self_service};

/// One event of each kind of a kind of stream, as a history that a desk could have written.
pub fn one_of_each_of(kind: StreamKind) -> Events {
    match kind {
        StreamKind::Ticket => super::streams::one_of_each().into(),
        StreamKind::Customer => history(customer_events()),
        StreamKind::Feedback => history(feedback_events()),
        StreamKind::Article => history(article_events()),
        StreamKind::Visit => history(visit_events()),
        StreamKind::Review => history(review_events()),
        StreamKind::Finding => history(finding_events()),
        StreamKind::Rulebook => history(rulebook_events()),
    }
}

fn history<E: StreamEvent>(all: Vec<E>) -> Events {
    let recorded = |(n, event): (usize, E)| Recorded {
        version: Version(n as u64 + 1),
        at: begin(),
        stamped_at: None,
        timing: None,
        actor: Actor::Agent(AgentId::named("kim")),
        cause: None,
        event,
    };
    let all: Vec<_> = all.into_iter().enumerate().map(recorded).collect();
    all.into()
}

fn customer_events() -> Vec<customer::Event> {
    use customer::{Event, IdentityKind, Joined, Known, Note};
    let text = ContentId::named;
    let known = |kind| Known {
        text: text("known"),
        kind,
    };
    let at: DateTime<Utc> = begin();
    vec![
        Event::Identified {
            text: text("address"),
            kind: IdentityKind::Address,
        },
        Event::IdentityRemoved {
            text: text("address"),
        },
        Event::NameChanged {
            to: Some(text("name")),
        },
        Event::ChannelChanged {
            to: Some(Channel::Other(name("fax"))),
        },
        Event::LanguageChanged {
            to: Some(name("pt-BR")),
        },
        Event::ZoneChanged {
            to: Some(name("America/Sao_Paulo")),
        },
        Event::TierChanged {
            to: Some(name("gold")),
        },
        Event::OrganisationChanged { to: None },
        Event::NoteAdded { text: text("note") },
        Event::NoteRemoved { text: text("note") },
        Event::Joined(Joined {
            other: CustomerId::named("bob"),
            with: vec![CustomerId::named("rob")],
            identities: vec![known(IdentityKind::Phone), known(IdentityKind::Handle)],
            notes: vec![Note {
                at,
                by: Actor::System,
                text: text("note"),
            }],
            name: None,
            channel: Some(Channel::Chat),
            language: None,
            zone: None,
            tier: Some(name("silver")),
            organisation: Some(name("Acme")),
        }),
        Event::JoinedInto {
            customer: CustomerId::named("ann"),
        },
        Event::Erased,
    ]
}

fn feedback_events() -> Vec<feedback::Event> {
    use feedback::{Answer, Asked, Event, Invited};
    let scale = Scale::new(1, 5).unwrap();
    let invitation = InvitationId::named("i");
    let answer = |mark| Answer {
        question: name("satisfied"),
        mark,
    };
    vec![
        Event::Invited(Invited {
            id: invitation,
            survey: name("after help"),
            ticket: TicketId::named("t"),
            cycle: 3,
            credit: Some(AgentId::named("kim")),
            questions: vec![Asked {
                name: name("satisfied"),
                kind: RatingKind::Csat,
                scale,
            }],
            expires_at: begin(),
        }),
        Event::Answered {
            invitation,
            answers: vec![answer(2), answer(5)],
            comment: Some(ContentId::named("comment")),
        },
        Event::OptedOut { out: true },
    ]
}

fn article_events() -> Vec<self_service::ArticleEvent> {
    use self_service::ArticleEvent as Event;
    let cause = name("frozen phone");
    vec![
        Event::Written {
            number: 1,
            title: ContentId::named("title"),
            body: ContentId::named("body"),
            language: name("en"),
            translates: Some(ArticleId::named("original")),
        },
        Event::Published { number: 1 },
        Event::CauseLinked {
            cause: cause.clone(),
        },
        Event::CauseUnlinked { cause },
        Event::Used {
            ticket: TicketId::named("t"),
            cycle: 2,
        },
        Event::Retired,
    ]
}

fn visit_events() -> Vec<self_service::VisitEvent> {
    use self_service::VisitEvent as Event;
    let article = ArticleId::named("a");
    vec![
        Event::Recognised {
            customer: CustomerId::named("ann"),
        },
        Event::Searched {
            text: ContentId::named("search"),
            results: 0,
        },
        Event::Viewed { article, number: 7 },
        Event::Voted {
            article,
            helpful: false,
        },
        Event::Ended {
            solved: Some(false),
        },
        Event::LedTo {
            ticket: TicketId::named("t"),
            opened_at: begin(),
        },
    ]
}

fn review_events() -> Vec<quality::Event> {
    use quality::{Category, Event, Mark, Scorecard, Scored};
    let card = Scorecard::new(5)
        .category(Category::new(name("tone"), 1))
        .category(Category::new(name("data protection"), 2).critical());
    vec![
        Event::Scored(Scored {
            scorecard: name("standard"),
            card,
            ticket: TicketId::named("t"),
            agent: AgentId::named("lee"),
            marks: vec![Mark::Points(4), Mark::NotApplicable],
            comment: Some(ContentId::named("comment")),
        }),
        Event::Disputed {
            text: ContentId::named("objection"),
        },
        Event::Withdrawn,
    ]
}

fn finding_events() -> Vec<improvement::Event> {
    use improvement::{Aim, Event};
    let owner = AgentId::named("kim");
    vec![
        Event::Found {
            text: ContentId::named("found"),
        },
        Event::Planned {
            text: ContentId::named("plan"),
            owner,
            due: begin(),
            aim: Some(Aim::new(Kpi::ReopenRate, 28).unwrap()),
        },
        Event::Moved {
            action: 0,
            owner,
            due: begin(),
        },
        Event::Done { action: 0 },
        Event::Dropped { action: 1 },
        Event::Closed {
            learnt: ContentId::named("learnt"),
        },
    ]
}

fn rulebook_events() -> Vec<RulebookEvent> {
    vec![
        RulebookEvent::Kept {
            rules: r#"{"calendar":"always","policies":[{"name":"größer \\ \"A\""}]}"#.to_owned(),
        },
        RulebookEvent::Given {
            tenant: Some(TENANT),
            published: 2,
        },
        RulebookEvent::Given {
            tenant: None,
            published: 0,
        },
    ]
}

fn of(kind: StreamKind, id: Uuid) -> StreamId {
    StreamId {
        tenant: TENANT,
        kind,
        id,
    }
}

fn loaded(store: &dyn Store, stream: StreamId) -> Events {
    let load = Load::streams(stream.tenant, [stream]);
    store.load(&load).unwrap().streams.remove(0).events
}

/// Every event of every kind comes back equal, from one commit and from two; a stale writer is refused.
pub fn streams_of_every_kind_come_back(store: &dyn Store) {
    for kind in StreamKind::ALL {
        let stream = of(kind, id(7));
        let all = one_of_each_of(kind);
        assert_eq!(loaded(store, stream), Events::none(kind), "{kind}");
        let part = Part::append(stream, Version(0), all.clone());
        store.commit(&commit(vec![part.clone()])).unwrap();
        assert_eq!(loaded(store, stream), all, "{kind}");
        refused(store.commit(&commit(vec![part])), StoreErrorKind::Conflict);
        let until = all.last_version().unwrap();
        let check = Part::check(stream, until);
        store.commit(&commit(vec![check])).unwrap();
        assert_eq!(loaded(store, stream), all, "{kind}");
    }
}

/// Streams of two kinds with the same id are two streams, and events of one kind are not taken for a stream of another.
pub fn kinds_do_not_meet(store: &dyn Store) {
    let ticket = of(StreamKind::Ticket, id(1));
    store.commit(&commit(vec![append(ticket, 0, 3)])).unwrap();
    for kind in StreamKind::ALL.into_iter().skip(1) {
        let stream = of(kind, id(1));
        assert!(loaded(store, stream).is_empty(), "{kind}");
        let part = Part::append(stream, Version(0), one_of_each_of(kind));
        store.commit(&commit(vec![part])).unwrap();
        let strange = Part::append(of(kind, id(2)), Version(0), append(ticket, 0, 3).events);
        refused(store.commit(&commit(vec![strange])), StoreErrorKind::Other);
        assert!(loaded(store, of(kind, id(2))).is_empty(), "{kind}");
    }
    assert_eq!(events(store, ticket).len(), 3);
}

/// The streams of a kind come in the order of their ids, each once; those of other kinds and tenants do not, nor one that was only
/// checked.
pub fn a_kind_comes_page_by_page(store: &dyn Store) {
    let others = TenantId::named("other");
    let ids: Vec<Uuid> = [3, 1, 256, 2, 1 << 64, u128::MAX].map(id).into();
    for kind in StreamKind::ALL {
        for id in &ids {
            let part = Part::append(of(kind, *id), Version(0), one_of_each_of(kind));
            store.commit(&commit(vec![part])).unwrap();
        }
        let strange = StreamId {
            tenant: others,
            ..of(kind, id(5))
        };
        let checked = Part::check(of(kind, id(7)), Version(0));
        let mut with_text = commit(vec![checked]);
        with_text.content.push(text("beside a check", None, "x"));
        store.commit(&with_text).unwrap();
        let asleep = Part::check(of(kind, id(9)), Version(0)).wake(wake(None, "z"));
        store.commit(&commit(vec![asleep])).unwrap();
        let part = Part::append(strange, Version(0), one_of_each_of(kind));
        let elsewhere = Commit::new(others, begin(), vec![part]);
        store.commit(&elsewhere).unwrap();
    }
    let mut sorted = ids.clone();
    sorted.sort_unstable();
    for kind in StreamKind::ALL {
        for limit in [1, 2, 3, 6, 100] {
            let (mut found, mut after) = (Vec::new(), None);
            loop {
                let page = store.streams(TENANT, kind, after, limit).unwrap();
                assert!(page.len() <= limit);
                found.extend_from_slice(&page);
                assert!(found.len() <= sorted.len(), "{kind} by {limit}: {found:?}");
                after = page.last().copied();
                if page.len() < limit {
                    break;
                }
            }
            assert_eq!(found, sorted, "{kind} by {limit}");
        }
    }
    assert_eq!(
        store
            .streams(others, StreamKind::Customer, None, 9)
            .unwrap(),
        [id(5)]
    );
}

/// A freed key is anybody's, if its owner freed it; all keys of an owner go to another, but for what the same commit frees; both come
/// before the claims of the same commit, and an erased person's keys are free for it too.
pub fn keys_are_freed_and_moved(store: &dyn Store) {
    let keys = ["<1>", "<2>", "<3>"].map(key);
    let owners = || keys.map(|key| owner(store, key));
    let mut all = commit(vec![]);
    all.unique = keys.map(|key| (key, id(1))).into();
    store.commit(&all).unwrap();

    let mut not_mine = commit(vec![]);
    not_mine.freed.push((keys[0], id(2)));
    store.commit(&not_mine).unwrap();
    assert_eq!(owners(), [Some(id(1)); 3]);

    let mut free = commit(vec![]);
    free.freed.push((keys[0], id(1)));
    store.commit(&free).unwrap();
    assert_eq!(owners(), [None, Some(id(1)), Some(id(1))]);

    let mut at_once = commit(vec![]);
    at_once.freed.push((keys[1], id(1)));
    at_once.unique.push((keys[1], id(2)));
    store.commit(&at_once).unwrap();
    assert_eq!(owners(), [None, Some(id(2)), Some(id(1))]);

    let mut joined = commit(vec![]);
    joined.moved.push((id(2), id(1)));
    joined.unique = keys.map(|key| (key, id(1))).into();
    store.commit(&joined).unwrap();
    assert_eq!(owners(), [Some(id(1)); 3]);
    let other = TenantId::named("other");
    let elsewhere = UniqueKey::message(other, "<1>");
    let mut strange = Commit::new(other, begin(), vec![]);
    strange.unique.push((elsewhere, id(1)));
    store.commit(&strange).unwrap();
    let mut moved = commit(vec![]);
    moved.moved.push((id(1), id(3)));
    store.commit(&moved).unwrap();
    assert_eq!(owners(), [Some(id(3)); 3]);
    let load = Load::owners(other, vec![elsewhere]);
    assert_eq!(store.load(&load).unwrap().owners, [Some(id(1))]);

    let mut late = commit(vec![]);
    late.unique.push((keys[0], id(1)));
    refused(store.commit(&late), StoreErrorKind::Conflict);
    late.persons.push(CustomerId::from_uuid(id(3)));
    store.commit(&late).unwrap();
    assert_eq!(owners(), [Some(id(1)), None, None]);

    // What is freed and moved at once is freed first: the old owner's key is free, and the new owner gives up what is hers by then.
    let mut more = commit(vec![]);
    more.unique = vec![(keys[1], id(1)), (keys[2], id(2))];
    store.commit(&more).unwrap();
    let mut both = commit(vec![]);
    both.freed = vec![(keys[0], id(1)), (keys[1], id(2)), (keys[2], id(2))];
    both.moved.push((id(1), id(2)));
    store.commit(&both).unwrap();
    assert_eq!(owners(), [None, Some(id(2)), None]);
}
