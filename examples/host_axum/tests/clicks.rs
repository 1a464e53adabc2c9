//! The pages in the hands of somebody: a real browser fills in the forms and presses the buttons, by the WebDriver protocol
//! (<https://www.w3.org/TR/webdriver2/>).

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Answer, Service, browser, exchange, file};

/// The name under which the protocol tells what was found.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// How long a page or the driver may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// A browser that is driven.
struct Driven {
    driver: Child,
    address: String,
    session: String,
}

impl Driven {
    /// None where no driver, or no browser, is installed.
    fn begin() -> Option<Driven> {
        let browser = browser()?;
        let port = TcpListener::bind("127.0.0.1:0").ok()?;
        let address = port.local_addr().ok()?.to_string();
        drop(port);
        let port = address.rsplit(':').next()?;
        let driver = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let mut driven = Driven {
            driver,
            address,
            session: String::new(),
        };
        until("the driver", || TcpStream::connect(&driven.address).is_ok());
        let profile = file("driven");
        let _ = std::fs::remove_dir_all(&profile);
        let profile = format!("--user-data-dir={}", profile.display());
        let options = json!({
            "binary": browser,
            "args": ["--headless", "--no-sandbox", "--disable-gpu", profile],
        });
        let wanted =
            json!({ "capabilities": { "alwaysMatch": { "goog:chromeOptions": options } } });
        let session = driven.ask("POST", "/session", wanted);
        driven.session = format!("/session/{}", session["sessionId"].as_str().unwrap());
        let patience = PATIENCE.as_millis() as u64;
        driven.to("/timeouts", json!({ "implicit": patience })); // of looking for something on a page
        Some(driven)
    }

    fn ask(&self, method: &str, path: &str, what: Value) -> Value {
        let answer = self.answer(method, path, what);
        assert_eq!(answer.status, 200, "{method} {path}: {}", answer.body);
        serde_json::from_str::<Value>(&answer.body).unwrap()["value"].take()
    }

    fn answer(&self, method: &str, path: &str, what: Value) -> Answer {
        let (host, body) = (&self.address, what.to_string());
        let body = if method == "POST" { &body } else { "" };
        exchange(
            host,
            &format!(
                "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\
                 Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            ),
        )
    }

    fn to(&self, command: &str, what: Value) -> Value {
        self.ask("POST", &format!("{}{command}", self.session), what)
    }

    fn go(&self, url: &str) {
        self.to("/url", json!({ "url": url }));
    }

    fn url(&self) -> String {
        let url = self.ask("GET", &format!("{}/url", self.session), Value::Null);
        url.as_str().unwrap().to_owned()
    }

    fn find(&self, using: &str, value: &str) -> String {
        let found = self.to("/element", json!({ "using": using, "value": value }));
        format!("/element/{}", found[ELEMENT].as_str().unwrap())
    }

    /// Puts a text into the field with this label.
    fn write(&self, label: &str, text: &str) {
        let path = format!("//*[@id = //label[normalize-space() = '{label}']/@for]");
        let field = self.find("xpath", &path);
        self.to(&format!("{field}/clear"), json!({}));
        self.to(&format!("{field}/value"), json!({ "text": text }));
    }

    fn press(&self, button: &str) {
        let path = format!("//button[normalize-space() = '{button}']");
        let button = self.find("xpath", &path);
        self.to(&format!("{button}/click"), json!({}));
    }

    /// Does what leads to another page, and waits until that is there.
    fn turn(&self, what: impl FnOnce(&Driven)) {
        let page = format!("{}{}/name", self.session, self.find("tag name", "html"));
        what(self);
        until("another page", || {
            let left = self.answer("GET", &page, Value::Null).status != 200;
            left && self.run("return document.readyState") == "complete"
        });
    }

    fn send(&self, button: &str) {
        self.turn(|page| page.press(button));
    }

    fn follow(&self, link: &str) {
        let link = self.find("partial link text", link);
        self.to(&format!("{link}/click"), json!({}));
    }

    /// What a script tells of the page; nothing while it is replaced by another.
    fn run(&self, script: &str) -> String {
        let what = json!({ "script": script, "args": [] });
        let answer = self.answer("POST", &format!("{}/execute/sync", self.session), what);
        let told = serde_json::from_str::<Value>(&answer.body).unwrap();
        told["value"].as_str().unwrap_or_default().to_owned()
    }

    /// What somebody reads on the page.
    fn reads(&self) -> String {
        self.run("return document.body.innerText")
    }

    #[track_caller]
    fn shows(&self, text: &str) {
        let read = self.reads();
        assert!(read.contains(text), "`{text}` is not in {read}");
    }
}

/// Waits for something.
fn until(what: &str, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "{what}: it does not come");
        std::thread::sleep(Duration::from_millis(20));
    }
}

impl Drop for Driven {
    /// Ends the browser with the session; a test that fails does so too.
    fn drop(&mut self) {
        if let Ok(mut stream) = TcpStream::connect(&self.address) {
            let (host, session) = (&self.address, &self.session);
            let end = format!("DELETE {session} HTTP/1.1\r\nHost: {host}\r\n\r\n");
            let _ = stream.write_all(end.as_bytes());
            let _ = stream.set_read_timeout(Some(PATIENCE));
            let _ = stream.read(&mut [0; 64]); // it answers once the browser has ended
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// A customer opens a ticket, an agent asks back, she answers, it is resolved: all by filling in forms and pressing buttons.
#[test]
fn a_ticket_lives_by_the_forms() {
    let Some(browser) = Driven::begin() else {
        assert!(
            std::env::var_os("HELPDESK_CI").is_none(),
            "chromium and chromedriver are needed here"
        );
        eprintln!(
            "skipped: no chromium with chromedriver is installed; the checks before a change lands install them"
        );
        return;
    };
    let service = Service::start(file("clicks.db").to_str().unwrap());
    let url = |path: &str| format!("http://{}{path}", service.address);

    browser.go(&url("/new"));
    browser.write("Your e-mail address", "ann@example.com");
    browser.write("What is it about?", "Printer on fire");
    browser.press("Open the ticket");
    assert_eq!(browser.url(), url("/new"), "a message is wanted first");
    browser.write("What happened?", "It is on fire.");
    browser.send("Open the ticket");
    let page = browser.url();
    assert!(page.starts_with(&url("/customer/")), "{page}");
    browser.shows("We are working on it.");

    browser.go(&url("/"));
    browser.turn(|page| page.follow("Printer on fire"));
    assert_eq!(browser.url(), url("/tickets/1"));
    browser.write("Message", "Which floor?");
    browser.send("Reply and wait for the customer");
    assert_eq!(browser.url(), url("/tickets/1"));
    browser.write("Message", "She has called before");
    browser.send("Keep as an internal note");
    browser.shows("She has called before");

    browser.go(&page);
    browser.shows("We wait for your answer.");
    browser.shows("Which floor?");
    let read = browser.reads();
    assert!(!read.contains("She has called before"), "{read}");
    browser.write("Message", "The third");
    browser.send("Send");
    browser.shows("We are working on it.");
    browser.shows("The third");

    browser.go(&url("/tickets/1"));
    browser.write("Message", "It is put out");
    browser.send("Resolve");
    browser.go(&page);
    browser.shows("Solved. Write again if it is not.");
    browser.go(&url("/figures"));
    browser.shows("tickets resolved");
    drop(browser);
    assert!(service.end().0.success());
}
