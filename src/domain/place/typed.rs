//! The words of a place as they were typed, beside their normal form.

use crate::domain::words::tokens;

/// Typed words, each with its place in the text.
#[derive(Debug, Clone)]
pub(super) struct Typed {
    /// The words in normal form.
    pub(super) tokens: Vec<String>,
    /// Per word, which of the written pieces it is from.
    pieces: Vec<usize>,
    /// What was written between blanks, without the marks around it.
    written: Vec<String>,
}

impl Typed {
    /// The words of a text.
    pub(super) fn of(text: &str) -> Self {
        let mut typed = Typed { tokens: tokens(text), pieces: Vec::new(), written: Vec::new() };
        for piece in text.split(|c: char| c.is_whitespace() || ",;/()".contains(c)) {
            typed.pieces.extend(tokens(piece).iter().map(|_| typed.written.len()));
            typed.written.push(piece.trim_matches([',', ';', '.', ':', '"']).to_owned());
        }
        typed
    }

    /// The words at these positions as they were typed.
    pub(super) fn written(&self, positions: impl Fn(usize) -> bool) -> String {
        // Marks that no keyboard has may be read as blanks: then there is no telling which piece a word is from.
        let is_aligned = self.pieces.len() == self.tokens.len();
        let mut written: Vec<&str> = Vec::new();
        let mut last = None;
        for (position, token) in self.tokens.iter().enumerate().filter(|(position, _)| positions(*position)) {
            let piece = self.pieces.get(position).filter(|_| is_aligned);
            let is_whole = piece.is_some_and(|piece| {
                let mut beside = self.pieces.iter().enumerate().filter(|(_, other)| *other == piece);
                beside.all(|(position, _)| positions(position))
            });
            match piece.filter(|_| is_whole) {
                Some(piece) if last == Some(*piece) => {}
                Some(piece) => {
                    written.extend(self.written.get(*piece).map(String::as_str));
                    last = Some(*piece);
                }
                None => written.push(token),
            }
        }
        written.join(" ")
    }
}
