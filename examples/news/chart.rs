//! Releases per month as a drawing that is part of the page.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};
use maud::{Markup, html};

/// How many months are shown, up to the newest.
const MONTHS: i32 = 72;
const HEIGHT: i32 = 96;
const STEP: i32 = 14;
const MONTH_NAMES: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// A bar for each of the last six years' months; nothing if there is no date.
pub(crate) fn per_month(dates: impl Iterator<Item = NaiveDate>) -> Markup {
    let mut counts: BTreeMap<i32, i32> = BTreeMap::new();
    for date in dates {
        *counts.entry(date.year() * 12 + date.month0() as i32).or_default() += 1;
    }
    let Some((&newest, _)) = counts.last_key_value() else {
        return html! {};
    };
    let oldest = counts.keys().copied().find(|month| *month > newest - MONTHS).unwrap_or(newest);
    let most = counts.range(oldest..).map(|(_, count)| *count).max().unwrap_or(1);
    let width = (newest - oldest + 1) * STEP;
    html! {
        figure .chart {
            svg viewBox=(format!("0 0 {} {}", width.max(40 * STEP), HEIGHT + 20)) role="img" aria-label="releases per month" {
                line x1="0" x2=(width) y1=(HEIGHT) y2=(HEIGHT) {}
                @for month in oldest..=newest {
                    @let count = counts.get(&month).copied().unwrap_or(0);
                    @let height = (count * (HEIGHT - 6) + most - 1) / most;
                    @let (x, name) = ((month - oldest) * STEP, MONTH_NAMES[month.rem_euclid(12) as usize]);
                    @if month % 12 == 0 {
                        text x=(x) y=(HEIGHT + 15) { (month / 12) }
                    }
                    @if count > 0 {
                        a href=(format!("#m{month}")) {
                            rect x=(x + 1) y=(HEIGHT - height) width=(STEP - 3) height=(height) rx="2" {
                                title { (name) " " (month.div_euclid(12)) ": " (count) }
                            }
                        }
                    }
                }
            }
            figcaption { "Releases per month; the highest bar is " (most) "." }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    #[test]
    fn each_month_with_a_release_has_a_bar_and_old_ones_are_left_out() {
        let dates = ["2024-01-01", "2024-01-31", "2023-11-05", "1999-01-01"].map(date);
        let chart = per_month(dates.into_iter()).into_string();
        assert_eq!(chart.matches("<rect").count(), 2);
        assert!(chart.contains("January 2024: 2") && chart.contains("November 2023: 1"));
        assert!(per_month(std::iter::empty()).into_string().is_empty());
    }
}
