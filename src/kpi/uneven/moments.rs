//! Sums of values and of their squares, and how the variance is divided between and within groups.

/// How many values there are, their sum, and the sum of their squares; all exact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Moments {
    n: u64,
    sum: i128,
    squares: Option<i128>, // None: larger than it can hold
}

/// How the variance is divided.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Analysis {
    pub(super) eta_squared: f64,
    /// What chance alone would give.
    pub(super) by_chance: f64,
    /// For each member, between groups.
    pub(super) between: f64,
    /// For each member, within groups.
    pub(super) within: f64,
}

impl Moments {
    pub(super) fn of(sample: &[(i64, u64)]) -> Moments {
        let mut moments = Moments {
            squares: Some(0),
            ..Moments::default()
        };
        for (value, n) in sample {
            let (value, count) = (i128::from(*value), i128::from(*n));
            moments.n = moments.n.saturating_add(*n);
            moments.sum = moments.sum.saturating_add(value.saturating_mul(count));
            let square = value
                .checked_mul(value)
                .and_then(|square| square.checked_mul(count));
            moments.squares = moments
                .squares
                .zip(square)
                .and_then(|(a, b)| a.checked_add(b));
        }
        moments
    }

    pub(super) fn n(&self) -> u64 {
        self.n
    }

    pub(super) fn add(&mut self, other: &Moments) {
        if self.n == 0 {
            *self = *other;
            return;
        }
        self.n = self.n.saturating_add(other.n);
        self.sum = self.sum.saturating_add(other.sum);
        let both = self.squares.zip(other.squares);
        self.squares = both.and_then(|(a, b)| a.checked_add(b));
    }
}

/// Between and within the groups; `None` for fewer than two, where all values are equal, and where sums are too large.
///
/// The sum of squares between is Σ Sᵍ²/nᵍ - S²/N and the whole Q - S²/N, for groups with sums Sᵍ of nᵍ values. All values are
/// taken less their mean's whole part first, which changes neither and keeps the numbers small.
pub(super) fn analysis(groups: &[Moments]) -> Option<Analysis> {
    let mut all = Moments::default();
    groups.iter().for_each(|group| all.add(group));
    if groups.len() < 2 || all.n == 0 {
        return None;
    }
    let n = i128::from(all.n);
    let middle = all.sum.div_euclid(n);
    let less = |sum: i128, n: u64| sum.checked_sub(middle.checked_mul(i128::from(n))?);
    let rest = less(all.sum, all.n)?;
    let mut between = Sum::default();
    for group in groups {
        let sum = less(group.sum, group.n)?;
        between.add(sum.checked_mul(sum)?, i128::from(group.n))?;
    }
    between.add(rest.checked_mul(rest)?.checked_neg()?, n)?;
    // Σ(x-m)² = Q - 2mS + Nm²
    let twice = middle.checked_mul(2)?.checked_mul(all.sum)?;
    let square = middle.checked_mul(middle)?.checked_mul(n)?;
    let mut whole = Sum::default();
    whole.add(all.squares?.checked_sub(twice)?.checked_add(square)?, 1)?;
    whole.add(rest.checked_mul(rest)?.checked_neg()?, n)?;

    let (between, whole) = (between.value().max(0.0), whole.value());
    let groups = u64::try_from(groups.len()).ok()?;
    (whole > 0.0).then(|| Analysis {
        eta_squared: (between / whole).min(1.0),
        by_chance: groups.saturating_sub(1) as f64 / (all.n.saturating_sub(1) as f64).max(1.0),
        between: between / all.n as f64,
        within: (whole - between).max(0.0) / all.n as f64,
    })
}

/// A sum of fractions: its whole part exact, the rest in [0, groups).
#[derive(Default)]
struct Sum {
    whole: i128,
    rest: f64,
}

impl Sum {
    fn add(&mut self, numerator: i128, denominator: i128) -> Option<()> {
        let whole = numerator.checked_div_euclid(denominator)?;
        let rest = numerator.checked_rem_euclid(denominator)?;
        self.whole = self.whole.checked_add(whole)?;
        self.rest += rest as f64 / denominator as f64;
        Some(())
    }

    fn value(&self) -> f64 {
        self.whole as f64 + self.rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(values: &[i64]) -> Moments {
        Moments::of(&values.iter().map(|value| (*value, 1)).collect::<Vec<_>>())
    }

    /// By the book: means, deviations, squares.
    fn naive(groups: &[Vec<i64>]) -> (f64, f64) {
        let all: Vec<f64> = groups.concat().iter().map(|value| *value as f64).collect();
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        let grand = mean(&all);
        let whole: f64 = all.iter().map(|x| (x - grand).powi(2)).sum();
        let between = groups.iter().map(|group| {
            let group: Vec<f64> = group.iter().map(|value| *value as f64).collect();
            group.len() as f64 * (mean(&group) - grand).powi(2)
        });
        (between.sum(), whole)
    }

    proptest! {
        #[test]
        fn variance_is_divided_as_by_the_book(
            groups in prop::collection::vec(prop::collection::vec(-1_000i64..1_000, 1..20), 2..6), far in -1_000_000_000_000i64..1_000_000_000_000,
        ) {
            let (between, whole) = naive(&groups);
            let moved: Vec<Moments> = groups.iter().map(|group| of(&group.iter().map(|x| x + far).collect::<Vec<_>>())).collect();
            match analysis(&moved) {
                None => prop_assert!(whole < 1e-6),
                Some(found) => {
                    prop_assert!((found.eta_squared - between / whole).abs() < 1e-9);
                    prop_assert!((0.0..=1.0).contains(&found.eta_squared));
                    let n = groups.concat().len() as f64;
                    prop_assert!((found.between + found.within - whole / n).abs() < 1e-6 * (1.0 + whole / n));
                }
            }
        }
    }
}
