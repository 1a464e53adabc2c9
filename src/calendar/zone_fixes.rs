//! Changes of the built-in zone rules that are known to stand at the wrong instant.
//!
//! The source of the rules places a change that ends a zone's period by the offset of the wrong period in a few cases of
//! 1971 to 2015. The instants here are those of the tz database, compiled by its own reference compiler. And the source is a
//! release behind: in 2026f Cuba does not put its clocks back in the winter of 2026. An entry whose wrong change is not there does
//! nothing, so a corrected source needs no haste; a test tells which entries have gone.

/// Zones (in lower case), the second at which the rules change, and the second at which they should, or none if there is
/// no change of the offset at all.
pub(super) type Fix = (&'static [&'static str], i64, Option<i64>);

#[rustfmt::skip]
pub(super) const FIXES: &[Fix] = &[
    (&["america/havana", "cuba"],                                1_793_509_200, None),                // 2026-11-01
    (&["america/havana", "cuba"],                                1_805_000_400, None),                // 2027-03-14
    (&["antarctica/casey"],                                      1_329_804_000, Some(1_329_843_600)), // 2012-02-21
    (&["antarctica/davis"],                                      1_268_233_200, Some(1_268_251_200)), // 2010-03-10
    (&["antarctica/davis"],                                      1_329_836_400, Some(1_329_854_400)), // 2012-02-21
    (&["asia/almaty"],                                           1_099_162_800, Some(1_099_166_400)), // 2004-10-30
    (&["asia/aqtau"],                                              780_436_800, None),                // 1994-09-24
    (&["asia/aqtau"],                                              780_444_000, Some(780_440_400)),
    (&["asia/aqtobe"],                                           1_099_166_400, Some(1_099_170_000)), // 2004-10-30
    (&["asia/dushanbe"],                                           684_360_000, Some(684_363_600)),   // 1991-09-08
    (&["asia/kuala_lumpur", "asia/singapore", "singapore"],        378_635_400, Some(378_662_400)),   // 1981-12-31
    (&["asia/istanbul", "europe/istanbul", "turkey"],            1_301_266_800, Some(1_301_274_000)), // 2011-03-28
    (&["asia/istanbul", "europe/istanbul", "turkey"],            1_396_220_400, Some(1_396_227_600)), // 2014-03-31
    (&["asia/istanbul", "europe/istanbul", "turkey"],            1_446_933_600, Some(1_446_944_400)), // 2015-11-08
    (&["atlantic/azores"],                                         740_275_200, Some(740_278_800)),   // 1993-06-17
    (&["europe/belfast", "europe/guernsey", "europe/isle_of_man", "europe/jersey", "europe/london", "gb", "gb-eire"],
                                                                    57_718_800, Some(57_722_400)),    // 1971-10-31
    (&["europe/lisbon", "portugal", "wet"],                        717_552_000, None),                // 1992-09-27
    (&["europe/lisbon", "portugal", "wet"],                        717_555_600, None),
    (&["europe/simferopol"],                                       846_370_800, Some(846_374_400)),   // 1996-10-27
    (&["pacific/norfolk"],                                         162_912_600, Some(162_916_200)),   // 1975-03-01
];

/// Puts the changes of one zone right.
pub(super) fn apply(zone: &str, changes: &mut Vec<(i64, i32)>) {
    let own = FIXES
        .iter()
        .filter(|(zones, ..)| zones.iter().any(|name| name.eq_ignore_ascii_case(zone)));
    for &(_, wrong, right) in own {
        let Some(place) = changes.iter().position(|&(second, _)| second == wrong) else {
            continue;
        };
        match (right, changes.get_mut(place)) {
            (Some(right), Some(change)) => change.0 = right,
            _ => {
                changes.remove(place);
            }
        }
    }
}
