//! The grammar of filters.
//!
//! ```text
//! filter     = [ sequence { "AND" sequence } ]
//! sequence   = factor { factor }                      a blank is an AND that binds like one
//! factor     = term { "OR" term }
//! term       = [ "NOT" | "-" ] ( "(" filter ")" | comparison | word )
//! comparison = field operator value
//! ```
//!
//! **Invariants.** Reads any text in time proportional to its length, without a panic; what it gives fits the schema.

use super::filter::{Mismatch, Node, Operator, Relation, comparison};
use super::{Error, MAX_DEPTH, MAX_FILTER_BYTES, MAX_TERMS, Schema, normal};

/// Reads a filter; `None` if it is empty.
pub(super) fn parse(text: &str, schema: &Schema) -> Result<Option<Node>, Error> {
    let mut reader = Reader { rest: text, position: 1, depth: 0, terms: 0, schema };
    if text.len() > MAX_FILTER_BYTES {
        return Err(reader.fail(format!("a filter has at most {MAX_FILTER_BYTES} bytes")));
    }
    reader.skip_blanks();
    if reader.rest.is_empty() {
        return Ok(None);
    }
    let node = reader.expression()?;
    if !reader.rest.is_empty() {
        return Err(reader.fail("expected AND, OR or the end; there is no '(' for this ')'"));
    }
    Ok(Some(node))
}

/// The operators, longest first.
const OPERATORS: &[(&str, Operator)] = &[
    ("!=", Operator::NotEqual),
    ("<=", Operator::Is(Relation::LessOrEqual)),
    (">=", Operator::Is(Relation::GreaterOrEqual)),
    ("=", Operator::Is(Relation::Equal)),
    ("<", Operator::Is(Relation::Less)),
    (">", Operator::Is(Relation::Greater)),
    (":", Operator::Has),
];

/// What is still to be read, and how much was.
struct Reader<'t> {
    rest: &'t str,
    /// The character that `rest` begins with, from 1.
    position: usize,
    depth: usize,
    terms: usize,
    schema: &'t Schema,
}

impl<'t> Reader<'t> {
    fn fail(&self, message: impl Into<String>) -> Error {
        Error::Filter { field: "filter", position: self.position, message: message.into() }
    }

    fn advance(&mut self, bytes: usize) -> &'t str {
        let Some((read, rest)) = self.rest.split_at_checked(bytes) else { return "" };
        self.position = self.position.saturating_add(read.chars().count());
        self.rest = rest;
        read
    }

    fn skip_blanks(&mut self) {
        let blanks = self.rest.len().saturating_sub(self.rest.trim_start().len());
        self.advance(blanks);
    }

    fn take(&mut self, token: &str) -> bool {
        let found = self.rest.starts_with(token);
        if found {
            self.advance(token.len());
        }
        found
    }

    /// Whether the next word is this one, without reading it.
    fn is_keyword(&self, keyword: &str) -> bool {
        let after = self.rest.strip_prefix(keyword);
        after.is_some_and(|after| {
            after.is_empty() || after.starts_with(|c: char| c.is_whitespace() || "()\"".contains(c))
        })
    }

    fn take_keyword(&mut self, keyword: &str) -> bool {
        let found = self.is_keyword(keyword);
        if found {
            self.advance(keyword.len());
            self.skip_blanks();
        }
        found
    }

    /// Everything up to a closing parenthesis or the end.
    fn expression(&mut self) -> Result<Node, Error> {
        let mut sequences = vec![self.sequence()?];
        while self.take_keyword("AND") {
            sequences.push(self.sequence()?);
        }
        Ok(single_or(sequences, Node::All))
    }

    fn sequence(&mut self) -> Result<Node, Error> {
        let mut factors = vec![self.factor()?];
        while !self.rest.is_empty() && !self.rest.starts_with(')') && !self.is_keyword("AND") {
            factors.push(self.factor()?);
        }
        Ok(single_or(factors, Node::All))
    }

    fn factor(&mut self) -> Result<Node, Error> {
        let mut terms = vec![self.term()?];
        while self.take_keyword("OR") {
            terms.push(self.term()?);
        }
        Ok(single_or(terms, Node::Any))
    }

    fn term(&mut self) -> Result<Node, Error> {
        if self.take_keyword("NOT") || self.take("-") {
            return Ok(Node::Not(Box::new(self.simple()?)));
        }
        self.simple()
    }

    fn simple(&mut self) -> Result<Node, Error> {
        if self.take("(") {
            self.depth = self.depth.saturating_add(1);
            if self.depth > MAX_DEPTH {
                return Err(self.fail(format!("parentheses nest at most {MAX_DEPTH} deep")));
            }
            self.skip_blanks();
            let node = self.expression()?;
            if !self.take(")") {
                return Err(self.fail("expected ')'"));
            }
            self.depth = self.depth.saturating_sub(1);
            self.skip_blanks();
            return Ok(node);
        }
        self.terms = self.terms.saturating_add(1);
        if self.terms > MAX_TERMS {
            return Err(self.fail(format!("a filter has at most {MAX_TERMS} comparisons and words")));
        }
        if self.rest.starts_with(['"', '\'']) {
            let start = self.position;
            let words = self.quoted()?;
            self.skip_blanks();
            return mentions(&words, start);
        }
        let start = self.position;
        let end = self.rest.find(|c: char| c.is_whitespace() || "()\"'=!<>:,".contains(c));
        let word = self.advance(end.unwrap_or(self.rest.len()));
        self.skip_blanks();
        if word.is_empty() {
            return Err(self.fail("expected a field, a word or '('"));
        }
        if let Some((token, operator)) = OPERATORS.iter().find(|(token, _)| self.rest.starts_with(token)) {
            self.advance(token.len());
            self.skip_blanks();
            let path: Vec<String> = word.split('.').map(str::to_owned).collect();
            let value_start = self.position;
            let value = self.value()?;
            return comparison(self.schema, &path, *operator, &value).map_err(|mismatch| match mismatch {
                Mismatch::Field(message) => Error::Filter { field: "filter", position: start, message },
                Mismatch::Value(message) => Error::Filter { field: "filter", position: value_start, message },
            });
        }
        if self.rest.starts_with('(') {
            return Err(Error::Filter {
                field: "filter",
                position: start,
                message: format!("there is no function '{word}'"),
            });
        }
        // Taken for words to be sought, a small "and" would hide every record that lacks it, a stray "OR" likewise.
        if ["and", "or", "not"].contains(&word.to_lowercase().as_str()) {
            let message = if word == word.to_uppercase() {
                format!("expected a field, a word or '(' instead of {word}")
            } else {
                format!("write {} in capitals, or quote the word", word.to_uppercase())
            };
            return Err(Error::Filter { field: "filter", position: start, message });
        }
        mentions(word, start)
    }

    fn value(&mut self) -> Result<String, Error> {
        let value = if self.rest.starts_with(['"', '\'']) {
            self.quoted()?
        } else {
            let end = self.rest.find(|c: char| c.is_whitespace() || "()\"',".contains(c));
            let value = self.advance(end.unwrap_or(self.rest.len()));
            if value.is_empty() {
                return Err(self.fail("expected a value; quote one that is empty or has blanks or brackets"));
            }
            value.to_owned()
        };
        self.skip_blanks();
        Ok(value)
    }

    fn quoted(&mut self) -> Result<String, Error> {
        let start = self.position;
        let mut chars = self.rest.char_indices();
        let quote = chars.next().map(|(_, quote)| quote);
        let (mut text, mut is_escaped) = (String::new(), false);
        for (index, c) in chars {
            match c {
                _ if is_escaped => {
                    text.push(c);
                    is_escaped = false;
                }
                '\\' => is_escaped = true,
                _ if Some(c) == quote => {
                    self.advance(index.saturating_add(c.len_utf8()));
                    return Ok(text);
                }
                _ => text.push(c),
            }
        }
        let message = "this quote is never closed; put a text that has one in quotes of the other kind".to_owned();
        Err(Error::Filter { field: "filter", position: start, message })
    }
}

fn mentions(words: &str, position: usize) -> Result<Node, Error> {
    let form = normal(words);
    if form.is_empty() {
        let message = format!("'{words}' has neither a letter nor a digit");
        return Err(Error::Filter { field: "filter", position, message });
    }
    Ok(Node::Mentions(form))
}

fn single_or(mut nodes: Vec<Node>, several: impl FnOnce(Vec<Node>) -> Node) -> Node {
    match (nodes.len(), nodes.pop()) {
        (1, Some(only)) => only,
        (_, last) => {
            nodes.extend(last);
            several(nodes)
        }
    }
}
