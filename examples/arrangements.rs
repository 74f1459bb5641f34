//! What is agreed between two safety regions, and may one ask the other directly?
//!
//! `cargo run --example arrangements`, against a server at `CRISISGIDS_ENDPOINT`.

use std::env;

use crisisgids::client::{Client, Error};
use crisisgids::proto::v1::FindArrangementsRequest;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let endpoint = env::var("CRISISGIDS_ENDPOINT").unwrap_or_else(|_| "http://127.0.0.1:50051".to_owned());
    let client = Client::connect(endpoint).await?;
    let regions = ["Veiligheidsregio Flevoland", "Veiligheidsregio Gooi en Vechtstreek"];
    let question = FindArrangementsRequest {
        organisations: regions.map(str::to_owned).to_vec(),
        language_code: "en".to_owned(),
        ..Default::default()
    };
    let answer = client.find_arrangements(question).await?;
    for arrangement in &answer.arrangements {
        println!("{} ({})", arrangement.display_name, arrangement.kind);
        if arrangement.may_be_invoked {
            println!("    {}", arrangement.how);
        }
    }
    println!("{}", answer.direct_request().as_str_name());
    Ok(())
}
