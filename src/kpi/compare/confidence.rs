//! How sure a share is, and whether two shares differ.

/// 97.5 % of a normal distribution lie below.
const Z: f64 = 1.959_963_984_540_054;

/// The 95 % interval of a share: within which the share of all that could have come lies, given `part` of `whole`. `None` over
/// nothing.
///
/// The score interval of E. B. Wilson, *Probable Inference, the Law of Succession, and Statistical Inference*, Journal of the
/// American Statistical Association 22, 1927. It is right for few members and for shares near 0 and 1, where the textbook's
/// interval is not.
///
/// ```
/// use helpdesk::kpi::wilson;
/// let (low, high) = wilson(8, 10).ok_or("nothing")?;
/// assert_eq!(format!("{low:.3} {high:.3}"), "0.490 0.943");
/// assert_eq!(wilson(0, 0), None);
/// # Ok::<(), &str>(())
/// ```
pub fn wilson(part: u64, whole: u64) -> Option<(f64, f64)> {
    if whole == 0 || part > whole {
        return None;
    }
    let (n, p) = (whole as f64, part as f64 / whole as f64);
    let z2 = Z * Z;
    let center = p + z2 / (2.0 * n);
    let wide = Z * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt();
    let scale = 1.0 + z2 / n;
    let low = if part == 0 {
        0.0
    } else {
        (center - wide) / scale
    };
    let high = if part == whole {
        1.0
    } else {
        (center + wide) / scale
    };
    Some((low.max(0.0), high.min(1.0)))
}

/// The 95 % interval of the difference of two shares, each a part of a whole; `None` where one of them is over nothing.
///
/// Method 10 of R. G. Newcombe, *Interval estimation for the difference between independent proportions*, Statistics in Medicine
/// 17, 1998: from the two Wilson intervals.
pub(super) fn difference(one: (u64, u64), other: (u64, u64)) -> Option<(f64, f64)> {
    let ((l1, u1), (l2, u2)) = (wilson(one.0, one.1)?, wilson(other.0, other.1)?);
    let (p1, p2) = (one.0 as f64 / one.1 as f64, other.0 as f64 / other.1 as f64);
    let square = |x: f64| x * x;
    let low = p1 - p2 - (square(p1 - l1) + square(u2 - p2)).sqrt();
    let high = p1 - p2 + (square(u1 - p1) + square(p2 - l2)).sqrt();
    Some((low, high))
}

/// Some events, and the length of the time in which they were seen, in whatever unit.
pub(super) type Seen = (u64, u64);

/// Whether events came at different rates, by more than chance, at 95 %, and then whether `one` has the higher one. The same where
/// either was seen for no time at all.
///
/// The score test of K. Gu, H. K. T. Ng, M. L. Tang and W. R. Schucany, *Testing the Ratio of Two Poisson Rates*, Biometrical
/// Journal 50, 2008, for a ratio of 1: given their sum, each is its share of the time (J. Przyborowski and H. Wilenski, Biometrika
/// 31, 1940), by the normal approximation. `(a * t2 - b * t1)^2 > z^2 * t1 * t2 * (a + b)`, worked out in integers; over equal
/// times it is `(a - b)^2 > z^2 * (a + b)`.
pub(super) fn rates_differ(one: Seen, other: Seen) -> Option<bool> {
    let ((a, t1), (b, t2)) = (one, other);
    let mine = u128::from(a) * u128::from(t2);
    let theirs = u128::from(b) * u128::from(t1);
    let off = mine.abs_diff(theirs);
    let all = u128::from(a) + u128::from(b);
    let chance = [Z_SQUARED.0, t1.into(), t2.into(), all];
    let is_clear = t1 > 0 && t2 > 0 && product(&[off, off, Z_SQUARED.1]) > product(&chance);
    is_clear.then_some(mine > theirs)
}

/// The square of [`Z`], as a fraction.
const Z_SQUARED: (u128, u128) = (3_841_458_820_694_124, 1_000_000_000_000_000);

/// How many times 64 bits a product has: two factors of 128 bits and one of 50 have fewer, as have one of 52, two of 64 and one
/// of 65.
const WIDE: usize = 5;

/// The exact product of factors that are not too large together, the highest 64 bits first, as they are compared.
fn product(factors: &[u128]) -> [u64; WIDE] {
    let mut digits = [0u64; WIDE]; // the lowest first
    digits[0] = 1;
    for factor in factors {
        let mut sum = [0u64; WIDE];
        for (shift, part) in [*factor as u64, (*factor >> 64) as u64]
            .into_iter()
            .enumerate()
        {
            let mut carry = 0u128;
            for (to, digit) in sum.iter_mut().skip(shift).zip(&digits) {
                // At most (2^64 - 1)^2 + 2 * (2^64 - 1), which is 2^128 - 1.
                let step = u128::from(*digit) * u128::from(part) + u128::from(*to) + carry;
                *to = step as u64;
                carry = step >> 64;
            }
        }
        digits = sum;
    }
    digits.reverse();
    digits
}

/// Whether two means of values differ by more than chance, at 95 %, from their means, variances and numbers.
pub(super) fn means_differ(one: (f64, f64, u64), other: (f64, f64, u64)) -> bool {
    let error = one.1 / one.2 as f64 + other.1 / other.2 as f64;
    let off = one.0 - other.0;
    off * off > Z * Z * error
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Newcombe 1998, table II, method 10: 56/70 and 48/80; 9/10 and 3/10; 10/10 and 0/10.
    #[test]
    fn intervals_of_the_paper() {
        let shown = |a, b| {
            let (low, high) = difference(a, b).unwrap();
            format!("{low:.4} {high:.4}")
        };
        assert_eq!(shown((56, 70), (48, 80)), "0.0524 0.3339");
        assert_eq!(shown((9, 10), (3, 10)), "0.1705 0.8090");
        assert_eq!(shown((10, 10), (0, 10)), "0.6075 1.0000");
    }

    /// 0.95 of the chi-squared distribution with one degree of freedom.
    #[test]
    fn the_square_is_that_of_z() {
        let square = Z_SQUARED.0 as f64 / Z_SQUARED.1 as f64;
        assert!((square - Z * Z).abs() < 1e-15 * 4.0);
    }

    /// The examples of Gu and others 2008: heart disease, 60 in 51,477.5 person-years and 30 in 54,308.7 (score 3.417); breast
    /// cancer, 41 in 28,010 and 15 in 19,017 (2.082). Then what no float tells apart, and the largest numbers.
    #[test]
    fn rates_of_the_paper_and_at_the_limits() {
        let clear = Some(true);
        assert_eq!(rates_differ((60, 514_775), (30, 543_087)), clear);
        assert_eq!(rates_differ((41, 28_010), (15, 19_017)), clear);
        assert_eq!(rates_differ((15, 19_017), (41, 28_010)), Some(false));
        assert_eq!(rates_differ((39, 28_010), (15, 19_017)), None);
        let (half, most) = (1u64 << 62, u64::MAX);
        let apart = |off: u64| rates_differ((half + off, most), (half - off, most));
        assert_eq!((apart(2_976_205_800), apart(2_976_205_801)), (None, clear));
        assert_eq!(rates_differ((most, most), (most, most)), None);
        assert_eq!(rates_differ((most, most), (0, most)), clear);
        assert_eq!(rates_differ((most, 1), (most, most)), clear);
        assert_eq!(rates_differ((0, most), (0, most)), None);
        assert_eq!(rates_differ((5, 0), (5, 7)), None);
    }

    proptest! {
        #[test]
        fn one_rate_is_no_difference_and_the_order_only_turns_it(
            rate in 0u64..1_000_000, days in 1u64..1_000, more in 1u64..1_000,
            a in any::<u64>(), t1 in any::<u64>(), b in any::<u64>(), t2 in any::<u64>(),
        ) {
            prop_assert_eq!(rates_differ((rate * days, days), (rate * more, more)), None);
            let (there, back) = (rates_differ((a, t1), (b, t2)), rates_differ((b, t2), (a, t1)));
            prop_assert_eq!(there, back.map(|higher| !higher));
        }

        #[test]
        fn only_the_ratio_of_the_times_counts(a in 0u64..1_000, b in 0u64..1_000, t1 in 1u64..1_000, t2 in 1u64..1_000, unit in 1u64..1 << 53) {
            prop_assert_eq!(rates_differ((a, t1 * unit), (b, t2 * unit)), rates_differ((a, t1), (b, t2)));
            let off = (a as f64 - b as f64).powi(2) > Z * Z * (a + b) as f64;
            prop_assert_eq!(rates_differ((a, unit), (b, unit)), off.then_some(a > b), "over equal times");
        }

        #[test]
        fn a_product_is_that_of_one_machine_word(a in any::<u64>(), b in any::<u64>(), c in any::<u64>(), d in any::<u64>()) {
            let whole = |digits: [u64; WIDE]| digits.map(u128::from);
            let [.., high, low] = whole(product(&[a.into(), b.into()]));
            prop_assert_eq!(high << 64 | low, u128::from(a) * u128::from(b));
            let pairs = [u128::from(a) * u128::from(b), u128::from(c) * u128::from(d)];
            prop_assert_eq!(product(&pairs), product(&[a, b, c, d].map(u128::from)));
        }

        #[test]
        fn an_interval_holds_its_share(part in 0u64..500, more in 0u64..500) {
            prop_assume!(part + more > 0);
            let whole = part + more;
            let (low, high) = wilson(part, whole).unwrap();
            let share = part as f64 / whole as f64;
            prop_assert!(0.0 <= low && low <= share && share <= high && high <= 1.0);
            let (wider_low, wider_high) = wilson(part * 4, whole * 4).unwrap();
            prop_assert!(wider_low >= low && wider_high <= high, "four times the members, a narrower interval");
        }
    }
}
