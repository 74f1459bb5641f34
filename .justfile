# What CI runs, and the parts of it.

# Every gate, as CI runs them.
verify:
    .ci/run

# Formatting, lints, documentation.
lint:
    cargo fmt --check
    cargo clippy --locked --all-targets -- -D warnings
    RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps --document-private-items

# Tests and doctests.
test:
    cargo test --locked

# Long campaigns: so many inputs for each reader, calls of each method by each role, faults of each kind on each file,
# and kills of the server. Minutes to hours; each tells its counts. The inputs are others every time: the seed is told.
# A counter-example is kept in a file under proptest-regressions/, to be committed: it is tried first from then on.
campaigns cases="20000" calls="100" damage="20" kills="200":
    export PROPTEST_RNG_SEED="$(date +%s)"; echo "seed $PROPTEST_RNG_SEED"; \
      PROPTEST_CASES={{cases}} cargo test --locked --lib no_input_
    CRISISGIDS_CALL_ROUNDS={{calls}} cargo test --locked --test it random_calls -- --nocapture
    CRISISGIDS_DAMAGE_ROUNDS={{damage}} cargo test --locked --test it damage -- --nocapture
    CRISISGIDS_KILL_ROUNDS={{kills}} cargo test --locked --test it durability -- --nocapture

# The contract: style, and nothing that breaks a client.
proto:
    buf lint
    buf breaking --against proto/v1.binpb

# A new base for `buf breaking`: at a release only.
proto-base:
    buf build -o proto/v1.binpb

# Bans, licences and sources of every dependency.
deny:
    cargo deny --config .deny.toml check bans licenses sources

# Known vulnerabilities, against the copy of the advisory database in Cargo's home; does not block.
advisories:
    cargo deny --config .deny.toml --offline check advisories

# Every golden file, after a change that was meant: what the command line prints, what the demonstration answers, and the
# surface of the contract.
golden:
    CRISISGIDS_GOLDEN=write cargo test --locked --lib golden
    CRISISGIDS_GOLDEN=write cargo test --locked --test it golden
    CRISISGIDS_GOLDEN=write cargo test --locked --test it surface

# What the program is made of, as CycloneDX: crisisgids.cdx.json (needs cargo-cyclonedx).
sbom:
    cargo cyclonedx --format json --override-filename crisisgids.cdx
