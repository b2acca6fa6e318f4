//! `tessera dev`: a server on a temporary directory with three templates, and what to try on it.

use std::net::{Ipv4Addr, SocketAddr};

use super::{ENDPOINT_DEFAULT, Error, output};
use crate::{
    client::{self, Method},
    logging,
    serving::{self, Serving, Stops},
    settings::{Log, Settings},
};

/// How it is served.
#[derive(clap::Args)]
pub struct Args {
    /// Address and port; port 0 = any free one.
    #[arg(long, default_value = "127.0.0.1:7411")]
    listen: SocketAddr,
    /// Shards; 0 = one a core.
    #[arg(long, default_value_t = 0)]
    shards: u16,
}

/// The catalog that it begins with, as requests anybody could send.
const CATALOG: [&str; 3] = [
    r#"{"request_id": "seed-1", "template_id": "summer-20", "spec": {
        "display_name": "20 % off, at most 50 yuan", "currency": "CNY",
        "percent_off": {"pay_basis_points": 8000, "cap_minor": 5000},
        "dynamic_validity": {"valid_ms": 604800000}, "stock": 1000, "per_user_limit": 1}}"#,
    r#"{"request_id": "seed-2", "template_id": "100-minus-20", "spec": {
        "display_name": "20 yuan off from 100 yuan", "currency": "CNY",
        "amount_off": {"threshold_minor": 10000, "amount_minor": 2000},
        "dynamic_validity": {"valid_ms": 604800000}, "per_user_limit": 5}}"#,
    r#"{"request_id": "seed-3", "template_id": "gift-500", "spec": {
        "display_name": "Gift card of 500 yuan", "currency": "CNY",
        "stored_value": {"face_value_minor": 50000}}}"#,
];

/// Serves until SIGINT or SIGTERM; then the directory is gone.
pub fn run(args: &Args) -> Result<(), Error> {
    logging::start(&Log { filter: "warn".to_owned(), ..Log::default() })?;
    let dir = tempfile::Builder::new().prefix("tessera-dev-").tempdir().map_err(Error::Runtime)?;
    tessera_engine::directory::init(dir.path(), tessera_engine::directory::PARTITIONS_DEFAULT)?;
    let mut settings = Settings { data_dir: Some(dir.path().to_owned()), ..Settings::default() };
    settings.server.listen = args.listen;
    settings.server.metrics_listen = Some((Ipv4Addr::LOCALHOST, 0).into());
    settings.engine.shards = args.shards;
    serving::runtime(&settings)?.block_on(async {
        let mut stops = Stops::listen()?;
        let serving = Serving::start(&settings).await?;
        let endpoint = format!("http://{}", serving.address());
        seed(&endpoint).await?;
        let metrics = serving.metrics_address().expect("metrics were asked for");
        output::print_line(what_to_try(&endpoint, &dir.path().display().to_string(), metrics))?;
        serving.run(&mut stops).await
    })
}

async fn seed(endpoint: &str) -> Result<(), Error> {
    let create = Method::find("TemplateService.CreateTemplate")?;
    let channel = client::connect(endpoint).await?;
    for json in CATALOG {
        client::call(channel.clone(), &create, create.request(json)?).await?;
    }
    Ok(())
}

/// Commands for a shell; each works as it stands, in this order.
fn what_to_try(endpoint: &str, dir: &str, metrics: SocketAddr) -> String {
    let program = std::env::args().next().unwrap_or_else(|| "tessera".to_owned());
    let flag = if endpoint == ENDPOINT_DEFAULT { String::new() } else { format!(" --endpoint {endpoint}") };
    let call = |method: &str, json: &str| format!("{program} call{flag} {method} '{json}'");
    let claim = |request: &str, template: &str| {
        call("Claim", &format!(r#"{{"request_id": "{request}", "user_id": "alice", "template_id": "{template}"}}"#))
    };
    let field_of = |name: &str, field: &str, call: &str| format!(r#"{name}=$({call} | sed -n 's/.*"{field}": "\(.*\)".*/\1/p')"#);
    let code_of = |claim: &str| field_of("CODE", "code", claim);
    let pay = |method: &str, request: &str, order: &str, minor: u32| {
        let (instrument, amount) = (r#"{"code": "'$CODE'"}"#, format!(r#"{{"minor": {minor}, "currency": "CNY"}}"#));
        let order = format!(r#""merchant_id": "cafe", "order_id": "{order}", "amount": {amount}"#);
        call(method, &format!(r#"{{"request_id": "{request}", "instrument": {instrument}, {order}}}"#))
    };
    let capture = call("Capture", r#"{"request_id": "capture-1", "hold_id": "'$HOLD'", "amount_minor": 25000}"#);
    let (coupon, card) = (claim("claim-1", "summer-20"), claim("claim-2", "gift-500"));
    let steps = [
        ("Claim a coupon", coupon.clone()),
        ("Claim it again under the same request_id: the same coupon, replayed", code_of(&coupon)),
        ("Redeem it on an order of 100 yuan", pay("Redeem", "redeem-1", "order-1", 10_000)),
        ("Claim a gift card", code_of(&card)),
        ("Pay 1.50 yuan with it", pay("Redeem", "redeem-2", "order-2", 150)),
        ("Hold 300 yuan of it for an order", field_of("HOLD", "hold_id", &pay("Hold", "hold-1", "order-3", 30_000))),
        ("Capture 250 of them; 50 go back", capture),
        ("Look at the wallet", call("ListCoupons", r#"{"user_id": "alice"}"#)),
        ("Look at the catalog", call("ListTemplates", "{}")),
        ("Look at the server", format!("{program} status{flag}")),
    ];
    let head = format!(
        "tessera serves at {endpoint}, on {dir}, until you stop it with Ctrl-C; then the directory is gone.\n\
         Metrics and health: http://{metrics}/metrics, /healthz, /readyz.\n\
         Templates: summer-20 (20 % off), 100-minus-20 (20 yuan off from 100), gift-500 (a card of 500 yuan).\n\
         Try, in another terminal:"
    );
    steps.iter().fold(head, |text, (what, command)| format!("{text}\n\n# {what}\n{command}"))
}
