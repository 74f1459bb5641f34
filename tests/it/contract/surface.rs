//! The surface of the contract, one line per element, held against a golden file: a change of it is always seen.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

use super::model::{Contract, Method, shape};

/// The golden file, below the root of the repository.
const GOLDEN: &str = "tests/golden/surface.txt";

#[test]
fn golden_surface_is_that_of_the_contract() {
    let surface = surface(&super::contract());
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(GOLDEN);
    if env::var("CRISISGIDS_GOLDEN").is_ok_and(|mode| mode == "write") {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, surface).unwrap();
        return;
    }
    let golden = fs::read_to_string(&file).unwrap_or_default();
    let gone =
        golden.lines().filter(|line| !surface.lines().any(|other| other == *line)).map(|line| format!("- {line}"));
    let new =
        surface.lines().filter(|line| !golden.lines().any(|other| other == *line)).map(|line| format!("+ {line}"));
    let changes: Vec<String> = gone.chain(new).collect();
    assert!(
        golden == surface,
        "{GOLDEN} is not the contract; if that was meant, run `just golden`:\n{}",
        changes.join("\n")
    );
}

/// Every method, field and enum value, ordered by where it stands.
fn surface(c: &Contract) -> String {
    let mut text = String::new();
    let mut line = |words: String| writeln!(text, "{words}").unwrap();
    let mut services = c.services.clone();
    services.sort_by(|one, other| one.full_name().cmp(other.full_name()));
    for service in services {
        line(format!("service {}", service.name()));
        let methods = c.methods.iter().filter(|method| method.descriptor.parent_service() == &service);
        methods.for_each(|method| line(format!("  {}", signature(method))));
    }
    let mut messages = c.messages.clone();
    messages.sort_by(|one, other| one.full_name().cmp(other.full_name()));
    for message in messages {
        line(format!("message {}", message.name()));
        let mut fields: Vec<_> = message.fields().collect();
        fields.sort_by_key(|field| field.number());
        for field in fields {
            let oneof = field.containing_oneof().filter(|oneof| !oneof.is_synthetic());
            let oneof = oneof.map(|oneof| format!(" of {}", oneof.name())).unwrap_or_default();
            line(format!("  {} {} = {}{oneof}", shape(&field), field.name(), field.number()));
        }
    }
    let mut enums = c.enums.clone();
    enums.sort_by(|one, other| one.full_name().cmp(other.full_name()));
    for one in enums {
        line(format!("enum {}", one.name()));
        one.values().for_each(|value| line(format!("  {} = {}", value.name(), value.number())));
    }
    text
}

fn signature(method: &Method) -> String {
    let stream = |streams: bool| if streams { "stream " } else { "" };
    let (input, output) = (method.input(), method.output());
    let http = if method.http.uri.is_empty() {
        String::new()
    } else {
        format!(", {} {} {}", method.http.verb.to_uppercase(), method.http.uri, method.http.body)
    };
    let words = format!(
        "{}({}{}) returns ({}{}), {}{http}",
        method.name(),
        stream(method.descriptor.is_client_streaming()),
        input.name(),
        stream(method.descriptor.is_server_streaming()),
        output.name(),
        method.permission,
    );
    words.trim_end().to_owned()
}
