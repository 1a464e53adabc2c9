//! What commands about customers mean.

use crate::aggregate::{Around, Context, Decided, Needs};
use crate::calendar::Zone;
use crate::call::{Actor, Call};
use crate::id::{CustomerId, Name};
use crate::ticket::{self, ContentKind};

use super::{Change, Command, Event, Identity, Joined, Person, Profile, Refusal};

pub(super) fn needs(call: &Call, command: &Command, around: &Around) -> Needs {
    match command {
        Command::Identify(is) => owners(call, is),
        Command::Forget { identity, is } => owners(call, is).text(*identity),
        Command::Join(other) => {
            let theirs = around.state::<Profile>(*other);
            let with = theirs.into_iter().flat_map(Profile::joined);
            let needs = Needs::default().stream::<Profile>(*other);
            with.fold(needs, |needs, one| needs.stream::<Profile>(*one))
        }
        Command::Set(_) | Command::Note(_) | Command::RemoveNote(_) => Needs::default(),
    }
}

/// Who has an identity, as an address and in a profile.
fn owners(call: &Call, is: &Identity) -> Needs {
    let [address, known] = is.keys(call.tenant_id());
    Needs::default().owner(address).owner(known)
}

pub(super) fn decide(
    stands: Option<&Profile>,
    id: CustomerId,
    context: &Context<'_>,
    command: &Command,
) -> Result<Decided<Event>, Refusal> {
    let person = Person::behind(id, context.around);
    if matches!(context.actor(), Actor::Customer(speaker) if !person.speaks_as(id, speaker)) {
        return Err(Refusal::SomebodyElse { customer: id });
    }
    check_stands(stands, id)?;
    let nobody = Profile::since(context.at);
    let work = Work {
        profile: stands.unwrap_or(&nobody),
        id,
        context,
    };
    match command {
        Command::Identify(identity) => work.identify(identity),
        Command::Forget { identity, is } => {
            let keys = is.keys(context.call.tenant_id());
            let known = work.profile.identities.iter();
            let has = known
                .filter(|known| known.text == *identity && known.kind == is.kind())
                .count();
            // Where nobody can tell the text any more, that the identity is hers is all that is known.
            let text = context.around.text(*identity);
            let is_another = text.is_some_and(|text| text != is.text());
            if has == 0 || is_another || context.around.owner(keys[1]) != Some(id.uuid()) {
                let identity = *identity;
                return Err(Refusal::UnknownIdentity { identity });
            }
            let mut decided = Decided::event(Event::IdentityRemoved { text: *identity });
            decided.erased.push(*identity);
            decided.freed.extend(keys);
            Ok(decided)
        }
        Command::Set(changes) => work.set(changes),
        Command::Note(text) => {
            context.check_list("the list of notes", work.profile.notes.len() + 1)?;
            let mut decided = Decided::default();
            let about = (ContentKind::Note, Some(id));
            let text = decided.keep(context, id, about, "the note", text)?;
            Ok(decided.and(Event::NoteAdded { text }))
        }
        Command::RemoveNote(note) => {
            if !work.profile.notes.iter().any(|known| known.text == *note) {
                return Err(Refusal::UnknownNote { note: *note });
            }
            let mut decided = Decided::event(Event::NoteRemoved { text: *note });
            decided.erased.push(*note);
            Ok(decided)
        }
        Command::Join(other) => work.join(*other),
    }
}

/// Refuses a profile that is no longer one of its own.
fn check_stands(stands: Option<&Profile>, customer: CustomerId) -> Result<(), Refusal> {
    match stands {
        Some(Profile {
            into: Some(into), ..
        }) => Err(Refusal::WasJoined {
            customer,
            into: *into,
        }),
        Some(Profile {
            erased: Some(_), ..
        }) => Err(Refusal::WasErased { customer }),
        _ => Ok(()),
    }
}

struct Work<'a> {
    profile: &'a Profile,
    id: CustomerId,
    context: &'a Context<'a>,
}

impl Work<'_> {
    fn identify(&self, identity: &Identity) -> Result<Decided<Event>, Refusal> {
        let (kind, text) = (identity.kind(), identity.text());
        if !identity.is_valid() {
            return Err(Refusal::not_an_identity(kind, &text));
        }
        let keys = identity.keys(self.context.call.tenant_id());
        let owner_of = |key| self.context.around.owner(key).map(CustomerId::from_uuid);
        if owner_of(keys[1]) == Some(self.id) {
            return Ok(Decided::default()); // known already
        }
        let owner = owner_of(keys[0]).or(owner_of(keys[1]));
        if let Some(customer) = owner.filter(|owner| *owner != self.id) {
            return Err(Refusal::IdentityTaken { customer });
        }
        let known = self.profile.identities.len();
        self.context
            .check_list("the list of identities", known + 1)?;
        let mut decided = Decided::default();
        let about = (ContentKind::Address, Some(self.id));
        let text = decided.keep(self.context, self.id, about, "the identity", &text)?;
        decided.claimed.extend(keys);
        Ok(decided.and(Event::Identified { text, kind }))
    }

    fn set(&self, changes: &[Change]) -> Result<Decided<Event>, Refusal> {
        self.context
            .check_list("the list of changes", changes.len())?;
        let mut decided = Decided::default();
        let mut now = self.profile.clone();
        for change in changes {
            match change {
                Change::Name(to) => self.rename(&mut decided, &mut now, to.as_deref())?,
                Change::Channel(to) => {
                    if replace(&mut now.channel, to) {
                        decided
                            .events
                            .push(Event::ChannelChanged { to: to.clone() });
                    }
                }
                Change::Language(to) => {
                    to.as_ref().map_or(Ok(()), check_language)?;
                    if replace(&mut now.language, to) {
                        decided
                            .events
                            .push(Event::LanguageChanged { to: to.clone() });
                    }
                }
                Change::Zone(to) => {
                    to.as_ref().map_or(Ok(()), check_zone)?;
                    if replace(&mut now.zone, to) {
                        decided.events.push(Event::ZoneChanged { to: to.clone() });
                    }
                }
                Change::Tier(to) => {
                    if replace(&mut now.tier, to) {
                        decided.events.push(Event::TierChanged { to: to.clone() });
                    }
                }
                Change::Organisation(to) => {
                    if replace(&mut now.organisation, to) {
                        let to = to.clone();
                        decided.events.push(Event::OrganisationChanged { to });
                    }
                }
            }
        }
        Ok(decided)
    }

    /// A name that was there before is deleted: nobody can tell whether a new text says the same.
    fn rename(
        &self,
        decided: &mut Decided<Event>,
        now: &mut Profile,
        to: Option<&str>,
    ) -> Result<(), ticket::Refusal> {
        let about = (ContentKind::Name, Some(self.id));
        let to = match to {
            Some(name) => Some(decided.keep(self.context, self.id, about, "the name", name)?),
            None => None,
        };
        if now.name != to {
            decided.erased.extend(now.name); // also one that this command gave and takes away again
            decided.events.push(Event::NameChanged { to });
            now.name = to;
        }
        Ok(())
    }

    fn join(&self, other: CustomerId) -> Result<Decided<Event>, Refusal> {
        let theirs = self.context.around.state::<Profile>(other);
        check_stands(theirs, other)?;
        if other == self.id || self.profile.joined.contains(&other) {
            return Err(Refusal::SamePerson { customer: other });
        }
        let nobody = Profile::since(self.context.at);
        let theirs = theirs.unwrap_or(&nobody);
        let own = self.profile;
        for (what, of_both) in [
            (
                "the list of joined customers",
                own.joined.len() + theirs.joined.len() + 1,
            ),
            (
                "the list of identities",
                own.identities.len() + theirs.identities.len(),
            ),
            ("the list of notes", own.notes.len() + theirs.notes.len()),
        ] {
            self.context.check_list(what, of_both)?;
        }
        let with: Vec<CustomerId> = theirs.joined.iter().copied().collect();
        let mut decided = Decided::event(Event::Joined(Joined {
            other,
            with: with.clone(),
            identities: theirs.identities.clone(),
            notes: theirs.notes.clone(),
            name: theirs.name,
            channel: theirs.channel.clone(),
            language: theirs.language.clone(),
            zone: theirs.zone.clone(),
            tier: theirs.tier.clone(),
            organisation: theirs.organisation.clone(),
        }));
        let customer = self.id;
        for one in with.into_iter().chain([other]) {
            decided
                .beside
                .push((one.uuid(), Event::JoinedInto { customer }));
        }
        decided.moved.push((other.uuid(), self.id.uuid()));
        Ok(decided)
    }
}

/// Sets a fact, and tells whether that changed it.
fn replace<T: Clone + PartialEq>(fact: &mut Option<T>, to: &Option<T>) -> bool {
    let changes = fact != to;
    if changes {
        fact.clone_from(to);
    }
    changes
}

/// The shape of a tag of RFC 5646, section 2.1: a language of 2 to 8 letters, then subtags of 1 to 8 letters or digits.
fn check_language(language: &Name) -> Result<(), Refusal> {
    let mut subtags = language.as_str().split('-');
    let first = subtags.next().unwrap_or_default();
    let is_language =
        (2..=8).contains(&first.len()) && first.bytes().all(|b| b.is_ascii_alphabetic());
    let is_subtag =
        |tag: &str| (1..=8).contains(&tag.len()) && tag.bytes().all(|b| b.is_ascii_alphanumeric());
    if is_language && subtags.all(is_subtag) {
        return Ok(());
    }
    let language = language.clone();
    Err(Refusal::NotALanguage { language })
}

fn check_zone(zone: &Name) -> Result<(), Refusal> {
    let known = Zone::parse(zone.as_str());
    known
        .map(|_| ())
        .map_err(|_| Refusal::NotAZone { zone: zone.clone() })
}
