//! What is missing, stale or ending within 90 days?
//!
//! `cargo run --example gaps`, against a server at `CRISISGIDS_ENDPOINT`.

use std::env;

use crisisgids::client::{Client, Error};
use crisisgids::proto::v1::FindGapsRequest;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let endpoint = env::var("CRISISGIDS_ENDPOINT").unwrap_or_else(|_| "http://127.0.0.1:50051".to_owned());
    let client = Client::connect(endpoint).await?;
    let question = FindGapsRequest { within_days: 90, language_code: "en".to_owned(), ..Default::default() };
    // Worst first.
    for gap in client.find_gaps(question).await?.gaps.iter().filter_map(|open| open.gap.as_ref()) {
        println!("{:<14} {}: {}", gap.severity().as_str_name(), gap.subject, gap.message);
    }
    Ok(())
}
