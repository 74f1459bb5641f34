//! Where, and for what, does an organisation act? All pages.
//!
//! `cargo run --example where_acts -- Waternet`, against a server at `CRISISGIDS_ENDPOINT`.

use std::env;

use crisisgids::client::{Client, Error};
use crisisgids::proto::v1::FindActingAreasRequest;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let endpoint = env::var("CRISISGIDS_ENDPOINT").unwrap_or_else(|_| "http://127.0.0.1:50051".to_owned());
    let client = Client::connect(endpoint).await?;
    let organisation = env::args().nth(1).unwrap_or_else(|| "Waternet".to_owned());
    let mut question = FindActingAreasRequest { organisation, language_code: "en".to_owned(), ..Default::default() };
    loop {
        let page = client.find_acting_areas(question.clone()).await?;
        for acting in &page.acting_areas {
            let area = acting.area.as_ref().map_or("everywhere in ours", |area| &area.display_name);
            println!("{area}: {} {}", acting.role().as_str_name(), acting.capability_display_name);
        }
        if page.next_page_token.is_empty() {
            return Ok(());
        }
        question.page_token = page.next_page_token;
    }
}
