//! Sets that have a limit: only what lets one grow beyond it is refused.

use helpdesk::id::SessionId;
use helpdesk::store::MemoryStore;
use helpdesk::ticket::{Change, Channel, Draft, Priority, Rules, SessionStep, Ticket};
use helpdesk::{Command, Desk, Open};
use proptest::prelude::*;

use super::common::*;
use super::{ann, desk, kim};

/// What changes sets of a ticket: of tags, fields and participants, by changes and by a message that names people.
fn changes_of_sets() -> impl Strategy<Value = Vec<(u8, u8)>> {
    proptest::collection::vec((0u8..7, 0u8..6), 0..12)
}

fn command_of(changes: &[(u8, u8)]) -> Command {
    let customer = |n: u8| helpdesk::id::CustomerId::named(&n.to_string());
    let named = changes.iter().filter(|(what, _)| *what == 6);
    let mut draft = None;
    for (_, n) in named {
        let said = draft.unwrap_or_else(|| Draft::new("so"));
        draft = Some(said.copy_to(customer(*n)));
    }
    let change = |(what, n): &(u8, u8)| {
        let name = name(&format!("n{n}"));
        let value = Some(helpdesk::ticket::FieldValue::Number((*n).into()));
        Some(match what {
            0 => Change::AddTag(name),
            1 => Change::RemoveTag(name),
            2 => Change::Field { name, value },
            3 => Change::Field { name, value: None },
            4 => Change::AddParticipant(customer(*n)),
            5 => Change::RemoveParticipant(customer(*n)),
            _ => return None,
        })
    };
    let said = draft.map_or_else(Command::default, Command::say);
    changes.iter().filter_map(change).fold(said, Command::and)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// A command is refused for the size of a set where it lets that set grow beyond the limit, and nowhere else: what rules or an
    /// import made larger can be taken away, and hinders nothing.
    #[test]
    fn only_what_grows_is_too_large(before in changes_of_sets(), then in changes_of_sets(), max_list in 12usize..16) {
        let desk = Desk::new(MemoryStore::new(), rulebook());
        let t = desk.open(&ann("2026-03-02T15:00:00Z"), Open::new("x")).unwrap();
        // Some more than a command names, so that the limit on those does not decide.
        let many = (10u8..22).flat_map(|n| [(0, n), (2, n), (4, n)]).collect::<Vec<_>>();
        let call = kim("2026-03-02T15:01:00Z");
        desk.submit(t.id(), &call, command_of(&many)).unwrap();
        let t = desk.submit(t.id(), &call, command_of(&before)).unwrap();
        let command = command_of(&then);
        let sizes = |ticket: &Ticket| [ticket.tags().len(), ticket.fields().len(), ticket.participants().len()];
        let lax = Rules::default();
        let after = helpdesk::ticket::decide(t.ticket(), &lax, &call, call.at(), &command).unwrap();
        let mut grown = t.ticket().clone();
        for event in after.recorded_after(t.ticket(), &call) {
            grown.apply(&event);
        }
        let (now, later) = (sizes(t.ticket()), sizes(&grown));
        let too_large = now.iter().zip(later).any(|(now, later)| later > *now && later > max_list);
        let mut tight = Rules::default();
        tight.max_list = max_list;
        let found = helpdesk::ticket::decide(t.ticket(), &tight, &call, call.at(), &command);
        match found {
            Ok(found) => prop_assert!(!too_large && found == after),
            Err(refused) => prop_assert!(too_large && refused.code() == "too_large", "{} {:?} {:?}", refused, now, later),
        }
    }
}

/// A tag above the limit, which a rule or an import set, hinders no other change; nor does a full list of calls hinder one to end.
#[test]
fn one_set_that_is_full_hinders_nothing_else() {
    let desk = desk();
    let t = desk
        .open(&ann("2026-03-02T15:00:00Z"), Open::new("x"))
        .unwrap();
    let call = kim("2026-03-02T15:01:00Z");
    let call_of = |n: u128| SessionId::from_uuid(uuid::Uuid::from_u128(n));
    let change = |id, step| Command::change(Change::Session { id, step });
    let mut commands = vec![command_of(&[(0, 1), (0, 2)])];
    for n in 1..=2 {
        commands.push(change(
            call_of(n),
            SessionStep::Offer {
                channel: Channel::Phone,
            },
        ));
    }
    let mut t = desk.submit(t.id(), &call, commands.remove(0)).unwrap();
    for command in commands {
        t = desk.submit(t.id(), &call, command).unwrap();
    }
    let mut tight = Rules::default();
    tight.max_list = 1;
    let decided =
        |command: &Command| helpdesk::ticket::decide(t.ticket(), &tight, &call, call.at(), command);
    let answer = change(call_of(1), SessionStep::Answer { agent: None });
    for possible in [
        Command::priority(Priority::High),
        command_of(&[(1, 1)]),
        command_of(&[(2, 1)]),
        Command::reply("so"),
        answer,
    ] {
        assert!(
            decided(&possible).is_ok(),
            "{possible:?}: {:?}",
            decided(&possible)
        );
    }
    assert_eq!(
        decided(&command_of(&[(0, 3)])).unwrap_err().code(),
        "too_large"
    );
}
