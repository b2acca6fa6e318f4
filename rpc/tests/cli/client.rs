//! `call` and `status` against a server, and without one.

use crate::process::{Server, check_fails, check_prints, data_dir, run, text};

#[test]
fn call_prints_the_reply_in_the_names_of_the_schema() {
    let dir = data_dir();
    let server = Server::serve(dir.path());
    server.create_card();
    let reply = server.claim("alice", "claim-1");
    assert_eq!(reply["code"].as_str().map(str::len), Some(16));
    assert_eq!((reply["template_id"].as_str(), reply["face_value"]["minor"].as_str()), (Some("card"), Some("500")));
}

#[test]
fn call_prints_code_and_error_info_of_a_refusal() {
    let dir = data_dir();
    let server = Server::serve(dir.path());
    let arguments = ["call", "--endpoint", &server.endpoint, "Claim", r#"{"request_id": "r", "user_id": "u"}"#];
    check_fails(&arguments, 1, &["INVALID_ARGUMENT: template_id", "tessera.dev", "field", "64"]);
    let output = run(&[&["-o", "json"], &arguments[..]].concat());
    let error: serde_json::Value = serde_json::from_slice(&output.stderr).expect("JSON");
    assert_eq!((error["code"].as_str(), error["metadata"]["value"].as_str()), (Some("INVALID_ARGUMENT"), Some("64")));
}

#[test]
fn status_prints_what_is_durable() {
    let dir = data_dir();
    let server = Server::serve(dir.path());
    server.create_card();
    let claimed = server.claim("alice", "claim-1");
    let table = check_prints(&["status", "--endpoint", &server.endpoint]);
    assert!(table.contains("SERVING") && table.contains("partition"), "{table}");
    let json = check_prints(&["-o", "json", "status", "--endpoint", &server.endpoint]);
    let status: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let partition = claimed["position"]["partition"].as_u64().unwrap_or(0) as usize;
    assert_eq!(status["partitions"][partition]["lsn"], claimed["position"]["lsn"]);
}

#[test]
fn a_request_is_read_from_standard_input() {
    use std::{io::Write, process::Stdio};
    let dir = data_dir();
    let server = Server::serve(dir.path());
    let mut command = crate::process::tessera(&["call", "--endpoint", &server.endpoint, "ListCoupons", "-"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(br#"{"user_id": "nobody"}"#).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(0), "{}\n"));
}

#[test]
fn without_a_server_the_exit_code_says_unavailable() {
    check_fails(&["status", "--endpoint", "http://127.0.0.1:9"], 4, &["no server answers"]);
}

#[test]
fn an_unknown_method_is_a_usage_error_that_names_the_known_ones() {
    check_fails(&["call", "Steal"], 2, &["\"Steal\"", "ClaimService.Claim", "RedemptionService.Hold"]);
}

#[test]
fn a_request_that_does_not_fit_is_a_usage_error() {
    check_fails(&["call", "Claim", r#"{"usr": 1}"#], 2, &["ClaimRequest", "usr"]);
}

#[test]
fn a_stream_is_not_called() {
    for stream in ["ClaimStream", "TillStream", "WatchChanges"] {
        check_fails(&["call", stream], 2, &["is a stream"]);
    }
}
