//! The boundaries between modules, which one crate cannot check by itself.
//!
//! **Invariants.** The table here is the whole law: a new dependency between modules needs a line in it and a second
//! reader. It holds for code that ships; tests inside a file come last in it and may use more.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// What one module may use.
struct Boundary {
    module: &'static str,
    /// The modules of this crate that it may name.
    modules: &'static [&'static str],
    /// Crates that it must not name.
    never: &'static [&'static str],
}

const WIRE: &[&str] = &["tonic", "tonic_prost", "prost", "prost_reflect", "prost_types"];

const BOUNDARIES: &[Boundary] = &[
    Boundary {
        module: "domain",
        modules: &[],
        never: &[
            "tokio",
            "tokio_stream",
            "tonic",
            "tonic_prost",
            "prost",
            "prost_reflect",
            "prost_types",
            "serde",
            "serde_json",
            "toml",
            "sled",
            "tracing",
            "config",
        ],
    },
    Boundary { module: "store", modules: &["domain"], never: WIRE },
    Boundary { module: "directory", modules: &["domain", "store"], never: WIRE },
    Boundary { module: "dataset", modules: &["domain"], never: WIRE },
    Boundary { module: "proto", modules: &["domain"], never: &[] },
    Boundary { module: "audit", modules: &[], never: WIRE },
    Boundary { module: "grpc", modules: &["proto", "domain", "directory", "audit"], never: &["config"] },
    // `domain` for the types that opening a store hands on; rules stay where they belong.
    Boundary {
        module: "server",
        modules: &["grpc", "directory", "store", "dataset", "domain", "config", "telemetry", "audit"],
        never: &[],
    },
    Boundary { module: "client", modules: &["proto", "domain"], never: &[] },
    Boundary { module: "maintenance", modules: &["domain", "store", "dataset"], never: WIRE },
    Boundary {
        module: "cli",
        modules: &["client", "proto", "config", "dataset", "maintenance", "domain", "telemetry", "audit"],
        never: &[],
    },
    Boundary { module: "config", modules: &[], never: WIRE },
    Boundary { module: "telemetry", modules: &["config"], never: WIRE },
];

/// What the domain may not use of the standard library: an answer depends on the question and the snapshot only.
const OUTSIDE: &[&str] = &["fs", "net", "thread", "time::Instant", "time::SystemTime"];

/// The one file of a module that may use more, and what.
const EXCEPTIONS: &[(&str, &str)] = &[("src/cli/serve.rs", "server")];

/// The only file that may name the crate of a store backend.
const SLED: &str = "src/store/embedded/sled";

/// Above this a file is two files.
const MOST_LINES: usize = 600;

#[test]
fn every_module_keeps_to_its_boundary() {
    let mut trespasses = Vec::new();
    let modules: BTreeSet<&str> = BOUNDARIES.iter().map(|boundary| boundary.module).collect();
    for file in shipping_files() {
        let Some(boundary) = BOUNDARIES.iter().find(|boundary| boundary.module == module_of(&file)) else {
            continue;
        };
        let code = shipping_code(&file);
        for used in crate_paths(&code, depth_of(&file)) {
            let own = used == boundary.module || boundary.modules.contains(&used.as_str());
            let excepted = EXCEPTIONS.contains(&(shown(&file).as_str(), used.as_str()));
            if modules.contains(used.as_str()) && !own && !excepted {
                trespasses.push(format!("{} uses crate::{used}", shown(&file)));
            }
        }
        for name in boundary.never {
            if names_crate(&code, name) {
                trespasses.push(format!("{} uses the crate {name}", shown(&file)));
            }
        }
        if names_crate(&code, "sled") && !shown(&file).starts_with(SLED) {
            trespasses.push(format!("{} uses the crate sled", shown(&file)));
        }
    }
    assert!(trespasses.is_empty(), "{}", trespasses.join("\n"));
}

#[test]
fn the_domain_reads_no_clock_file_or_network_and_starts_no_thread() {
    let mut trespasses = Vec::new();
    for file in shipping_files().into_iter().filter(|file| module_of(file) == "domain") {
        let code = shipping_code(&file);
        for path in paths(&code, "std::") {
            let is_of = |outside: &&str| path == *outside || path.starts_with(&format!("{outside}::"));
            if OUTSIDE.iter().any(is_of) {
                trespasses.push(format!("{} uses std::{path}", shown(&file)));
            }
        }
        for clock in ["Timestamp::now", "Zoned::now"] {
            if code.contains(clock) {
                trespasses.push(format!("{} calls {clock}", shown(&file)));
            }
        }
    }
    assert!(trespasses.is_empty(), "{}", trespasses.join("\n"));
}

#[test]
fn every_module_of_the_library_has_a_boundary() {
    let declared = declared_modules(&source("src/lib.rs"));
    let bounded: BTreeSet<String> = BOUNDARIES.iter().map(|boundary| boundary.module.to_owned()).collect();
    assert_eq!(declared.into_keys().collect::<BTreeSet<_>>(), bounded);
}

#[test]
fn every_source_file_is_declared_by_a_mod_line() {
    let undeclared: Vec<String> = files("src")
        .into_iter()
        .chain(files("tests"))
        .filter(|file| !is_root(file))
        .filter(|file| {
            let (parents, name) = parents_and_name(file);
            !parents.iter().any(|parent| parent.is_file() && declared_modules(&read(parent)).contains_key(&name))
        })
        .map(|file| shown(&file))
        .collect();
    assert!(undeclared.is_empty(), "never compiled: {undeclared:?}");
}

#[test]
fn no_source_file_passes_the_line_limit() {
    let long: Vec<String> = ["src", "tests", "examples", "benches"]
        .into_iter()
        .flat_map(files)
        .map(|file| (read(&file).lines().count(), shown(&file)))
        .filter(|(lines, _)| *lines > MOST_LINES)
        .map(|(lines, file)| format!("{file}: {lines}"))
        .collect();
    assert!(long.is_empty(), "{long:?}");
}

#[test]
fn every_source_file_begins_with_its_module_doc() {
    let silent: Vec<String> =
        files("src").into_iter().filter(|file| !read(file).starts_with("//!")).map(|file| shown(&file)).collect();
    assert!(silent.is_empty(), "{silent:?}");
}

#[test]
fn imports_are_found_however_they_are_written() {
    let code =
        "use crate::store::Store;\nuse crate::{\n    grpc::{self, status},\n    domain,\n};\nlet x = crate::proto::Y;";
    let found: Vec<String> = crate_paths(code, 1).into_iter().collect();
    assert_eq!(found, ["domain", "grpc", "proto", "store"]);
    let code = "use super::super::server::Front;\nuse super::{page, super::cli};\nuse super::super::super::deeper;";
    assert_eq!(crate_paths(code, 2).into_iter().collect::<Vec<_>>(), ["cli", "server", "super"]);
    let code = "use std::{fs, time::{Duration, Instant}};\nlet now = std::time::SystemTime::now();";
    let found: Vec<String> = paths(code, "std::").into_iter().collect();
    assert_eq!(found, ["fs", "time::Duration", "time::Instant", "time::SystemTime::now"]);
    assert!(names_crate("use tonic::Status;", "tonic"));
    assert!(names_crate("fn f() -> ::tonic::Status", "tonic"));
    assert!(!names_crate("use tonic_web::Layer;", "tonic"));
    assert!(!names_crate("crate::config::Config", "config"));
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn source(path: &str) -> String {
    read(&root().join(path))
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// As it is called in the repository.
fn shown(file: &Path) -> String {
    file.strip_prefix(root()).unwrap_or(file).to_string_lossy().replace('\\', "/")
}

/// All Rust files below a folder, in order; none if there is no such folder.
fn files(folder: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![root().join(folder)];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.expect("a folder that could be opened can be listed").path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn is_root(file: &Path) -> bool {
    ["src/lib.rs", "src/main.rs", "tests/it/main.rs"].contains(&shown(file).as_str())
}

/// The files that could declare a file as a module, and the name it would have there.
fn parents_and_name(file: &Path) -> (Vec<PathBuf>, String) {
    let stem = |path: &Path| path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let mut folder = file.parent().expect("a file lies in a folder").to_path_buf();
    let mut name = stem(file);
    if name == "mod" {
        name = stem(&folder);
        folder.pop();
    }
    let parents = ["mod.rs", "lib.rs", "main.rs"].map(|parent| folder.join(parent));
    let beside = folder.with_extension("rs");
    (parents.into_iter().chain([beside]).collect(), name)
}

/// The files whose code ships: not declared under `cfg(test)`, nor below such a file.
fn shipping_files() -> Vec<PathBuf> {
    let all = files("src");
    let mut for_tests: Vec<PathBuf> = Vec::new();
    for file in &all {
        let (parents, name) = parents_and_name(file);
        let declared = parents
            .iter()
            .filter(|parent| parent.is_file())
            .find_map(|parent| declared_modules(&read(parent)).get(&name).copied());
        if declared == Some(true) {
            let whole = if file.ends_with("mod.rs") { file.with_file_name("") } else { file.with_extension("") };
            for_tests.extend([file.clone(), whole]);
        }
    }
    all.into_iter().filter(|file| !for_tests.iter().any(|tests| file.starts_with(tests))).collect()
}

/// The modules that a file declares in files of their own, and whether only for tests.
fn declared_modules(text: &str) -> BTreeMap<String, bool> {
    let mut declared = BTreeMap::new();
    let mut for_tests = false;
    for line in text.lines().map(str::trim) {
        if line.starts_with("#[cfg(test)]") {
            for_tests = true;
        }
        let words = line.trim_start_matches("#[cfg(test)]").trim();
        // `pub`, `pub(crate)`, `pub(in ...)`: who may use it does not matter here.
        let words = match words.strip_prefix("pub") {
            Some(public) => public.split_once(") ").map_or(public, |(_, rest)| rest).trim(),
            None => words,
        };
        if let Some(name) = words.strip_prefix("mod ").and_then(|rest| rest.strip_suffix(';')) {
            declared.insert(name.to_owned(), for_tests);
        }
        if !line.starts_with("#[") && !line.starts_with("//") {
            for_tests = false;
        }
    }
    declared
}

/// The module of the library that a file belongs to.
fn module_of(file: &Path) -> String {
    let shown = shown(file);
    let inside = shown.strip_prefix("src/").unwrap_or(&shown);
    inside.split('/').next().unwrap_or_default().trim_end_matches(".rs").to_owned()
}

/// The code of a file without comments, up to its tests.
fn shipping_code(file: &Path) -> String {
    let text = read(file);
    let shipped = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let uncommented = |line: &&str| !line.trim_start().starts_with("//");
    shipped.lines().filter(uncommented).flat_map(|line| [line, "\n"]).collect()
}

/// The modules of the library that a file at this depth names: after `crate::`, or after as many `super::` as lead
/// there.
fn crate_paths(code: &str, depth: usize) -> BTreeSet<String> {
    let above = "super::".repeat(depth - 1);
    let by_super = paths(code, "super::").into_iter().filter_map(|path| path.strip_prefix(&above).map(str::to_owned));
    let first = |path: String| path.split("::").next().unwrap_or_default().to_owned();
    paths(code, "crate::").into_iter().chain(by_super).map(first).collect()
}

/// How many modules a file lies deep: 1 if it is declared in `lib.rs`.
fn depth_of(file: &Path) -> usize {
    let folders = shown(file).matches('/').count();
    if file.ends_with("mod.rs") { folders - 1 } else { folders }
}

/// Every path that code names after a root such as `crate::`, without it; a group is told path by path.
fn paths(code: &str, root: &str) -> BTreeSet<String> {
    let starts = code.match_indices(root).map(|(at, _)| at).filter(|at| begins_path(&code[..*at]));
    starts.flat_map(|at| branches(&code[at + root.len()..])).collect()
}

/// The paths that a text begins with: one, or those of a group.
fn branches(text: &str) -> Vec<String> {
    if let Some(group) = text.strip_prefix('{') {
        return members(group).into_iter().flat_map(|member| branches(member.trim())).collect();
    }
    let Some(name) = leading_name(text) else { return Vec::new() };
    match text[name.len()..].strip_prefix("::").map(branches) {
        Some(below) if !below.is_empty() => below.iter().map(|rest| format!("{name}::{rest}")).collect(),
        _ => vec![name],
    }
}

/// The members of a group, up to the brace that closes it.
fn members(group: &str) -> Vec<&str> {
    let (mut depth, mut start, mut members) = (0_usize, 0, Vec::new());
    for (at, letter) in group.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' | ',' if depth == 0 => {
                members.push(&group[start..at]);
                start = at + 1;
                if letter == '}' {
                    break;
                }
            }
            '}' => depth -= 1,
            _ => {}
        }
    }
    members
}

fn leading_name(text: &str) -> Option<String> {
    let name: String = text.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect();
    (!name.is_empty()).then_some(name)
}

/// Whether code names a crate: `tonic::` with neither a name nor a path before it.
fn names_crate(code: &str, name: &str) -> bool {
    let path = format!("{name}::");
    code.match_indices(&path).any(|(at, _)| begins_path(&code[..at]))
}

/// Whether what comes after this code is the beginning of a path: `::` may stand before it, a name may not.
fn begins_path(before: &str) -> bool {
    let is_name = |letter: char| letter.is_alphanumeric() || letter == '_';
    let absolute = before.strip_suffix("::").unwrap_or(before);
    !absolute.ends_with(is_name)
}
