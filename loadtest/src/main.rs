//! The program `tessera-loadtest`.

use std::process::ExitCode;

use clap::Parser as _;
use tessera_loadtest::{
    compare, echo,
    error::Error,
    options::{Common, Options, Scenario},
    page,
    report::{hgrm, table},
    scenario::{self, Finished},
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match run(Options::parse().scenario) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            let mut source = std::error::Error::source(&error);
            while let Some(cause) = source {
                eprintln!("  because {cause}");
                source = cause.source();
            }
            ExitCode::FAILURE
        }
    }
}

fn run(scenario: Scenario) -> Result<ExitCode, Error> {
    match scenario {
        Scenario::EchoServer { listen, threads } => runtime(threads)?.block_on(async {
            let listener = tokio::net::TcpListener::bind(listen).await.map_err(Error::file(listen.to_string()))?;
            echo::serve(listener).await?;
            Ok(ExitCode::SUCCESS)
        }),
        Scenario::Compare(asked) => compare(&asked),
        Scenario::Report(asked) => page::write(&asked).map(|()| ExitCode::SUCCESS),
        scenario => play(scenario),
    }
}

fn play(scenario: Scenario) -> Result<ExitCode, Error> {
    let threads = scenario.common().map_or(1, |common| common.threads);
    let (finished, common) = runtime(threads)?.block_on(scenario::run(scenario))?;
    write(&finished, &common)?;
    println!("{}", table::of(&finished.report));
    for violation in &finished.report.violations_listed {
        println!("VIOLATION: {violation}");
    }
    Ok(if finished.report.violations == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn compare(asked: &compare::Asked) -> Result<ExitCode, Error> {
    let comparison = asked.compare()?;
    if asked.json {
        println!("{}", comparison.json()?);
    } else {
        println!("{}", compare::table::text(&comparison));
    }
    Ok(if comparison.failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn write(finished: &Finished, common: &Common) -> Result<(), Error> {
    if let Some(path) = &common.json {
        finished.report.write_json(path)?;
    }
    match &common.hgrm {
        Some(path) => hgrm::write(path, &finished.latency_ns),
        None => Ok(()),
    }
}

fn runtime(threads: usize) -> Result<tokio::runtime::Runtime, Error> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(threads).enable_all().build().map_err(Error::file("the runtime's threads"))
}
