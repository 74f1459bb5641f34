//! The contract held against the API Improvement Proposals (AIP) and against its own promises.
//!
//! **Invariants.** Every rule is named as the linter of the proposals names it, where that has one, so that the real
//! tool can take its place. Each run lists every breach of every rule. A contract that breaks them all,
//! `Broken-File.proto` with `old_syntax.proto`, shows that no rule looks at nothing.
//!
//! # Left out, and why
//! - 0121 no-mutable-cycles: organisations and areas relate to their own kind; the writer checks every reference.
//! - 0123 annotation of one record only: there is one profile, but its collection may grow.
//! - 0128 declarative-friendly, 0162 revisions, 0164 soft delete, 0165 purge: the ledger keeps every revision and
//!   ListChanges shows it; a second way back would be another truth.
//! - 0132 show_deleted, total_size: nothing is soft-deleted, and a count would be of another revision than the page.
//! - 0140 reserved words: `function` is the word of the domain, and generators escape it.
//! - 0142 civil dates as google.type.Date: laws write `2027-01-01` or nothing; a text keeps what they wrote.
//! - 0151 long-running operations: no write takes longer than seconds; the one of any size streams its progress.
//! - 0158 first field on the questions: what the words were taken to mean stands before the page.
//! - 0190 American English: the contract is written in British English.
//! - 0191 java options and file layout: generators set the first; a service stands below the messages it is about.
//! - 0216 states: no record has a state; facts have validity.
//! - What `buf lint` holds already: packages, imports, suffixes of services, standard request names.

mod model;

mod documentation;
mod fixed;
mod methods;
mod names;
mod surface;

use std::collections::BTreeSet;
use std::path::Path;

use crisisgids::proto;
use prost_reflect::DescriptorPool;

use model::Contract;

/// A named rule, and what in a contract breaks it.
struct Rule(&'static str, fn(&Contract) -> Vec<String>);

fn rules() -> impl Iterator<Item = &'static Rule> {
    [names::RULES, methods::RULES, documentation::RULES, fixed::RULES].into_iter().flatten()
}

fn contract() -> Contract {
    Contract::new(proto::pool().clone())
}

/// A contract of the same package that breaks every rule.
fn broken() -> Contract {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut compiler = protox::Compiler::new([root.join("proto"), root.join("tests/it/contract")]).unwrap();
    compiler
        .include_source_info(true)
        .include_imports(true)
        .open_files(["Broken-File.proto", "old_syntax.proto"])
        .unwrap();
    // As bytes: decoded ones have lost their options.
    Contract::new(DescriptorPool::decode(compiler.encode_file_descriptor_set().as_slice()).unwrap())
}

#[test]
fn the_contract_keeps_every_rule() {
    let contract = contract();
    let breaches: Vec<String> = rules()
        .flat_map(|Rule(name, find)| find(&contract).into_iter().map(move |at| format!("{name}: {at}")))
        .collect();
    assert!(breaches.is_empty(), "{} breaches\n{}", breaches.len(), breaches.join("\n"));
}

#[test]
fn every_rule_finds_its_breach() {
    let broken = broken();
    let blind: Vec<&str> =
        rules().filter(|Rule(_, find)| find(&broken).is_empty()).map(|Rule(name, _)| *name).collect();
    assert!(blind.is_empty(), "these rules find nothing:\n{}", blind.join("\n"));
}

#[test]
fn every_rule_has_a_name_of_its_own() {
    let names: Vec<&str> = rules().map(|Rule(name, _)| *name).collect();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
}
