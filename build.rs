//! Compiles the contract in `proto/` without protoc, and keeps its descriptor set for reflection and for the rules
//! that the server reads from it.

use std::error::Error;
use std::path::PathBuf;
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=proto");
    // include_dir watches the dataset files it found, not those that appear beside them.
    println!("cargo:rerun-if-changed=config/dataset");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let mut sources: Vec<PathBuf> =
        fs::read_dir("proto/crisisgids/v1")?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    // What errors carry: so that a client that knows nothing but the address can read them by reflection.
    sources.extend(["status", "error_details"].map(|name| PathBuf::from(format!("proto/google/rpc/{name}.proto"))));
    sources.sort();
    let mut compiler = protox::Compiler::new(["proto"])?;
    compiler.include_source_info(true).include_imports(true).open_files(sources)?;
    // Taken from the compiler as bytes: a decoded set would lose the custom options.
    fs::write(out.join("descriptors.binpb"), compiler.encode_file_descriptor_set())?;
    // Only our own types become Rust: options are read through the descriptors.
    let mut set = compiler.file_descriptor_set();
    set.file.retain(|file| ["crisisgids.v1", "google.protobuf"].contains(&file.package()));
    tonic_prost_build::configure().compile_fds(set)?;
    Ok(())
}
