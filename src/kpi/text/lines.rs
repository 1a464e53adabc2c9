//! Single figures on one line.

use std::fmt;

use crate::kpi::figures::{Attainment, Durations};
use crate::kpi::quantile::Summary;

use super::words::{clock, grouped, length};

impl fmt::Display for Summary {
    /// Such as `p50 30 s, p90 1 min 30 s, max 1 min 30 s (n 2)`: lengths as reports show them, in at most two units.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [p50, p90, max] = [self.p50_us(), self.p90_us(), self.max_us()].map(length);
        write!(
            f,
            "p50 {p50}, p90 {p90}, max {max} (n {})",
            grouped(self.n())
        )
    }
}

impl fmt::Display for Durations {
    /// What was measured in all time, then in business time, then what was left out; `-` where nothing was measured.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.calendar {
            Some(summary) => summary.fmt(f)?,
            None => f.write_str("-")?,
        }
        if let Some(summary) = &self.business {
            write!(f, "; in business time {summary}")?;
        }
        if self.excluded.total() > 0 {
            write!(f, "; left out: {}", self.excluded)?;
        }
        Ok(())
    }
}

impl fmt::Display for Attainment {
    /// Such as `first response: 66.7 % (2 of 3)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", clock(self.clock()), self.ratio())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kpi::ratio::{Excluded, Exclusion, Ratio};
    use crate::ticket::{Agreement, Metric};

    #[test]
    fn figures_stand_on_a_line() {
        let hours = |n: i64| n * 3_600_000_000;
        let mut durations = Durations::default();
        assert_eq!(durations.to_string(), "-");
        durations.calendar = Summary::of([4, 30].map(hours));
        durations.business = Summary::of([hours(4)]);
        durations.excluded = Excluded::from_iter([(Exclusion::Waiting, 2)]);
        let shown = "p50 4 h, p90 30 h, max 30 h (n 2); in business time p50 4 h, p90 4 h, max 4 h (n 1); left out: 2 waiting";
        assert_eq!(durations.to_string(), shown);
        let kept = Attainment {
            clock: (Agreement::Ola, Metric::Ownership).into(),
            ratio: Ratio::new(2, 3, Excluded::default()).unwrap(),
            met_after_breach: 0,
            outside_after_breach: Excluded::default(),
        };
        assert_eq!(kept.to_string(), "ownership (ola): 66.7 % (2 of 3)");
    }
}
