//! The shared server, its clients, and short ways to say what most facts begin with.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    thread,
};

use tessera_proto::v1::{
    self, checkout_service_client::CheckoutServiceClient, claim_service_client::ClaimServiceClient,
    custody_service_client::CustodyServiceClient, gift_service_client::GiftServiceClient,
    journal_service_client::JournalServiceClient, maintenance_service_client::MaintenanceServiceClient,
    operator_service_client::OperatorServiceClient, redemption_service_client::RedemptionServiceClient,
    template_service_client::TemplateServiceClient, wallet_service_client::WalletServiceClient,
};
use tessera_rpc::{
    serving::{self, Serving},
    settings::Settings,
};
use tonic::transport::Channel;

/// Where the shared server listens. It lives as long as the tests' process.
static ENDPOINT: LazyLock<String> = LazyLock::new(|| {
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        let (dir, _lock) = own_directory();
        serving::runtime(&Settings::default()).expect("a runtime").block_on(async {
            let serving = start(dir).await;
            tell.send(format!("http://{}", serving.address())).expect("the tests wait");
            std::future::pending::<()>().await;
        });
    });
    told.recv().expect("the server starts")
});

/// A directory that is this process's as long as its lock is open: the first that no other run holds, emptied. Runners that give each
/// test a process of its own start many servers at once.
fn own_directory() -> (PathBuf, File) {
    let place = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let free = |at: u32| {
        let lock = File::create(place.join(format!("wire-{at}.lock"))).expect("a lock file");
        lock.try_lock().ok().map(|()| (place.join(format!("wire-{at}")), lock))
    };
    let (dir, lock) = (0..).find_map(free).expect("there is always one more");
    if dir.exists() {
        fs::remove_dir_all(&dir).expect("the directory of the run before is removed");
    }
    (dir, lock)
}

async fn start(dir: PathBuf) -> Serving {
    tessera_engine::directory::init(&dir, 4).expect("a new directory");
    let mut settings = Settings { data_dir: Some(dir), ..Settings::default() };
    settings.server.listen = "127.0.0.1:0".parse().expect("an address");
    settings.engine.shards = 2;
    Serving::start(&settings).await.expect("the server starts")
}

/// A new connection to the shared server.
pub async fn channel() -> Channel {
    tessera_rpc::client::connect(&ENDPOINT).await.expect("the server listens")
}

/// One client of each service.
pub struct House {
    pub claims: ClaimServiceClient<Channel>,
    pub custodians: CustodyServiceClient<Channel>,
    pub gifts: GiftServiceClient<Channel>,
    pub journals: JournalServiceClient<Channel>,
    pub maintainers: MaintenanceServiceClient<Channel>,
    pub operators: OperatorServiceClient<Channel>,
    pub redemptions: RedemptionServiceClient<Channel>,
    pub templates: TemplateServiceClient<Channel>,
    pub wallets: WalletServiceClient<Channel>,
    pub checkouts: CheckoutServiceClient<Channel>,
}

impl House {
    pub async fn open() -> Self {
        Self::on(channel().await)
    }

    /// Clients of another server.
    pub async fn at(endpoint: &str) -> Self {
        Self::on(tessera_rpc::client::connect(endpoint).await.expect("the server listens"))
    }

    fn on(channel: Channel) -> Self {
        Self {
            claims: ClaimServiceClient::new(channel.clone()),
            custodians: CustodyServiceClient::new(channel.clone()),
            gifts: GiftServiceClient::new(channel.clone()),
            journals: JournalServiceClient::new(channel.clone()),
            maintainers: MaintenanceServiceClient::new(channel.clone()),
            operators: OperatorServiceClient::new(channel.clone()),
            redemptions: RedemptionServiceClient::new(channel.clone()),
            templates: TemplateServiceClient::new(channel.clone()),
            wallets: WalletServiceClient::new(channel.clone()),
            checkouts: CheckoutServiceClient::new(channel),
        }
    }

    /// A new template with these terms.
    pub async fn template(&mut self, spec: v1::TemplateSpec) -> String {
        let request = v1::CreateTemplateRequest {
            request_id: fresh("create"),
            template_id: fresh("template"),
            spec: Some(spec),
            validate_only: false,
        };
        let reply = self.templates.create_template(request).await.expect("a template is created").into_inner();
        reply.template.expect("the reply shows it").template_id
    }

    /// A coupon of a new template with these terms, for a new user.
    pub async fn coupon(&mut self, spec: v1::TemplateSpec) -> Owned {
        let template = self.template(spec).await;
        let user = fresh("user");
        let claimed = self.claims.claim(claim(&user, &template)).await.expect("a claim is accepted").into_inner();
        Owned { user, claimed }
    }

    /// The coupon as its user sees it now.
    pub async fn view(&mut self, owned: &Owned) -> v1::Coupon {
        let request = v1::GetCouponRequest { user_id: owned.user.clone(), coupon_id: owned.claimed.coupon_id.clone() };
        let reply = self.wallets.get_coupon(request).await.expect("a user reads their coupon").into_inner();
        reply.coupon.expect("the reply shows it")
    }

    /// What of a card is available, held and captured now.
    pub async fn accounts(&mut self, owned: &Owned) -> [i64; 3] {
        let balance = self.view(owned).await.balance.expect("a card has a balance");
        [balance.available_minor, balance.held_minor, balance.captured_minor]
    }

    /// A hold at a new order, accepted.
    pub async fn held(&mut self, owned: &Owned, minor: i64) -> v1::HoldResponse {
        self.redemptions.hold(hold(owned.by_code(), yuan(minor))).await.expect("a hold is accepted").into_inner()
    }

    /// A redemption at a new order, accepted.
    pub async fn redeemed(&mut self, owned: &Owned, minor: i64) -> v1::RedeemResponse {
        self.redemptions.redeem(redeem(owned.by_code(), yuan(minor))).await.expect("a redemption is accepted").into_inner()
    }
}

/// A coupon and whose it is.
pub struct Owned {
    pub user: String,
    pub claimed: v1::ClaimResponse,
}

impl Owned {
    pub fn by_code(&self) -> Option<v1::Instrument> {
        by_code(&self.claimed.code)
    }

    pub fn by_id(&self, user: &str) -> Option<v1::Instrument> {
        let owned = v1::OwnedCoupon { user_id: user.to_owned(), coupon_id: self.claimed.coupon_id.clone() };
        Some(v1::Instrument { instrument: Some(v1::instrument::Instrument::OwnedCoupon(owned)) })
    }
}

pub fn by_code(code: &str) -> Option<v1::Instrument> {
    Some(v1::Instrument { instrument: Some(v1::instrument::Instrument::Code(code.to_owned())) })
}

/// An id that no other fact uses.
pub fn fresh(what: &str) -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("{what}-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Nobody lives that long.
pub const FAR_FUTURE_MS: i64 = 200_000_000_000_000;

/// Terms that allow everything: 20 yuan off.
pub fn twenty_off() -> v1::TemplateSpec {
    let off = v1::AmountOff { threshold_minor: 10_000, amount_minor: 2_000 };
    v1::TemplateSpec { currency: "CNY".to_owned(), kind: Some(v1::template_spec::Kind::AmountOff(off)), ..Default::default() }
}

/// A gift card of 5 yuan.
pub fn card() -> v1::TemplateSpec {
    let card = v1::StoredValue { face_value_minor: 500 };
    v1::TemplateSpec { kind: Some(v1::template_spec::Kind::StoredValue(card)), ..twenty_off() }
}

pub fn claim(user: &str, template: &str) -> v1::ClaimRequest {
    v1::ClaimRequest {
        request_id: fresh("claim"),
        user_id: user.to_owned(),
        template_id: template.to_owned(),
        channel: String::new(),
    }
}

pub fn yuan(minor: i64) -> Option<v1::Money> {
    Some(v1::Money { minor, currency: "CNY".to_owned() })
}

/// A redemption at a new order.
pub fn redeem(instrument: Option<v1::Instrument>, amount: Option<v1::Money>) -> v1::RedeemRequest {
    v1::RedeemRequest {
        request_id: fresh("redeem"),
        instrument,
        merchant_id: "merchant".to_owned(),
        order_id: fresh("order"),
        amount,
        channel: String::new(),
    }
}

/// A hold at a new order, of the usual life.
pub fn hold(instrument: Option<v1::Instrument>, amount: Option<v1::Money>) -> v1::HoldRequest {
    v1::HoldRequest {
        request_id: fresh("hold"),
        instrument,
        merchant_id: "merchant".to_owned(),
        order_id: fresh("order"),
        amount,
        ttl_ms: 0,
        channel: String::new(),
    }
}

/// A capture of all that is held.
pub fn capture(hold_id: &str) -> v1::CaptureRequest {
    v1::CaptureRequest { request_id: fresh("capture"), hold_id: hold_id.to_owned(), amount_minor: None, reacquire: false }
}

pub fn release(hold_id: &str) -> v1::ReleaseRequest {
    v1::ReleaseRequest { request_id: fresh("release"), hold_id: hold_id.to_owned() }
}

/// A refund of all that is left.
pub fn refund(redemption_id: &str) -> v1::RefundRequest {
    v1::RefundRequest { request_id: fresh("refund"), redemption_id: redemption_id.to_owned(), amount_minor: None }
}
