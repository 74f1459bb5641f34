//! Measurements of the built program, as Prometheus fetches them.

use tonic::transport::Endpoint;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use super::support::http1;
use super::support::process::{Serving, output, program};

#[tokio::test(flavor = "multi_thread")]
async fn calls_and_the_state_of_the_directory_are_measured() {
    let folder = tempfile::tempdir().unwrap();
    let server = Serving::start(&["--data-dir", "kept"], folder.path());
    let ready = server.said.last().unwrap();
    let (_, address) = ready.split_once("measurements on http://").unwrap();
    let address = address.trim_end().strip_suffix("/metrics").unwrap().parse().unwrap();
    let endpoint = format!("http://{}", server.address);
    let channel = Endpoint::from_shared(endpoint.clone()).unwrap().connect().await.unwrap();
    let watching = HealthClient::new(channel).watch(HealthCheckRequest::default()).await.unwrap();
    for (place, code) in [("Emmeloord", 0), ("Nergenshuizen", 3)] {
        let asked = output(&mut program(&["who-acts", place, "1.1.30", "--endpoint", &endpoint]));
        assert_eq!(asked.0, Some(code), "{}", asked.2);
    }
    let text = http1(address, "GET /metrics", &[], &[]);
    assert!(!text.contains("certificate_expiry_timestamp_seconds{"), "there is no certificate");
    let method = "method=\"CoordinationService/FindActingOrganisations\"";
    for line in [
        format!("crisisgids_calls_total{{{method},code=\"OK\"}} 1"),
        format!("crisisgids_calls_total{{{method},code=\"NOT_FOUND\"}} 1"),
        format!("crisisgids_call_seconds_count{{{method}}} 2"),
        format!("crisisgids_open_calls{{{method}}} 0\n"),
        "crisisgids_open_calls{method=\"health\"} 1\n".to_owned(),
        "crisisgids_revision 1\n".to_owned(),
        "crisisgids_oldest_revision 1\n".to_owned(),
        "crisisgids_commit_seconds_count 0\n".to_owned(),
    ] {
        assert!(text.contains(&line), "{line} is not in {text}");
    }
    let measured = |name: &str| -> i64 {
        let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim().parse().unwrap()
    };
    assert!(measured("crisisgids_records ") > 1000 && measured("crisisgids_ledger_bytes ") > 1 << 20);
    assert!(http1(address, "GET /other", &[], &[]).starts_with("HTTP/1.1 404"));
    assert!(!text.contains("Emmeloord"), "nothing of what was asked");
    drop(watching);
    let change = output(&mut program(&["delete", "arrangements/adjacent-request-vr14", "--endpoint", &endpoint]));
    assert_eq!(change.0, Some(0), "{}", change.2);
    let text = http1(address, "GET /metrics", &[], &[]);
    assert!(text.contains("crisisgids_commit_seconds_count 1\n"), "{text}");
}
