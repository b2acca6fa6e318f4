//! `allocations`: runs the operations once and says how often each asked for memory, and for how many bytes.

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;
use tessera_count::run;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn main() {
    run(&mut |name, operations, work| {
        let region = Region::new(ALLOCATOR);
        work();
        let change = region.change();
        let each = |count: usize| count as f64 / operations as f64;
        println!("{name}\tallocations\t{:.3}", each(change.allocations + change.reallocations));
        println!("{name}\tbytes\t{:.1}", each(change.bytes_allocated));
    });
}
