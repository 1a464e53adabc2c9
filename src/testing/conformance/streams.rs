//! Streams: versions, atomic commits, races.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use chrono::{DateTime, TimeDelta};

use super::{
    TENANT, append, begin, commit, event, events, id, key, name, one_text, owner, recorded,
    refused, stream, stream_of, text, versions,
};
use crate::calendar::{EARLIEST, LATEST};
use crate::call::{Actor, Cause};
use crate::id::{
    AgentId, BotId, ContentId, CustomerId, FiringKey, MessageId, RulebookId, SessionId, TeamId,
    TenantId, TicketId, TicketNumber,
};
use crate::store::{Load, Part, Stamp, Store, StoreError, StoreErrorKind, Wake};
use crate::ticket::{
    Attachment, Channel, ClockId, Delivery, Direction, Escalated, Event, FieldValue, Handling,
    Holder, Link, Merged, MessageAdded, MessageClass, Metric, Opened, Pending, Priority, Promise,
    Rated, RatingKind, Recipients, Recorded, Scale, Session, SessionEnd, SessionEvent, Status,
    Step, TimeEntry, Timing, Version, Visibility,
};
use crate::time::Span;

/// Of two writers that saw the same version, one wins and the other leaves no trace.
pub fn a_stale_writer_is_refused_and_writes_nothing(store: &dyn Store) {
    let hot = stream("hot");
    store.commit(&commit(vec![append(hot, 0, 1)])).unwrap();
    store.commit(&commit(vec![append(hot, 1, 3)])).unwrap();
    for stale in [0, 1, 2, 4, 30] {
        let late = commit(vec![append(hot, stale, stale + 2)]);
        refused(store.commit(&late), StoreErrorKind::Conflict);
    }
    assert_eq!(versions(store, hot), [1, 2, 3]);
    let nobodys = commit(vec![append(stream("nobody's"), 1, 2)]);
    refused(store.commit(&nobodys), StoreErrorKind::Conflict);
    assert!(events(store, stream("nobody's")).is_empty());
}

/// Of many that saw the same version at the same time, exactly one wins, round after round.
pub fn of_many_that_saw_the_same_version_one_wins(store: &dyn Store) {
    let (hot, rounds) = (stream("hot"), 20);
    for round in 0..rounds {
        let wins = AtomicUsize::new(0);
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(
                    || match store.commit(&commit(vec![append(hot, round, round + 1)])) {
                        Ok(()) => _ = wins.fetch_add(1, Ordering::Relaxed),
                        Err(error) => {
                            assert_eq!(error.kind(), StoreErrorKind::Conflict, "{error}");
                        }
                    },
                );
            }
        });
        assert_eq!(wins.into_inner(), 1, "round {round}");
    }
    assert_eq!(versions(store, hot), (1..=rounds).collect::<Vec<_>>());
}

/// Every kind of event comes back equal, with instants at the edges and to the microsecond.
pub fn events_come_back_as_they_were(store: &dyn Store) {
    let all = one_of_each();
    let full = stream("full");
    let part = Part::append(full, Version(0), all.clone());
    store.commit(&commit(vec![part])).unwrap();
    assert_eq!(events(store, full), all);
}

/// A stream far beyond one, two and three digits comes back whole and in order, however it was written.
pub fn a_long_stream_comes_back_whole(store: &dyn Store) {
    let long = stream("long");
    let mut version = 0;
    for batch in [1, 8, 1, 1, 89, 1, 899, 1, 1, 500] {
        let part = append(long, version, version + batch);
        store.commit(&commit(vec![part])).unwrap();
        version += batch;
    }
    assert_eq!(versions(store, long), (1..=version).collect::<Vec<_>>());
    refused(
        store.commit(&commit(vec![append(long, 9, 10)])),
        StoreErrorKind::Conflict,
    );
}

/// One stale part, one taken key: nothing of all the rest is written.
pub fn a_commit_is_all_or_nothing(store: &dyn Store) {
    let (a, b) = (stream("a"), stream("b"));
    let mut first = commit(vec![append(b, 0, 1)]);
    first.unique.push((key("<taken>"), id(1)));
    store.commit(&first).unwrap();

    let whole = |b_stands_at, owner| {
        let wake = Wake {
            at: Some(begin()),
            stamp: Stamp {
                rulebook: RulebookId::named("r"),
                zone_data: "2026a".into(),
            },
        };
        let parts = vec![
            append(a, 0, 2).wake(wake),
            append(b, b_stands_at, b_stands_at + 1),
        ];
        let mut whole = commit(parts);
        whole.content.push(text("text", None, "kept?"));
        whole.unique.push((key("<free>"), id(2)));
        whole.unique.push((key("<taken>"), id(owner)));
        whole.number = Some(TicketNumber(40));
        whole
    };
    for refusable in [whole(0, 1), whole(1, 2)] {
        refused(store.commit(&refusable), StoreErrorKind::Conflict);
        assert!(events(store, a).is_empty());
        assert_eq!(versions(store, b), [1]);
        assert_eq!(owner(store, key("<free>")), None);
        let texts = store.content(TENANT, &[ContentId::named("text")]).unwrap();
        assert_eq!(texts, [None]);
        assert_eq!(store.next_wake(None).unwrap(), None);
    }
    store.commit(&whole(1, 1)).unwrap();
    assert_eq!(
        (versions(store, a), versions(store, b)),
        (vec![1, 2], vec![1, 2])
    );
    assert_eq!(store.next_wake(None).unwrap(), Some(begin()));
}

/// Two streams that are always written together are never seen apart, whoever looks while they are written.
pub fn nobody_sees_half_a_commit(store: &dyn Store) {
    let pair = [stream("left"), stream("right")];
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    let loaded = store.load(&Load::streams(TENANT, pair)).unwrap();
                    let [left, right] = loaded.streams.as_slice() else {
                        panic!("two streams were asked for");
                    };
                    assert_eq!(left.events, right.events);
                }
            });
        }
        for round in 0..60 {
            let parts = pair.map(|side| append(side, round, round + 1));
            let result = store.commit(&commit(parts.to_vec()));
            done.store(result.is_err(), Ordering::Relaxed);
            result.unwrap();
        }
        done.store(true, Ordering::Relaxed);
    });
}

/// A part without events checks the version and writes nothing.
pub fn a_part_without_events_is_a_check(store: &dyn Store) {
    let (a, b) = (stream("a"), stream("b"));
    let checked = |after, b_stands_at| {
        let check = Part::check(b, Version(b_stands_at));
        commit(vec![append(a, after, after + 1), check])
    };
    refused(store.commit(&checked(0, 1)), StoreErrorKind::Conflict);
    store.commit(&checked(0, 0)).unwrap();
    store.commit(&commit(vec![append(b, 0, 1)])).unwrap();
    refused(store.commit(&checked(1, 0)), StoreErrorKind::Conflict);
    store.commit(&checked(1, 1)).unwrap();
    assert_eq!(
        (versions(store, a), versions(store, b)),
        (vec![1, 2], vec![1])
    );
    assert!(events(store, stream("c")).is_empty());
}

/// Gaps, doubles, foreign tenants and keys for two owners are refused whatever is stored.
pub fn what_contradicts_itself_is_refused(store: &dyn Store) {
    let a = stream("a");
    let gap = Part::append(a, Version(0), vec![event(2)]);
    let foreign = append(stream_of(TenantId::named("other"), "a"), 0, 1);
    let mut torn = commit(vec![append(a, 0, 1)]);
    torn.unique = vec![(key("<1>"), id(1)), (key("<1>"), id(2))];
    for wrong in [
        commit(vec![gap]),
        commit(vec![append(a, 0, 1), append(a, 1, 2)]),
        commit(vec![append(a, 0, 1), foreign]),
        torn,
    ] {
        refused(store.commit(&wrong), StoreErrorKind::Other);
    }
    assert!(events(store, a).is_empty());
    let foreign = Load::streams(TenantId::named("other"), [a]);
    let error = store.load(&foreign).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Other, "{error}");
}

/// A commit of nothing is written, again and again.
pub fn an_empty_commit_changes_nothing(store: &dyn Store) {
    let empty = commit(Vec::new());
    assert!(empty.is_empty());
    store.commit(&empty).unwrap();
    store.commit(&empty).unwrap();
    assert_eq!(store.next_wake(None).unwrap(), None);
    assert_eq!(store.next_delivery().unwrap(), None);
}

/// Commits that are written together: each is whole or nothing by itself, sees those before it, and undoes none beside it; the answers
/// come in their order.
pub fn commits_of_a_group_stand_alone(store: &dyn Store) {
    let [one, two, three, four] = ["one", "two", "three", "four"].map(stream);
    assert!(store.commit_all(&[]).is_empty());
    store.commit(&commit(vec![append(two, 0, 1)])).unwrap();
    let with_text = |part, content: &str| {
        let mut with = commit(vec![part]);
        with.content.push(text(content, None, content));
        with
    };
    let mut first = with_text(append(one, 0, 2), "first");
    first.unique.push((key("mine"), id(1)));
    let stale = with_text(append(two, 0, 1), "stale");
    let after_the_first = with_text(append(one, 2, 3), "after");
    let mut claims = with_text(append(three, 0, 1), "claims");
    claims.unique.push((key("mine"), id(2)));
    let torn = commit(vec![append(three, 0, 1), append(three, 0, 1)]); // a stream stands twice
    let last = with_text(append(four, 0, 1), "last");
    let group = [
        (&first, None),
        (&stale, Some(StoreErrorKind::Conflict)),
        (&after_the_first, None),
        (&claims, Some(StoreErrorKind::Conflict)),
        (&torn, Some(StoreErrorKind::Other)),
        (&commit(vec![]), None),
        (&last, None),
    ];
    let told = store.commit_all(&group.map(|(commit, _)| commit));
    let told: Vec<_> = told
        .iter()
        .map(|one| one.as_ref().err().map(StoreError::kind))
        .collect();
    assert_eq!(told, group.map(|(_, kind)| kind));
    let lengths = [one, two, three, four].map(|stream| versions(store, stream).len());
    assert_eq!(lengths, [3, 1, 0, 1]);
    assert_eq!(owner(store, key("mine")), Some(id(1)));
    let kept = ["first", "stale", "after", "claims", "last"];
    let kept = kept.map(|name| one_text(store, ContentId::named(name)).is_some());
    assert_eq!(kept, [true, false, true, false, true]);
    let alone = store.commit_all(&[&commit(vec![append(four, 1, 2)])]);
    assert!(matches!(alone.as_slice(), [Ok(())]));
    assert_eq!(versions(store, four), [1, 2]);
}

/// Streams and owners come in the order of the request, also such as are not there or are asked for twice.
pub fn one_load_answers_everything_in_order(store: &dyn Store) {
    let (a, b, nobodys) = (stream("a"), stream("b"), stream("nobody's"));
    let mut both = commit(vec![append(a, 0, 1), append(b, 0, 2)]);
    both.unique = vec![(key("<a>"), id(1)), (key("<b>"), id(2))];
    store.commit(&both).unwrap();
    let mut load = Load::streams(TENANT, [b, nobodys, a, b]);
    load.owners = vec![key("<b>"), key("<nobody's>"), key("<a>")];
    let loaded = store.load(&load).unwrap();
    let lengths: Vec<_> = loaded.streams.iter().map(|s| s.events.len()).collect();
    assert_eq!(lengths, [2, 0, 1, 2]);
    assert_eq!(loaded.owners, [Some(id(2)), None, Some(id(1))]);
    assert_eq!((loaded.idempotency, loaded.number), (None, None));
}

/// Writers of different streams never meet a conflict, and nothing of theirs is lost.
pub fn writers_of_many_streams_lose_nothing(store: &dyn Store) {
    let rounds = 25;
    thread::scope(|scope| {
        for writer in 0..8 {
            scope.spawn(move || {
                let own = stream(&format!("of {writer}"));
                for round in 0..rounds {
                    store
                        .commit(&commit(vec![append(own, round, round + 1)]))
                        .unwrap();
                }
            });
        }
    });
    for writer in 0..8 {
        let own = stream(&format!("of {writer}"));
        assert_eq!(versions(store, own), (1..=rounds).collect::<Vec<_>>());
    }
}

fn waiting_call() -> Session {
    Session {
        id: SessionId::named("call"),
        channel: Channel::Phone,
        began_at: begin(),
        bot: Some(BotId::named("bot")),
        intents: vec![name("refund")],
        handed_over: Some((begin(), name("asked for a person"))),
        answered: None,
        ended: None,
        handling: Handling::default(),
    }
}

/// One event of each kind and shape, with every envelope field, at the edges of time.
pub fn one_of_each() -> Vec<Recorded> {
    let just_before = LATEST - TimeDelta::microseconds(1);
    let agent = AgentId::named("kim");
    let message = |visibility, class| {
        Event::MessageAdded(MessageAdded {
            id: MessageId::named("m"),
            author: Actor::Bot(BotId::named("bot")),
            channel: Channel::Other(name("fax")),
            direction: Direction::Internal,
            visibility,
            class,
            body: ContentId::named("body"),
            attachments: vec![Attachment {
                name: ContentId::named("file"),
                media_type: name("text/plain"),
                size: u64::MAX,
                visibility,
            }],
            recipients: Recipients {
                to: vec![CustomerId::named("ben")],
                cc: vec![CustomerId::named("cy")],
            },
        })
    };
    let moved = |to, step| Event::StatusChanged {
        to,
        step,
        label: Some(name("Awaiting vendor")),
    };
    let field = |value| Event::FieldSet {
        name: name("cost centre"),
        value,
    };
    let session = |what| Event::Session {
        id: SessionId::named("call"),
        what,
    };
    let until = DateTime::UNIX_EPOCH + TimeDelta::microseconds(1);
    let breach = |on_attach| Event::Breached {
        key: FiringKey::named("b"),
        clock: ClockId::from(Metric::FirstResponse),
        target: "2 business days".to_owned(),
        on_attach,
    };
    let kinds = vec![
        Event::Opened(Opened {
            ticket: TicketId::named("full"),
            number: TicketNumber(i64::MAX as u64),
            rulebook: RulebookId::named("r"),
            requester: CustomerId::named("ann"),
            direction: Direction::Inbound,
            channel: Channel::Email,
            subject: ContentId::named("subject"),
            address: Some(ContentId::named("address")),
            priority: Priority::Critical,
        }),
        message(Visibility::Public, MessageClass::Ordinary),
        message(Visibility::Internal, MessageClass::Thanks),
        moved(Status::Pending(Pending::Scheduled { until }), Step::Pend),
        moved(Status::Reopened, Step::Reopen),
        Event::Assigned {
            agent: Some(agent),
            team: Some(TeamId::named("t")),
        },
        Event::Assigned {
            agent: None,
            team: None,
        },
        Event::PriorityChanged { to: Priority::Low },
        Event::TypeChanged {
            to: Some(name("🧯 \u{202e}incident")),
        },
        Event::TypeChanged { to: None },
        Event::TagAdded {
            tag: name("日本語"),
        },
        Event::TagRemoved {
            tag: name("\"'\\;--"),
        },
        field(Some(FieldValue::Text("\u{0}\u{1f}\n\t".to_owned()))),
        field(Some(FieldValue::Number(i64::MIN))),
        field(Some(FieldValue::Flag(true))),
        field(Some(FieldValue::Personal(ContentId::named("p")))),
        field(None),
        Event::TimeLogged {
            spent: Span::seconds(1),
            activity: Some(name("travel")),
        },
        Event::ParticipantAdded {
            customer: CustomerId::named("bob"),
        },
        Event::ParticipantRemoved {
            customer: CustomerId::named("bob"),
        },
        Event::MessageRedacted {
            message: MessageId::named("m"),
        },
        Event::Linked {
            link: Link::FollowUpOf,
            ticket: TicketId::named("old"),
        },
        Event::UpdatePromised { due: EARLIEST },
        Event::ResolutionEstimated { at: just_before },
        Event::Rated(Rated {
            cycle: None,
            kind: RatingKind::Csat,
            mark: 5,
            scale: Scale::NPS,
            customer: CustomerId::named("ann"),
            credit: Some(agent),
            comment: Some(ContentId::named("comment")),
        }),
        Event::PolicyChosen {
            agreement: crate::ticket::Agreement::Ola,
            policy: Some(name("inner")),
        },
        breach(false),
        breach(true),
        Event::Withdrawn {
            key: FiringKey::named("e"),
        },
        Event::RulebookApplied {
            rulebook: RulebookId::named("next"),
        },
        Event::Escalated(Escalated {
            key: FiringKey::named("e"),
            rule: name("rule"),
            level: name("level"),
            clock: Some(Metric::TotalResolution.into()),
            delivery: Delivery::Stale,
            chain_ended: true,
            told: Some(Holder::default()),
        }),
        Event::RulebookApplied {
            rulebook: RulebookId::named("next"),
        },
        Event::Imported,
        Event::Unlinked {
            link: Link::ProblemOf,
            ticket: TicketId::named("old"),
        },
        Event::ChannelChanged {
            to: Channel::SocialPrivate,
        },
        session(SessionEvent::Began {
            channel: Channel::Phone,
            bot: Some(BotId::named("bot")),
        }),
        session(SessionEvent::Understood {
            intent: name("refund"),
        }),
        session(SessionEvent::MovedTo {
            ticket: TicketId::named("next"),
        }),
        session(SessionEvent::MovedFrom {
            ticket: TicketId::named("old"),
            session: Box::new(waiting_call()),
        }),
        session(SessionEvent::HandedOver {
            reason: name("asked for a person"),
        }),
        session(SessionEvent::Answered { agent }),
        session(SessionEvent::Ended {
            end: SessionEnd::Completed,
            handling: Handling {
                wrap: Span::seconds(9),
                ..Handling::default()
            },
        }),
        Event::Merged(Merged {
            source: TicketId::named("old"),
            asked_at: Some(begin()),
            promise: Some(Promise {
                made_at: EARLIEST,
                due: just_before,
            }),
            effort: vec![TimeEntry {
                team: None,
                at: begin(),
                actor: Actor::Agent(agent),
                spent: Span::seconds(1),
                activity: None,
            }],
        }),
    ];
    let instants = [EARLIEST, until, begin(), just_before];
    let actors = [
        Actor::System,
        Actor::Agent(agent),
        Actor::Supervisor(agent),
        Actor::Customer(CustomerId::named("ann")),
        Actor::Bot(BotId::named("bot")),
    ];
    let causes = [
        None,
        Some(Cause::Rule(FiringKey::named("e"))),
        Some(Cause::Request(id(7))),
        Some(Cause::Import),
    ];
    let envelope = |(n, kind): (usize, Event)| Recorded {
        stamped_at: (n % 2 == 1).then_some(instants[n % 4]),
        timing: (n % 3 == 1).then_some(Timing {
            scheduled_at: instants[n % 4],
            observed_at: instants[(n + 1) % 4],
        }),
        actor: actors[n % 5],
        cause: causes[n % 4].clone(),
        ..recorded(n as u64 + 1, instants[(n * 4 / 30).min(3)], kind)
    };
    kinds.into_iter().enumerate().map(envelope).collect()
}
