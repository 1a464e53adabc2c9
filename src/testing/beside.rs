//! What can be said about what stands beside tickets: strategies for every kind's commands.
//!
//! The ids come from small sets, so that commands meet: two customers want the same address, a survey asks about the same ticket,
//! a vote is about an article that was read. Texts are short; some are blank, which is refused.

use chrono::{DateTime, TimeDelta, Utc};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use uuid::Uuid;

use crate::customer::{self, Identity};
use crate::desk::Anything;
use crate::feedback::{self, Answer};
use crate::id::{AgentId, ArticleId, ContentId, CustomerId, InvitationId, Name, TicketId};
use crate::improvement::{self, Aim, NewAction};
use crate::kpi::Kpi;
use crate::quality::{self, Mark, Marked};
use crate::self_service::{ArticleCommand, Draft, VisitCommand};
use crate::ticket::Channel;

fn some_name(kind: &'static str) -> impl Strategy<Value = Name> {
    (0..4_u8)
        .prop_map(move |n| Name::new(&format!("{kind} {n}")).unwrap_or_else(|_| unreachable!()))
}

/// One of the few ids of a kind, from 0: `named` after their number.
fn few<T>(named: fn(&str) -> T) -> impl Strategy<Value = T>
where
    T: std::fmt::Debug,
{
    (0..4_u8).prop_map(move |n| named(&n.to_string()))
}

fn texts() -> impl Strategy<Value = String> {
    prop_oneof![9 => "[a-zäß🦊 ]{1,12}", 1 => Just(" ".to_owned())]
}

fn languages() -> impl Strategy<Value = Name> {
    let tag = prop_oneof![
        Just("en"),
        Just("de"),
        Just("pt-BR"),
        Just("zh-Hant-TW"),
        Just("not a tag")
    ];
    tag.prop_map(|tag| Name::new(tag).unwrap_or_else(|_| unreachable!()))
}

/// Identities of a few people: valid ones in several spellings, and such as are none.
pub fn identities() -> impl Strategy<Value = Identity> {
    prop_oneof![
        4 => (0..6_u8, any::<bool>()).prop_map(|(n, loud)| {
            let text = format!("{n}@example.com");
            Identity::address(if loud { text.to_uppercase() } else { text })
        }),
        3 => (0..6_u8, any::<bool>()).prop_map(|(n, spaced)| {
            Identity::phone(if spaced { format!("+49 (30) 90182-{n}") } else { format!("00493090182{n}") })
        }),
        2 => (0..3_u8).prop_map(|n| Identity::handle("mastodon", format!("@{n}"))),
        1 => (0..3_u8).prop_map(|n| Identity::account(n.to_string())),
        1 => texts().prop_map(Identity::Phone),
    ]
}

/// Commands about customers. Ids of texts are made up, so that forgetting and removing are mostly refused; a test that wants them to
/// meet takes them from the profile.
pub fn customer_commands() -> impl Strategy<Value = customer::Command> {
    use customer::{Change, Command};
    let change = prop_oneof![
        option::of(texts()).prop_map(Change::Name),
        Just(Change::Channel(Some(Channel::Phone))),
        Just(Change::Channel(None)),
        option::of(languages()).prop_map(Change::Language),
        prop_oneof![Just("Europe/Vienna"), Just("Europe/Atlantis")]
            .prop_map(|zone| Change::Zone(Name::new(zone).ok())),
        option::of(some_name("tier")).prop_map(Change::Tier),
        option::of(some_name("organisation")).prop_map(Change::Organisation),
    ];
    prop_oneof![
        4 => identities().prop_map(Command::Identify),
        1 => (few(ContentId::named), identities()).prop_map(|(identity, is)| Command::Forget { identity, is }),
        3 => vec(change, 0..4).prop_map(Command::Set),
        2 => texts().prop_map(Command::Note),
        1 => few(ContentId::named).prop_map(Command::RemoveNote),
        2 => few(CustomerId::named).prop_map(Command::Join),
    ]
}

/// Commands about surveys, by the names `survey 0` to `survey 3` and `question 0` to `question 3`.
pub fn feedback_commands() -> impl Strategy<Value = feedback::Command> {
    use feedback::Command;
    let answer =
        (some_name("question"), 0..12_u8).prop_map(|(question, mark)| Answer { question, mark });
    prop_oneof![
        3 => (some_name("survey"), few(TicketId::named)).prop_map(|(survey, ticket)| Command::Invite { survey, ticket }),
        3 => (few(InvitationId::named), vec(answer, 0..4), option::of(texts())).prop_map(
            |(invitation, answers, comment)| Command::Answer { invitation, answers, comment }
        ),
        1 => any::<bool>().prop_map(Command::OptOut),
    ]
}

/// Commands about articles.
pub fn article_commands() -> impl Strategy<Value = ArticleCommand> {
    let draft = (texts(), texts(), languages(), vec(some_name("cause"), 0..3));
    let draft = draft.prop_map(|(title, body, language, causes)| {
        let draft = Draft::new(title, body, language);
        causes.into_iter().fold(draft, Draft::about)
    });
    prop_oneof![
        4 => draft.prop_map(ArticleCommand::Write),
        2 => Just(ArticleCommand::Publish),
        1 => Just(ArticleCommand::Retire),
        1 => some_name("cause").prop_map(ArticleCommand::LinkCause),
        1 => some_name("cause").prop_map(ArticleCommand::UnlinkCause),
        1 => few(TicketId::named).prop_map(ArticleCommand::Use),
    ]
}

/// Commands about visits.
pub fn visit_commands() -> impl Strategy<Value = VisitCommand> {
    prop_oneof![
        1 => few(CustomerId::named).prop_map(VisitCommand::Recognise),
        4 => few(ArticleId::named).prop_map(VisitCommand::View),
        3 => (texts(), 0..3_u32).prop_map(|(text, results)| VisitCommand::Search { text, results }),
        3 => (few(ArticleId::named), any::<bool>()).prop_map(|(article, helpful)| VisitCommand::Vote { article, helpful }),
        1 => option::of(any::<bool>()).prop_map(|solved| VisitCommand::End { solved }),
        1 => few(TicketId::named).prop_map(VisitCommand::Ticket),
    ]
}

/// Commands about quality reviews, by the names `scorecard 0` to `scorecard 3` and `category 0` to `category 3`.
pub fn review_commands() -> impl Strategy<Value = quality::Command> {
    use quality::Command;
    let mark = prop_oneof![3 => (0..6_u8).prop_map(Mark::Points), 1 => Just(Mark::NotApplicable)];
    let marks = vec(mark, 4).prop_map(|marks| {
        let name = |n| Name::new(&format!("category {n}")).unwrap_or_else(|_| unreachable!());
        let marked = |(n, mark)| Marked {
            category: name(n),
            mark,
        };
        (0..).zip(marks).map(marked).collect::<Vec<_>>()
    });
    let place = (
        some_name("scorecard"),
        few(TicketId::named),
        few(AgentId::named),
    );
    prop_oneof![
        5 => (place, marks, option::of(texts())).prop_map(
            |((scorecard, ticket, agent), marks, comment)| Command::Score { scorecard, ticket, agent, marks, comment }
        ),
        1 => texts().prop_map(Command::Dispute),
        1 => Just(Command::Withdraw),
    ]
}

/// Commands about findings, with due dates within 60 days of `around`.
pub fn finding_commands(around: DateTime<Utc>) -> impl Strategy<Value = improvement::Command> {
    use improvement::Command;
    let due = (-60..60_i64).prop_map(move |days| {
        around
            .checked_add_signed(TimeDelta::days(days))
            .unwrap_or(around)
    });
    let aims = (0..Kpi::ALL.len(), 0..400_u16).prop_map(|(kpi, days)| {
        let kpi = Kpi::ALL.get(kpi).copied().unwrap_or(Kpi::Volume);
        Aim::new(kpi, days).ok()
    });
    let plan =
        (texts(), few(AgentId::named), due.clone(), aims).prop_map(|(text, owner, due, aim)| {
            NewAction {
                aim,
                ..NewAction::new(text, owner, due)
            }
        });
    prop_oneof![
        2 => texts().prop_map(Command::Find),
        3 => plan.prop_map(Command::Plan),
        2 => (0..4_u32).prop_map(|action| Command::Do { action }),
        1 => (0..4_u32).prop_map(|action| Command::Drop { action }),
        1 => (0..4_u32, few(AgentId::named), due).prop_map(|(action, owner, due)| Command::Move { action, owner, due }),
        1 => texts().prop_map(|learnt| Command::Close { learnt }),
    ]
}

/// Commands of any kind with the id of what they are said of: one of four of each kind.
pub fn anything(around: DateTime<Utc>) -> impl Strategy<Value = (Uuid, Anything)> {
    let id = few(|text| CustomerId::named(text).uuid());
    let command = prop_oneof![
        customer_commands().prop_map(Anything::Customer),
        feedback_commands().prop_map(Anything::Feedback),
        article_commands().prop_map(Anything::Article),
        visit_commands().prop_map(Anything::Visit),
        review_commands().prop_map(Anything::Review),
        finding_commands(around).prop_map(Anything::Finding),
    ];
    (id, command)
}
