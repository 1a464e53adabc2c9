//! The rules as they are, with other hours or other targets.

use chrono::Weekday;
use helpdesk::calendar::Week;
use helpdesk::rulebook::RulebookDraft;
use helpdesk::sla::{Condition, Target};
use helpdesk::ticket::Metric;
use helpdesk::{Calendar, Rulebook};

use crate::Failure;
use crate::args::Targets;
use crate::servicenow::PRIORITIES;

/// What is to be other.
pub(crate) struct Wishes {
    /// The hours of the rulebook's own calendar.
    pub(crate) hours: String,
    /// The time for a resolution, by priority from 1 (critical) to 4 (low).
    pub(crate) targets: Option<Targets>,
}

/// The hours of the rulebook's own calendar, as text.
pub(crate) fn hours(rulebook: &Rulebook) -> String {
    let week = rulebook.calendar().week();
    week.map_or_else(|| "always".to_owned(), ToString::to_string)
}

/// The same week with a Saturday as long as Monday to Friday; none where those differ, or where Saturday is as long already.
pub(crate) fn with_saturday(week: &Week) -> Option<Week> {
    use Weekday::{Fri, Mon, Sat, Sun, Thu, Tue, Wed};
    let usual = week.on(Mon);
    let is_usual = |day| week.on(day) == usual;
    if usual.is_empty() || ![Tue, Wed, Thu, Fri].into_iter().all(is_usual) || is_usual(Sat) {
        return None;
    }
    let with = |longer: Week, day| {
        let windows = if day == Sat { usual } else { week.on(day) };
        windows
            .iter()
            .fold(longer, |longer, window| longer.and(day, *window))
    };
    let days = [Mon, Tue, Wed, Thu, Fri, Sat, Sun];
    Some(days.into_iter().fold(Week::new(), with))
}

/// The same rules, as wished.
pub(crate) fn other(rulebook: &Rulebook, wishes: &Wishes) -> Result<Rulebook, Failure> {
    let mut draft = rulebook.as_draft().clone();
    let open = open_at(rulebook.calendar(), &wishes.hours)?;
    let office = draft.calendar.clone();
    draft.calendars.insert(office, open);
    if let Some(targets) = &wishes.targets {
        set_targets(&mut draft, targets)?;
    }
    Ok(draft.build()?)
}

/// The same calendar with another week: its zone and its holidays stay.
fn open_at(calendar: &Calendar, hours: &str) -> Result<Calendar, Failure> {
    let week = Calendar::builder_in(calendar.zone())
        .hours(hours)?
        .overnight(calendar.overnight());
    let layers = calendar.layers().iter().cloned();
    Ok(layers
        .fold(week, |week, layer| week.with_layer(layer))
        .build()?)
}

/// Of each priority, the policy that is chosen for it alone or before others; for what is left, the last one.
fn set_targets(draft: &mut RulebookDraft, targets: &Targets) -> Result<(), Failure> {
    for (number, priority) in PRIORITIES {
        let Some(amount) = targets.0.get(&number) else {
            continue;
        };
        let is_for = |when: &Condition| match when {
            Condition::Priority(these) => these.contains(&priority),
            other => *other == Condition::default(),
        };
        let policy = draft
            .policies
            .iter_mut()
            .find(|policy| is_for(&policy.when));
        let policy = policy.ok_or_else(|| format!("there is no policy for priority {number}"))?;
        let now = policy.targets.get(&Metric::TotalResolution).copied();
        let measure = now.map_or_else(Default::default, Target::measure);
        policy
            .targets
            .insert(Metric::TotalResolution, Target::new(*amount, measure)?);
    }
    Ok(())
}
