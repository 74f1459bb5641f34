//! Who has a capability at or nearest to a place, whatever the region, and by which arrangement may it be called?
//!
//! `cargo run --example providers -- rietteam "Laren NH"`, against a server at `CRISISGIDS_ENDPOINT`.

use std::env;

use crisisgids::client::{Client, Error};
use crisisgids::proto::v1::FindProvidersRequest;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let endpoint = env::var("CRISISGIDS_ENDPOINT").unwrap_or_else(|_| "http://127.0.0.1:50051".to_owned());
    let client = Client::connect(endpoint).await?;
    let mut words = env::args().skip(1);
    let question = FindProvidersRequest {
        capability: words.next().unwrap_or_else(|| "rietteam".to_owned()),
        places: vec![words.next().unwrap_or_else(|| "Blaricum".to_owned())],
        language_code: "en".to_owned(),
        ..Default::default()
    };
    // Nearest first.
    for provider in client.find_providers(question).await?.providers {
        println!("{}: {}", provider.nearness().as_str_name(), provider.display_name);
        for arrangement in &provider.arrangements {
            println!("    under {}: {}", arrangement.display_name, arrangement.how);
        }
    }
    Ok(())
}
