//! Crisisgids: the directory that answers, in a calamity, **who acts here, by what right, and how do I reach them now?**
//!
//! It covers the twelve municipalities of the safety regions Flevoland and Gooi en Vechtstreek. This page is the map: from
//! here one finds in ten minutes where a change belongs.
//!
//! # How a question and a change travel
//!
//! ```text
//! question  ->  grpc (proto <-> domain)  ->  directory (one ArcSwap<Snapshot>)  ->  domain (pure)
//! change    ->  grpc  ->  directory: permit -> plan (pure) -> commit -> swap -> notify  ->  store
//! ```
//!
//! # Where things are
//!
//! | Module | Owns |
//! |---|---|
//! | [`domain`] | what the directory knows and how it answers: readable as the specification |
//! | [`domain::acting`] | the question, one file per step |
//! | [`domain::questions`] | the other questions |
//! | [`domain::field`] | every record as a tree of named fields: what wire, disk, files, filters and diffs work on |
//! | [`domain::place`] | words to areas: chains of names, slips, a known town with an unknown finer name |
//! | [`domain::lexicon`], [`domain::calamity`] | the terms of the directory, and words to a calamity type, circumstances or daily work |
//! | [`domain::report`] | the text of an alarm as it stands on a screen, to a question: one grammar |
//! | `domain::words` | the normal form of what is typed, and the index of names |
//! | `domain::index` | what a snapshot looks up by something else than a name; grows by what is written |
//! | `domain::search` | filters, orders and pages of lists |
//! | [`domain::plan`](mod@domain::plan), [`domain::merge`](mod@domain::merge) | wanted changes to one batch, or everything that is wrong with them |
//! | [`store`] | the durable store: its contract, the form of a record on disk, and the store in memory |
//! | [`store::embedded`] | the store on this machine's disk: the ledger, sled, backups |
//! | [`directory`] | the live handle: the present snapshot, and the only writer |
//! | [`dataset`] | the directory that ships, as files an office can review |
//! | [`proto`] | generated wire types; records and answers to and from messages; the rules written in the contract |
//! | [`grpc`] | the services: principal, permit, convert, directory, convert |
//! | [`server`] | connections and TLS, who calls, layers, health, reflection, graceful stop |
//! | [`maintenance`] | backup, restore, examination and repair of a data directory |
//! | [`audit`] | the trail of who was given confidential values |
//! | [`client`] | the typed client |
//! | [`cli`] | the command line |
//! | [`config`], [`telemetry`] | settings in layers; logging |
//!
//! # Where a change belongs
//!
//! - *A fact is wrong or new*: `config/dataset/`, no code.
//! - *A record gets a field*: its struct in [`domain`] and its message in `proto/`; nothing else, because everything
//!   between works on [`domain::field`]. A test says so if the two differ. To be told in an answer too: `answer.proto`,
//!   `proto/convert/answer.rs` and `cli/output`.
//! - *A word is not understood*: a record of `terms/`, no code; how words are read together: [`domain::lexicon`]; a piece
//!   of an alarm's line: [`domain::report`].
//! - *A place is not understood*: a record of `areas/`; how names are read together: [`domain::place`].
//! - *Who is alarmed, and whom to call first*: `activation` of the rules in `config/dataset/assignments/`; the list itself:
//!   [`domain::acting::alarm`]. *What a calamity takes away*: `takes_down` and `depends_on`, [`domain::acting::outage`].
//! - *The answer must say something else*: the step in [`domain::acting`], its words in `acting/answer.rs` and
//!   `answer.proto`, then `proto/convert`.
//! - *Something is slow*: what each question looks up is in `domain::index`; what a layer costs, in `server/answer.rs`;
//!   the whole under load, in `benches/`.
//! - *A list must be filtered or ordered otherwise*: `domain/search`.
//! - *A new way to refuse*: [`domain::error`], `error_reason.proto`, the table in `grpc/status.rs` (`server/refusal.rs`
//!   for what is refused before any handler), and its exit code in `cli/output/error.rs`.
//! - *What an access role may*: [`domain::access`]; what is withheld from it: [`domain::redact`]; who calls:
//!   `server/identity`; what is noted of who saw it: `grpc/audit.rs`, and how the trail is kept: [`audit`].
//! - *Something that holds of every call*: a layer, one function in `server/layers`; what one costs: `server/answer.rs`.
//! - *A measurement*: `server/metrics.rs`, and `config/alerts.yml` if somebody is to be woken.
//! - *Another store*: a room beside `store/embedded/`, held to `store/conformance.rs`; `server/open.rs` chooses it.
//! - *A setting*: [`config`], and its explanation in `config/default.toml`.
//!
//! # What always holds
//!
//! 1. One request, one snapshot. One write: one plan, one commit, one swap.
//! 2. Time is an argument of every question and every write. One clock gives it, at the edge of the services; beside it
//!    only the audit trail, certificates and measurements read the time, for themselves.
//! 3. Text is parsed at the edge, once; behind it no string stands for a name.
//! 4. What cannot be proven is not done: nothing is read or written without a [`domain::access::Permit`].
//! 5. Unknown, ambiguous, outside, announced, conditional, partial, stale, placeholder, exercise: each is said in the
//!    answer. The directory never guesses and never hides age.
//! 6. Everything accepted survives; everything refused says why; nothing is half done.
//!
//! Which module may use which is checked by `tests/it/architecture.rs`.

// What ships may not panic: neither on a number that runs over nor on a letter cut in two. Tests may.
#![cfg_attr(
    not(test),
    warn(
        clippy::arithmetic_side_effects,
        clippy::string_slice,
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        clippy::cast_sign_loss,
        clippy::panic,
        clippy::unreachable,
        clippy::todo,
        clippy::unimplemented
    )
)]

pub mod domain;
pub mod store;
pub mod directory;
pub mod dataset;
pub mod maintenance;
pub mod proto;
pub mod grpc;
pub mod audit;
pub mod server;
pub mod client;
pub mod cli;
pub mod config;
pub mod telemetry;
