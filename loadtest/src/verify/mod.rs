//! After the run: what the server shows, against what the client's record says it must show.

pub mod calls;
pub mod checkout;
pub mod stock;
pub mod tills;
pub mod validate;
pub mod wallets;
