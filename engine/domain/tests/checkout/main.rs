//! Facts about checkout with worked numbers, what holds for any order, and the rules once more in slow words.
//!
//! Only the public API is used. The same shop is asked a million times by `cargo run --release --example orders`.

mod audit;
mod given;
mod naive;
mod shop;

mod basis;
mod best;
mod effects;
mod order;
mod random;
mod stacking;
