//! What Riverside Bikes has of its own: a support contract, opening hours, and a store.

mod shelves;

pub use shelves::Shelves;

use helpdesk::{Calendar, Rulebook};

/// What the shop promises its customers, as it is written in `contract.json`.
pub fn contract() -> Result<Rulebook, serde_json::Error> {
    serde_json::from_str(include_str!("contract.json"))
}

/// When somebody can be called: in the shop by the river, or in the branch in Lisbon, which has a long break at noon and is closed
/// on the day of the city's saint.
pub fn both_branches() -> Result<Calendar, Box<dyn std::error::Error>> {
    let river = Calendar::parse("Tue-Sat 10:00-18:00", "Europe/Amsterdam")?;
    let lisbon: Calendar = serde_json::from_str(
        r#"{"hours": {
            "zone": "Europe/Lisbon",
            "hours": "Mon-Fri 09:00-12:30,15:00-20:00",
            "layers": [{"name": "city", "days": [{"on": "06-13", "name": "Saint Anthony"}]}]
        }}"#,
    )?;
    Ok(river.union(&lisbon)?)
}
