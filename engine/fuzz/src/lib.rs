//! Fuzzing: bent and random bytes into everything that reads bytes from a disk or from a stranger. What is accepted must mean what it says.
//!
//! A [`Target`] makes its cases from a number alone, so that any of them is had again, and asserts a property of each: that what is accepted
//! is written again to the same bytes, and that what is refused is refused without a panic and without asking for memory that the bytes
//! do not account for. Checksums would refuse nearly everything, so the targets mend most of what was bent before they hand it over.
//!
//! The gate runs a slice with fixed seeds (`tests/slice.rs`); `cargo run --release -p tessera-fuzz -- --seconds 60` runs others for as long
//! as one likes, and names the case that failed with the command that runs it again. Why no coverage guides it: `docs/decisions/0016-proofs-by-libraries.md`.

mod bend;
pub mod run;
mod targets;

/// What became of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was read, and its property held.
    Accepted,
    /// It was refused.
    Refused,
}

/// A reader of bytes, and what must hold of it.
#[derive(Clone, Copy)]
pub struct Target {
    /// What is read.
    pub name: &'static str,
    /// Prepares what the cases are made from; gives the function that makes a case of a number and checks it.
    pub prepare: fn() -> Check,
}

/// Makes one case of a seed and checks it; panics where the property does not hold.
pub type Check = Box<dyn Fn(u64) -> Outcome>;

/// All targets.
pub const TARGETS: &[Target] = &[
    Target { name: "frame", prepare: targets::frame::prepare },
    Target { name: "segment", prepare: targets::segment::prepare },
    Target { name: "image", prepare: targets::image::prepare },
    Target { name: "manifest", prepare: targets::image::prepare_manifest },
    Target { name: "content", prepare: targets::content::prepare },
    Target { name: "event", prepare: targets::event::prepare },
    Target { name: "code", prepare: targets::code::prepare },
    Target { name: "request", prepare: targets::request::prepare },
];
