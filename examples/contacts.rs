//! How are organisations reached here, now?
//!
//! `cargo run --example contacts -- Urk`, against a server at `CRISISGIDS_ENDPOINT`.

use std::env;

use crisisgids::client::{Client, Error};
use crisisgids::proto::v1::FindContactsRequest;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let endpoint = env::var("CRISISGIDS_ENDPOINT").unwrap_or_else(|_| "http://127.0.0.1:50051".to_owned());
    let client = Client::connect(endpoint).await?;
    let places = vec![env::args().nth(1).unwrap_or_else(|| "Urk".to_owned())];
    let question = FindContactsRequest { places, language_code: "en".to_owned(), ..Default::default() };
    for contact in client.find_contacts(question).await?.contacts.iter().filter_map(|found| found.contact.as_ref()) {
        println!("{}, {}", contact.display_name, contact.organisation_display_name);
        for channel in &contact.channels {
            let value = if channel.placeholder { "number not public" } else { &channel.value };
            let now = if channel.reachable_now { "now" } else { "not now" };
            println!("    {} {value} ({now})", channel.kind().as_str_name());
        }
    }
    Ok(())
}
