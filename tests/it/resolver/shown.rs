//! A directory in few lines, so that what a failed property shows can be read.

use std::fmt::{Debug, Formatter, Result};

use crisisgids::domain::field::Value;

use super::directories::Directory;

impl Debug for Directory {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        for record in self.records() {
            let mut fields = record.to_fields();
            for dull in ["name", "display_names", "system", "code", "level", "discipline"] {
                fields.remove(dull);
            }
            writeln!(f, "\n{} {}", record.name(), shown(&Value::Fields(fields)))?;
        }
        Ok(())
    }
}

fn shown(value: &Value) -> String {
    let joined = |all: Vec<String>| all.join(", ");
    match value {
        Value::Bool(truth) => truth.to_string(),
        Value::Integer(number) => number.to_string(),
        Value::Text(text) => text.clone(),
        Value::List(items) => format!("[{}]", joined(items.iter().map(shown).collect())),
        Value::Fields(fields) => {
            let each = fields.iter().map(|(name, value)| format!("{name}: {}", shown(value)));
            format!("{{{}}}", joined(each.collect()))
        }
    }
}
