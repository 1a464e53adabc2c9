//! The requests: each is a question or a command to the desk, and a page for an answer.

use std::sync::Arc;
use std::time::SystemTime;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Form, Path, Query, State};
use axum::http::{StatusCode, header};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use chrono::{DateTime, Utc};
use helpdesk::error::ErrorKind;
use helpdesk::id::{AgentId, ContentId, CustomerId, Name, TicketNumber};
use helpdesk::kpi::{Names, Report};
use helpdesk::report::Overview;
use helpdesk::store::{AsyncStore, Filter, Page};
use helpdesk::ticket::{Pending, Stage};
use helpdesk::{Actor, AsyncDesk, Call, Command, Error, Open, TenantId, TicketId};
use serde::Deserialize;
use tokio::sync::Notify;

use crate::html::Html;
use crate::{guard, pages};

const TENANT: TenantId = TenantId::SINGLE;
/// How many tickets a page of the list shows.
const PAGE: usize = 25;
/// The largest form, in bytes.
const FORM: usize = 64 * 1024;

/// What all requests share.
pub(crate) struct App {
    pub(crate) desk: AsyncDesk<Box<dyn AsyncStore>>,
    /// The names that people open it by.
    pub(crate) names: Vec<String>,
    /// Told after each command: something may be due sooner.
    pub(crate) changed: Notify,
}

impl App {
    pub(crate) fn new(desk: AsyncDesk<Box<dyn AsyncStore>>, names: Vec<String>) -> App {
        App {
            desk,
            names,
            changed: Notify::new(),
        }
    }
}

/// The host's clock: the crate has none.
pub(crate) fn now() -> DateTime<Utc> {
    SystemTime::now().into()
}

pub(crate) fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/", get(list))
        .route("/new", get(async || pages::new_ticket()))
        .route("/tickets", post(open))
        .route("/tickets/{number}", get(show).post(answer))
        .route("/customer/{ticket}", get(customer).post(customer_says))
        .route("/figures", get(figures))
        .route("/style.css", get(style))
        .route("/health", get(health))
        .fallback(async || not_found())
        .layer(DefaultBodyLimit::max(FORM))
        .layer(from_fn_with_state(app.clone(), guard::stand))
        .with_state(app)
}

/// A request that did not work out, as a page with the right status.
pub(crate) struct Failure(StatusCode, String);

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        let status = match error.kind() {
            ErrorKind::NotFound => return not_found(),
            ErrorKind::Refused => StatusCode::UNPROCESSABLE_ENTITY,
            ErrorKind::Forbidden => StatusCode::FORBIDDEN,
            ErrorKind::Conflict | ErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        // What the rules say is for people to read; what the store says is for the log.
        if error.refusal().is_some() {
            return Failure(status, error.to_string());
        }
        eprintln!("{status}: {error}");
        Failure(
            status,
            "This did not work. Please try again in a while.".to_owned(),
        )
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let title = self.0.canonical_reason().unwrap_or("Trouble");
        (self.0, pages::trouble(title, &self.1)).into_response()
    }
}

fn not_found() -> Failure {
    let why = "There is nothing under this address.";
    Failure(StatusCode::NOT_FOUND, why.to_owned())
}

fn unfit(why: &str) -> Failure {
    Failure(StatusCode::UNPROCESSABLE_ENTITY, why.to_owned())
}

async fn style() -> impl IntoResponse {
    let style = include_str!("style.css");
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], style)
}

async fn health(State(app): State<Arc<App>>) -> Result<&'static str, Failure> {
    app.desk.nap(now()).await?;
    Ok("ok\n")
}

#[derive(Deserialize)]
struct Shown {
    #[serde(default)]
    show: String,
    after: Option<u64>,
}

async fn list(State(app): State<Arc<App>>, Query(shown): Query<Shown>) -> Result<Html, Failure> {
    let (filter, show) = match shown.show.as_str() {
        "all" => (Filter::all(), "all"),
        "resolved" => (Filter::all().stage(Stage::Resolved), "resolved"),
        _ => (Filter::open(), "open"),
    };
    let mut page = Page::newest(PAGE);
    page.after = shown.after.map(TicketNumber);
    let tenant = app.desk.tenant(TENANT);
    let rows = tenant.list(&filter, &page).await?;
    let subjects: Vec<ContentId> = rows.iter().map(|row| row.subject).collect();
    let subjects = texts(&app, &subjects).await?;
    let next = page.next(&rows).and_then(|page| page.after);
    Ok(pages::list(show, &rows, &subjects, next))
}

/// The texts behind these ids; an erased one is told as such.
async fn texts(app: &App, ids: &[ContentId]) -> Result<Vec<String>, Failure> {
    let found = app.desk.tenant(TENANT).content(ids).await?;
    let told = found.into_iter().map(|text| match text {
        Some(content) => content.text,
        None => "(erased)".to_owned(),
    });
    Ok(told.collect())
}

#[derive(Deserialize)]
struct NewTicket {
    email: String,
    subject: String,
    message: String,
    key: String,
}

/// A customer opens a ticket, and is sent to its page.
async fn open(
    State(app): State<Arc<App>>,
    Form(form): Form<NewTicket>,
) -> Result<Redirect, Failure> {
    let (email, subject) = (form.email.trim(), form.subject.trim());
    if !email.contains('@') || subject.is_empty() || form.message.trim().is_empty() {
        return Err(unfit("An address, a subject and a message are needed."));
    }
    let open = Open::new(subject).from(email).body(form.message);
    // Whoever names an address is taken for its owner; a real host knows who is signed in.
    let customer = CustomerId::named(&email.to_lowercase());
    let call = call(Actor::customer(customer), &form.key)?;
    let opened = app.desk.open(&call, open).await?;
    app.changed.notify_one();
    Ok(Redirect::to(&format!("/customer/{}", opened.id())))
}

/// Who says something now, under the key of the form: a form that is sent twice is done once.
fn call(actor: Actor, key: &str) -> Result<Call, Failure> {
    let key = Name::new(key).map_err(|_| unfit("The form is too old. Open the page again."))?;
    Ok(Call::new(actor, now()).key(key))
}

async fn numbered(app: &App, number: u64) -> Result<TicketId, Failure> {
    let found = app.desk.tenant(TENANT).find(TicketNumber(number)).await?;
    found.ok_or_else(not_found)
}

/// A ticket as the desk sees it.
async fn show(State(app): State<Arc<App>>, Path(number): Path<u64>) -> Result<Html, Failure> {
    let id = numbered(&app, number).await?;
    let ticket = app.desk.ticket(id).await?;
    let mut ids = vec![ticket.subject()];
    ids.extend(ticket.messages().iter().map(|message| message.body));
    let texts = texts(&app, &ids).await?;
    let clocks = app.desk.readings(ticket.id(), now()).await?;
    Ok(pages::ticket(&ticket, &texts, &clocks))
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    message: String,
    #[serde(default)]
    then: String,
    key: String,
}

/// An agent answers, notes, or resolves.
async fn answer(
    State(app): State<Arc<App>>,
    Path(number): Path<u64>,
    Form(form): Form<Answer>,
) -> Result<Redirect, Failure> {
    let id = numbered(&app, number).await?;
    let written = !form.message.trim().is_empty();
    let command = match (form.then.as_str(), written) {
        ("note", true) => Command::note(form.message),
        ("resolve", false) => Command::resolve(),
        ("resolve", true) => Command::reply(form.message).then_resolve(),
        ("wait", true) => Command::reply(form.message).then_pend(Pending::Customer),
        (_, true) => Command::reply(form.message),
        (_, false) => return Err(unfit("A message is needed, but for resolving.")),
    };
    let agent = Actor::agent(AgentId::named("desk"));
    app.desk
        .submit(id, &call(agent, &form.key)?, command)
        .await?;
    app.changed.notify_one();
    Ok(Redirect::to(&format!("/tickets/{number}")))
}

/// Whoever has the address is taken for the customer; a real host asks who it is.
async fn requester(app: &App, id: TicketId) -> Result<CustomerId, Failure> {
    Ok(app.desk.ticket(id).await?.requester())
}

/// A ticket as its customer sees it.
async fn customer(State(app): State<Arc<App>>, Path(id): Path<TicketId>) -> Result<Html, Failure> {
    let viewer = requester(&app, id).await?;
    let view = app.desk.tenant(TENANT).customer_view(id, viewer).await?;
    let mut ids = vec![view.subject];
    ids.extend(view.messages.iter().filter_map(|message| message.body));
    let texts = texts(&app, &ids).await?;
    Ok(pages::customer(&view, &texts))
}

async fn customer_says(
    State(app): State<Arc<App>>,
    Path(id): Path<TicketId>,
    Form(form): Form<Answer>,
) -> Result<Redirect, Failure> {
    if form.message.trim().is_empty() {
        return Err(unfit("A message is needed."));
    }
    let customer = Actor::customer(requester(&app, id).await?);
    let said = Command::reply(form.message);
    let outcome = app
        .desk
        .submit(id, &call(customer, &form.key)?, said)
        .await?;
    app.changed.notify_one();
    let shown = outcome.follow_up().unwrap_or(id); // a message long after the end begins another ticket
    Ok(Redirect::to(&format!("/customer/{shown}")))
}

/// The figures of the last 30 days: a page that the crate makes.
async fn figures(State(app): State<Arc<App>>) -> Result<Response, Failure> {
    let report = Report::standard().last_days(30);
    let mut overview = Overview::new(&report, now());
    let mut failed = None;
    let mut add = |rows: &[helpdesk::kpi::Fact]| {
        if failed.is_none() {
            failed = overview.add(rows).err();
        }
    };
    app.desk.tenant(TENANT).facts(&mut add).await?;
    let page = match failed {
        Some(error) => Err(error),
        None => overview.page("The last 30 days", &Names::default()),
    };
    let page = page.map_err(Error::from)?.to_html();
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        // Its style stands in the page.
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
        ),
    ];
    Ok((headers, page).into_response())
}
