//! Which known names somebody may have meant.

/// The known names most like `name`: at most three, and only such as differ by some slips of the hand, in whole or in the
/// part behind the last slash.
pub(super) fn near(name: &str, known: impl Iterator<Item = &'static str>) -> Vec<&'static str> {
    let lower = |text: &str| text.to_ascii_lowercase().into_bytes();
    let wanted: Vec<u8> = lower(name).into_iter().take(64).collect();
    if wanted.is_empty() {
        return Vec::new();
    }
    let mut found: Vec<(usize, &'static str)> = known
        .filter_map(|known| {
            let city = known.rsplit('/').next().unwrap_or(known);
            let slips = distance(&wanted, &lower(known)).min(distance(&wanted, &lower(city)) + 1);
            (slips <= 1 + wanted.len() / 4).then_some((slips, known))
        })
        .collect();
    found.sort_unstable();
    let best = found.first().map_or(0, |&(slips, _)| slips);
    let close = found.into_iter().filter(|&(slips, _)| slips <= best + 1);
    close.take(3).map(|(_, name)| name).collect()
}

/// How many single-letter slips lie between two names.
fn distance(a: &[u8], b: &[u8]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (y, cell) in b.iter().zip(row.iter_mut().skip(1)) {
            let above = *cell;
            let best = (diagonal + usize::from(x != y))
                .min(above + 1)
                .min(left + 1);
            diagonal = above;
            left = best;
            *cell = best;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or(0)
}
