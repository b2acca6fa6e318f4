//! OperatorService: how the server is, and that it shall stop.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tessera_engine::{conservation, shard::ShardReport};
use tessera_proto::v1::{self, operator_service_server::OperatorService};
use tonic::{Request, Response, Status, async_trait};

use super::probe::Probe;
use crate::{
    convert::{inspect, report},
    desk::{Desk, refuse},
    domain::{Reason, Rejection},
    limits::DRAIN_DEADLINE_MAX,
    metrics::process::resident_bytes,
    pulse,
};

/// Between two looks at the lines.
const PROBE_INTERVAL: Duration = Duration::from_millis(1);

/// How long a probe waits, unless it says.
const PROBE_TIMEOUT_MS_DEFAULT: u32 = 1_000;

/// How long a probe may wait.
const PROBE_TIMEOUT_MS_MAX: u32 = 10_000;

/// The service.
#[derive(Clone)]
pub struct Operators(pub Arc<Desk>);

impl Operators {
    async fn reports(&self) -> Vec<ShardReport> {
        match self.0.opened() {
            Some(open) => pulse::ask(&open.router).await.into_iter().flatten().collect(),
            None => Vec::new(),
        }
    }
}

#[async_trait]
impl OperatorService for Operators {
    async fn get_status(&self, _: Request<v1::GetStatusRequest>) -> Result<Response<v1::GetStatusResponse>, Status> {
        let reports = self.reports().await;
        let journal = self.0.opened().map(|open| &open.journal);
        Ok(Response::new(v1::GetStatusResponse {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            state: self.0.state().into(),
            log_uuid: journal.map(|journal| journal.uuid().to_owned()).unwrap_or_default(),
            uptime_ms: journal.map_or(0, |journal| journal.uptime_ms()),
            resident_bytes: resident_bytes(),
            recovery: journal.map(|journal| journal.recovery()),
            log: journal.map(|journal| journal.log()),
            shards: reports.iter().map(report::shard).collect(),
            partitions: report::partitions(&reports),
            operations: self.0.meter().read().iter().map(report::operation).collect(),
            snapshots: self.0.opened().map(|open| report::snapshots(&open.maintenance.snapshots().overview())),
            bulk: Some(report::bulk(self.0.gate().seats())),
            drain: self.0.closed().map(|closing| v1::DrainStatus { left_ms: closing.left().as_millis() as i64 }),
        }))
    }

    async fn inspect_partition(
        &self,
        request: Request<v1::InspectPartitionRequest>,
    ) -> Result<Response<v1::InspectPartitionResponse>, Status> {
        let (router, asked) = (self.0.router()?, request.into_inner().partition);
        let number = inspect::partition_of(router.partitions(), asked).map_err(|rejection| refuse(&rejection))?;
        let reports = self.reports().await;
        let report =
            reports.iter().find_map(|shard| Some((shard.shard, shard.partitions.iter().find(|one| one.partition == number)?)));
        let books = router.books().await.into_iter().find(|books| books.partition == number);
        let ((shard, report), books) = report.zip(books).ok_or_else(|| refuse(&Reason::Overloaded.into()))?;
        let images = self.0.maintenance()?.snapshots().images();
        let of_it: Vec<_> = images.into_iter().filter(|image| image.journal == number).collect();
        Ok(Response::new(inspect::partition(shard, report, &books, &of_it)))
    }

    async fn get_routes(&self, _: Request<v1::GetRoutesRequest>) -> Result<Response<v1::GetRoutesResponse>, Status> {
        let partitions = self.0.router()?.partitions();
        let here = |partition| v1::Route { partition: u32::from(partition), address: String::new() };
        Ok(Response::new(v1::GetRoutesResponse { routes: (0..partitions).map(here).collect() }))
    }

    async fn drain(&self, request: Request<v1::DrainRequest>) -> Result<Response<v1::DrainResponse>, Status> {
        let deadline = match Duration::from_millis(u64::from(request.into_inner().deadline_ms)) {
            Duration::ZERO => None,
            asked if asked <= DRAIN_DEADLINE_MAX => Some(asked),
            _ => return Err(refuse(&Rejection::invalid("deadline_ms", DRAIN_DEADLINE_MAX.as_millis() as i64))),
        };
        let closing = self.0.close(deadline);
        let under_way = self.0.meter().under_way();
        Ok(Response::new(v1::DrainResponse {
            left_ms: closing.left().as_millis() as i64,
            // This call is one of them.
            in_flight: under_way.operations.saturating_sub(1),
            streams_open: under_way.streams,
        }))
    }

    async fn conservation(&self, _: Request<v1::ConservationRequest>) -> Result<Response<v1::ConservationResponse>, Status> {
        let router = self.0.router()?;
        let (first, homes, last) = (router.books().await, router.books().await, router.books().await);
        Ok(Response::new(report::conservation(&conservation::live(router.partitions(), &first, &homes, &last))))
    }

    async fn probe_lines(&self, request: Request<v1::ProbeLinesRequest>) -> Result<Response<v1::ProbeLinesResponse>, Status> {
        let timeout = match request.into_inner().timeout_ms {
            0 => PROBE_TIMEOUT_MS_DEFAULT,
            asked @ 1..=PROBE_TIMEOUT_MS_MAX => asked,
            _ => return Err(refuse(&Rejection::invalid("timeout_ms", i64::from(PROBE_TIMEOUT_MS_MAX)))),
        };
        let router = self.0.router()?;
        let (began, timeout) = (Instant::now(), Duration::from_millis(u64::from(timeout)));
        let mut probe = Probe::begin(&router.reports().await);
        router.probe_lines();
        let mut looks = tokio::time::interval(PROBE_INTERVAL);
        while !probe.is_complete() && began.elapsed() < timeout {
            looks.tick().await;
            probe.look(&router.reports().await, began.elapsed());
        }
        Ok(Response::new(probe.response()))
    }
}
