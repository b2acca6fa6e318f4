//! Facts about checkout with worked numbers, what holds for any order, and the rules once more in slow words.
//!
//! Only the public API is used. The same shop is asked a million times by `cargo run --release --example orders`, and bought from as often
//! by `cargo run --release --example orders -- bought`.

mod audit;
mod customer;
mod given;
mod naive;
mod receipt;
mod shop;
mod till;
mod wallet;

mod basis;
mod best;
mod bought;
mod effects;
mod order;
mod random;
mod stacking;
