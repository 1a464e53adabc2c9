//! Every command of every kind as one value: the door for hosts in other languages.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::aggregate::StreamKind;
use crate::call::Call;
use crate::customer::{self, Profile};
use crate::error::Error;
use crate::feedback::{self, Feedback};
use crate::improvement::{self, Finding};
use crate::quality::{self, Review};
use crate::self_service::{Article, ArticleCommand, Visit, VisitCommand};
#[cfg(feature = "async")]
use crate::store::AsyncStore;
use crate::store::Store;

#[cfg(feature = "async")]
use super::super::AsyncDesk;
use super::{Desk, Told};
#[cfg(feature = "capi")]
use crate::{rulebook::Governed, store::StreamEvent};

/// Whoever takes commands of every kind, whatever kind it is.
#[cfg(feature = "capi")]
pub(crate) trait Hear {
    /// What comes of it.
    type Answer;

    /// A command to the one with this id; `told` makes the answer of any kind of what came of it.
    fn hear<A>(
        self,
        id: A::Id,
        command: A::Command,
        told: fn(Told<A>) -> ToldAnything,
    ) -> Self::Answer
    where
        A: Governed + Send + 'static,
        A::Command: Send,
        A::Event: StreamEvent,
        A::Id: Serialize + Send;
}

macro_rules! doors {
    ($($(#[$doc:meta])* $kind:ident $state:ty, $command:ty;)*) => {
        /// A command of any kind, for [`Desk::tell_anything`]: in JSON its kind and the command.
        ///
        /// ```
        /// use helpdesk::desk::Anything;
        /// let text = r#"{"customer":{"identify":{"phone":"+49 30 901820"}}}"#;
        /// let command: Anything = serde_json::from_str(text)?;
        /// assert_eq!(serde_json::to_string(&command)?, text);
        /// # Ok::<(), serde_json::Error>(())
        /// ```
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[non_exhaustive]
        pub enum Anything {
            $($(#[$doc])* $kind($command),)*
        }

        /// What came of telling something of any kind.
        #[derive(Clone, Debug, PartialEq, Serialize)]
        #[serde(rename_all = "snake_case")]
        #[non_exhaustive]
        pub enum ToldAnything {
            $($(#[$doc])* $kind(Box<Told<$state>>),)*
        }

        impl Anything {
            /// The kind of what it is said of.
            pub const fn kind(&self) -> StreamKind {
                match self {
                    $(Anything::$kind(_) => StreamKind::$kind,)*
                }
            }
        }

        impl Anything {
            /// Hands the command over to whoever takes commands of every kind.
            #[cfg(feature = "capi")]
            pub(crate) fn hear<H: Hear>(self, id: Uuid, by: H) -> H::Answer {
                match self {
                    $(Anything::$kind(command) => {
                        by.hear::<$state>(id.into(), command, |told| ToldAnything::$kind(Box::new(told)))
                    })*
                }
            }
        }

        impl<S: Store> Desk<S> {
            /// Tells something of any kind to the one with this id, in the tenant of the call.
            ///
            /// # Errors
            /// Those of [`Desk::tell`].
            pub fn tell_anything(&self, id: Uuid, call: &Call, command: Anything) -> Result<ToldAnything, Error> {
                Ok(match command {
                    $(Anything::$kind(command) => {
                        ToldAnything::$kind(Box::new(self.tell::<$state>(id.into(), call, command)?))
                    })*
                })
            }
        }

        #[cfg(feature = "async")]
        impl<S: AsyncStore> AsyncDesk<S> {
            /// See [`Desk::tell_anything`].
            pub async fn tell_anything(&self, id: Uuid, call: &Call, command: Anything) -> Result<ToldAnything, Error> {
                Ok(match command {
                    $(Anything::$kind(command) => {
                        let told = self.tell::<$state>(id.into(), call, command).await?;
                        ToldAnything::$kind(Box::new(told))
                    })*
                })
            }
        }
    };
}

doors! {
    /// Of a customer.
    Customer Profile, customer::Command;
    /// Of a customer's surveys.
    Feedback Feedback, feedback::Command;
    /// Of an article.
    Article Article, ArticleCommand;
    /// Of a visit to the self-service.
    Visit Visit, VisitCommand;
    /// Of a quality review.
    Review Review, quality::Command;
    /// Of a finding.
    Finding Finding, improvement::Command;
}
