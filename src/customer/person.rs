//! The person behind a customer's id, as far as the profiles that were looked at tell.

use crate::aggregate::{Around, Needs};
use crate::id::CustomerId;

use super::Profile;

/// Whom an id leads to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Person<'a> {
    /// The id that all of hers lead to.
    pub(crate) id: CustomerId,
    /// The profile of that id.
    pub(crate) profile: Option<&'a Profile>,
}

impl<'a> Person<'a> {
    /// The person behind `id`.
    pub(crate) fn behind(id: CustomerId, around: &'a Around) -> Person<'a> {
        let own = around.state::<Profile>(id);
        match own.and_then(Profile::joined_into) {
            Some(into) => Person {
                id: into,
                profile: around.state::<Profile>(into),
            },
            None => Person { id, profile: own },
        }
    }

    /// The profiles that tell who is behind `id`.
    pub(crate) fn needs(id: CustomerId, around: &Around) -> Needs {
        let person = Person::behind(id, around).id;
        let needs = Needs::default().stream::<Profile>(id);
        needs.stream::<Profile>(person) // the same one, where nobody was joined
    }

    /// Every id of hers: first the one that the others lead to.
    pub(crate) fn ids(self) -> impl Iterator<Item = CustomerId> + use<'a> {
        let joined = self.profile.into_iter().flat_map(Profile::joined);
        std::iter::once(self.id).chain(joined.copied())
    }

    /// Whether a customer may speak as `id`, which leads to this person: it is her own id, or another one of the same person.
    pub(crate) fn speaks_as(self, id: CustomerId, speaker: CustomerId) -> bool {
        speaker == id || self.has(speaker)
    }

    /// Whether this id is hers.
    pub(crate) fn has(self, id: CustomerId) -> bool {
        self.ids().any(|one| one == id)
    }
}
