//! MaintenanceService: snapshots, replays, verifications, restores and batches of cards, each a long operation.

use std::{sync::Arc, time::Duration};

use tessera_engine::{
    batches::Order,
    maintenance::{Maintenance, Operation, State, Task},
};
use tessera_proto::v1::{self, maintenance_service_server::MaintenanceService};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, async_trait, codegen::BoxStream};

use super::mismatched;
use crate::{
    convert::{inspect, malformed, operation},
    desk::{Desk, refuse},
    domain::{
        Reason, Rejection, Reply,
        command::{Command, OpenBatch},
    },
};

/// How often somebody who watches is told.
const WATCH_INTERVAL: Duration = Duration::from_millis(200);

/// The service.
#[derive(Clone)]
pub struct Maintainers(pub Arc<Desk>);

impl Maintainers {
    fn start(&self, task: Result<Task, Rejection>) -> Result<(v1::Operation, bool), Status> {
        let task = task.map_err(|rejection| refuse(&rejection))?;
        let (started, joined) = self.0.maintenance()?.start(task).map_err(|_busy| refuse(&Reason::Overloaded.into()))?;
        Ok((operation::of(&started), joined))
    }

    fn found(&self, found: impl FnOnce(&Arc<Maintenance>) -> Option<Operation>) -> Result<Option<v1::Operation>, Status> {
        let operation = found(self.0.maintenance()?).ok_or_else(|| refuse(&malformed("operation_id")))?;
        Ok(Some(operation::of(&operation)))
    }
}

#[async_trait]
impl MaintenanceService for Maintainers {
    async fn save_snapshot(&self, _: Request<v1::SaveSnapshotRequest>) -> Result<Response<v1::SaveSnapshotResponse>, Status> {
        let (operation, joined) = self.start(Ok(Task::Snapshot))?;
        Ok(Response::new(v1::SaveSnapshotResponse { operation: Some(operation), joined }))
    }

    async fn list_snapshots(&self, _: Request<v1::ListSnapshotsRequest>) -> Result<Response<v1::ListSnapshotsResponse>, Status> {
        let snapshots = self.0.maintenance()?.snapshots();
        let images = snapshots.images().iter().map(inspect::image).collect();
        let rounds = snapshots.rounds().iter().rev().map(operation::round).collect();
        Ok(Response::new(v1::ListSnapshotsResponse { images, rounds }))
    }

    async fn start_replay(&self, request: Request<v1::StartReplayRequest>) -> Result<Response<v1::StartReplayResponse>, Status> {
        let partitions = self.0.router()?.partitions();
        let (operation, joined) = self.start(operation::replay(partitions, &request.into_inner()))?;
        Ok(Response::new(v1::StartReplayResponse { operation: Some(operation), joined }))
    }

    async fn start_verify(&self, _: Request<v1::StartVerifyRequest>) -> Result<Response<v1::StartVerifyResponse>, Status> {
        let (operation, joined) = self.start(Ok(Task::Verify))?;
        Ok(Response::new(v1::StartVerifyResponse { operation: Some(operation), joined }))
    }

    async fn start_restore(
        &self,
        request: Request<v1::StartRestoreRequest>,
    ) -> Result<Response<v1::StartRestoreResponse>, Status> {
        let (operation, joined) = self.start(operation::restore(request.into_inner()))?;
        Ok(Response::new(v1::StartRestoreResponse { operation: Some(operation), joined }))
    }

    async fn start_card_batch(
        &self,
        request: Request<v1::StartCardBatchRequest>,
    ) -> Result<Response<v1::StartCardBatchResponse>, Status> {
        let asked = operation::card_batch(self.0.seals()?, request.into_inner());
        let (home, open) = asked.map_err(|rejection| refuse(&rejection))?;
        let OpenBatch { batch, template, count } = open.clone();
        // What cannot be made is refused at once, and from here on every run is of the version that the home has.
        let version = match self.0.ask(Ok((home, Command::OpenBatch(open)))).await? {
            (_, Reply::Batch(view)) => view.terms.version,
            (_, reply) => mismatched("the opening of a batch", &reply),
        };
        let (operation, joined) = self.start(Ok(Task::MakeCards(Order { batch, template, version, count })))?;
        Ok(Response::new(v1::StartCardBatchResponse { operation: Some(operation), joined }))
    }

    async fn get_operation(
        &self,
        request: Request<v1::GetOperationRequest>,
    ) -> Result<Response<v1::GetOperationResponse>, Status> {
        let id = request.into_inner().operation_id;
        Ok(Response::new(v1::GetOperationResponse { operation: self.found(|maintenance| maintenance.get(id))? }))
    }

    async fn list_operations(
        &self,
        _: Request<v1::ListOperationsRequest>,
    ) -> Result<Response<v1::ListOperationsResponse>, Status> {
        let operations = self.0.maintenance()?.list().iter().map(operation::of).collect();
        Ok(Response::new(v1::ListOperationsResponse { operations }))
    }

    async fn watch_operation(
        &self,
        request: Request<v1::WatchOperationRequest>,
    ) -> Result<Response<BoxStream<v1::WatchOperationResponse>>, Status> {
        let id = request.into_inner().operation_id;
        self.found(|maintenance| maintenance.get(id))?;
        let (maintenance, (tell, told)) = (self.0.maintenance()?.clone(), mpsc::channel(1));
        let mut closing = self.0.closing();
        tokio::spawn(async move {
            // What is forgotten while it is watched has ended long ago.
            while let Some(watched) = maintenance.get(id) {
                let operation = Some(operation::of(&watched));
                let is_gone = tell.send(Ok(v1::WatchOperationResponse { operation })).await.is_err();
                if is_gone || watched.state != State::Running {
                    return;
                }
                // A drain does not wait for an operation: it may take hours.
                let is_closing = tokio::time::timeout(WATCH_INTERVAL, closing.wait_for(Option::is_some)).await.is_ok();
                if is_closing {
                    // Nobody hears it when whoever watched has gone.
                    let _ = tell.send(Err(refuse(&Reason::Draining.into()))).await;
                    return;
                }
            }
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(told))))
    }

    async fn cancel_operation(
        &self,
        request: Request<v1::CancelOperationRequest>,
    ) -> Result<Response<v1::CancelOperationResponse>, Status> {
        let id = request.into_inner().operation_id;
        Ok(Response::new(v1::CancelOperationResponse { operation: self.found(|maintenance| maintenance.cancel(id))? }))
    }
}
