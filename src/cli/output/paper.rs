//! Lines of text in columns, for a screen of a known width.
//!
//! **Invariants.** Text is wrapped between words and never inside one: a word that is wider than its column sticks out
//! of it, so that a name can still be copied. Colour is the only thing that a terminal gets and a file does not.
//! A character counts as one column, which holds for the languages of the directory.

use std::fmt::Write as _;

/// How a piece of text looks on a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::cli) enum Ink {
    /// As it is.
    #[default]
    Plain,
    /// Headings, and what to act on.
    Strong,
    /// What is only to be looked up.
    Faint,
    /// Act on it first.
    Red,
    /// Be aware of it.
    Amber,
    /// Invented, or an exercise.
    Banner,
}

impl Ink {
    const fn code(self) -> &'static str {
        match self {
            Ink::Plain => "",
            Ink::Strong => "1",
            Ink::Faint => "2",
            Ink::Red => "1;31",
            Ink::Amber => "33",
            Ink::Banner => "1;7",
        }
    }
}

/// A text and how it looks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::cli) struct Cell {
    /// What it says.
    pub(in crate::cli) text: String,
    /// How it looks.
    pub(in crate::cli) ink: Ink,
}

impl Cell {
    /// A text in an ink.
    pub(in crate::cli) fn new(text: impl Into<String>, ink: Ink) -> Self {
        Cell { text: text.into(), ink }
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Cell::new(text, Ink::Plain)
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Cell::new(text, Ink::Plain)
    }
}

/// What is written on: a width, and whether there is colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) struct Paper {
    /// Columns.
    pub(in crate::cli) width: usize,
    /// Whether colours are shown.
    pub(in crate::cli) colour: bool,
}

impl Paper {
    /// A text over the whole width; lines after the first are indented by `hang`.
    pub(in crate::cli) fn paragraph(&self, cell: &Cell, hang: usize) -> Vec<String> {
        let first = cell.text.chars().take_while(|c| *c == ' ').count();
        let mut lines = Vec::new();
        for line in wrap(cell.text.trim_start(), self.width.saturating_sub(first), self.width.saturating_sub(hang)) {
            let indent = if lines.is_empty() { first } else { hang };
            lines.push(format!("{:indent$}{}", "", self.inked(&line, cell.ink)));
        }
        lines
    }

    /// Cells beside each other in columns that begin `indent` from the left and are two apart; each is wrapped in its
    /// own column.
    pub(in crate::cli) fn columns(&self, indent: usize, widths: &[usize], cells: &[Cell]) -> Vec<String> {
        let columns: Vec<Vec<String>> =
            cells.iter().zip(widths).map(|(cell, width)| wrap(&cell.text, *width, *width)).collect();
        let height = columns.iter().map(Vec::len).max().unwrap_or_default();
        let mut lines = Vec::new();
        for index in 0..height {
            let mut line = " ".repeat(indent);
            // The column that the text has reached, colours not counted.
            let (mut reached, mut begin) = (indent, indent);
            for ((column, width), cell) in columns.iter().zip(widths).zip(cells) {
                if let Some(text) = column.get(index).filter(|text| !text.is_empty()) {
                    let gap = if reached > begin { 1 } else { begin.saturating_sub(reached) };
                    let _ = write!(line, "{:gap$}{}", "", self.inked(text, cell.ink));
                    reached = reached.saturating_add(gap).saturating_add(length(text));
                }
                begin = begin.saturating_add(*width).saturating_add(2);
            }
            lines.push(line);
        }
        lines
    }

    /// A table with a heading: columns are as wide as what is in them while that fits, and the widest give way first.
    pub(in crate::cli) fn table(&self, heading: &[&str], rows: &[Vec<Cell>]) -> Vec<String> {
        let mut widths: Vec<usize> = heading.iter().map(|text| length(text)).collect();
        for row in rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(length(&cell.text));
            }
        }
        let spaces = widths.len().saturating_sub(1).saturating_mul(2);
        while widths.iter().sum::<usize>().saturating_add(spaces) > self.width {
            match widths.iter_mut().max() {
                Some(widest) if *widest > 12 => *widest = widest.saturating_sub(1),
                Some(_) | None => break,
            }
        }
        let heading: Vec<Cell> = heading.iter().map(|text| Cell::new(*text, Ink::Strong)).collect();
        let mut lines = self.columns(0, &widths, &heading);
        lines.extend(rows.iter().flat_map(|row| self.columns(0, &widths, row)));
        lines
    }

    fn inked(&self, text: &str, ink: Ink) -> String {
        if self.colour && ink != Ink::Plain {
            format!("\u{1b}[{}m{text}\u{1b}[0m", ink.code())
        } else {
            text.to_owned()
        }
    }
}

/// The columns that a text takes.
pub(in crate::cli) fn length(text: &str) -> usize {
    text.chars().count()
}

/// Breaks a text between words; the first line may be of another width than the rest. A control character from the
/// directory becomes a space: it must not reach the terminal.
fn wrap(text: &str, first: usize, rest: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(|c: char| c == ' ' || c.is_control()).filter(|word| !word.is_empty()) {
        let width = if lines.is_empty() { first } else { rest };
        if !line.is_empty() && length(&line).saturating_add(1).saturating_add(length(word)) > width {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    const NARROW: Paper = Paper { width: 20, colour: false };

    #[test]
    fn words_are_wrapped_and_never_broken() {
        let cell = Cell::from("  een organisations/gooi-en-vechtstreek zin");
        assert_eq!(NARROW.paragraph(&cell, 4), ["  een", "    organisations/gooi-en-vechtstreek", "    zin"]);
    }

    #[test]
    fn each_cell_is_wrapped_in_its_own_column() {
        let lines = NARROW.columns(1, &[8, 8], &["aaa bbb ccc".into(), "d e".into()]);
        assert_eq!(lines, [" aaa bbb   d e", " ccc"]);
    }

    #[test]
    fn a_word_that_is_too_wide_pushes_its_neighbour_and_stays_whole() {
        let lines = NARROW.columns(0, &[4, 8], &["abcdefgh".into(), "next".into()]);
        assert_eq!(lines, ["abcdefgh next"]);
    }

    #[test]
    fn the_widest_column_of_a_table_gives_way_first() {
        let row = vec![Cell::from("kort"), Cell::from("een heel lange tekst die niet past")];
        assert_eq!(
            NARROW.table(&["a", "b"], &[row]),
            ["a     b", "kort  een heel lange", "      tekst die niet", "      past"]
        );
    }

    #[test]
    fn colour_is_shown_only_where_it_is_wanted() {
        let red = Cell::new("rood", Ink::Red);
        assert_eq!(NARROW.paragraph(&red, 0), ["rood"]);
        assert_eq!(Paper { colour: true, ..NARROW }.paragraph(&red, 0), ["\u{1b}[1;31mrood\u{1b}[0m"]);
    }

    #[test]
    fn what_controls_a_terminal_never_reaches_it() {
        assert_eq!(NARROW.paragraph(&Cell::from("a\u{1b}[2Jb\nc"), 0), ["a [2Jb c"]);
    }
}
