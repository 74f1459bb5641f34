//! A line in words, each with where it stands, and what became of each.
//!
//! **Invariants.** Positions are half-open and count Unicode code points of the text as it was sent. Every word has
//! exactly one [`Mark`].

use std::ops::Range;

use unicode_normalization::char::is_combining_mark;

use super::Span;
use crate::domain::words;

/// A word of a line.
#[derive(Debug, Clone)]
pub(super) struct Token {
    /// Where it stands, in code points.
    pub(super) points: Range<usize>,
    /// Where it stands, in bytes.
    bytes: Range<usize>,
    /// As it was typed.
    pub(super) text: String,
    /// In normal form; rarely more than one word, and none for signs of other scripts that have no letters of ours.
    pub(super) norm: Vec<String>,
    /// What stands between it and the word before.
    pub(super) before: String,
    /// The parenthesis that it stands in, counted from 1; 0: none.
    pub(super) bracket: usize,
}

impl Token {
    /// The word in normal form, if it is one.
    pub(super) fn word(&self) -> &str {
        match self.norm.as_slice() {
            [one] => one,
            _ => "",
        }
    }

    /// Whether it is one of these words in normal form.
    pub(super) fn is_any(&self, words: &[&str]) -> bool {
        words.contains(&self.word())
    }

    /// Whether it begins with a capital.
    pub(super) fn is_capital(&self) -> bool {
        self.text.chars().next().is_some_and(char::is_uppercase)
    }

    /// Whether it is a number of so many digits.
    pub(super) fn is_digits(&self, least: usize, most: usize) -> bool {
        (least..=most).contains(&self.text.len()) && self.text.bytes().all(|byte| byte.is_ascii_digit())
    }

    /// Whether it has a letter.
    pub(super) fn has_letter(&self) -> bool {
        self.text.chars().any(char::is_alphabetic)
    }

    /// Whether it is a house number: `12`, `12a`.
    pub(super) fn is_house_number(&self) -> bool {
        let digits = self.text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let letters = self.text.len().saturating_sub(digits.len());
        (1..=5).contains(&digits.len()) && letters <= 2 && digits.bytes().all(|byte| byte.is_ascii_digit())
    }
}

/// What became of a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// Nothing yet: at the end, unread.
    Free,
    /// A rule of the grammar took it off, and it says nothing: unread.
    Dropped,
    /// It belongs to a street: unread.
    Street,
    /// It was read into a field of the report: level, status, priority, carriageway or hectometre.
    Field,
    /// It belongs to a piece.
    Piece,
}

/// A line that is being read.
#[derive(Debug, Clone)]
pub(super) struct Line<'t> {
    text: &'t str,
    /// Its words.
    pub(super) tokens: Vec<Token>,
    marks: Vec<Mark>,
    /// Whether small letters and capitals both begin words, so that a capital says something.
    pub(super) is_mixed: bool,
}

impl<'t> Line<'t> {
    /// The words of a text.
    pub(super) fn of(text: &'t str) -> Self {
        let tokens = tokens(text);
        let first = |token: &Token| token.text.chars().next().filter(|_| token.text.chars().nth(1).is_some());
        let begins = |is: fn(char) -> bool| tokens.iter().filter_map(first).any(is);
        let is_mixed = begins(char::is_lowercase) && begins(char::is_uppercase);
        Line { text, marks: vec![Mark::Free; tokens.len()], tokens, is_mixed }
    }

    /// How many words it has.
    pub(super) fn len(&self) -> usize {
        self.tokens.len()
    }

    /// A word.
    pub(super) fn get(&self, index: usize) -> Option<&Token> {
        self.tokens.get(index)
    }

    /// The word before another.
    pub(super) fn before(&self, index: usize) -> Option<(usize, &Token)> {
        let before = index.checked_sub(1)?;
        Some((before, self.tokens.get(before)?))
    }

    /// Whether nothing took a word yet.
    pub(super) fn is_free(&self, index: usize) -> bool {
        self.mark(index) == Some(Mark::Free)
    }

    /// Whether nothing took any of these words yet.
    pub(super) fn are_free(&self, range: Range<usize>) -> bool {
        range.end <= self.len() && range.into_iter().all(|index| self.is_free(index))
    }

    /// What became of a word.
    pub(super) fn mark(&self, index: usize) -> Option<Mark> {
        self.marks.get(index).copied()
    }

    /// Says what became of words.
    pub(super) fn set(&mut self, range: Range<usize>, mark: Mark) {
        for one in self.marks.iter_mut().take(range.end).skip(range.start) {
            *one = mark;
        }
    }

    /// Whether every word before one is taken.
    pub(super) fn is_start(&self, index: usize) -> bool {
        self.marks.iter().take(index).all(|mark| *mark != Mark::Free)
    }

    /// Whether no word from an index on is free, but for those in parentheses.
    pub(super) fn is_end(&self, index: usize) -> bool {
        let rest = self.marks.iter().zip(&self.tokens).skip(index);
        rest.into_iter().all(|(mark, token)| *mark != Mark::Free || token.bracket > 0)
    }

    /// Words as they stand in the text.
    pub(super) fn span(&self, range: &Range<usize>) -> Span {
        let (first, last) = (self.tokens.get(range.start), range.end.checked_sub(1).and_then(|at| self.tokens.get(at)));
        let (Some(first), Some(last)) = (first, last) else {
            return Span { start: 0, end: 0, words: String::new() };
        };
        let mut words = self.text.get(first.bytes.start..last.bytes.end).unwrap_or_default().to_owned();
        let mut end = last.points.end;
        // The parenthesis that opens within them and closes right behind them is theirs.
        let is_open = words.matches('(').count() > words.matches(')').count();
        if is_open && self.text.get(last.bytes.end..).is_some_and(|rest| rest.starts_with(')')) {
            words.push(')');
            end = end.saturating_add(1);
        }
        Span { start: first.points.start, end, words }
    }

    /// What stayed unread, in runs as long as they can be.
    pub(super) fn unread(&self) -> Vec<Span> {
        let mut runs: Vec<Range<usize>> = Vec::new();
        for (index, mark) in self.marks.iter().enumerate() {
            if matches!(mark, Mark::Field | Mark::Piece) {
                continue;
            }
            match runs.last_mut() {
                Some(run) if run.end == index => run.end = index.saturating_add(1),
                Some(_) | None => runs.push(index..index.saturating_add(1)),
            }
        }
        runs.iter().map(|run| self.span(run)).collect()
    }
}

/// The words of a text: runs of letters, digits and marks above letters.
fn tokens(text: &str) -> Vec<Token> {
    let (mut tokens, mut before): (Vec<Token>, String) = (Vec::new(), String::new());
    let (mut bracket, mut brackets, mut inside) = (0_usize, 0_usize, false);
    for (point, (byte, letter)) in text.char_indices().enumerate() {
        let next = (point.saturating_add(1), byte.saturating_add(letter.len_utf8()));
        if letter.is_alphanumeric() || (inside && is_combining_mark(letter)) {
            match tokens.last_mut().filter(|_| inside) {
                Some(token) => {
                    token.text.push(letter);
                    (token.points.end, token.bytes.end) = next;
                }
                None => tokens.push(Token {
                    points: point..next.0,
                    bytes: byte..next.1,
                    text: letter.to_string(),
                    norm: Vec::new(),
                    before: std::mem::take(&mut before),
                    bracket,
                }),
            }
            inside = true;
            continue;
        }
        inside = false;
        before.push(letter);
        match letter {
            '(' => {
                brackets = brackets.saturating_add(1);
                bracket = brackets;
            }
            ')' => bracket = 0,
            _ => {}
        }
    }
    for token in &mut tokens {
        token.norm = words::tokens(&token.text);
        // A parenthesis that is never closed is a slip: the town may stand behind it.
        if token.bracket == bracket {
            token.bracket = 0;
        }
    }
    tokens
}
