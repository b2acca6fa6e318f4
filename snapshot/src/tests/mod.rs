//! Tests of images as a whole, over the simulated storage. Each file is about one promise; what they share is the folder.

mod folder;
mod round_trip;
