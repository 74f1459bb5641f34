//! Who acts here, by what right, and how do I reach them?
//!
//! `cargo run --example who_acts -- Emmeloord 1.1.30`, against a server at `CRISISGIDS_ENDPOINT`.

use std::env;
use std::process::ExitCode;

use crisisgids::client::{Client, Error};
use crisisgids::domain::error::Reason;
use crisisgids::proto::v1::{FindActingOrganisationsRequest, Grip};

#[tokio::main]
async fn main() -> ExitCode {
    let mut words = env::args().skip(1);
    let place = words.next().unwrap_or_else(|| "Emmeloord".to_owned());
    let calamity = words.next().unwrap_or_else(|| "1.1.30".to_owned());
    match who_acts(place, calamity).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            // What to do about it hangs on the reason, never on the text.
            if let Some(Reason::PlaceAmbiguous | Reason::PlaceNotFound) = error.reason() {
                let near = error.unresolved().iter().flat_map(|word| word.candidates.iter().chain(&word.suggestions));
                near.for_each(|near| eprintln!("  {} ({}): ask for {}", near.display_name, near.within, near.name));
            }
            ExitCode::FAILURE
        }
    }
}

async fn who_acts(place: String, calamity: String) -> Result<(), Error> {
    let endpoint = env::var("CRISISGIDS_ENDPOINT").unwrap_or_else(|_| "http://127.0.0.1:50051".to_owned());
    let client = Client::connect(endpoint).await?;
    let question = FindActingOrganisationsRequest {
        places: vec![place],
        calamities: vec![calamity],
        grip: Grip::Grip2.into(),
        language_code: "en".to_owned(),
        ..Default::default()
    };
    let answer = client.find_acting_organisations(question).await?;
    // In the order to read and act in: a client need not sort.
    for entry in &answer.acting {
        println!("{:>3} {:<16} {}", entry.rank, entry.group().as_str_name(), entry.display_name);
        for contact in entry.roles.iter().flat_map(|role| &role.functions).flat_map(|function| &function.contacts) {
            for channel in &contact.channels {
                // A placeholder exists, but is never a number to dial.
                let value = if channel.placeholder { "number not public" } else { &channel.value };
                println!("      {}: {value}", contact.display_name);
            }
        }
    }
    for gap in &answer.gaps {
        println!("{}: {}", gap.severity().as_str_name(), gap.message);
    }
    println!("revision {}", answer.revision);
    Ok(())
}
