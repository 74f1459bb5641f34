//! Which area do these words mean, what does it lie within, and whose is it?
//!
//! `cargo run --example place -- Ketelbrug`, against a server at `CRISISGIDS_ENDPOINT`.

use std::env;

use crisisgids::client::{Client, Error};
use crisisgids::proto::v1::ResolvePlaceRequest;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let endpoint = env::var("CRISISGIDS_ENDPOINT").unwrap_or_else(|_| "http://127.0.0.1:50051".to_owned());
    let client = Client::connect(endpoint).await?;
    let words = env::args().nth(1).unwrap_or_else(|| "Ketelbrug".to_owned());
    let question = ResolvePlaceRequest { words, language_code: "en".to_owned(), ..Default::default() };
    let answer = client.resolve_place(question).await?;
    println!("{}: {}", answer.matched.clone().unwrap_or_default().display_name, answer.kind().as_str_name());
    let resolution = answer.resolution.unwrap_or_default();
    for (kind, areas) in [
        ("municipality", resolution.municipalities),
        ("safety region", resolution.safety_regions),
        ("province", resolution.provinces),
    ] {
        areas.iter().for_each(|area| println!("    {kind} {} ({})", area.display_name, area.name));
    }
    for handover in &answer.handovers {
        println!("not ours: {}", handover.display_name);
    }
    Ok(())
}
