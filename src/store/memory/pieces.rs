//! The events of a stream as the memory store keeps them: one piece per commit, so that none is ever moved again.

use std::sync::Arc;

use crate::store::events::each_kind;
use crate::store::{Events, StreamKind};
use crate::ticket::{Recorded, Version};

macro_rules! pieces {
    ($($kind:ident($event:ty),)*) => {
        #[derive(Debug)]
        pub(super) enum Pieces {
            $($kind(Vec<Arc<[Recorded<$event>]>>),)*
        }

        impl Pieces {
            pub(super) const fn none(kind: StreamKind) -> Pieces {
                match kind {
                    $(StreamKind::$kind => Pieces::$kind(Vec::new()),)*
                }
            }

            /// The place of the last event.
            pub(super) fn version(&self) -> Version {
                match self {
                    $(Pieces::$kind(pieces) => last(pieces),)*
                }
            }

            /// Adds the events of a commit, which are of the same kind: [`Commit::check`](crate::store::Commit::check) saw to it.
            pub(super) fn push(&mut self, events: &Events) {
                match (self, events) {
                    $((Pieces::$kind(pieces), Events::$kind(events)) => pieces.push(events.shared()),)*
                    _ => {}
                }
            }

            pub(super) fn all(&self) -> Events {
                match self {
                    $(Pieces::$kind(pieces) => pieces.concat().into(),)*
                }
            }

            /// None, of the same kind.
            pub(super) const fn none_alike(&self) -> Events {
                match self {
                    $(Pieces::$kind(_) => Events::none(StreamKind::$kind),)*
                }
            }

            /// The events after `before`.
            pub(super) fn since(&self, before: Version) -> Events {
                match self {
                    $(Pieces::$kind(pieces) => since(pieces, before).into(),)*
                }
            }
        }
    };
}

each_kind!(pieces);

fn last<E>(pieces: &[Arc<[Recorded<E>]>]) -> Version {
    let last = pieces.last().and_then(|piece| piece.last());
    last.map_or(Version::default(), |event| event.version)
}

fn since<E: Clone>(pieces: &[Arc<[Recorded<E>]>], before: Version) -> Vec<Recorded<E>> {
    let is_later = |piece: &[Recorded<E>]| {
        let last = piece
            .last()
            .map_or(Version::default(), |event| event.version);
        last > before
    };
    let newest = pieces
        .iter()
        .rev()
        .take_while(|piece| is_later(piece))
        .count();
    let newest = pieces.iter().skip(pieces.len() - newest);
    let found = newest.flat_map(|piece| piece.iter());
    found
        .filter(|event| event.version > before)
        .cloned()
        .collect()
}
