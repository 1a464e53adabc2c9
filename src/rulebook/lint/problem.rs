//! What can be wrong with a rulebook that is valid: each problem with its facts, its code, its weight and its sentence.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::id::{Name, list};
use crate::sla::Target;
use crate::ticket::{Agreement, Metric, Permission, RatingKind, Scale};
use crate::time::Span;

/// How much a finding matters, from least to most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing; many desks want it so.
    Hint,
    /// Probably not what was meant.
    Warning,
    /// Something that is written certainly has no effect, or the desk cannot do its work.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Severity::Hint => "hint",
            Severity::Warning => "warning",
            Severity::Error => "error",
        })
    }
}

/// Why something can never happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Because {
    /// No role may assign, and no rule puts an agent in charge.
    #[error("nobody may put an agent in charge, and no rule does")]
    NobodyAssigns,
    /// Customers may not reply.
    #[error("customers may not reply")]
    CustomersMayNotReply,
    /// Neither agents nor supervisors may reply.
    #[error("no human agent may reply")]
    NoAgentReplies,
    /// No role may resolve, and no rule does.
    #[error("nobody may resolve a ticket, and no rule does")]
    NobodyResolves,
    /// No role may promise.
    #[error("nobody may promise an update")]
    NobodyPromises,
    /// Promises are made to the customer, outside other agreements.
    #[error("promises belong to the agreement `sla`")]
    PromisesAreSla,
    /// No policy of the agreement has a target for the clock.
    #[error("no policy of its agreement has a target for its clock")]
    NoTarget,
    /// Policies have one, but under none of them can it be passed.
    #[error(
        "no target for its clock can ever be reached: its policies apply to no ticket, its clock never starts, or its calendar never opens"
    )]
    NoTargetIsReached,
    /// A rule on idleness or on time in a status names no stage.
    #[error("it names no stage to be in")]
    NoStages,
    /// The guard allows only stages in which what is watched is over or has not begun.
    #[error("what it watches never lasts in the stages of its guard")]
    StagesExclude,
    /// The guard holds for no ticket that has a target.
    #[error("no policy with a target applies to the tickets of its guard")]
    GuardExcludes,
    /// The lowest mark on every scale of its kind is higher.
    #[error("no mark of its kind can be so low")]
    NoMarkIsSoLow,
    /// No role may rate.
    #[error("nobody may rate the help on a ticket")]
    NobodyRates,
    /// Another level, due no later, always resolves or closes the ticket, so that the wait is over. Rules that go round until they are
    /// stopped ([`MAX_CHAIN`](crate::escalation::MAX_CHAIN)) aside.
    #[error("another level, due no later, always takes the ticket out of what it watches")]
    EndedBefore,
    /// The threshold is longer than all open time of the calendar.
    #[error("its calendar has not so much open time, ever")]
    NotEnoughTime,
}

macro_rules! problems {
    ($($(#[$doc:meta])* $name:ident $({ $($(#[$field_doc:meta])* $field:ident: $type:ty),+ $(,)? })? = $code:literal, $severity:expr, $text:literal $(, $arg:expr)*;)*) => {
        /// What is wrong, with the facts.
        ///
        /// Grows until 1.0; [`Problem::code`] is exhaustive by construction.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
        #[serde(tag = "code")]
        #[non_exhaustive]
        pub enum Problem {$(
            $(#[$doc])*
            #[error($text $(, $arg)*)]
            #[serde(rename = $code)]
            $name $({ $($(#[$field_doc])* $field: $type),+ })?,
        )*}

        impl Problem {
            /// Every code, in the order of the enum.
            pub const CODES: &'static [&'static str] = &[$($code),*];

            /// The stable name of this kind of problem, such as `shadowed_policy`.
            pub const fn code(&self) -> &'static str {
                match self {$(
                    Problem::$name $({ $($field: _),+ })? => $code,
                )*}
            }

            /// How much it matters.
            pub const fn severity(&self) -> Severity {
                match self {$(
                    Problem::$name $({ $($field: _),+ })? => $severity,
                )*}
            }
        }
    };
}

use Severity::{Error, Hint, Warning};

problems! {
    /// A condition that holds for no ticket.
    ConditionNeverHolds = "condition_never_holds", Error,
        "the condition holds for no ticket";
    /// One of several alternatives that holds for no ticket.
    ConditionPartNeverHolds = "condition_part_never_holds", Warning,
        "this alternative holds for no ticket; without it the condition is the same";
    /// A text is compared with a personal field, whose values are ids of content records.
    PersonalValueInCondition {
        /// The field.
        field: Name,
    } = "personal_value_in_condition", Error,
        "the text of the field `{field}` is personal and kept apart, so no condition sees it; numbers, flags, types and tags can be compared";
    /// Earlier policies of the agreement take every ticket that this one is for.
    ShadowedPolicy {
        /// The policy that never applies.
        policy: Name,
        /// The earlier ones.
        by: Vec<Name>,
    } = "shadowed_policy", Error,
        "`{policy}` never applies: every ticket it is for is taken before it by {}", list(by);
    /// Every ticket of a policy loses the target of its first response that it would have from a later one: the first policy that
    /// holds applies whole.
    LosesFirstResponse {
        /// The policy without the target.
        policy: Name,
        /// The later one that has it.
        to: Name,
    } = "loses_first_response", Hint,
        "`{policy}` has no target `first_response`, and its tickets do not get that of `{to}`: the first policy that holds applies whole";
    /// Some tickets have no policy of an agreement that others have.
    NoFallbackPolicy {
        /// The agreement.
        agreement: Agreement,
    } = "no_fallback_policy", Hint,
        "some tickets have no policy of the agreement `{agreement}`; an unconditional last one would take them";
    /// A policy with no target at all.
    PolicyWithoutTarget {
        /// The policy.
        policy: Name,
    } = "policy_without_target", Hint,
        "`{policy}` has no target: its tickets are measured and never breached";
    /// A target that no clock reads.
    TargetWithoutEffect {
        /// The metric.
        metric: Metric,
    } = "target_without_effect", Error,
        "a target for `{metric}` has no effect: every promise brings its own due";
    /// A clock with a target that cannot start.
    ClockNeverStarts {
        /// The metric.
        metric: Metric,
        /// Why.
        because: Because,
    } = "clock_never_starts", Error,
        "the clock `{metric}` never starts: {because}";
    /// A clock with a target that nothing can fulfil.
    ClockNeverFulfilled {
        /// The metric.
        metric: Metric,
        /// Why.
        because: Because,
    } = "clock_never_fulfilled", Error,
        "nothing can fulfil the clock `{metric}`: {because}";
    /// Pauses of a clock that never runs while a ticket waits.
    PausesWithoutEffect {
        /// The metric.
        metric: Metric,
    } = "pauses_without_effect", Warning,
        "the clock `{metric}` never runs while a ticket is pending, so its pauses have no effect";
    /// An answer that a customer waits for, whose clock stands still however the ticket is put off.
    PausesHideWaiting {
        /// The metric.
        metric: Metric,
    } = "pauses_hide_waiting", Hint,
        "the clock `{metric}` pauses for every reason, so an unanswered ticket that is put off is never late";
    /// Pauses of a clock that never pauses: a promise is made for an instant.
    PausedPromise = "paused_promise", Warning,
        "a promise names an instant, and no pause moves it; these pauses have no effect";
    /// An option for a clock that does not resume after a reopening.
    ReopeningWithoutEffect {
        /// The metric.
        metric: Metric,
    } = "reopening_without_effect", Warning,
        "a reopening does to the clock `{metric}` what its definition says; the option has no effect";
    /// A new cycle that begins only later than a reopening is possible.
    NewCycleNeverBegins {
        /// The metric.
        metric: Metric,
        /// How much time must lie between.
        after: Span,
        /// How long a ticket can be reopened.
        window: Span,
    } = "new_cycle_never_begins", Warning,
        "the clock `{metric}` begins anew after more than {after}, but a ticket can be reopened for {window} only";
    /// Later answers have a target and the first one has none.
    NextResponseWithoutFirst {
        /// The policy.
        policy: Name,
    } = "next_response_without_first", Warning,
        "`{policy}` has a target for `next_response`, which counts only once the first answer was given, and none for `first_response`";
    /// Resolving has less time than answering.
    ResolutionBeforeResponse {
        /// The metric of the resolution.
        metric: Metric,
        /// Its target.
        resolution: Target,
        /// The target of the first response.
        response: Target,
    } = "resolution_before_response", Warning,
        "`{metric}` has {resolution}, less than the {response} of the first response";
    /// A target that nobody can keep.
    TargetTooShort {
        /// The metric.
        metric: Metric,
        /// The target.
        target: Target,
    } = "target_too_short", Warning,
        "{target} for `{metric}` is less than 10 seconds; is the unit right?";
    /// A target that takes more than 366 days on average, or, as a number of business days, more than twice that.
    TargetTakesLong {
        /// The metric.
        metric: Metric,
        /// The target.
        target: Target,
        /// How many days of 24 hours it takes on average.
        days: i64,
    } = "target_takes_long", Warning,
        "{target} for `{metric}` takes {days} days on average; is the unit right, and the calendar?";
    /// A target longer than all open time.
    TargetNeverUsedUp {
        /// The metric.
        metric: Metric,
        /// The target.
        target: Target,
        /// The calendar.
        calendar: Name,
    } = "target_never_used_up", Error,
        "{target} for `{metric}` is more than the calendar `{calendar}` is ever open, so it cannot be missed";
    /// Nothing is measured by a calendar that is followed.
    FollowWithoutEffect {
        /// The policy or rule.
        name: Name,
    } = "follow_without_effect", Warning,
        "`{name}` follows its calendar, but measures nothing by it, so what is published has no effect";
    /// A calendar of a rule that counts nothing by it.
    CalendarWithoutEffect {
        /// The rule.
        rule: Name,
    } = "calendar_without_effect", Warning,
        "`{rule}` names a calendar, but a clock brings its own and reopenings need none, so it has no effect";
    /// A calendar without open time.
    CalendarNeverOpens {
        /// The calendar.
        calendar: Name,
    } = "calendar_never_opens", Error,
        "the calendar `{calendar}` never opens";
    /// A calendar that opens no more from some day on.
    CalendarStopsOpening {
        /// The calendar.
        calendar: Name,
        /// Its last close.
        last: DateTime<Utc>,
    } = "calendar_stops_opening", Warning,
        "the calendar `{calendar}` closes for good at `{last}`";
    /// A calendar that nothing names.
    UnusedCalendar {
        /// The calendar.
        calendar: Name,
    } = "unused_calendar", Hint,
        "nothing uses the calendar `{calendar}`";
    /// A rule none of whose levels can fire.
    RuleNeverFires {
        /// The rule.
        rule: Name,
        /// Why.
        because: Because,
    } = "rule_never_fires", Error,
        "`{rule}` never fires: {because}";
    /// A level that cannot fire.
    LevelNeverFires {
        /// The level.
        level: Name,
        /// Why.
        because: Because,
    } = "level_never_fires", Error,
        "the level `{level}` never fires: {because}";
    /// Repeats of a level that cannot come about; the first time can.
    RepeatsNeverFire {
        /// The level.
        level: Name,
        /// Why.
        because: Because,
    } = "repeats_never_fire", Warning,
        "the level `{level}` never fires a second time: {because}";
    /// A level so long before the due that it fires as soon as the clock starts.
    LevelFiresAtStart {
        /// The level.
        level: Name,
        /// The policy whose target is not longer.
        policy: Name,
        /// That target.
        target: Target,
    } = "level_fires_at_start", Warning,
        "the level `{level}` fires as soon as the clock starts: `{policy}` allows {target} in all";
    /// A level that only leaves a record.
    LevelWithoutAction {
        /// The level.
        level: Name,
    } = "level_without_action", Hint,
        "the level `{level}` does nothing but leave a record";
    /// An action that changes nothing whenever its level fires.
    ActionWithoutEffect = "action_without_effect", Warning,
        "whenever the level fires, the ticket is so already, or the lifecycle does not allow it";
    /// Somebody in charge is told on tickets where nobody is.
    NotifiesNobodyInCharge = "notifies_nobody_in_charge", Warning,
        "nobody is in charge by then, and the agent in charge is told; the message goes to the team, if there is one";
    /// Pending reasons in a guard that never sees a pending ticket.
    PendingGuardWithoutEffect = "pending_guard_without_effect", Warning,
        "the level never fires on a pending ticket, so these reasons have no effect";
    /// Levels whose actions make each other, or themselves, fire again.
    PossibleLoop {
        /// The levels, as `rule: level`; the last leads to the first.
        cycle: Vec<String>,
    } = "possible_loop", Hint,
        "{} may fire again by what they do, until priority, tags and team are as they want them", list(cycle);
    /// Levels whose actions hand a ticket from team to team, each time beginning the clock that they watch.
    EndlessLoop {
        /// The levels, as `rule: level`; the last leads to the first.
        cycle: Vec<String>,
    } = "endless_loop", Warning,
        "{} may fire again for ever: each hands the ticket to a team, and its clock begins anew", list(cycle);
    /// Resolved tickets are closed before their reopen window ends.
    AutoCloseCutsReopenWindow {
        /// When they are closed.
        after: Span,
        /// Whether that is an average, because it is counted in open time or in business days.
        on_average: bool,
        /// How long they could be reopened.
        window: Span,
    } = "auto_close_cuts_reopen_window", Warning,
        "a resolved ticket is closed after {after}{how}, and a closed one is not reopened; the reopen window of {window} is cut",
        how = if *on_average { " on average" } else { "" };
    /// No time to reopen.
    ReopenWindowIsZero = "reopen_window_is_zero", Warning,
        "a resolved ticket cannot be reopened at any later instant; each answer of the customer begins a follow-up ticket";
    /// Several labels for one status.
    LabelsMeanTheSame {
        /// The labels.
        labels: Vec<Name>,
    } = "labels_mean_the_same", Hint,
        "{} stand for the same status; rules and figures cannot tell them apart", list(labels);
    /// A label that waits until an instant written in the rulebook.
    LabelWaitsUntilFixedInstant {
        /// The label.
        label: Name,
        /// The instant.
        until: DateTime<Utc>,
    } = "label_waits_until_fixed_instant", Warning,
        "the label `{label}` waits until `{until}` on every ticket, and is refused from then on";
    /// A label that leads to a status which nobody may set.
    LabelNobodyMayUse {
        /// The label.
        label: Name,
        /// What would be needed.
        permission: Permission,
    } = "label_nobody_may_use", Error,
        "no role may {permission}, so nobody can use the label `{label}`";
    /// Something without which a desk does not work, and no role may do it.
    NobodyMay {
        /// What.
        permission: Permission,
    } = "nobody_may", Error,
        "no role that could do it may {permission}";
    /// Customers cannot answer.
    CustomersMayNotReply = "customers_may_not_reply", Warning,
        "customers may not reply: what they write on their tickets is refused";
    /// A limit that leaves no room.
    LimitRefusesEverything {
        /// Which limit.
        limit: &'static str,
    } = "limit_refuses_everything", Error,
        "`{limit}` is 0: every text, or every change, is refused";
    /// A survey without a question.
    SurveyAsksNothing {
        /// The survey.
        survey: Name,
    } = "survey_asks_nothing", Error,
        "`{survey}` has no question, so every invitation to it is refused";
    /// A question that is there twice.
    QuestionTwice {
        /// The question.
        question: Name,
    } = "question_twice", Error,
        "there is an earlier question `{question}`; answers cannot tell them apart";
    /// A question after another of the same kind.
    QuestionRatesNothing {
        /// The question.
        question: Name,
        /// What it asks for.
        kind: RatingKind,
    } = "question_rates_nothing", Hint,
        "`{question}` rates a ticket only where the earlier question of the kind `{kind}` is not answered";
    /// A scale of a question whose scale is fixed.
    ScaleWithoutEffect {
        /// The question.
        question: Name,
        /// The scale.
        scale: Scale,
    } = "scale_without_effect", Error,
        "`{question}` asks for the net promoter score, which is always on {nps}; {scale} has no effect", nps = Scale::NPS;
    /// A survey that cannot be answered in time.
    SurveyExpiresAtOnce {
        /// The survey.
        survey: Name,
    } = "survey_expires_at_once", Error,
        "`{survey}` expires when it is sent, so every answer is refused";
    /// A customer can be asked again while another invitation is open.
    CoolDownEndsFirst {
        /// The survey.
        survey: Name,
        /// How long a customer is left in peace.
        cool_down: Span,
        /// How long an invitation can be answered.
        open_for: Span,
    } = "cool_down_ends_first", Warning,
        "a customer may be asked again after {cool_down}, while `{survey}` can be answered for {open_for}";
    /// A scorecard without points.
    ScorecardWithoutPoints {
        /// The scorecard.
        scorecard: Name,
    } = "scorecard_without_points", Error,
        "`{scorecard}` gives 0 points at best, so no review by it has a score";
    /// A scorecard none of whose categories counts.
    ScorecardWeighsNothing {
        /// The scorecard.
        scorecard: Name,
    } = "scorecard_weighs_nothing", Error,
        "`{scorecard}` has no category with a weight, so no review by it has a score";
    /// A category that is there twice.
    CategoryTwice {
        /// The category.
        category: Name,
    } = "category_twice", Error,
        "there is an earlier category `{category}`; marks cannot tell them apart";
    /// A category that changes no score.
    CategoryWithoutEffect {
        /// The category.
        category: Name,
    } = "category_without_effect", Warning,
        "`{category}` has the weight 0 and is not critical, so its marks change no score";
    /// A critical category without a weight.
    CriticalWithoutWeight {
        /// The category.
        category: Name,
    } = "critical_without_weight", Hint,
        "`{category}` is critical and has the weight 0: only 0 points in it change a score";
    /// A sampling plan of nothing.
    PlanDrawsNothing {
        /// The plan.
        plan: Name,
    } = "plan_draws_nothing", Error,
        "`{plan}` draws 0 of each agent";
    /// Conditions that were too intricate to see through.
    NotFullyChecked = "not_fully_checked", Hint,
        "some conditions are too intricate to see through; what they hide was not looked for";
}
