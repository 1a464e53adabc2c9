//! One event of each kind and shape, to be written and read back.

use chrono::{DateTime, TimeDelta};

use super::{begin, id, name, recorded};
use crate::calendar::{EARLIEST, LATEST};
use crate::call::{Actor, Cause};
use crate::id::{
    AgentId, BotId, ContentId, CustomerId, FiringKey, MessageId, RulebookId, SessionId, TeamId,
    TicketId, TicketNumber,
};
use crate::ticket::{
    Attachment, Channel, ClockId, Delivery, Direction, Escalated, Event, FieldValue, Handling,
    Holder, Link, Merged, MessageAdded, MessageClass, Metric, Opened, Pending, Priority, Promise,
    Rated, RatingKind, Recipients, Recorded, Scale, Session, SessionEnd, SessionEvent, Status,
    Step, TimeEntry, Timing, Visibility,
};
use crate::time::Span;

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
        taken_over: None,
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
