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
        for used in crate_paths(&code) {
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
    let found: Vec<String> = crate_paths(code).into_iter().collect();
    assert_eq!(found, ["domain", "grpc", "proto", "store"]);
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

/// The first names after every `crate::`.
fn crate_paths(code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for rest in code.split("crate::").skip(1) {
        match rest.strip_prefix('{') {
            Some(group) => found.extend(heads(group)),
            None => found.extend(leading_name(rest)),
        }
    }
    found
}

/// The first name of every path in a group, up to the brace that closes it.
fn heads(group: &str) -> Vec<String> {
    let mut depth = 0_usize;
    let mut path = String::new();
    let mut paths = Vec::new();
    for letter in group.chars() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => paths.push(std::mem::take(&mut path)),
            _ if depth == 0 => path.push(letter),
            _ => {}
        }
    }
    paths.push(path);
    paths.iter().filter_map(|path| leading_name(path.trim())).collect()
}

fn leading_name(text: &str) -> Option<String> {
    let name: String = text.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect();
    (!name.is_empty()).then_some(name)
}

/// Whether code names a crate: `tonic::` with neither a name nor a path before it.
fn names_crate(code: &str, name: &str) -> bool {
    let path = format!("{name}::");
    code.match_indices(&path).any(|(at, _)| {
        let before = &code[..at];
        let absolute = before.strip_suffix("::").unwrap_or(before);
        let inside =
            before.ends_with("::") && absolute.ends_with(|letter: char| letter.is_alphanumeric() || letter == '_');
        !inside && !absolute.ends_with(|letter: char| letter.is_alphanumeric() || letter == '_')
    })
}
