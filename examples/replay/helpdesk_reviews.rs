//! The marks of a manager as quality reviews of the desk: one review for each turn, on a scorecard of three questions.

use helpdesk::id::{AgentId, Name, ReviewId};
use helpdesk::quality::{Category, Command, Mark, Marked, Review, Rules, Scorecard};
use helpdesk::store::Store;
use helpdesk::{Actor, Call, Desk, TenantId};

use crate::Failure;
use crate::helpdesk_log::Turn;

/// Accuracy, thoroughness and client relations, as the publisher calls them.
const QUESTIONS: [&str; 3] = ["Q1", "Q2", "Q3"];
const SCORECARD: &str = "turn";

/// The scorecard: three questions of equal weight, up to 5 points each.
pub(crate) fn rules() -> Result<Rules, Failure> {
    let mut card = Scorecard::new(5);
    for question in QUESTIONS {
        card = card.category(Category::new(Name::new(question)?, 1));
    }
    Ok(Rules::default().scorecard(Name::new(SCORECARD)?, card))
}

/// Whose work it was where the file names nobody.
fn nobody() -> AgentId {
    AgentId::named("nobody")
}

/// Says the marks of every turn to the desk: 0 is a question that was not answered.
pub(crate) fn review<S: Store>(desk: &Desk<S>, turns: &[Turn]) -> Result<(), Failure> {
    let manager = Actor::Supervisor(AgentId::named("the manager of the log"));
    for (n, turn) in turns.iter().enumerate() {
        let mark = |points| match points {
            0 => Mark::NotApplicable,
            points => Mark::Points(points),
        };
        let mut marks = Vec::with_capacity(QUESTIONS.len());
        for (question, points) in QUESTIONS.into_iter().zip(turn.marks) {
            let (category, mark) = (Name::new(question)?, mark(points));
            marks.push(Marked { category, mark });
        }
        let agent = turn.agent.as_deref().map_or_else(nobody, AgentId::named);
        let score = Command::Score {
            scorecard: Name::new(SCORECARD)?,
            ticket: turn.ticket,
            agent,
            marks,
            comment: None,
        };
        let id = ReviewId::named(&format!("turn {n}"));
        desk.tell::<Review>(id, &Call::new(manager, turn.started), score)?;
    }
    Ok(())
}

/// The marks of a review, 0 where a question was not answered, and whose work it was.
pub(crate) struct Reviewed {
    pub(crate) agent: Option<AgentId>,
    pub(crate) marks: [u8; 3],
}

/// What the desk keeps of the reviews.
pub(crate) fn reviewed<S: Store>(desk: &Desk<S>) -> Result<Vec<Reviewed>, Failure> {
    let mut all = Vec::new();
    desk.tenant(TenantId::SINGLE)
        .each::<Review>(&mut |_, review| {
            let scored = review.scored().filter(|_| !review.is_withdrawn());
            all.extend(scored.map(|scored| {
                let mut marks = [0; 3];
                for (place, mark) in marks.iter_mut().zip(&scored.marks) {
                    *place = match mark {
                        Mark::Points(points) => *points,
                        Mark::NotApplicable => 0,
                    };
                }
                let agent = Some(scored.agent).filter(|agent| *agent != nobody());
                Reviewed { agent, marks }
            }));
        })?;
    Ok(all)
}
