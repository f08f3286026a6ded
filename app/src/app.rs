//! The route table.

use leptos::prelude::*;
use leptos_meta::provide_meta_context;
use leptos_router::components::{ParentRoute, Route, Router, Routes};
use leptos_router::{ParamSegment, SsrMode, StaticSegment, path};

use crate::account::AccountPage;
use crate::audit::AuditPage;
use crate::deployments::{DeploymentPage, EditPage, ListPage, NewPage, Tab};
use crate::gitops::{CommitPage, CommitsPage, RulesPage, StatusPage};
use crate::home::HomePage;
use crate::layout::Frame;
use crate::not_found::{NotFoundInFrame, NotFoundPage};
use crate::records::RecordPage;
use crate::search::SearchPage;
use crate::session::{ResetPage, SetupPage, SignInPage};
use crate::ui::Now;
use crate::users::UsersPage;

/// All pages. Each is rendered whole before it is sent, so that it is complete without JavaScript.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    provide_context(Now::start());
    view! {
        <Router>
            <Routes fallback=NotFoundPage>
                <Route path=path!("/sign-in") view=SignInPage ssr=SsrMode::Async/>
                <Route path=path!("/setup") view=SetupPage ssr=SsrMode::Async/>
                <Route path=path!("/reset") view=ResetPage ssr=SsrMode::Async/>
                <ParentRoute path=path!("") view=Frame ssr=SsrMode::Async>
                    <Route path=path!("/") view=HomePage ssr=SsrMode::Async/>
                    <Route path=path!("/search") view=SearchPage ssr=SsrMode::Async/>
                    <Route path=path!("/account") view=AccountPage ssr=SsrMode::Async/>
                    <Route path=path!("/team/users") view=UsersPage ssr=SsrMode::Async/>
                    <Route path=path!("/team/audit") view=AuditPage ssr=SsrMode::Async/>
                    <Route path=path!("/gitops/status") view=StatusPage ssr=SsrMode::Async/>
                    <Route path=path!("/gitops/rules") view=RulesPage ssr=SsrMode::Async/>
                    <Route path=path!("/gitops/commits") view=CommitsPage ssr=SsrMode::Async/>
                    <Route path=path!("/gitops/commits/:id") view=CommitPage ssr=SsrMode::Async/>
                    <Route path=path!("/records/:kind/:namespace/:name") view=RecordPage ssr=SsrMode::Async/>
                    <Route path=path!("/deployments") view=ListPage ssr=SsrMode::Async/>
                    <Route path=path!("/deployments/new") view=NewPage ssr=SsrMode::Async/>
                    <Route path=deployment(()) view=|| tab(Tab::Overview) ssr=SsrMode::Async/>
                    <Route path=deployment(StaticSegment("pods")) view=|| tab(Tab::Pods) ssr=SsrMode::Async/>
                    <Route path=deployment(StaticSegment("events")) view=|| tab(Tab::Events) ssr=SsrMode::Async/>
                    <Route path=deployment(StaticSegment("yaml")) view=|| tab(Tab::Yaml) ssr=SsrMode::Async/>
                    <Route path=deployment(StaticSegment("history")) view=|| tab(Tab::History) ssr=SsrMode::Async/>
                    <Route path=deployment(StaticSegment("edit")) view=EditPage ssr=SsrMode::Async/>
                    <Route path=path!("/*any") view=NotFoundInFrame ssr=SsrMode::Async/>
                </ParentRoute>
            </Routes>
        </Router>
    }
}

/// `/deployments/:namespace/:name/...`
fn deployment<T>(tab: T) -> (StaticSegment<&'static str>, ParamSegment, ParamSegment, T) {
    (StaticSegment("deployments"), ParamSegment("namespace"), ParamSegment("name"), tab)
}

fn tab(tab: Tab) -> impl IntoView {
    view! { <DeploymentPage tab=tab/> }
}
