//! What customers and reviewers are asked: surveys, scorecards, sampling plans.

use std::collections::BTreeSet;

use crate::call::Role;
use crate::feedback::Survey;
use crate::id::Name;
use crate::quality::Scorecard;
use crate::ticket::{Permission, RatingKind, Scale};

use super::Findings;
use super::problem::Problem;
use super::view::View;

pub(super) fn check(view: &View<'_>, found: &mut Findings) {
    surveys(view, found);
    scorecards(view, found);
    for (plan, rules) in &view.draft.quality.plans {
        if rules.per_agent == 0 {
            let plan = plan.clone();
            let path = format!("quality.plans.{plan}.per_agent");
            found.add(path, Problem::PlanDrawsNothing { plan });
        }
    }
}

fn surveys(view: &View<'_>, found: &mut Findings) {
    let rules = &view.draft.feedback;
    for (name, survey) in &rules.surveys {
        let path = format!("feedback.surveys.{name}");
        questions(name, survey, &path, found);
        let open_for = survey.expires_after;
        if open_for.micros() == 0 {
            let survey = name.clone();
            let path = format!("{path}.expires_after");
            found.add(path, Problem::SurveyExpiresAtOnce { survey });
        } else if rules.cool_down < open_for {
            let problem = Problem::CoolDownEndsFirst {
                survey: name.clone(),
                cool_down: rules.cool_down,
                open_for,
            };
            found.add("feedback.cool_down", problem);
        }
    }
    let permission = Permission::Survey;
    if !rules.surveys.is_empty() && !view.any_may(&Role::ALL, permission) {
        found.add("feedback.surveys", Problem::NobodyMay { permission });
    }
}

fn questions(name: &Name, survey: &Survey, path: &str, found: &mut Findings) {
    if survey.questions.is_empty() {
        let survey = name.clone();
        found.add(
            format!("{path}.questions"),
            Problem::SurveyAsksNothing { survey },
        );
    }
    let (mut names, mut kinds) = (BTreeSet::new(), BTreeSet::new());
    for (n, question) in survey.questions.iter().enumerate() {
        let path = format!("{path}.questions[{n}]");
        if !names.insert(&question.name) {
            let question = question.name.clone();
            found.add(format!("{path}.name"), Problem::QuestionTwice { question });
        }
        if !kinds.insert(question.kind) {
            let (question, kind) = (question.name.clone(), question.kind);
            found.add(
                format!("{path}.kind"),
                Problem::QuestionRatesNothing { question, kind },
            );
        }
        let given = question.scale.filter(|scale| *scale != Scale::NPS);
        if let (RatingKind::Nps, Some(scale)) = (question.kind, given) {
            let question = question.name.clone();
            found.add(
                format!("{path}.scale"),
                Problem::ScaleWithoutEffect { question, scale },
            );
        }
    }
}

fn scorecards(view: &View<'_>, found: &mut Findings) {
    let cards = &view.draft.quality.scorecards;
    for (name, card) in cards {
        scorecard(name, card, found);
    }
    let permission = Permission::Review;
    if !cards.is_empty() && !view.any_may(&Role::ALL, permission) {
        found.add("quality.scorecards", Problem::NobodyMay { permission });
    }
}

fn scorecard(name: &Name, card: &Scorecard, found: &mut Findings) {
    let path = format!("quality.scorecards.{name}");
    let scorecard = || name.clone();
    if card.best == 0 {
        found.add(
            format!("{path}.best"),
            Problem::ScorecardWithoutPoints {
                scorecard: scorecard(),
            },
        );
    }
    if card.categories.iter().all(|category| category.weight == 0) {
        found.add(
            format!("{path}.categories"),
            Problem::ScorecardWeighsNothing {
                scorecard: scorecard(),
            },
        );
        return; // of each category that is said with it
    }
    let mut names = BTreeSet::new();
    for (n, known) in card.categories.iter().enumerate() {
        let path = format!("{path}.categories[{n}]");
        let category = known.name.clone();
        if !names.insert(&known.name) {
            let category = category.clone();
            found.add(format!("{path}.name"), Problem::CategoryTwice { category });
        }
        match (known.weight, known.critical) {
            (0, false) => found.add(path, Problem::CategoryWithoutEffect { category }),
            (0, true) => found.add(path, Problem::CriticalWithoutWeight { category }),
            _ => {}
        }
    }
}
