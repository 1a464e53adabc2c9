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

/// Whether two numbers of events in stretches of one length differ by more than chance, at 95 %: given their sum, each is a half
/// of it (J. Przyborowski and H. Wilenski, Biometrika 31, 1940), by the normal approximation.
pub(super) fn counts_differ(one: u64, other: u64) -> bool {
    let (a, b) = (one as f64, other as f64);
    (a - b) * (a - b) > Z * Z * (a + b)
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

    proptest! {
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
