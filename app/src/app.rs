//! The route table.

use leptos::prelude::*;
use leptos_meta::provide_meta_context;
use leptos_router::components::{ParentRoute, Route, Router, Routes};
use leptos_router::{SsrMode, path};

use crate::account::AccountPage;
use crate::audit::AuditPage;
use crate::layout::Frame;
use crate::not_found::{NotFoundInFrame, NotFoundPage};
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
                    <Route path=path!("/account") view=AccountPage ssr=SsrMode::Async/>
                    <Route path=path!("/team/users") view=UsersPage ssr=SsrMode::Async/>
                    <Route path=path!("/team/audit") view=AuditPage ssr=SsrMode::Async/>
                    <Route path=path!("/*any") view=NotFoundInFrame ssr=SsrMode::Async/>
                </ParentRoute>
            </Routes>
        </Router>
    }
}
