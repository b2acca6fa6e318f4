//! `tessera call METHOD JSON`: any unary method from a shell, through the schema.

use std::io::{self, Read};

use super::{ENDPOINT_DEFAULT, Error, block_on, output};
use crate::client::{self, Method};

/// What is called, and where.
#[derive(clap::Args)]
pub struct Args {
    /// "Claim", "ClaimService.Claim" or "tessera.v1.ClaimService/Claim".
    method: String,
    /// The request; "-" reads it from standard input.
    #[arg(default_value = "{}")]
    json: String,
    /// The server.
    #[arg(long, env = "TESSERA_ENDPOINT", default_value = ENDPOINT_DEFAULT)]
    endpoint: String,
}

/// Calls and prints the reply as JSON.
pub fn run(args: &Args) -> Result<(), Error> {
    let method = Method::find(&args.method)?;
    let request = method.request(&json(&args.json)?)?;
    let reply = block_on(async {
        let channel = client::connect(&args.endpoint).await?;
        Ok(client::call(channel, &method, request).await?)
    })?;
    output::print_line(output::json_of(&reply))
}

fn json(argument: &str) -> Result<String, Error> {
    if argument != "-" {
        return Ok(argument.to_owned());
    }
    let mut text = String::new();
    io::stdin().read_to_string(&mut text).map_err(Error::Runtime)?;
    Ok(text)
}
