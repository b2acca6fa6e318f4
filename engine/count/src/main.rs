//! `tessera-count`: runs the operations once, below callgrind, and names what each part that it collects is of.

use mimalloc::MiMalloc;
use tessera_count::{counted, noted, run};

/// As the server has it.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() {
    run(&mut |name, operations, work| {
        counted(work);
        noted(name);
        println!("{name}\t{operations}");
    });
}
