//! KPIs.

mod facts;

pub use facts::{ClockFact, FORMULA, Fact, FirstResponse, Lengths, Own, Spent, facts};
