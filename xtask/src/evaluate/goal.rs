//! When is a figure good enough? A goal is a bound that is compared with the figure as it was measured, before anything is rounded.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

/// Digits behind the point at most: a figure that misses by less is written with so many.
const DIGITS_MAX: usize = 6;

/// What a figure should come to, such as `>= 0.94`.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(try_from = "String")]
pub(super) enum Goal {
    AtLeast(f64),
    AtMost(f64),
}

/// A text that is no goal.
#[derive(Debug)]
pub(super) struct NoGoal(String);

impl Goal {
    pub(super) fn is_reached_by(self, value: f64) -> bool {
        match self {
            Self::AtLeast(bound) => value >= bound,
            Self::AtMost(bound) => value <= bound,
        }
    }

    const fn bound(self) -> f64 {
        match self {
            Self::AtLeast(bound) | Self::AtMost(bound) => bound,
        }
    }

    /// How far a value is from the bound.
    fn lacks(self, value: f64) -> f64 {
        (value - self.bound()).abs()
    }
}

impl FromStr for Goal {
    type Err = NoGoal;

    fn from_str(text: &str) -> Result<Self, NoGoal> {
        let wrong = || NoGoal(text.to_owned());
        let (sign, number) = text.split_once(' ').ok_or_else(wrong)?;
        let bound = number.trim().parse::<f64>().ok().filter(|bound| bound.is_finite()).ok_or_else(wrong)?;
        match sign {
            ">=" => Ok(Self::AtLeast(bound)),
            "<=" => Ok(Self::AtMost(bound)),
            _ => Err(wrong()),
        }
    }
}

impl TryFrom<String> for Goal {
    type Error = NoGoal;

    fn try_from(text: String) -> Result<Self, NoGoal> {
        text.parse()
    }
}

impl fmt::Display for Goal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtLeast(bound) => write!(formatter, ">= {bound}"),
            Self::AtMost(bound) => write!(formatter, "<= {bound}"),
        }
    }
}

impl fmt::Display for NoGoal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "`{}` is no goal, write `>= 0.94` or `<= 0.01`", self.0)
    }
}

/// A value with so many digits behind the point.
pub(super) fn written(value: f64, digits: usize) -> String {
    format!("{value:.digits$}")
}

/// A value beside its goal: with more digits where rounding would show a missed goal as reached, and with what is lacking.
pub(super) fn judged(value: f64, goal: Option<Goal>, digits: usize) -> String {
    let Some(goal) = goal.filter(|goal| !goal.is_reached_by(value)) else { return written(value, digits) };
    let shows = |digits: &usize| {
        written(value, *digits).parse::<f64>().is_ok_and(|shown| !goal.is_reached_by(shown))
            && written(goal.lacks(value), *digits).parse::<f64>().is_ok_and(|lacking| lacking > 0.0)
    };
    let digits = (digits..=DIGITS_MAX).find(shows).unwrap_or(DIGITS_MAX);
    format!("{}, **missed by {}**", written(value, digits), written(goal.lacks(value), digits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_goal_is_reached_at_its_bound_and_missed_beside_it() {
        let (least, most): (Goal, Goal) = (">= 0.94".parse().unwrap(), "<= 0.01".parse().unwrap());
        assert!(least.is_reached_by(0.94) && least.is_reached_by(1.0) && !least.is_reached_by(0.939_999));
        assert!(most.is_reached_by(0.01) && most.is_reached_by(0.0) && !most.is_reached_by(0.010_001));
        assert!(!least.is_reached_by(f64::NAN) && !most.is_reached_by(f64::NAN));
        assert_eq!((least.to_string(), most.to_string()), (">= 0.94".to_owned(), "<= 0.01".to_owned()));
    }

    #[test]
    fn what_is_no_bound_is_refused() {
        for text in ["", "0.94", "> 0.94", ">=0.94", ">= much", ">= NaN", ">= inf"] {
            assert!(text.parse::<Goal>().is_err(), "{text}");
        }
        let told = "> 0.9".parse::<Goal>().unwrap_err().to_string();
        assert!(told.starts_with("`> 0.9` is no goal"), "{told}");
    }

    #[test]
    fn rounding_never_shows_a_missed_goal_as_reached() {
        let goal = Some(Goal::AtLeast(0.95));
        assert_eq!(judged(0.95, goal, 3), "0.950");
        assert_eq!(judged(0.9302, goal, 3), "0.930, **missed by 0.020**");
        assert_eq!(judged(0.949_96, goal, 3), "0.94996, **missed by 0.00004**");
        assert_eq!(judged(0.0104, Some(Goal::AtMost(0.01)), 3), "0.0104, **missed by 0.0004**");
        assert_eq!(judged(0.0104, None, 3), "0.010");
    }
}
