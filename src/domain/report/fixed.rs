//! The pieces of the table taken off a line: priority, level, kind of message, marks along a road, numbers of units.
//!
//! **Invariants.** A row takes only words that nothing took. A property that is denied (`Intrekken: nee`) is taken before
//! any row could read it as said.

use std::ops::Range;

use crate::domain::grip::Grip;

use super::table::{ASSENTS, At, DENIALS, Gives, NOT_POSTCODE, Part, Pattern, TABLE, UNKNOWNS};
use super::tokens::{Line, Mark, Token};
use super::{Carriageway, ReportStatus};

/// What the pieces of the table say.
#[derive(Debug, Clone, Default)]
pub(super) struct Fixed {
    /// The level.
    pub(super) grip: Option<Grip>,
    /// The kind of message, as far as it is said.
    pub(super) status: Option<ReportStatus>,
    /// Whether an exercise is named, whatever becomes of it.
    pub(super) exercise: bool,
    /// The priority.
    pub(super) priority: String,
    /// Whether the police has the line.
    pub(super) police: bool,
    /// The carriageway.
    pub(super) carriageway: Option<Carriageway>,
    /// The hectometre mark.
    pub(super) hectometre: String,
    /// The sizes named: the condition, the words that the discipline stands for, where.
    pub(super) scales: Vec<(&'static str, &'static str, Range<usize>)>,
    /// Where it is said that nothing happens, by which rule.
    pub(super) no_event: Option<(&'static str, Range<usize>)>,
    /// What is denied: the property, and where it stands with its value.
    pub(super) denied: Vec<(Range<usize>, Range<usize>)>,
}

/// Rows of which a part counts at an edge of the line see the edge only when other rows have taken theirs.
const PASSES: usize = 2;

/// Takes the pieces of the table off a line.
pub(super) fn take(line: &mut Line<'_>) -> Fixed {
    let mut fixed = Fixed::default();
    values(line, &mut fixed);
    for _ in 0..PASSES {
        for pattern in TABLE.iter().copied().flatten() {
            let mut index = 0;
            while index < line.len() {
                match matched(line, pattern, index, true) {
                    Some(end) if give(line, &mut fixed, pattern, index..end) => index = end,
                    Some(_) | None => index = index.saturating_add(1),
                }
            }
        }
    }
    not_so(line);
    fixed
}

/// Takes off what is named only to deny it: "dit is geen oefening".
fn not_so(line: &mut Line<'_>) {
    let statuses = TABLE.iter().copied().flatten().filter(|pattern| matches!(pattern.gives, Gives::Status(_)));
    for pattern in statuses {
        for index in 0..line.len() {
            if let Some(end) = matched(line, pattern, index, false) {
                line.set(index..end, Mark::Dropped);
            }
        }
    }
}

/// The properties with a value behind a colon: what is denied is taken whole, of what is affirmed the value.
fn values(line: &mut Line<'_>, fixed: &mut Fixed) {
    for index in 1..line.len() {
        let Some(value) = line.get(index).filter(|value| value.before.contains(':') && line.is_free(index)) else {
            continue;
        };
        let only = index..index.saturating_add(1);
        if value.is_any(ASSENTS) {
            line.set(only, Mark::Dropped);
        } else if value.is_any(DENIALS) || value.is_any(UNKNOWNS) {
            let is_denied = value.is_any(DENIALS);
            let key = key(line, index);
            let all = key.start..only.end;
            line.set(all.clone(), Mark::Dropped);
            if is_denied {
                fixed.denied.push((key, all));
            }
        }
    }
}

/// The most words of a property outside parentheses.
const MAX_KEY: usize = 3;

/// The words of the property before a value: within its parenthesis, or from the last capital on.
fn key(line: &Line<'_>, value: usize) -> Range<usize> {
    let bracket = line.get(value).map_or(0, |token| token.bracket);
    let mut start = value;
    while let Some((before, token)) = line.before(start).filter(|(before, token)| {
        let nearer = bracket > 0 || value.saturating_sub(*before) <= MAX_KEY;
        token.bracket == bracket && line.is_free(*before) && nearer
    }) {
        let separated = line.get(start).is_some_and(|next| next.before.contains([',', ';']) && start != value);
        if separated {
            break;
        }
        start = before;
        if bracket == 0 && token.is_capital() {
            break;
        }
    }
    // Outside parentheses and without a capital nothing tells where the property begins.
    let is_told = bracket > 0 || line.get(start).is_some_and(Token::is_capital);
    if is_told { start..value } else { value.saturating_sub(1).max(start)..value }
}

/// Where a row ends that begins at a word; `None`: it does not. `said`: what stands before may keep it from counting.
fn matched(line: &Line<'_>, pattern: &Pattern, index: usize, said: bool) -> Option<usize> {
    if !line.is_free(index) {
        return None;
    }
    let (mut at, mut joined, mut open) = (index, None, false);
    for part in pattern.parts {
        let token = line.get(at);
        match part {
            Part::Joined(sign) => {
                joined = Some(*sign);
                continue;
            }
            Part::Open => {
                open = true;
                continue;
            }
            Part::Close => {
                let closed = line.get(at).map_or_else(|| true, |next| next.before.contains(')'));
                let inside = line.before(at).is_some_and(|(_, last)| last.bracket > 0);
                if !closed || !inside {
                    return None;
                }
                continue;
            }
            Part::Ahead(words) => {
                token.filter(|token| token.is_any(words))?;
                continue;
            }
            Part::Later(word) => {
                let mut rest = line.tokens.iter().skip(at);
                rest.find(|token| token.word() == *word)?;
                continue;
            }
            Part::NotAfter(words) => {
                if said && line.before(at).is_some_and(|(_, token)| token.is_any(words)) {
                    return None;
                }
                continue;
            }
            Part::NoRoad => {
                if is_along_a_road(line, at) {
                    return None;
                }
                continue;
            }
            Part::Word(_)
            | Part::Capitals(_)
            | Part::Numbered(..)
            | Part::Digits(..)
            | Part::DigitsAndLetter(..)
            | Part::Urgency
            | Part::Region
            | Part::Stem(..)
            | Part::Ending(_)
            | Part::Postcode
            | Part::PostcodeLetters => {}
        }
        let token = token.filter(|token| line.is_free(at) && is(token, part))?;
        let is_joined = joined.take().is_none_or(|sign| token.before.chars().eq([sign]));
        let is_open = !std::mem::take(&mut open) || token.before.contains('(');
        if !is_joined || !is_open {
            return None;
        }
        at = at.saturating_add(1);
    }
    is_at(line, pattern.at, index, at).then_some(at)
}

fn is(token: &Token, part: &Part) -> bool {
    let word = token.word();
    match part {
        Part::Word(words) => words.contains(&word),
        Part::Capitals(words) => words.contains(&token.text.as_str()),
        Part::Numbered(words, least, most) => words.iter().any(|begins| {
            let number = word.strip_prefix(begins).unwrap_or_default();
            (*least..=*most).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit())
        }),
        Part::Digits(least, most) => token.is_digits(*least, *most),
        Part::DigitsAndLetter(least, most) => {
            let digits = token.text.trim_end_matches(|c: char| c.is_ascii_lowercase());
            let letters = token.text.len().saturating_sub(digits.len());
            let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            is_number && (*least..=*most).contains(&digits.len()) && letters <= 1
        }
        Part::Urgency => ["1", "2", "3", "4", "5"].contains(&word),
        Part::Region => {
            let letters = token.text.strip_prefix('B').unwrap_or_default();
            letters.len() == 2 && letters.bytes().all(|byte| byte.is_ascii_uppercase())
        }
        Part::Stem(stem, except) => {
            word.strip_prefix(stem).is_some_and(|rest| !except.iter().any(|noun| rest.starts_with(noun)))
        }
        Part::Ending(ending) => word.ends_with(ending),
        Part::Postcode => {
            let (digits, letters) = token.text.split_at_checked(4).unwrap_or_default();
            let is_number = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
            letters.len() == 2 && is_number && letters.bytes().all(|byte| byte.is_ascii_alphabetic())
        }
        Part::PostcodeLetters => {
            let letters = token.text.as_str();
            letters.len() == 2
                && letters.bytes().all(|byte| byte.is_ascii_uppercase())
                && !NOT_POSTCODE.contains(&letters)
        }
        Part::Joined(_)
        | Part::Open
        | Part::Close
        | Part::Ahead(_)
        | Part::Later(_)
        | Part::NotAfter(_)
        | Part::NoRoad => false,
    }
}

fn is_at(line: &Line<'_>, at: At, start: usize, end: usize) -> bool {
    match at {
        At::Anywhere => true,
        At::Start => line.is_start(start),
        At::Edge => {
            let opens = line.get(start).is_some_and(|token| token.before.contains('('));
            let closes = line.get(end).map_or_else(|| true, |token| token.before.contains(')'));
            line.is_start(start) || line.is_end(end) || (opens && closes)
        }
        At::Road => {
            let mut before = start;
            while let Some((index, _)) = line.before(before).filter(|(index, _)| line.mark(*index) == Some(Mark::Field))
            {
                before = index;
            }
            road_before(line, before).is_some()
        }
    }
}

/// The road that ends right before a word: `A6`, `N 305`.
pub(super) fn road_before(line: &Line<'_>, index: usize) -> Option<Range<usize>> {
    let (last, token) = line.before(index)?;
    if is_road(token) {
        return Some(last..index);
    }
    let (first, letter) = line.before(last).filter(|_| token.is_digits(1, 3) && token.before.trim().is_empty())?;
    ROADS.contains(&letter.text.as_str()).then_some(first..index)
}

/// What begins the number of a road.
const ROADS: &[&str] = &["A", "N", "E"];

/// Whether a word is the number of a road: `A6`, `N305`, `E231`; small letters too.
fn is_road(token: &Token) -> bool {
    let word = token.word();
    let number = word.strip_prefix(['a', 'n', 'e']).unwrap_or_default();
    (1..=3).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit()) && !number.starts_with('0')
}

/// Whether a line goes on as behind a road.
fn is_along_a_road(line: &Line<'_>, index: usize) -> bool {
    let side = |token: &Token| token.is_any(&["li", "re", "links", "rechts", "hrl", "hrr", "hm", "hmp"]);
    let marked = line.get(index.saturating_add(1)).is_some_and(|next| [",", "."].contains(&next.before.as_str()));
    line.get(index).is_some_and(|token| side(token) || (token.is_digits(1, 3) && marked))
}

/// Takes the words of a row and notes what it gives; says whether it did.
fn give(line: &mut Line<'_>, fixed: &mut Fixed, pattern: &Pattern, range: Range<usize>) -> bool {
    let digits = |line: &Line<'_>| -> Vec<String> {
        let words = line.tokens.iter().take(range.end).skip(range.start);
        words.map(|token| token.text.clone()).filter(|text| text.contains(|c: char| c.is_ascii_digit())).collect()
    };
    let mark = match pattern.gives {
        Gives::Nothing => Mark::Dropped,
        Gives::Priority | Gives::Police if !fixed.priority.is_empty() => return false,
        Gives::Priority => {
            fixed.priority = priority(&line.span(&range).words);
            Mark::Field
        }
        Gives::Police => {
            let urgency = range.start..range.end.saturating_sub(1);
            fixed.priority = priority(&line.span(&urgency).words);
            fixed.police = true;
            line.set(range.clone(), Mark::Dropped);
            line.set(urgency, Mark::Field);
            return true;
        }
        Gives::Scale(condition, stands_for) => {
            fixed.scales.push((condition, stands_for, range.clone()));
            Mark::Dropped
        }
        Gives::Level => {
            let denied = line.before(range.start).is_some_and(|(_, token)| token.is_any(DENIALS));
            let number = digits(line).first().and_then(|text| text.chars().find(char::is_ascii_digit));
            let Some(level) = number.and_then(level) else { return false };
            if !denied {
                fixed.grip = Some(level);
            }
            Mark::Field
        }
        Gives::Named(level) => {
            fixed.grip = Some(level);
            Mark::Field
        }
        Gives::Status(status) => {
            fixed.exercise |= status == ReportStatus::Exercise;
            fixed.status = Some(match fixed.status {
                Some(said) if weight(said) >= weight(status) => said,
                Some(_) | None => status,
            });
            Mark::Field
        }
        Gives::Left | Gives::Right => {
            let side = if pattern.gives == Gives::Left { Carriageway::Left } else { Carriageway::Right };
            fixed.carriageway = Some(side);
            Mark::Field
        }
        Gives::Hectometre => {
            let continues = |index: usize| {
                line.get(index).is_some_and(|next| [",", "."].contains(&next.before.as_str()) && next.is_digits(1, 9))
            };
            if continues(range.end) || continues(range.start) || !fixed.hectometre.is_empty() {
                return false;
            }
            fixed.hectometre = digits(line).join(",");
            Mark::Field
        }
        Gives::NoEvent => {
            if fixed.no_event.as_ref().is_none_or(|(_, known)| range.start < known.start) {
                fixed.no_event = Some((pattern.rule, range.clone()));
            }
            Mark::Dropped
        }
    };
    line.set(range, mark);
    true
}

/// Which of two kinds of message a line is that names both.
const fn weight(status: ReportStatus) -> u8 {
    match status {
        ReportStatus::New => 0,
        ReportStatus::Exercise => 1,
        ReportStatus::Test => 2,
        ReportStatus::Withdrawn => 3,
    }
}

fn level(digit: char) -> Option<Grip> {
    match digit {
        '0' => Some(Grip::None),
        '1' => Some(Grip::One),
        '2' => Some(Grip::Two),
        '3' => Some(Grip::Three),
        '4' => Some(Grip::Four),
        '5' => Some(Grip::Five),
        _ => None,
    }
}

/// A priority as it is written: `P 1`, `A1`.
fn priority(words: &str) -> String {
    let letter = words.chars().find(|c| c.is_ascii_alphabetic()).unwrap_or('P').to_ascii_uppercase();
    let digit: String = words.chars().filter(char::is_ascii_digit).collect();
    match letter {
        'P' => format!("P {digit}"),
        letter => format!("{letter}{digit}"),
    }
}
