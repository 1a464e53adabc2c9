//! Texts of people: kept to the last character, and gone when erased.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::{TENANT, append, commit, events, id, key, one_text, owner, stream, text, versions};
use crate::id::{ContentId, CustomerId};
use crate::store::{Load, Part, Store, UniqueKey};
use crate::ticket::{Content, ContentKind, Version};

/// Texts come back by id in the order asked for; an erased one never again, also where it is erased twice, or by the commit that
/// keeps it.
pub fn texts_are_kept_and_erased(store: &dyn Store) {
    let mut keep = commit(vec![append(stream("a"), 0, 1)]);
    keep.content = vec![text("1", Some("ann"), "one"), text("2", None, "two")];
    keep.content[1].kind = ContentKind::Subject;
    store.commit(&keep).unwrap();
    let ids = ["2", "none", "1", "2"].map(ContentId::named);
    let [one, two] = [0, 1].map(|n| Some(keep.content[n].clone()));
    let texts = store.content(TENANT, &ids).unwrap();
    assert_eq!(texts, [two.clone(), None, one, two.clone()]);
    let mut load = Load::streams(TENANT, []);
    load.content = ids.to_vec();
    let told = store.load(&load).unwrap().content;
    assert!(told.is_empty() || told == texts, "{told:?}");

    let mut erase = commit(vec![]);
    erase.erased = vec![ContentId::named("1"), ContentId::named("none")];
    store.commit(&erase).unwrap();
    store.commit(&erase).unwrap();
    let mut passing = commit(vec![]);
    passing.content = vec![text("3", Some("ann"), "said and taken back")];
    passing.erased = vec![ContentId::named("3")];
    store.commit(&passing).unwrap();
    assert_eq!(one_text(store, ContentId::named("3")), None);
    let texts = store.content(TENANT, &ids).unwrap();
    assert_eq!(texts, [two.clone(), None, None, two]);
    assert_eq!(versions(store, stream("a")), [1]);
    assert!(store.content(TENANT, &[]).unwrap().is_empty());
}

/// A person's texts and addresses are gone and nobody else's; what the same commit says anew stays.
pub fn a_person_is_erased(store: &dyn Store) {
    let ann = CustomerId::named("ann");
    let mut keep = commit(vec![append(stream("a"), 0, 1)]);
    keep.content = vec![
        text("1", Some("ann"), "hers"),
        text("2", Some("bob"), "his"),
        text("3", None, "nobody's"),
    ];
    let address = UniqueKey::address(TENANT, "Ann@example.com ");
    keep.unique = vec![(address, ann.uuid()), (key("<1>"), id(1))];
    store.commit(&keep).unwrap();
    assert_eq!(owner(store, address), Some(ann.uuid()));

    let mut erase = commit(vec![]);
    erase.persons.push(ann);
    erase.content.push(text("4", Some("ann"), "later"));
    store.commit(&erase).unwrap();
    let of = |n: usize| one_text(store, ContentId::named(&n.to_string()));
    assert_eq!(
        [of(1), of(2), of(3), of(4)].map(|text| text.is_some()),
        [false, true, true, true]
    );
    assert_eq!(owner(store, address), None);
    assert_eq!(owner(store, key("<1>")), Some(id(1)));
    assert_eq!(versions(store, stream("a")), [1], "no event is rewritten");

    let mut new_owner = commit(vec![]);
    new_owner.unique.push((address, id(9)));
    store.commit(&new_owner).unwrap();
}

/// Where one load tells texts and what stands beside them, it is of one instant, whoever writes meanwhile. A store may leave texts out.
pub fn texts_are_of_the_instant_of_the_rest(store: &dyn Store) {
    let (held, mine) = (key("<held>"), ContentId::named("while it is held"));
    let looking = AtomicUsize::new(2);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let _left = Left(&looking);
                let mut load = Load::owners(TENANT, vec![held]);
                load.content.push(mine);
                for _ in 0..1_000 {
                    let loaded = store.load(&load).unwrap();
                    let is_held = loaded.owners[0].is_some();
                    let told = loaded.content.first().map(Option::is_some);
                    assert!(told.is_none_or(|told| told == is_held));
                }
            });
        }
        let mut take = commit(vec![]);
        take.unique.push((held, id(1)));
        take.content.push(text("while it is held", None, "mine"));
        let mut give_up = commit(vec![]);
        give_up.freed.push((held, id(1)));
        give_up.erased.push(mine);
        while looking.load(Ordering::Relaxed) > 0 {
            store.commit(&take).unwrap();
            store.commit(&give_up).unwrap();
        }
    });
}

/// One looks less, at the end of its work or when it panics.
struct Left<'a>(&'a AtomicUsize);

impl Drop for Left<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Text that trips databases, escapes and encodings comes back as it was.
pub fn odd_unicode_comes_back(store: &dyn Store) {
    let odd = [
        "",
        " \t\r\n ",
        "\u{0}",
        "before\u{0}after",
        "\u{1}\u{7f}\u{80}\u{9f}",
        "\\u0000 \\x00 \\N \\.",
        "it's \"quoted\" `so` and -- so /* so */ $1 ?1 :a %s {0}",
        "Größe · Ångström · ΣΑΣ · ﬁ · Ⅷ",
        "e\u{301} \u{e9}",
        "\u{feff}\u{200b}\u{200d}\u{2028}\u{2029}",
        "\u{202e}right to left\u{202c} שלום عليكم",
        "👩‍👩‍👧‍👦 🏴󠁧󠁢󠁷󠁬󠁳󠁿 🇺🇳",
        "\u{d7ff}\u{e000}\u{fffd}\u{fffe}\u{ffff}",
        "\u{10000}\u{10ffff}",
    ];
    let texts: Vec<Content> = odd
        .iter()
        .enumerate()
        .map(|(n, odd)| text(&format!("odd {n}"), None, *odd))
        .collect();
    let mut keep = commit(vec![]);
    keep.content = texts.clone();
    store.commit(&keep).unwrap();
    for (n, odd) in texts.into_iter().enumerate() {
        assert_eq!(one_text(store, odd.id), Some(odd), "text {n}");
    }
}

/// A text of a mebibyte and a commit of five hundred events with a hundred texts come back whole.
pub fn big_payloads_come_back(store: &dyn Store) {
    let line = "All work and no play makes the agent a dull reader. 🗞️\n";
    let big = text("big", None, line.repeat((1 << 20) / line.len()));
    let stream = stream("big");
    let mut keep = commit(vec![append(stream, 0, 500)]);
    keep.content.push(big.clone());
    let of = |n: usize| text(&format!("of many {n}"), None, line.repeat(n));
    keep.content.extend((0..100).map(of));
    store.commit(&keep).unwrap();
    assert_eq!(one_text(store, big.id), Some(big));
    let ids: Vec<_> = keep.content.iter().map(|content| content.id).collect();
    let texts = store.content(TENANT, &ids).unwrap();
    assert!(texts.into_iter().eq(keep.content.into_iter().map(Some)));
    let expected = append(stream, 0, 500).events.into_ticket();
    assert_eq!(events(store, stream), expected);
    let more = Part::append(stream, Version(500), append(stream, 500, 501).events);
    store.commit(&commit(vec![more])).unwrap();
}
