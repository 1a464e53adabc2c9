//! The same desk as a plain cqrs-es aggregate: the same four commands a ticket, which lead to the same messages and moves. It
//! knows nothing of clocks, policies, permissions, KPI rows, lists, texts apart from events, unique keys or wake-ups.

use chrono::{DateTime, TimeDelta, Utc};
use cqrs_es::event_sink::EventSink;
use cqrs_es::{Aggregate, DomainEvent};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What is said about so many tickets, in order, each with the id of its ticket.
pub(crate) fn told(tickets: usize) -> impl Iterator<Item = (String, Say)> {
    let begin = DateTime::from_timestamp(1_772_442_000, 0).unwrap();
    (0..tickets).flat_map(move |i| {
        let id = Uuid::from_u128(i as u128).to_string();
        [0, 10, 20, 30].into_iter().map(move |minutes| {
            let at = begin + TimeDelta::minutes(minutes) + TimeDelta::seconds(i as i64);
            (id.clone(), Say::at(at, minutes))
        })
    })
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Story {
    opened_at: Option<DateTime<Utc>>,
    requester: Uuid,
    status: Status,
    messages: u32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) enum Status {
    #[default]
    Open,
    Pending,
    Resolved,
}

pub(crate) enum Say {
    Open {
        at: DateTime<Utc>,
        requester: Uuid,
        subject: String,
        body: String,
    },
    Reply {
        at: DateTime<Utc>,
        author: Uuid,
        body: String,
        then: Option<Status>,
    },
}

impl Say {
    fn at(at: DateTime<Utc>, minutes: i64) -> Say {
        let (ann, kim) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let reply = |author, body: &str, then| Say::Reply {
            at,
            author,
            body: body.to_owned(),
            then,
        };
        match minutes {
            0 => Say::Open {
                at,
                requester: ann,
                subject: "Printer on fire".to_owned(),
                body: "Please hurry".to_owned(),
            },
            10 => reply(kim, "Which floor?", Some(Status::Pending)),
            20 => reply(ann, "The third", Some(Status::Open)),
            _ => reply(kim, "Put out", Some(Status::Resolved)),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Happened {
    Opened {
        at: DateTime<Utc>,
        requester: Uuid,
        subject: String,
    },
    MessageAdded {
        at: DateTime<Utc>,
        author: Uuid,
        body: String,
    },
    StatusChanged {
        at: DateTime<Utc>,
        to: Status,
    },
}

impl DomainEvent for Happened {
    fn event_type(&self) -> String {
        "Happened".to_owned()
    }
    fn event_version(&self) -> String {
        "1".to_owned()
    }
}

#[derive(Debug)]
pub(crate) struct Refused;

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("refused")
    }
}

impl std::error::Error for Refused {}

impl Aggregate for Story {
    const TYPE: &'static str = "story";
    type Command = Say;
    type Event = Happened;
    type Error = Refused;
    type Services = ();

    async fn handle(
        &mut self,
        command: Say,
        _: &(),
        sink: &EventSink<Story>,
    ) -> Result<(), Refused> {
        match command {
            Say::Open {
                at,
                requester,
                subject,
                body,
            } => {
                if self.opened_at.is_some() {
                    return Err(Refused);
                }
                sink.write(
                    Happened::Opened {
                        at,
                        requester,
                        subject,
                    },
                    self,
                )
                .await;
                let author = requester;
                sink.write(Happened::MessageAdded { at, author, body }, self)
                    .await;
            }
            Say::Reply {
                at,
                author,
                body,
                then,
            } => {
                if self.opened_at.is_none() {
                    return Err(Refused);
                }
                sink.write(Happened::MessageAdded { at, author, body }, self)
                    .await;
                if let Some(to) = then {
                    sink.write(Happened::StatusChanged { at, to }, self).await;
                }
            }
        }
        Ok(())
    }

    fn apply(&mut self, event: Happened) {
        match event {
            Happened::Opened { at, requester, .. } => {
                (self.opened_at, self.requester) = (Some(at), requester)
            }
            Happened::MessageAdded { .. } => self.messages += 1,
            Happened::StatusChanged { to, .. } => self.status = to,
        }
    }
}
