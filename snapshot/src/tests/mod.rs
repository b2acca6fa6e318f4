//! Tests of images as a whole, over the simulated storage. Each file is about one promise; what they share is the folder.

mod crash;
mod damage;
mod examining;
mod failures;
mod fixture;
mod folder;
mod forged;
mod planted;
mod rebuilding;
mod round_trip;
