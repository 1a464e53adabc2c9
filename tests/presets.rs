//! Presets: each builds, and its clocks pause and reopen as its documentation says.

mod common;

use chrono::{DateTime, TimeDelta, Utc};
use common::*;
use helpdesk::rulebook::Severity;
use helpdesk::sla::preset::Preset;
use helpdesk::sla::{Agreement, Measure, Policy, State, Target};
use helpdesk::store::MemoryStore;
use helpdesk::ticket::{Metric, Pending, PendingReason};
use helpdesk::time::Span;
use helpdesk::{Actor, Command, Desk, Open, Rulebook, TicketId};

fn rulebook(preset: Preset) -> Rulebook {
    let mut policy = preset.policy(name("all"));
    for clock in preset.clocks() {
        let target = Target::new(Span::hours(100), Measure::Calendar).unwrap();
        policy = policy.target(clock.metric, target);
    }
    Rulebook::draft().policy(policy).build().unwrap()
}

struct Story {
    desk: Desk<MemoryStore>,
    ticket: TicketId,
    now: DateTime<Utc>,
    said: u128,
}

impl Story {
    fn begin(preset: Preset) -> Story {
        let desk = Desk::new(MemoryStore::new(), rulebook(preset));
        let now = at(BEGIN);
        let open = Open::new("subject").body("help");
        let ticket = desk
            .open(&call(Actor::Customer(ANN), now, 0), open)
            .unwrap()
            .id();
        Story {
            desk,
            ticket,
            now,
            said: 0,
        }
    }

    /// An hour later.
    fn say(&mut self, actor: Actor, command: Command) {
        (self.now, self.said) = (self.now + TimeDelta::hours(1), self.said + 1);
        let call = call(actor, self.now, self.said);
        self.desk.submit(self.ticket, &call, command).unwrap();
    }

    /// Another hour later.
    fn state(&self, metric: Metric) -> State {
        let later = self.now + TimeDelta::hours(1);
        self.desk
            .reading(self.ticket, metric, later)
            .unwrap()
            .state()
    }
}

const KIM: Actor = Actor::Agent(common::KIM);

/// The reasons for which a clock is paused when a ticket is put off while the clock runs.
fn pauses(preset: Preset, metric: Metric) -> String {
    let mut letters = String::new();
    for (reason, letter) in PendingReason::ALL.into_iter().zip("ctis".chars()) {
        let mut story = Story::begin(preset);
        match metric {
            Metric::NextResponse => {
                story.say(KIM, Command::reply("which floor?"));
                story.say(Actor::Customer(ANN), Command::reply("the third"));
            }
            Metric::PeriodicUpdate => story.say(KIM, Command::reply("working on it")),
            _ => {}
        }
        assert_eq!(story.state(metric), State::Running, "{preset:?} {metric}");
        let reason = match reason {
            PendingReason::Customer => Pending::Customer,
            PendingReason::ThirdParty => Pending::ThirdParty,
            PendingReason::Internal => Pending::Internal,
            PendingReason::Scheduled => Pending::Scheduled {
                until: at("2027-01-01T00:00:00Z"),
            },
        };
        story.say(KIM, Command::pend(reason));
        if story.state(metric) == State::Paused {
            letters.push(letter);
        }
    }
    letters
}

/// What each product pauses, written by hand: c for customer, t for third party, i for internal, s for scheduled.
#[test]
fn presets_pause_as_documented() {
    use Metric::{
        AgentWork, FirstResponse, NextResponse, PeriodicUpdate, RequesterWait, TotalResolution,
    };
    let documented: &[(Preset, &[(Metric, &str)])] = &[
        (
            Preset::Zendesk,
            &[
                (FirstResponse, ""),
                (NextResponse, ""),
                (PeriodicUpdate, ""),
                (RequesterWait, "c"),
                (AgentWork, "ctis"),
                (TotalResolution, ""),
            ],
        ),
        (
            Preset::JiraServiceManagement,
            &[(FirstResponse, ""), (TotalResolution, "c")],
        ),
        (
            Preset::Zammad,
            &[
                (FirstResponse, "ctis"),
                (NextResponse, "ctis"),
                (TotalResolution, "ctis"),
            ],
        ),
        (
            Preset::Frappe,
            &[(FirstResponse, ""), (TotalResolution, "ctis")],
        ),
    ];
    assert!(documented.iter().map(|(preset, _)| *preset).eq(Preset::ALL));
    for (preset, clocks) in documented {
        let has: Vec<Metric> = preset.clocks().iter().map(|clock| clock.metric).collect();
        assert_eq!(
            has,
            clocks.iter().map(|(metric, _)| *metric).collect::<Vec<_>>()
        );
        for (metric, reasons) in *clocks {
            assert_eq!(&pauses(*preset, *metric), reasons, "{preset:?} {metric}");
        }
    }
}

/// Resolved after one hour, reopened an hour later, read an hour after that: two hours have run, or one in a new cycle, or the clock
/// stays as it ended after one.
#[test]
fn presets_reopen_as_documented() {
    use State::{Running, Stopped};
    let documented = [(Running, 2), (Running, 1), (Stopped, 1), (Running, 2)];
    for (preset, (state, hours)) in Preset::ALL.into_iter().zip(documented) {
        let mut story = Story::begin(preset);
        story.say(KIM, Command::resolve());
        story.say(KIM, Command::reopen());
        let later = story.now + TimeDelta::hours(1);
        let reading = story
            .desk
            .reading(story.ticket, Metric::TotalResolution, later)
            .unwrap();
        assert_eq!(reading.state(), state, "{preset:?}");
        assert_eq!(reading.elapsed(), TimeDelta::hours(hours), "{preset:?}");
    }
}

/// Zendesk's group ownership time goes on when an agent takes the ticket; the clock `ownership` ends then, so it is not said to be it.
#[test]
fn no_preset_takes_ownership_for_group_ownership_time() {
    let mut story = Story::begin(Preset::Zendesk);
    let ola = Policy::new(name("team"))
        .agreement(Agreement::Ola)
        .target(Metric::Ownership, "8h".parse().unwrap());
    let rulebook = Rulebook::draft().policy(ola).build().unwrap();
    story.desk = Desk::new(MemoryStore::new(), rulebook);
    let open = Open::new("subject").from_customer(ANN);
    let opened = story.desk.open(&call(KIM, story.now, 0), open).unwrap();
    story.ticket = opened.id();
    story.say(KIM, Command::assign(common::KIM));
    let later = story.now + TimeDelta::hours(1);
    let clock = (Agreement::Ola, Metric::Ownership);
    let reading = story.desk.reading(story.ticket, clock, later).unwrap();
    assert_eq!(reading.state(), State::Stopped);
    let mut differences = Preset::Zendesk.differences().iter();
    assert!(!differences.any(|line| line.contains("here it is `ownership`")));
    let about_groups = "support.zendesk.com/hc/en-us/articles/5322445643802";
    let mut sources = Preset::Zendesk.sources().iter();
    assert!(sources.any(|source| source.contains(about_groups)));
}

#[test]
fn presets_have_no_amounts_and_say_what_differs() {
    for preset in Preset::ALL {
        assert!(preset.policy(name("all")).targets.is_empty());
        assert!(!preset.differences().is_empty() && !preset.product().is_empty());
        assert!(
            preset
                .sources()
                .iter()
                .all(|source| source.contains("https://"))
        );
        for finding in rulebook(preset).lint() {
            assert_eq!(finding.severity(), Severity::Hint, "{preset:?}: {finding}");
        }
    }
}
