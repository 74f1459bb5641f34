//! The one integration binary.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "the helpers of tests may fail loudly too; a test that cannot go on has found something"
)]

mod support;

mod access;
mod api;
mod architecture;
mod audit;
mod care;
mod damage;
mod durability;
mod format;
mod resolver;
mod compaction;
mod contract;
mod cli;
mod golden;
mod import;
mod serve;
mod hostile;
mod metrics;
mod random_calls;
mod reports;
mod socket;
mod statements;
mod traps;
mod trials;
mod places;
mod words;
mod scenarios;
mod server;
mod walk;
