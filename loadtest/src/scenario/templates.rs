//! Templates, created over the API before a measurement.

use tessera_proto::v1::{
    CreateTemplateRequest, StoredValue, TemplateSpec, template_service_client::TemplateServiceClient, template_spec::Kind,
};

use crate::{error::Error, link::Link, verify::calls::patient};

/// The currency of every template: amounts are in fen.
pub const CURRENCY: &str = "CNY";

/// Creates a template; a repeated call under the same id is the same request.
pub async fn create(link: &Link, template_id: &str, spec: TemplateSpec) -> Result<(), Error> {
    let client = TemplateServiceClient::new(link.channel());
    let request = CreateTemplateRequest {
        request_id: template_id.to_owned(),
        template_id: template_id.to_owned(),
        spec: Some(spec),
        validate_only: false,
    };
    let call = || {
        let (mut client, request) = (client.clone(), request.clone());
        async move { client.create_template(request).await }
    };
    patient("CreateTemplate", link, call).await.map(drop)
}

/// A coupon of `kind`, usable and issued at any time.
pub fn spec(display_name: &str, kind: Kind, stock: Option<u64>, per_user_limit: u32) -> TemplateSpec {
    TemplateSpec {
        display_name: display_name.to_owned(),
        currency: CURRENCY.to_owned(),
        kind: Some(kind),
        stock,
        per_user_limit,
        ..Default::default()
    }
}

/// The same, which may be given to somebody else.
pub fn transferable(spec: TemplateSpec) -> TemplateSpec {
    TemplateSpec { transferable: true, ..spec }
}

/// A gift card.
pub fn card(face_value_minor: i64) -> Kind {
    Kind::StoredValue(StoredValue { face_value_minor })
}
