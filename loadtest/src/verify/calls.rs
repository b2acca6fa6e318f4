//! Calls beside the load: they outlive a server that is killed and comes back.

use std::time::{Duration, Instant};

use tonic::Status;

use crate::{
    error::Error,
    link::{Link, RECOVERY_MAX},
    wire::refusal,
};

/// How long a call is made again before its failure is final: longer than a disk is kept full.
const PATIENCE: Duration = Duration::from_secs(60);

/// Pause before a call is made again.
const PAUSE: Duration = Duration::from_millis(20);

/// Makes `call` until it is answered, by a reply or by a refusal. Writes must carry the same request id each time.
pub async fn patient<T, F: Future<Output = Result<tonic::Response<T>, Status>>>(
    name: &'static str,
    link: &Link,
    mut call: impl FnMut() -> F,
) -> Result<T, Error> {
    let begin = Instant::now();
    loop {
        match call().await {
            Ok(reply) => return Ok(reply.into_inner()),
            Err(status) if is_final(&status) || begin.elapsed() >= PATIENCE => return Err(Error::call(name)(status)),
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
        link.serving(RECOVERY_MAX).await?;
    }
}

fn is_final(status: &Status) -> bool {
    let ours = refusal::of(status).is_some_and(|refused| !crate::drive::is_transient(refused));
    ours || matches!(status.code(), tonic::Code::Unimplemented | tonic::Code::InvalidArgument)
}
