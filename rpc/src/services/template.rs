//! TemplateService: the catalog and its stock.

use std::sync::Arc;

use tessera_engine::{maintenance::Task, voids::Watched};
use tessera_proto::v1::{self, template_service_server::TemplateService};
use tonic::{Request, Response, Status, async_trait};

use super::mismatched;
use crate::{
    convert::{catalog, minor, position, template},
    desk::Desk,
    domain::{Rejection, Reply, Template, command::CatalogCommand, reply::Written},
};

/// The service.
#[derive(Clone)]
pub struct Templates(pub Arc<Desk>);

/// A template as a reply shows it, and where its change stands.
struct Shown {
    template: Option<v1::Template>,
    position: Option<v1::Position>,
    replayed: bool,
}

impl Templates {
    async fn show(&self, asked: Result<CatalogCommand, Rejection>) -> Result<Shown, Status> {
        match self.0.ask_catalog(asked).await? {
            Reply::Template { written, template } => {
                let (position, replayed) = standing(written);
                Ok(Shown { template: Some(template::template(&template)), position, replayed })
            }
            reply => mismatched("a question for a template", &reply),
        }
    }
}

impl Templates {
    /// Watches how a void template's coupons become void; the operation, or 0 where as many are watched as may be.
    fn watch(&self, void: &Template) -> Result<u64, Status> {
        let watched = Watched { template: void.terms.template, id: void.terms.template_id.clone() };
        let started = self.0.maintenance()?.start(Task::VoidTemplate(watched));
        Ok(started.map_or(0, |(operation, _)| operation.id))
    }
}

fn standing(written: Option<Written>) -> (Option<v1::Position>, bool) {
    (written.map(position), written.is_some_and(|written| written.replayed))
}

#[async_trait]
impl TemplateService for Templates {
    async fn create_template(
        &self,
        request: Request<v1::CreateTemplateRequest>,
    ) -> Result<Response<v1::CreateTemplateResponse>, Status> {
        let asked = template::create(self.0.seals()?, request.into_inner());
        let Shown { template, position, replayed } = self.show(asked).await?;
        Ok(Response::new(v1::CreateTemplateResponse { template, position, replayed }))
    }

    async fn get_template(&self, request: Request<v1::GetTemplateRequest>) -> Result<Response<v1::GetTemplateResponse>, Status> {
        let Shown { template, .. } = self.show(template::get(request.into_inner())).await?;
        Ok(Response::new(v1::GetTemplateResponse { template }))
    }

    async fn list_templates(
        &self,
        request: Request<v1::ListTemplatesRequest>,
    ) -> Result<Response<v1::ListTemplatesResponse>, Status> {
        let seals = self.0.seals()?;
        match self.0.ask_catalog(catalog::list(seals, request.into_inner())).await? {
            Reply::Templates { templates, next } => Ok(Response::new(v1::ListTemplatesResponse {
                templates: templates.iter().map(|found| template::template(found)).collect(),
                next_page_token: seals.catalog_token(next),
            })),
            reply => mismatched("a question for templates", &reply),
        }
    }

    async fn list_claimable(
        &self,
        request: Request<v1::ListClaimableRequest>,
    ) -> Result<Response<v1::ListClaimableResponse>, Status> {
        let seals = self.0.seals()?;
        match self.0.ask(catalog::claimable(seals, request.into_inner())).await? {
            (_, Reply::Claimable(page)) => Ok(Response::new(catalog::claimable_page(seals, &page))),
            (_, reply) => mismatched("a question for what can be claimed", &reply),
        }
    }

    async fn update_template(
        &self,
        request: Request<v1::UpdateTemplateRequest>,
    ) -> Result<Response<v1::UpdateTemplateResponse>, Status> {
        let Shown { template, position, replayed } = self.show(template::update(request.into_inner())).await?;
        Ok(Response::new(v1::UpdateTemplateResponse { template, position, replayed }))
    }

    async fn stop_template(
        &self,
        request: Request<v1::StopTemplateRequest>,
    ) -> Result<Response<v1::StopTemplateResponse>, Status> {
        let Shown { template, position, replayed } = self.show(template::stop(request.into_inner())).await?;
        Ok(Response::new(v1::StopTemplateResponse { template, position, replayed }))
    }

    async fn resume_template(
        &self,
        request: Request<v1::ResumeTemplateRequest>,
    ) -> Result<Response<v1::ResumeTemplateResponse>, Status> {
        let Shown { template, position, replayed } = self.show(template::resume(request.into_inner())).await?;
        Ok(Response::new(v1::ResumeTemplateResponse { template, position, replayed }))
    }

    async fn void_template(
        &self,
        request: Request<v1::VoidTemplateRequest>,
    ) -> Result<Response<v1::VoidTemplateResponse>, Status> {
        match self.0.ask_catalog(template::void(request.into_inner())).await? {
            Reply::Template { written, template: void } => {
                let (position, replayed) = standing(written);
                let operation_id = if written.is_some() { self.watch(&void)? } else { 0 };
                let template = Some(template::template(&void));
                Ok(Response::new(v1::VoidTemplateResponse { template, position, replayed, operation_id }))
            }
            reply => mismatched("a void", &reply),
        }
    }

    async fn raise_stock(&self, request: Request<v1::RaiseStockRequest>) -> Result<Response<v1::RaiseStockResponse>, Status> {
        let request = request.into_inner();
        let template_id = request.template_id.clone();
        match self.0.ask(template::raise_stock(self.0.seals()?, request)).await? {
            (_, Reply::StockRaised { written, total }) => {
                let (position, replayed) = standing(written);
                Ok(Response::new(v1::RaiseStockResponse { template_id, total, position, replayed }))
            }
            (_, reply) => mismatched("a raise", &reply),
        }
    }

    async fn raise_budget(&self, request: Request<v1::RaiseBudgetRequest>) -> Result<Response<v1::RaiseBudgetResponse>, Status> {
        let request = request.into_inner();
        let template_id = request.template_id.clone();
        match self.0.ask(template::raise_budget(self.0.seals()?, request)).await? {
            (_, Reply::StockRaised { written, total }) => {
                let ((position, replayed), total_minor) = (standing(written), minor(total));
                Ok(Response::new(v1::RaiseBudgetResponse { template_id, total_minor, position, replayed }))
            }
            (_, reply) => mismatched("a raise", &reply),
        }
    }

    async fn get_stock(&self, request: Request<v1::GetStockRequest>) -> Result<Response<v1::GetStockResponse>, Status> {
        let request = request.into_inner();
        let template_id = request.template_id.clone();
        match self.0.ask(template::get_stock(self.0.seals()?, request)).await? {
            (_, Reply::Stock(stock)) => Ok(Response::new(template::stock(template_id, &stock))),
            (_, reply) => mismatched("a question for a stock", &reply),
        }
    }
}
