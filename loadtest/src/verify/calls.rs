//! Calls beside the load: they outlive a server that is killed and comes back.

use std::time::Duration;

use tonic::Status;

use crate::{
    error::Error,
    link::{Link, RECOVERY_MAX},
    wire::refusal,
};

/// How often a call is made before its failure is final.
const CALLS_MAX: u32 = 20;

/// Pause before a call is made again.
const PAUSE: Duration = Duration::from_millis(20);

/// Makes `call` until it is answered, by a reply or by a refusal. Writes must carry the same request id each time.
pub async fn patient<T, F: Future<Output = Result<tonic::Response<T>, Status>>>(
    name: &'static str,
    link: &Link,
    mut call: impl FnMut() -> F,
) -> Result<T, Error> {
    for _ in 1..CALLS_MAX {
        match call().await {
            Ok(reply) => return Ok(reply.into_inner()),
            Err(status) if is_final(&status) => return Err(Error::call(name)(status)),
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
        link.serving(RECOVERY_MAX).await?;
    }
    call().await.map(tonic::Response::into_inner).map_err(Error::call(name))
}

fn is_final(status: &Status) -> bool {
    let ours = refusal::of(status).is_some_and(|refused| !crate::drive::is_transient(refused));
    ours || matches!(status.code(), tonic::Code::Unimplemented | tonic::Code::InvalidArgument)
}
