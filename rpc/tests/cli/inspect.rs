//! `inspect`, `verify` and `snapshot` of a server and of the directory that it leaves: both show the same.

use std::{fs, path::Path};

use rustix::process::Signal;
use serde_json::Value;
use tempfile::TempDir;

use crate::{
    offline::flip,
    process::{Server, check_fails, check_prints, data_dir, path},
    snapshot::json,
};

/// A server with a card on which something was redeemed; its claim.
fn traded(dir: &TempDir) -> (Server, Value) {
    let server = Server::serve(dir.path());
    server.create_card();
    let claimed = server.claim("alice", "claim-1");
    let (code, id) = (claimed["code"].as_str().expect("a code"), "till");
    let asks = format!(
        r#"{{"request_id": "{id}", "instrument": {{"code": "{code}"}}, "merchant_id": "cafe", "order_id": "o1",
            "amount": {{"minor": 120, "currency": "CNY"}}}}"#
    );
    server.call("Redeem", &asks);
    let held = format!(
        r#"{{"request_id": "{id}", "instrument": {{"code": "{code}"}}, "merchant_id": "cafe", "order_id": "o2",
            "amount": {{"minor": 30, "currency": "CNY"}}}}"#
    );
    server.call("Hold", &held);
    (server, claimed)
}

fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).expect("a folder");
    let mut names: Vec<_> = entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8")).collect();
    names.sort();
    names
}

#[test]
fn a_coupon_is_shown_alike_by_a_server_and_of_its_directory_now_and_then() {
    let dir = data_dir();
    let (server, claimed) = traded(&dir);
    let id = claimed["coupon_id"].as_str().unwrap();
    let at_lsn = claimed["position"]["lsn"].as_str().unwrap();
    let (now, then) = (["inspect", "coupon", id], ["inspect", "coupon", id, "--at-lsn", at_lsn]);
    let online = [&now[..], &then].map(|what| json(&[what, &["--endpoint", &server.endpoint]].concat()));
    let [shown, past] = &online;
    assert_eq!(
        (&shown["coupon"]["balance"]["available_minor"], &shown["coupon"]["status"]),
        (&350.into(), &"COUPON_STATUS_ACTIVE".into())
    );
    assert_eq!((&shown["holds"][0]["state"], &shown["holds"][0]["held_minor"]), (&"HOLD_STATE_LIVE".into(), &30.into()));
    assert_eq!(shown["redemptions"][0]["applied_minor"], 120, "numbers are numbers");
    let kinds: Vec<_> = shown["events"].as_array().unwrap().iter().map(|event| event["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["Held", "Redeemed", "Claimed"]);
    assert_eq!((&past["coupon"]["balance"]["available_minor"], &past["redemptions"]), (&500.into(), &serde_json::json!([])));
    assert_eq!(past["events"].as_array().unwrap().len(), 1, "its history by then");
    let one = json(&["inspect", "coupon", id, "--events", "1", "--endpoint", &server.endpoint]);
    assert_eq!(one["events"].as_array().unwrap().len(), 1);
    check_fails(&["inspect", "coupon", "nonsense", "--endpoint", &server.endpoint], 1, &["CODE_NOT_ACCEPTED"]);
    check_fails(
        &["inspect", "coupon", id, "--at-lsn", "999", "--endpoint", &server.endpoint],
        1,
        &["at_lsn", "INVALID_ARGUMENT"],
    );
    check_fails(&["inspect", "coupon", id, "--at-lsn", "0"], 2, &["--at-lsn"]);
    assert_eq!(server.end(Signal::TERM), Some(0));

    let before = names(&dir.path().join("wal"));
    let offline = [&now[..], &then].map(|what| json(&[what, &["--data-dir", path(&dir)]].concat()));
    for (online, offline) in online.iter().zip(&offline) {
        for part in ["holds", "redemptions", "events", "position"] {
            assert_eq!(online[part], offline[part], "{part}");
        }
        assert_eq!(online["coupon"]["balance"], offline["coupon"]["balance"]);
    }
    check_fails(&["inspect", "coupon", "nonsense", "--data-dir", path(&dir)], 1, &["CODE_NOT_ACCEPTED"]);
    let table = check_prints(&["inspect", "coupon", id, "--data-dir", path(&dir)]);
    assert!(table.contains("available") && table.contains("350 CNY") && table.contains("Redeemed"), "{table}");
    assert_eq!(names(&dir.path().join("wal")), before, "whoever looks leaves nothing behind");
}

#[test]
fn a_partition_is_shown_alike_by_a_server_and_of_its_directory() {
    let dir = data_dir();
    let (server, claimed) = traded(&dir);
    let number = claimed["position"]["partition"].as_u64().unwrap_or(0).to_string();
    check_prints(&["snapshot", "save", "--endpoint", &server.endpoint]);
    let mut online = json(&["inspect", "partition", &number, "--endpoint", &server.endpoint]);
    assert_eq!((&online["status"]["coupons"], &online["status"]["live_holds"]), (&1.into(), &1.into()), "{online}");
    assert_eq!((&online["values"][0]["loaded"], &online["values"][0]["held"]), (&500.into(), &30.into()));
    assert_eq!(online["images"][0]["digest"].as_str().map(str::len), Some(16));
    check_fails(&["inspect", "partition", "2", "--endpoint", &server.endpoint], 1, &["INVALID_ARGUMENT", "partition"]);
    assert_eq!(server.end(Signal::TERM), Some(0));
    let mut offline = json(&["inspect", "partition", &number, "--data-dir", path(&dir)]);
    offline["status"]["shard"] = online["status"]["shard"].clone();
    // What a rebuilt state has room for is not what a grown one has.
    let parts = [&mut online, &mut offline].map(|found| found["memory"].take());
    let bytes_of = |parts: &Value, name: &str| {
        let found = parts.as_array().and_then(|parts| parts.iter().find(|part| part["part"] == name));
        found.and_then(|part| part["bytes"].as_u64()).unwrap_or_else(|| panic!("no {name} in {parts}"))
    };
    for parts in &parts {
        for name in ["terms", "users", "coupons", "holds", "redemptions and refunds", "orders", "requests", "deadlines"] {
            assert!((8..1 << 20).contains(&bytes_of(parts, name)), "one coupon needs some memory and little: {parts}");
        }
    }
    assert_eq!(offline, online);
    check_fails(&["inspect", "partition", "2", "--data-dir", path(&dir)], 2, &["partition is 2"]);
    let table = check_prints(&["inspect", "partition", &number, "--data-dir", path(&dir)]);
    assert!(table.contains("digest") && table.contains("next hold ends") && table.contains("value of template"), "{table}");
    assert!(table.contains("bytes, estimated") && table.contains("redemptions and refunds"), "{table}");
}

#[test]
fn a_feed_is_the_same_by_a_server_and_of_its_directory() {
    let dir = data_dir();
    let (server, claimed) = traded(&dir);
    let position = &claimed["position"];
    let (partition, lsn) = (position["partition"].as_u64().unwrap_or(0), position["lsn"].as_str().unwrap());
    let (all, some) = (partition.to_string(), format!("{partition}:{lsn}"));
    let lines = |from: &str, place: &[&str]| {
        let printed = check_prints(&[&["-o", "json", "inspect", "feed", from], place].concat());
        printed.lines().map(|line| serde_json::from_str(line).expect("an event a line")).collect::<Vec<Value>>()
    };
    let online = ["--endpoint", &server.endpoint];
    let told = [&all, &some, "catalog"].map(|from| lines(from, &online));
    let kinds = |told: &[Value]| told.iter().map(|event| event["kind"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(kinds(&told[1]), ["Claimed", "Redeemed", "Held"]);
    assert!(told[0].ends_with(&told[1]) && told[0].len() > 3, "{told:?}");
    assert_eq!(kinds(&told[2]), ["TemplateCreated"]);
    check_fails(&["inspect", "feed", "x", "--endpoint", &server.endpoint], 2, &["PARTITION:LSN"]);
    check_fails(&["inspect", "feed", "9", "--endpoint", &server.endpoint], 1, &["INVALID_ARGUMENT", "partition"]);
    check_fails(&["inspect", "feed", "0", "--follow", "--data-dir", path(&dir)], 2, &["cannot be used with"]);
    assert_eq!(server.end(Signal::TERM), Some(0));
    assert_eq!([&all, &some, "catalog"].map(|from| lines(from, &["--data-dir", path(&dir)])), told);
    let table = check_prints(&["inspect", "feed", &some, "--data-dir", path(&dir)]);
    assert!(table.starts_with(&format!("{some} ")) && table.lines().count() == 3, "{table}");
}

#[test]
fn a_feed_that_is_followed_goes_on_as_events_come() {
    use std::{
        io::{BufRead, BufReader},
        process::Stdio,
    };
    let dir = data_dir();
    let server = Server::serve(dir.path());
    let mut following = crate::process::tessera(&["inspect", "feed", "catalog", "--follow", "--endpoint", &server.endpoint]);
    let mut child = following.stdout(Stdio::piped()).spawn().expect("the program starts");
    server.create_card();
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("UTF-8");
    assert!(line.contains("TemplateCreated") && line.contains("template_id=card"), "{line}");
    child.kill().expect("it lives");
    child.wait().expect("it ends");
}

#[test]
fn images_are_shown_with_their_chunks_and_damage_with_its_place() {
    let dir = data_dir();
    let (server, _) = traded(&dir);
    check_prints(&["snapshot", "save", "--endpoint", &server.endpoint]);
    let listed = json(&["snapshot", "list", "--endpoint", &server.endpoint]);
    check_fails(&["inspect", "snapshot", "--data-dir", path(&dir)], 4, &["another process holds"]);
    assert_eq!(server.end(Signal::TERM), Some(0));
    let inspect = ["inspect", "snapshot", "--data-dir", path(&dir)];
    let shown = json(&inspect);
    let images = shown["images"].as_array().unwrap();
    assert_eq!(images.len(), 3);
    for image in images {
        let of_list = listed.as_array().unwrap().iter().find(|one| one["image_id"] == image["image_id"]).expect("it is listed");
        assert_eq!((&image["subject"]["digest"], &image["file_bytes"]), (&of_list["digest"], &of_list["bytes"]));
        assert!(image["named"] == true && image["loaded"] == true && image["problem"].is_null(), "{image}");
        let chunks: Vec<u64> = image["chunk_bytes"].as_array().unwrap().iter().map(|bytes| bytes.as_u64().unwrap()).collect();
        assert_eq!(
            (image["subject"]["chunks"].as_u64(), image["subject"]["payload_bytes"].as_u64()),
            (Some(chunks.len() as u64), Some(chunks.iter().sum()))
        );
    }
    let first = images[0]["image_id"].as_u64().unwrap();
    let name = format!("image-{first:012}.img");
    flip(&dir.path().join("images").join(&name), 4_096 + 20);
    check_fails(&inspect, 3, &["1 problem"]);
    let output = crate::process::run(&inspect);
    assert!(crate::process::text(&output.stdout).contains(&format!("{name} at byte 4096: a chunk is not what was written")));
    let other = images[1]["image_id"].to_string();
    let one = json(&["inspect", "snapshot", "--image", &other, "--data-dir", path(&dir)]);
    assert_eq!(one["images"].as_array().unwrap().len(), 1, "{one}");
}

#[test]
fn a_server_verifies_its_own_directory() {
    let dir = data_dir();
    let (server, _) = traded(&dir);
    check_prints(&["snapshot", "save", "--endpoint", &server.endpoint]);
    let verify = ["verify", "--endpoint", &server.endpoint];
    let verified = json(&verify);
    assert_eq!((&verified["state"], &verified["result"]["whole"]), (&"DONE".into(), &true.into()), "{verified}");
    assert_eq!((&verified["journals_done"], &verified["result"]["problems"]), (&3.into(), &serde_json::json!([])));
    let table = check_prints(&verify);
    assert!(table.contains("problems") && table.contains("none") && table.contains("images compared"), "{table}");
    let image = json(&["snapshot", "list", "--endpoint", &server.endpoint])[0]["image_id"].as_u64().unwrap();
    flip(&dir.path().join(format!("images/image-{image:012}.img")), 4_096 + 20);
    check_fails(&verify, 3, &["1 problem found"]);
    check_fails(&["verify", "--endpoint", "http://127.0.0.1:9"], 4, &["no server answers"]);
    check_fails(&["verify", "--endpoint", "http://127.0.0.1:9", "--cut-tail"], 2, &["cannot be used with"]);
    check_fails(&["verify"], 2, &["--data-dir"]);
}

#[test]
fn a_snapshot_is_saved_without_a_server() {
    let dir = data_dir();
    let (server, claimed) = traded(&dir);
    check_fails(&["snapshot", "save", "--data-dir", path(&dir)], 4, &["another process holds"]);
    assert_eq!(server.end(Signal::TERM), Some(0));
    let save = ["snapshot", "save", "--data-dir", path(&dir)];
    let saved = json(&save);
    assert_eq!(
        (&saved["state"], &saved["journals_done"], &saved["result"]["images"]),
        (&"DONE".into(), &3.into(), &3.into()),
        "{saved}"
    );
    assert_eq!(json(&["snapshot", "list", "--data-dir", path(&dir)]).as_array().unwrap().len(), 3);
    let table = check_prints(&save);
    assert!(table.contains("DONE") && table.contains("3 of 3"), "{table}");
    assert!(names(&dir.path().join("wal/archive")).len() >= 2, "the log is trimmed to the older of two");
    check_prints(&["verify", "--data-dir", path(&dir)]);
    let again = Server::serve(dir.path()).claim("alice", "claim-1");
    assert_eq!((&again["replayed"], &again["coupon_id"]), (&true.into(), &claimed["coupon_id"]));
}

#[test]
fn a_lost_manifest_is_made_anew() {
    let dir = data_dir();
    let (server, _) = traded(&dir);
    check_prints(&["snapshot", "save", "--endpoint", &server.endpoint]);
    let rebuild = ["snapshot", "rebuild-manifest", "--data-dir", path(&dir)];
    check_fails(&rebuild, 4, &["another process holds"]);
    assert_eq!(server.end(Signal::TERM), Some(0));
    let listed = json(&["snapshot", "list", "--data-dir", path(&dir)]);
    fs::remove_file(dir.path().join("images/MANIFEST")).unwrap();
    check_fails(&["snapshot", "list", "--data-dir", path(&dir)], 3, &["MANIFEST", "missing"]);
    let shown = crate::process::run(&["inspect", "snapshot", "--data-dir", path(&dir)]);
    assert!(crate::process::text(&shown.stdout).contains("whole, state not made"), "images are examined without it");
    let rebuilt = json(&rebuild);
    assert_eq!((&rebuilt["images"], &rebuilt["refused"]), (&listed, &serde_json::json!([])));
    assert_eq!(json(&["snapshot", "list", "--data-dir", path(&dir)]), listed);
    check_prints(&["verify", "--data-dir", path(&dir)]);

    for image in listed.as_array().unwrap() {
        let name = format!("image-{:012}.img", image["image_id"].as_u64().unwrap());
        flip(&dir.path().join("images").join(name), 4_096 + 20);
    }
    let before = fs::read(dir.path().join("images/MANIFEST")).unwrap();
    check_fails(&rebuild, 3, &["image-", "no whole image", "nothing was written"]);
    assert_eq!(fs::read(dir.path().join("images/MANIFEST")).unwrap(), before);
}
