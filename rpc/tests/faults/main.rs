//! The fault matrix on the real program: kills, failing and full disks, overload. Each fact prints its figures.

mod eio;
mod full;
mod kills;
mod overload;
