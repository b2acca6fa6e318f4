//! `dev`: every command that it prints works, in the order in which it prints them.

use std::process::Command;

use rustix::process::Signal;

use crate::process::dev;

#[test]
fn every_printed_command_works() {
    let (server, text) = dev();
    let commands: Vec<_> = text.lines().skip_while(|line| !line.starts_with('#')).collect();
    assert_eq!(commands.iter().filter(|line| line.starts_with('#')).count(), 10, "{text}");
    let script = format!("set -e\n{}", commands.join("\n"));
    let output = Command::new("sh").args(["-c", &script]).output().unwrap();
    let (printed, said) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(output.status.success(), "{said}");
    assert!(printed.contains("\"payable_minor\": \"8000\""), "20 % off 100 yuan: {printed}");
    assert!(printed.contains("\"balance_after_minor\": \"49850\""), "1.50 of 500 yuan: {printed}");
    assert!(printed.contains("\"balance_after_minor\": \"24850\""), "then 250 of 300 that were held: {printed}");
    assert_eq!(server.end(Signal::INT), Some(0));
}

#[test]
fn the_directory_is_gone_after_a_stop() {
    let (server, text) = dev();
    let dir = text.split(" on ").nth(1).and_then(|rest| rest.split(',').next()).expect("it names its directory");
    assert!(std::path::Path::new(dir).exists(), "{dir}");
    assert_eq!(server.end(Signal::INT), Some(0));
    assert!(!std::path::Path::new(dir).exists());
}
