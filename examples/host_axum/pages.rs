//! The pages: plain HTML that works without a script, with a keyboard, on a phone, and read aloud.

use helpdesk::Actor;
use helpdesk::id::TicketNumber;
use helpdesk::sla::{Agreement, Reading, State};
use helpdesk::store::TicketRow;
use helpdesk::ticket::{CustomerView, Direction, Stage, Ticket, Visibility};
use uuid::Uuid;

use crate::html::{Html, html, length, time};

/// A whole page; `here` is the address of the place in the navigation.
fn page(title: Html, here: &str, body: Html) -> Html {
    let place = |address: &str, name: &str| {
        let current = match address == here {
            true => html!(" aria-current=\"page\""),
            false => Html::default(),
        };
        html!(
            "<li><a href=\"{}\"{}>{}</a></li>",
            Html::text(address),
            current,
            Html::text(name)
        )
    };
    let places: Html = [
        ("/", "Tickets"),
        ("/new", "New ticket"),
        ("/figures", "Figures"),
    ]
    .into_iter()
    .map(|(address, name)| place(address, name))
    .collect();
    html!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\">\
         <title>{} - Help desk</title><link rel=\"stylesheet\" href=\"/style.css\"></head>\n\
         <body><a class=\"skip\" href=\"#main\">To the content</a>\
         <header><p class=\"brand\">Help desk</p><nav aria-label=\"Main\"><ul>{}</ul></nav></header>\n\
         <main id=\"main\">{}</main></body></html>\n",
        title,
        places,
        body
    )
}

/// What went wrong, for people.
pub(crate) fn trouble(title: &str, why: &str) -> Html {
    let title = Html::text(title);
    let body = html!(
        "<h1>{}</h1><p role=\"alert\">{}</p><p><a href=\"/\">Back to the tickets</a></p>",
        title,
        Html::text(why)
    );
    page(title, "", body)
}

/// A key that makes the form count once, however often it is sent.
fn key() -> Html {
    html!(
        "<input type=\"hidden\" name=\"key\" value=\"{}\">",
        Html::text(Uuid::new_v4())
    )
}

fn badge(stage: Stage, words: &Html) -> Html {
    let class = match stage {
        Stage::Open | Stage::Reopened => "open",
        Stage::Pending => "pending",
        Stage::Resolved | Stage::Closed => "done",
    };
    html!(
        "<span class=\"badge {}\">{}</span>",
        Html::text(class),
        words
    )
}

pub(crate) fn new_ticket() -> Html {
    let body = html!(
        "<h1>New ticket</h1><form method=\"post\" action=\"/tickets\">{}\
         <label for=\"email\">Your e-mail address</label>\
         <input id=\"email\" name=\"email\" type=\"email\" autocomplete=\"email\" required maxlength=\"200\">\
         <label for=\"subject\">What is it about?</label>\
         <input id=\"subject\" name=\"subject\" required maxlength=\"200\">\
         <label for=\"message\">What happened?</label>\
         <textarea id=\"message\" name=\"message\" rows=\"8\" required maxlength=\"20000\"></textarea>\
         <button>Open the ticket</button></form>",
        key()
    );
    page(Html::text("New ticket"), "/new", body)
}

pub(crate) fn list(
    show: &str,
    rows: &[TicketRow],
    subjects: &[String],
    next: Option<TicketNumber>,
) -> Html {
    let choice = |which: &str, name: &str| {
        let current = match which == show {
            true => html!(" aria-current=\"true\""),
            false => Html::default(),
        };
        html!(
            "<li><a href=\"/?show={}\"{}>{}</a></li>",
            Html::text(which),
            current,
            Html::text(name)
        )
    };
    let choices: Html = [("open", "Open"), ("resolved", "Resolved"), ("all", "All")]
        .into_iter()
        .map(|(which, name)| choice(which, name))
        .collect();
    let line = |(row, subject): (&TicketRow, &String)| {
        html!(
            "<tr role=\"row\"><td role=\"cell\" data-label=\"Number\">#{}</td><th scope=\"row\" role=\"rowheader\"><a href=\"/tickets/{}\">{}</a></th>\
             <td role=\"cell\" data-label=\"Status\">{}</td><td role=\"cell\" data-label=\"Priority\">{}</td><td role=\"cell\" data-label=\"Changed\">{}</td></tr>\n",
            row.number.0,
            row.number.0,
            Html::text(subject),
            badge(row.status.stage(), &Html::text(row.status)),
            Html::text(row.priority),
            time(row.changed_at)
        )
    };
    let lines: Html = rows.iter().zip(subjects).map(line).collect();
    let table = match rows.is_empty() {
        true => html!("<p class=\"empty\">No tickets here. <a href=\"/new\">Open one.</a></p>"),
        false => html!(
            "<table role=\"table\"><caption>Newest first</caption><thead role=\"rowgroup\"><tr role=\"row\"><th scope=\"col\" role=\"columnheader\">Number</th><th scope=\"col\" role=\"columnheader\">Subject</th>\
             <th scope=\"col\" role=\"columnheader\">Status</th><th scope=\"col\" role=\"columnheader\">Priority</th><th scope=\"col\" role=\"columnheader\">Changed</th></tr></thead>\n\
             <tbody role=\"rowgroup\">{}</tbody></table>",
            lines
        ),
    };
    let more = next.map(|after| {
        html!(
            "<p><a rel=\"next\" href=\"/?show={}&amp;after={}\">Older tickets</a></p>",
            Html::text(show),
            after.0
        )
    });
    let body = html!(
        "<h1>Tickets</h1><nav aria-label=\"Which tickets\"><ul class=\"choices\">{}</ul></nav>{}{}",
        choices,
        table,
        more.unwrap_or_default()
    );
    page(Html::text("Tickets"), "/", body)
}

/// One message of a conversation.
fn message(who: &str, kind: &str, at: chrono::DateTime<chrono::Utc>, text: &str) -> Html {
    html!(
        "<li class=\"{}\"><p class=\"who\"><strong>{}</strong> {}</p><p class=\"text\">{}</p></li>\n",
        Html::text(kind),
        Html::text(who),
        time(at),
        Html::text(text)
    )
}

/// A ticket as the desk sees it; the first text is its subject, the others are its messages'.
pub(crate) fn ticket(ticket: &Ticket, texts: &[String], clocks: &[Reading]) -> Html {
    let mut texts = texts.iter().map(String::as_str);
    let subject = Html::text(texts.next().unwrap_or_default());
    let told: Html = ticket
        .messages()
        .iter()
        .zip(texts)
        .map(|(said, text)| {
            let who = match (said.author, said.direction) {
                (Actor::Customer(_), _) => "Customer",
                (Actor::Agent(_) | Actor::Supervisor(_), _) => "Desk",
                (_, Direction::Inbound) => "Customer",
                _ => "Automatic",
            };
            match said.visibility {
                Visibility::Internal => {
                    message(&format!("{who}, internal note"), "note", said.at, text)
                }
                _ if who == "Customer" => message(who, "theirs", said.at, text),
                _ => message(who, "ours", said.at, text),
            }
        })
        .collect();
    let clocks: Html = clocks.iter().map(clock).collect();
    let body = html!(
        "<h1>#{} {}</h1><p>{} Priority {}. <a href=\"/customer/{}\">The customer's view</a></p>\
         <section aria-labelledby=\"clocks\"><h2 id=\"clocks\">Targets</h2><dl>{}</dl></section>\
         <section aria-labelledby=\"told\"><h2 id=\"told\">Conversation</h2><ol class=\"told\">{}</ol></section>{}",
        ticket.number().0,
        subject,
        badge(ticket.status().stage(), &Html::text(ticket.status())),
        Html::text(ticket.priority()),
        Html::text(ticket.id()),
        clocks,
        told,
        answer(ticket)
    );
    page(html!("#{} {}", ticket.number().0, subject), "/", body)
}

/// How a clock with a target stands.
fn clock(reading: &Reading) -> Html {
    let stands = match (reading.state(), reading.due()) {
        (State::Running, Some(due)) => match reading.remaining() {
            Some(left) if left >= chrono::TimeDelta::zero() => {
                html!("due {}, {} left", time(due), length(left))
            }
            _ => html!("<strong class=\"late\">was due {}</strong>", time(due)),
        },
        (State::NotStarted, _) => html!("not begun"),
        (state, _) => html!(
            "{} after {}",
            Html::text(state.to_string()),
            length(reading.elapsed())
        ),
    };
    let mut name = reading.metric().to_string().replace('_', " ");
    if reading.clock().agreement != Agreement::Sla {
        name = format!("{name} ({})", reading.clock().agreement);
    }
    let late = match reading.ever_breached() {
        true => html!(" <strong class=\"late\">target missed</strong>"),
        false => Html::default(),
    };
    html!(
        "<div><dt>{}</dt><dd>{}{}</dd></div>",
        Html::text(name),
        stands,
        late
    )
}

fn answer(ticket: &Ticket) -> Html {
    if ticket.status().stage() == Stage::Closed {
        return html!("<p>This ticket is closed.</p>");
    }
    html!(
        "<section aria-labelledby=\"answer\"><h2 id=\"answer\">Answer</h2><form method=\"post\" action=\"/tickets/{}\">{}\
         <label for=\"message\">Message</label><textarea id=\"message\" name=\"message\" rows=\"6\" maxlength=\"20000\"></textarea>\
         <div class=\"buttons\"><button name=\"then\" value=\"reply\">Reply</button>\
         <button name=\"then\" value=\"wait\">Reply and wait for the customer</button>\
         <button name=\"then\" value=\"resolve\">Resolve</button>\
         <button name=\"then\" value=\"note\" class=\"quiet\">Keep as an internal note</button></div></form></section>",
        ticket.number().0,
        key()
    )
}

/// A ticket as its customer sees it; the first text is its subject, the others are its messages'.
pub(crate) fn customer(view: &CustomerView, texts: &[String]) -> Html {
    let mut texts = texts.iter().map(String::as_str);
    let subject = Html::text(texts.next().unwrap_or_default());
    let told: Html = view
        .messages
        .iter()
        .map(|said| {
            let text = match said.body {
                Some(_) => texts.next().unwrap_or_default(),
                None => "(taken away)",
            };
            let kind = if said.from == "you" { "ours" } else { "theirs" };
            message(said.from, kind, said.at, text)
        })
        .collect();
    let stands = match (view.stage, view.waits_for_you) {
        (Stage::Resolved, _) => "Solved. Write again if it is not.",
        (Stage::Closed, _) => "Closed. A new message begins a new ticket.",
        (_, true) => "We wait for your answer.",
        _ => "We are working on it.",
    };
    let body = html!(
        "<h1>{}</h1><p>Your ticket #{}. {}</p>\
         <section aria-labelledby=\"told\"><h2 id=\"told\">What was said</h2><ol class=\"told\">{}</ol></section>\
         <section aria-labelledby=\"say\"><h2 id=\"say\">Write to us</h2><form method=\"post\" action=\"/customer/{}\">{}\
         <label for=\"message\">Message</label><textarea id=\"message\" name=\"message\" rows=\"5\" required maxlength=\"20000\"></textarea>\
         <button>Send</button></form></section>",
        subject,
        view.number.0,
        badge(view.stage, &Html::text(stands)),
        told,
        Html::text(view.ticket),
        key()
    );
    page(html!("Your ticket #{}", view.number.0), "/customer", body)
}
