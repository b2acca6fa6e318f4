//! The program `tessera`: the command line, and the allocator it runs on.

use std::process::ExitCode;

/// Many small lives of different length on many threads: what mimalloc is made for.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    tessera_rpc::cli::run()
}
