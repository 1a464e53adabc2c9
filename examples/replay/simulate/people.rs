//! What customers, agents and the desk's own machines do, one turn at a time.

use chrono::{DateTime, TimeDelta, Utc};
use helpdesk::id::{BotId, CustomerId};
use helpdesk::ticket::{
    Change, Channel, CloseReason, Draft, MessageClass, Move, Pending, Priority, RatingKind, Stage,
};
use helpdesk::time::Span;
use helpdesk::{Actor, Command, Open, TicketId};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::rules::TEAMS;
use super::{Act, Case, Failure, Happening, World, pick};

impl World {
    pub(super) fn opens(&mut self, at: DateTime<Utc>, n: u64) -> Result<(), Failure> {
        let mut draws = ChaCha8Rng::seed_from_u64(self.quarter.seed);
        draws.set_stream(n + 1);
        let channels = [
            Channel::Email,
            Channel::Phone,
            Channel::Web,
            Channel::Chat,
            Channel::SelfService,
        ];
        let channel = channels[pick(&mut draws, &[45, 20, 15, 12, 8])].clone();
        let priorities = [
            Priority::Low,
            Priority::Normal,
            Priority::High,
            Priority::Urgent,
            Priority::Critical,
        ];
        let priority = priorities[pick(&mut draws, &[15, 62, 14, 7, 2])];
        let team = pick(&mut draws, &TEAMS.map(|team| team.3));
        let address = format!("customer{}@example.com", draws.random_range(0..1_200));
        let message =
            Draft::new("Something does not work.").external_id(format!("{n}@mail.example.com"));
        let open = Open::new(format!("Request {n}"))
            .from(address)
            .over(channel)
            .priority(priority)
            .message(message);
        let call = self.call(Actor::System, at);
        let opened = self.desk.open(&call, open)?;
        self.begin(
            at,
            opened.id(),
            opened.ticket().requester(),
            (team, priority),
            draws,
        );
        Ok(())
    }

    fn begin(
        &mut self,
        at: DateTime<Utc>,
        ticket: TicketId,
        requester: CustomerId,
        (team, priority): (usize, Priority),
        mut draws: ChaCha8Rng,
    ) {
        let triage = at + TimeDelta::seconds(draws.random_range(20..600));
        self.note(triage, Happening::Does(self.cases.len(), Act::Triage));
        self.cases.push(Case {
            ticket,
            requester,
            team,
            priority,
            turns: 0,
            draws,
        });
    }

    pub(super) fn does(&mut self, at: DateTime<Utc>, case: usize, act: Act) -> Result<(), Failure> {
        let customer = Actor::customer(self.cases[case].requester);
        match act {
            Act::Triage => self.triage(at, case),
            Act::Work => self.works(at, case),
            Act::CustomerReplies | Act::Objects => {
                let outcome =
                    self.submit(case, customer, at, Command::reply("Here is what I know."))?;
                match outcome.and_then(|outcome| outcome.follow_up()) {
                    Some(ticket) => {
                        let Case {
                            requester,
                            team,
                            priority,
                            draws,
                            ..
                        } = &self.cases[case];
                        let (requester, place, draws) =
                            (*requester, (*team, *priority), draws.clone());
                        self.begin(at, ticket, requester, place, draws);
                        Ok(())
                    }
                    None => self.later(at, case, Act::Work),
                }
            }
            Act::SupplierReturns => {
                self.submit(
                    case,
                    Actor::System,
                    at,
                    Command::note("The part is here.").then(Move::Resume),
                )?;
                self.later(at, case, Act::Work)
            }
            Act::Thanks => {
                let thanks = Command::say(Draft::new("Thank you!").class(MessageClass::Thanks));
                self.submit(case, customer, at, thanks).map(drop)
            }
            Act::Settle => {
                let ticket = self.desk.ticket(self.cases[case].ticket)?;
                let rested = ticket
                    .resolved_at()
                    .is_some_and(|resolved| at - resolved >= TimeDelta::days(5));
                if ticket.status().stage() == Stage::Resolved && rested {
                    self.submit(
                        case,
                        Actor::System,
                        at,
                        Command::close(CloseReason::Settled),
                    )?;
                }
                Ok(())
            }
            Act::Rates => self.rates(at, case),
        }
    }

    fn triage(&mut self, at: DateTime<Utc>, case: usize) -> Result<(), Failure> {
        let Case { draws, team, .. } = &mut self.cases[case];
        let team = self.teams[*team].id;
        if pick(draws, &[97, 3]) == 1 {
            self.submit(case, Actor::System, at, Command::close(CloseReason::Spam))?;
            return Ok(());
        }
        let bot = Actor::Bot(BotId::named("triage"));
        let welcome = Draft::new("We have your request.").class(MessageClass::Automatic);
        let assign = Change::Assign {
            agent: None,
            team: Some(team),
        };
        self.submit(case, bot, at, Command::say(welcome).and(assign))?;
        self.later(at, case, Act::Work)
    }

    /// One turn of an agent.
    fn works(&mut self, at: DateTime<Utc>, case: usize) -> Result<(), Failure> {
        let ticket = self.desk.ticket(self.cases[case].ticket)?;
        if !ticket.status().stage().is_backlog() {
            return Ok(());
        }
        let Case {
            draws, team, turns, ..
        } = &mut self.cases[case];
        *turns += 1;
        let last = *turns > 6;
        let agents = &self.teams[*team].agents;
        let agent = ticket
            .agent()
            .filter(|agent| agents.contains(agent))
            .unwrap_or(agents[draws.random_range(0..agents.len() as u32) as usize]);
        let me = Actor::agent(agent);
        let spent = Span::minutes(draws.random_range(2..45));
        let own = Change::Assign {
            agent: Some(agent),
            team: Some(self.teams[*team].id),
        };
        let turn = |text: &str| {
            Command::reply(text).and(own.clone()).and(Change::LogTime {
                spent,
                activity: None,
            })
        };
        match if last {
            0
        } else {
            pick(draws, &[52, 18, 6, 6, 8, 7, 3])
        } {
            0 => {
                if self
                    .submit(case, me, at, turn("This should do it.").then_resolve())?
                    .is_some()
                {
                    self.resolved(at, case);
                }
                Ok(())
            }
            1 => {
                let answers = pick(draws, &[80, 20]) == 0;
                self.submit(
                    case,
                    me,
                    at,
                    turn("Can you tell us more?").then_pend(Pending::Customer),
                )?;
                if answers {
                    self.after_hours(at, case, 0..60, Act::CustomerReplies);
                    Ok(())
                } else {
                    self.after_hours(at, case, 70..75, Act::Work);
                    Ok(())
                }
            }
            2 => {
                self.submit(
                    case,
                    me,
                    at,
                    turn("We ordered a part.").then_pend(Pending::ThirdParty),
                )?;
                self.after_hours(at, case, 20..120, Act::SupplierReturns);
                Ok(())
            }
            3 => {
                let until = at + TimeDelta::hours(draws.random_range(12..72));
                self.submit(
                    case,
                    me,
                    at,
                    turn("We will look again.").then_pend(Pending::Scheduled { until }),
                )?;
                self.later(until + TimeDelta::seconds(5), case, Act::Work)
            }
            4 => {
                *team = draws.random_range(0..TEAMS.len() as u32) as usize;
                let hand_over = Change::Assign {
                    agent: None,
                    team: Some(self.teams[*team].id),
                };
                self.submit(case, me, at, Command::note("Not ours.").and(hand_over))?;
                self.later(at, case, Act::Work)
            }
            5 => {
                self.submit(case, me, at, turn("We are on it."))?;
                self.later(at, case, Act::Work)
            }
            _ => self
                .submit(
                    case,
                    me,
                    at,
                    turn("As you wish.").then(Move::Close(CloseReason::Cancelled)),
                )
                .map(drop),
        }
    }

    /// What the customer answers when asked how it was: of a hundred, how many give each mark.
    fn rates(&mut self, at: DateTime<Utc>, case: usize) -> Result<(), Failure> {
        const CSAT: [u32; 5] = [6, 7, 12, 33, 42];
        const NPS: [u32; 11] = [3, 1, 1, 2, 2, 5, 7, 13, 23, 22, 21];
        let Case {
            draws, requester, ..
        } = &mut self.cases[case];
        let (kind, mark) = match pick(draws, &[70, 30]) {
            0 => (RatingKind::Csat, pick(draws, &CSAT) + 1),
            _ => (RatingKind::Nps, pick(draws, &NPS)),
        };
        let customer = Actor::Customer(*requester);
        let rate = Command::rate(kind, u8::try_from(mark)?);
        self.submit(case, customer, at, rate).map(drop)
    }

    /// What may follow a resolution.
    fn resolved(&mut self, at: DateTime<Utc>, case: usize) {
        self.after_hours(at, case, 121..125, Act::Settle);
        match pick(&mut self.cases[case].draws, &[76, 13, 9, 2]) {
            1 => self.after_hours(at, case, 0..24, Act::Thanks),
            2 => self.after_hours(at, case, 1..100, Act::Objects),
            3 => self.after_hours(at, case, 300..700, Act::Objects),
            _ => {}
        }
        if pick(&mut self.cases[case].draws, &[65, 35]) == 1 {
            self.after_hours(at, case, 1..72, Act::Rates);
        }
    }
}
