//! What the server does when ten times as much is asked of it as it can answer.
//!
//! `cargo bench --bench load` starts the built program on this machine and goes some rounds: how many questions a second
//! it answers at most, what comes back in time of ten times as many, and how many it answers at most afterwards. All is
//! said as a ratio to the peak around it, and of the rounds the median, because the figures themselves are those of a
//! machine and a moment. Server and clients are bound to a core each where `taskset` can do that. It ends by itself after
//! about a minute.

#![expect(clippy::expect_used, reason = "a measurement that cannot be made ends here")]

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crisisgids::proto::v1;
use tokio::runtime::Builder;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tonic_prost::ProstCodec;

/// How often it is measured.
const ROUNDS: usize = 5;

/// How long the peak is looked for before and after each overload, and how long that takes: hundreds of answers each.
const PEAK: Duration = Duration::from_secs(2);
const OVERLOAD: Duration = Duration::from_secs(5);

/// How many ask at once to find the peak: enough that the server never waits, and far less than it refuses.
const ASKING: usize = 16;

/// How long a dispatcher's screen waits for an answer.
const PATIENCE: Duration = Duration::from_secs(1);

/// The load that is offered, as a multiple of the peak.
const TIMES: f64 = 10.0;

/// Connections of the clients: each may have 256 calls open.
const CONNECTIONS: usize = 32;

const METHOD: &str = "/crisisgids.v1.CoordinationService/FindActingOrganisations";

fn main() {
    // Before there are threads, so that all are bound, and the server has no more of them than its core can use.
    let pinned = pin(1);
    let server = Server::start(pinned);
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let measured = runtime.block_on(measure(&server));
    let cores = if pinned { "one core for the server, one for the clients" } else { "all cores shared" };
    println!("{cores}; median of {ROUNDS} rounds, the least and the most in brackets");
    print(&measured);
}

/// The built program, serving the demonstration.
struct Server {
    child: Child,
    endpoint: String,
}

impl Server {
    fn start(pinned: bool) -> Self {
        let program = env!("CARGO_BIN_EXE_crisisgids");
        let mut command = Command::new(if pinned { "taskset" } else { program });
        if pinned {
            command.args(["-c", "0", program]);
        }
        let mut child = command
            .args(["serve", "--demo", "--listen", "127.0.0.1:0"])
            .env("CRISISGIDS_SERVER__METRICS_LISTEN", "127.0.0.1:0")
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut lines = BufReader::new(child.stderr.take().expect("its errors")).lines();
        let endpoint = loop {
            let line = lines.next().expect("a line before it ends").expect("text");
            if let Some((_, rest)) = line.split_once("ready on ") {
                break rest.split(": ").next().unwrap_or_default().to_owned();
            }
        };
        // What it says later is read, so that it never waits for a reader.
        std::thread::spawn(move || lines.for_each(drop));
        Server { child, endpoint }
    }

    /// The memory that it occupies, in MiB.
    fn resident(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib: f64 = line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(f64::NAN);
        kib / 1024.0
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Binds this process to a core; false where that cannot be done.
fn pin(core: u32) -> bool {
    let mut taskset = Command::new("taskset");
    taskset.args(["-a", "-p", "-c", &core.to_string(), &std::process::id().to_string()]);
    taskset.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// What was measured in one round.
struct Measured {
    peak: f64,
    peak_memory: f64,
    overloaded: Outcome,
    memory: f64,
    health: Duration,
}

fn print(rounds: &[Measured]) {
    let ratio = |of: fn(&Measured) -> f64| spread(rounds.iter().map(|round| of(round) / round.peak));
    println!("peak                        {} answers/s", spread(rounds.iter().map(|round| round.peak)));
    println!("offered                     {} x peak", ratio(|round| round.overloaded.offered));
    println!("answered within a second    {} x peak", ratio(|round| round.overloaded.answered));
    println!("refused as too much         {} x peak", ratio(|round| round.overloaded.refused));
    println!("not answered in time        {} x peak", ratio(|round| round.overloaded.late));
    println!("failed otherwise            {} x peak", ratio(|round| round.overloaded.failed));
    let memory = rounds.iter().map(|round| round.memory / round.peak_memory);
    println!("memory at most              {} x that at the peak", spread(memory));
    let health = rounds.iter().map(|round| round.health.as_secs_f64() * 1000.0);
    println!("health, the slowest answer  {} ms", spread(health));
}

fn spread(figures: impl Iterator<Item = f64>) -> String {
    let mut all: Vec<f64> = figures.collect();
    all.sort_by(f64::total_cmp);
    let at = |index: usize| all.get(index).copied().unwrap_or(f64::NAN);
    format!("{:8.2} ({:.2} .. {:.2})", at(all.len() / 2), at(0), at(all.len().saturating_sub(1)))
}

/// What became of calls, each a number a second.
#[derive(Clone, Copy, Default)]
struct Outcome {
    offered: f64,
    answered: f64,
    refused: f64,
    late: f64,
    failed: f64,
}

async fn measure(server: &Server) -> Vec<Measured> {
    let mut channels = Vec::new();
    for _ in 0..CONNECTIONS {
        let endpoint = Endpoint::from_shared(server.endpoint.clone()).expect("an address");
        channels.push(endpoint.connect().await.expect("a connection"));
    }
    // The first answers fill caches.
    let mut before = closed(&channels).await;
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let peak_memory = server.resident();
        SLOWEST.store(0, Ordering::Relaxed);
        let watching = tokio::spawn(health(server.endpoint.clone()));
        let (overloaded, memory) = open(server, &channels, before * TIMES).await;
        watching.abort();
        let after = closed(&channels).await;
        let health = Duration::from_micros(SLOWEST.load(Ordering::Relaxed));
        rounds.push(Measured { peak: f64::midpoint(before, after), peak_memory, overloaded, memory, health });
        before = after;
    }
    rounds
}

/// The slowest answer of health, in microseconds.
static SLOWEST: AtomicU64 = AtomicU64::new(0);

async fn health(endpoint: String) {
    let channel = Endpoint::from_shared(endpoint).expect("an address").connect().await.expect("a connection");
    let mut client = HealthClient::new(channel);
    let mut ticks = interval(Duration::from_millis(50));
    loop {
        ticks.tick().await;
        let begun = Instant::now();
        client.check(HealthCheckRequest::default()).await.expect("health answers");
        SLOWEST.fetch_max(u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}

/// Some ask, each anew when it was answered: how many are answered a second.
async fn closed(channels: &[Channel]) -> f64 {
    let end = Instant::now() + PEAK;
    let mut asking = tokio::task::JoinSet::new();
    for channel in channels.iter().cycle().take(ASKING) {
        let channel = channel.clone();
        asking.spawn(async move {
            let mut answered = 0_u32;
            while Instant::now() < end {
                // A connection that the server ended is made again by the next call.
                answered += u32::from(ask(channel.clone()).await.is_ok());
            }
            answered
        });
    }
    let answered: u32 = asking.join_all().await.into_iter().sum();
    f64::from(answered) / PEAK.as_secs_f64()
}

/// So many calls are begun a second, whatever becomes of those before: what becomes of them, and the most memory.
async fn open(server: &Server, channels: &[Channel], rate: f64) -> (Outcome, f64) {
    let counts = Arc::new(Counts::default());
    let begun = Instant::now();
    let (mut offered, mut memory, mut asking) = (0_u32, 0.0_f64, tokio::task::JoinSet::new());
    let mut ticks = interval(Duration::from_millis(2));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    while begun.elapsed() < OVERLOAD {
        ticks.tick().await;
        while f64::from(offered) < begun.elapsed().as_secs_f64() * rate {
            let channel = channels.iter().cycle().nth(usize::try_from(offered).unwrap_or(0) % channels.len());
            let (channel, counts) = (channel.expect("a connection").clone(), counts.clone());
            asking.spawn(async move { counts.add(timeout(PATIENCE, ask(channel)).await.ok()) });
            offered += 1;
            if offered % 64 == 0 {
                // Answers are to be read meanwhile.
                tokio::task::yield_now().await;
            }
        }
        while asking.try_join_next().is_some() {}
        memory = memory.max(server.resident());
    }
    let seconds = begun.elapsed().as_secs_f64();
    asking.join_all().await;
    memory = memory.max(server.resident());
    let of = |count: &AtomicU64| f64::from(u32::try_from(count.load(Ordering::Relaxed)).unwrap_or(u32::MAX)) / seconds;
    let outcome = Outcome {
        offered: f64::from(offered) / seconds,
        answered: of(&counts.answered),
        refused: of(&counts.refused),
        late: of(&counts.late),
        failed: of(&counts.failed),
    };
    (outcome, memory)
}

#[derive(Default)]
struct Counts {
    answered: AtomicU64,
    refused: AtomicU64,
    late: AtomicU64,
    failed: AtomicU64,
}

impl Counts {
    fn add(&self, outcome: Option<Result<(), Status>>) {
        let count = match outcome {
            Some(Ok(())) => &self.answered,
            Some(Err(status)) if status.code() == Code::ResourceExhausted => &self.refused,
            Some(Err(status)) if status.code() == Code::DeadlineExceeded => &self.late,
            Some(Err(_)) => &self.failed,
            None => &self.late,
        };
        count.fetch_add(1, Ordering::Relaxed);
    }
}

/// Asks who acts in Emmeloord when a polder fills.
async fn ask(channel: Channel) -> Result<(), Status> {
    let question = v1::FindActingOrganisationsRequest {
        places: vec!["Emmeloord".to_owned()],
        calamities: vec!["1.1.30".to_owned()],
        grip: v1::Grip::Grip2.into(),
        ..v1::FindActingOrganisationsRequest::default()
    };
    let mut call = Request::new(question);
    call.set_timeout(PATIENCE);
    let mut wire = Grpc::new(channel);
    wire.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
    // The answer is passed over, not read: what the clients do not do is not measured.
    let codec = ProstCodec::<_, ()>::default();
    wire.unary(call, PathAndQuery::from_static(METHOD), codec).await.map(drop)
}
