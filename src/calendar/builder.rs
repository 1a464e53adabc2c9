//! Puts a calendar together step by step.

use super::Calendar;
use super::definition::{Definition, Overnight};
use super::error::InvalidCalendar;
use super::exception::{DayHours, Exception, Layer, When};
use super::week::Week;
use super::window;
use super::zone::Zone;

/// Puts a calendar together: zone, hours, then days that differ, layer upon layer.
///
/// ```
/// use chrono::NaiveDate;
/// use helpdesk::calendar::{Calendar, When};
///
/// let eve = NaiveDate::from_ymd_opt(2026, 12, 24).unwrap();
/// let office = Calendar::builder("Europe/Berlin")?
///     .hours("Mon-Fri 09:00-12:00,13:00-18:00")?
///     .layer("national")
///     .closed(When::yearly(12, 25)?, "Christmas")
///     .layer("team")
///     .special(eve, "09:00-12:00", "Christmas Eve")?
///     .build()?;
/// let nine = office.zone().instant_of(eve.and_hms_opt(9, 0, 0).unwrap());
/// assert_eq!(office.elapsed(nine, nine + chrono::TimeDelta::days(3))?, chrono::TimeDelta::hours(3));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Builder {
    zone: Zone,
    week: Week,
    overnight: Overnight,
    layers: Vec<Layer>,
}

impl Builder {
    pub(super) fn new(zone: Zone) -> Builder {
        Builder {
            zone,
            week: Week::new(),
            overnight: Overnight::default(),
            layers: Vec::new(),
        }
    }

    /// The ordinary week as text, such as `Mon-Fri 09:00-17:00; Sat 10:00-14:00`.
    ///
    /// # Errors
    /// Text that is no such list, naming the offending part.
    pub fn hours(self, text: &str) -> Result<Builder, InvalidCalendar> {
        Ok(self.week(text.parse()?))
    }

    /// The ordinary week.
    #[must_use]
    pub fn week(mut self, week: Week) -> Builder {
        self.week = week;
        self
    }

    /// What a holiday does to a window that runs over midnight.
    #[must_use]
    pub fn overnight(mut self, overnight: Overnight) -> Builder {
        self.overnight = overnight;
        self
    }

    /// Begins a new layer: the exceptions that follow have the last word over all before.
    #[must_use]
    pub fn layer(mut self, name: impl Into<String>) -> Builder {
        self.layers.push(Layer::new(name));
        self
    }

    /// Adds a whole layer on top; exceptions that follow belong to it.
    #[must_use]
    pub fn with_layer(mut self, layer: Layer) -> Builder {
        self.layers.push(layer);
        self
    }

    /// No window starts on these dates.
    #[must_use]
    pub fn closed(self, when: impl Into<When>, name: impl Into<String>) -> Builder {
        self.exception(Exception::new(when, DayHours::Closed, name))
    }

    /// These stretches, such as `12:00-24:00`, are cut out of the windows that start on these dates.
    ///
    /// # Errors
    /// Text that is no list of windows.
    pub fn closed_during(
        self,
        when: impl Into<When>,
        hours: &str,
        name: impl Into<String>,
    ) -> Result<Builder, InvalidCalendar> {
        let hours = DayHours::ClosedDuring(window::windows(hours)?);
        Ok(self.exception(Exception::new(when, hours, name)))
    }

    /// Exactly these windows start on these dates. Of special hours for dates that overlap, such as a week and a day of it, those
    /// listed last hold; where only one is given by its year, that one.
    ///
    /// # Errors
    /// Text that is no list of windows.
    pub fn special(
        self,
        when: impl Into<When>,
        hours: &str,
        name: impl Into<String>,
    ) -> Result<Builder, InvalidCalendar> {
        let hours = DayHours::Special(window::windows(hours)?);
        Ok(self.exception(Exception::new(when, hours, name)))
    }

    /// Adds an exception to the topmost layer; the first one begins a layer without a name.
    #[must_use]
    pub fn exception(mut self, exception: Exception) -> Builder {
        match self.layers.last_mut() {
            Some(layer) => layer.days.push(exception),
            None => self.layers.push(Layer::default().and(exception)),
        }
        self
    }

    /// The calendar, checked and compiled.
    ///
    /// # Errors
    /// A week without hours, special hours given twice for the same dates in one layer, too many exceptions, or closed days that
    /// leave nothing open from 1970 to 2100. Special hours for dates that only overlap are no error: see [`special`](Builder::special).
    pub fn build(self) -> Result<Calendar, InvalidCalendar> {
        let definition = Definition {
            zone: self.zone,
            week: self.week,
            overnight: self.overnight,
            layers: self.layers,
        };
        Calendar::from_definition(definition)
    }
}
