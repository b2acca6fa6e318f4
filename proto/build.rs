//! Turns `proto/tessera/v1/*.proto` into Rust and into one descriptor set, in Rust alone: a machine without `protoc` builds it.

use std::{env, error::Error, fs, path::PathBuf};

use protox::Compiler;

/// The folder that import paths are relative to.
const ROOT: &str = "proto";

/// The package's files, in the order of their names.
const FILES: [&str; 13] = [
    "tessera/v1/card.proto",
    "tessera/v1/checkout.proto",
    "tessera/v1/claim.proto",
    "tessera/v1/common.proto",
    "tessera/v1/custody.proto",
    "tessera/v1/gift.proto",
    "tessera/v1/journal.proto",
    "tessera/v1/legacy.proto",
    "tessera/v1/maintenance.proto",
    "tessera/v1/operator.proto",
    "tessera/v1/redemption.proto",
    "tessera/v1/template.proto",
    "tessera/v1/wallet.proto",
];

/// Messages that carry a code or a gift's token: their `Debug` is written by hand, in `src/redacted.rs`, and does not show it.
const SECRET: [&str; 12] = [
    "tessera.v1.AcceptGiftRequest",
    "tessera.v1.BatchCard",
    "tessera.v1.CancelGiftRequest",
    "tessera.v1.ClaimResponse",
    "tessera.v1.GetCardBalanceRequest",
    "tessera.v1.GetGiftRequest",
    "tessera.v1.ImportCard",
    "tessera.v1.Instrument",
    "tessera.v1.IssueResponse",
    "tessera.v1.OfferGiftResponse",
    "tessera.v1.ReplacementCard",
    "tessera.v1.RevealCodeResponse",
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed={ROOT}");
    let mut compiler = Compiler::new([ROOT])?;
    compiler.include_imports(true).include_source_info(true).open_files(FILES)?;

    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("tessera.v1.descriptors.bin"), compiler.encode_file_descriptor_set())?;

    tonic_prost_build::configure()
        .build_client(true)
        .build_server(true)
        .generate_default_stubs(true)
        .codec_path("crate::codec::Sliced")
        .skip_debug(SECRET)
        .compile_fds(compiler.file_descriptor_set())?;
    Ok(())
}
