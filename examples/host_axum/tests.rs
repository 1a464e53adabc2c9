//! The service as a process of its own, over HTTP and in a real browser.
//!
//! The test binary starts itself again as the service, so the process, the port and the signals are real.

#[cfg(unix)]
mod clicks;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use super::{Args, run};

const DATABASE: &str = "HELPDESK_HOST_DATABASE";

/// Does nothing by itself; the tests below start it as a process of its own.
#[test]
fn the_service() {
    if let Ok(database) = std::env::var(DATABASE) {
        let listen = "127.0.0.1:0".parse().unwrap();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime
            .block_on(run(Args {
                database,
                listen,
                names: vec!["support.example".to_owned()],
            }))
            .unwrap();
    }
}

struct Service {
    process: Child,
    lines: BufReader<std::process::ChildStdout>,
    address: String,
}

impl Service {
    fn start(database: &str) -> Service {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "tests::the_service", "--nocapture"])
            .env(DATABASE, database)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap());
        let address = loop {
            let mut line = String::new();
            assert!(lines.read_line(&mut line).unwrap() > 0, "it ended at once");
            if let Some((_, address)) = line.trim().split_once("listening on http://") {
                break address.to_owned();
            }
        };
        Service {
            process,
            lines,
            address,
        }
    }

    fn request(&self, request: &str) -> Answer {
        exchange(&self.address, request)
    }

    fn get(&self, path: &str) -> Answer {
        let host = &self.address;
        self.request(&format!(
            "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
        ))
    }

    fn post(&self, path: &str, fields: &[(&str, &str)], headers: &str) -> Answer {
        let pair = |(name, value): &(&str, &str)| format!("{name}={}", encoded(value));
        let body = fields.iter().map(pair).collect::<Vec<_>>().join("&");
        let (host, length) = (&self.address, body.len());
        self.request(&format!(
            "POST {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{headers}\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n{body}"
        ))
    }

    fn open(&self, subject: &str, key: &str) -> String {
        let fields = [
            ("email", "ann@example.com"),
            ("subject", subject),
            ("message", "It is on fire.\nPlease <b>hurry</b> & come."),
            ("key", key),
        ];
        let opened = self.post("/tickets", &fields, "");
        assert_eq!(opened.status, 303, "{}", opened.body);
        opened.location()
    }

    /// Asks it to end, and tells what it said from then on.
    fn end(mut self) -> (ExitStatus, String) {
        let id = self.process.id().to_string();
        let asked = Command::new("kill").args(["-TERM", &id]).status().unwrap();
        assert!(asked.success());
        let begun = Instant::now();
        let status = loop {
            match self.process.try_wait().unwrap() {
                Some(status) => break status,
                None => std::thread::sleep(Duration::from_millis(20)),
            }
            assert!(begun.elapsed() < Duration::from_secs(20), "it does not end");
        };
        let mut said = String::new();
        self.lines.read_to_string(&mut said).unwrap();
        (status, said)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn location(&self) -> String {
        let line = self
            .head
            .lines()
            .find_map(|line| line.strip_prefix("location: "));
        line.expect("a redirect says where to").trim().to_owned()
    }

    #[track_caller]
    fn shows(&self, text: &str) {
        assert!(self.body.contains(text), "`{text}` is not in {}", self.body);
    }

    #[track_caller]
    fn hides(&self, text: &str) {
        assert!(!self.body.contains(text), "`{text}` is in {}", self.body);
    }
}

/// Sends a request and reads the answer: as long as it says that it is, or until the other side closes.
fn exchange(address: &str, request: &str) -> Answer {
    let mut stream = TcpStream::connect(address).unwrap();
    let timeout = Some(Duration::from_secs(20));
    stream.set_read_timeout(timeout).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut lines = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert!(lines.read_line(&mut head).unwrap() > 0, "{head}");
    }
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let head = head.to_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"));
    let mut body = Vec::new();
    match length {
        Some(length) => {
            body.resize(length.trim().parse().unwrap(), 0);
            lines.read_exact(&mut body).unwrap();
        }
        None => _ = lines.read_to_end(&mut body).unwrap(),
    }
    let body = String::from_utf8(body).unwrap();
    Answer { status, head, body }
}

fn encoded(text: &str) -> String {
    let byte = |b: u8| match b {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(b).to_string(),
        b => format!("%{b:02X}"),
    };
    text.bytes().map(byte).collect()
}

fn file(test: &str) -> PathBuf {
    let program = std::env::current_exe().unwrap(); // target/debug/examples/...
    let dir = program.ancestors().nth(3).unwrap().join("tmp/host_axum");
    std::fs::create_dir_all(&dir).unwrap();
    let path = dir.join(test);
    for end in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{end}", path.display()));
    }
    path
}

/// The story of a ticket, from its opening to the figures.
fn story(service: &Service) {
    assert_eq!(service.get("/health").body, "ok\n");
    service.get("/").shows("No tickets here");

    // A customer opens a ticket; sent twice, the form counts once. Markup in it is text.
    let page = service.open("Printer <script>alert(1)</script> on fire", "form 1");
    assert_eq!(
        service.open("Printer <script>alert(1)</script> on fire", "form 1"),
        page
    );
    let list = service.get("/");
    list.shows("#1</td>");
    list.hides("#2</td>");
    list.hides("<script");
    let seen = service.get(&page);
    seen.shows("We are working on it.");
    seen.shows("Please &lt;b&gt;hurry&lt;/b&gt; &amp; come.");
    seen.hides("<script");

    // The desk sees its targets, notes something, asks, and waits.
    let desk = service.get("/tickets/1");
    desk.shows("first response");
    desk.shows("due <time");
    let note = [
        ("message", "He always does that"),
        ("then", "note"),
        ("key", "form 2"),
    ];
    assert_eq!(service.post("/tickets/1", &note, "").status, 303);
    let ask = [
        ("message", "Which floor?"),
        ("then", "wait"),
        ("key", "form 3"),
    ];
    assert_eq!(service.post("/tickets/1", &ask, "").status, 303);
    service.get("/tickets/1").shows("He always does that");
    let seen = service.get(&page);
    seen.shows("Which floor?");
    seen.shows("We wait for your answer.");
    seen.hides("He always does that");

    // The customer answers, the desk resolves, and the figures tell.
    let answer = [("message", "The third"), ("key", "form 4")];
    assert_eq!(service.post(&page, &answer, "").status, 303);
    service.get(&page).shows("We are working on it.");
    let done = [
        ("message", "Put out."),
        ("then", "resolve"),
        ("key", "form 5"),
    ];
    assert_eq!(service.post("/tickets/1", &done, "").status, 303);
    service
        .get(&page)
        .shows("Solved. Write again if it is not.");
    service.get("/").shows("No tickets here");
    service.get("/?show=resolved").shows("#1</td>");
    let figures = service.get("/figures");
    assert_eq!(figures.status, 200);
    figures.shows("The last 30 days");
    figures.shows("<svg");

    // What does not fit is told, and changes nothing.
    assert_eq!(service.get("/tickets/2").status, 404);
    assert_eq!(service.get("/nowhere").status, 404);
    let empty = [("message", " "), ("then", "reply"), ("key", "form 6")];
    assert_eq!(service.post("/tickets/1", &empty, "").status, 422);
    let again = [("message", ""), ("then", "resolve"), ("key", "form 7")];
    let refused = service.post("/tickets/1", &again, "");
    assert_eq!(refused.status, 422);
    refused.shows("role=\"alert\"");

    // A form of another site is refused; every page says what a browser may do with it.
    let say = [
        ("message", "from elsewhere"),
        ("then", "reply"),
        ("key", "form 8"),
    ];
    for from in [
        "Origin: https://evil.example\r\n",
        "Origin: null\r\n",
        "Sec-Fetch-Site: cross-site\r\n",
    ] {
        assert_eq!(service.post("/tickets/1", &say, from).status, 403, "{from}");
    }
    service.get("/tickets/1").hides("from elsewhere");
    let own = format!("Origin: http://{}\r\n", service.address);
    assert_eq!(service.post("/tickets/1", &say, &own).status, 303);

    // Whoever lets a name of another site point here is not let in, not even to look; a name that this service has, an address and no name are.
    let named = |host: &str| {
        let host = format!("Host: {host}\r\n");
        let ask = format!("GET /tickets/1 HTTP/1.1\r\n{host}Connection: close\r\n\r\n");
        service.request(&ask)
    };
    for name in [
        "evil.example",
        "evil.example:8080",
        "support.example.evil.example",
    ] {
        let answer = named(name);
        assert_eq!(answer.status, 421, "{name}");
        answer.hides("hurry");
    }
    for name in [
        "support.example",
        "Support.Example:443",
        "localhost:80",
        "[::1]:80",
        "[::1]",
        "10.0.0.1",
    ] {
        assert_eq!(named(name).status, 200, "{name}");
    }
    let head = service.get("/").head;
    for header in [
        "content-security-policy: default-src 'none'",
        "x-content-type-options: nosniff",
    ] {
        assert!(head.contains(header), "{head}");
    }
}

/// It tells the story on a file, ends when it is asked to, and knows everything when it is started again. A request that is under
/// way when it is asked to end is finished.
#[test]
#[cfg(unix)]
fn a_ticket_lives_in_a_file() {
    let path = file("story.db");
    let service = Service::start(path.to_str().unwrap());
    story(&service);

    let body = "email=b%40example.com&subject=Late&message=Half+sent&key=form+9";
    let (first, second) = body.split_at(20);
    let mut slow = TcpStream::connect(&service.address).unwrap();
    let head = format!(
        "POST /tickets HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\n\r\n{first}",
        service.address,
        body.len()
    );
    slow.write_all(head.as_bytes()).unwrap();
    std::thread::sleep(Duration::from_millis(300)); // it has begun to read
    let address = service.address.clone();
    let ending = std::thread::spawn(move || service.end());
    let begun = Instant::now();
    while TcpStream::connect(&address).is_ok() {
        assert!(
            begun.elapsed() < Duration::from_secs(10),
            "it still takes connections"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    slow.write_all(second.as_bytes()).unwrap();
    let mut answer = String::new();
    slow.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 303"), "{answer}");
    let (status, said) = ending.join().unwrap();
    assert!(status.success(), "{status}: {said}");
    assert!(said.contains("ended"), "{said}");

    let again = Service::start(path.to_str().unwrap());
    again.get("/?show=all").shows("Late");
    again.get("/tickets/1").shows("Put out.");
    assert!(again.end().0.success());
}

/// The same story on a server.
#[test]
#[ignore = "needs a PostgreSQL server: set HELPDESK_POSTGRES"]
#[cfg(unix)]
fn a_ticket_lives_on_a_postgres_server() {
    let server = std::env::var("HELPDESK_POSTGRES")
        .expect("`HELPDESK_POSTGRES` must tell where a PostgreSQL server is; `.ci/postgres COMMAND` starts one");
    // A database of its own, by a URL made of `host=... user=... dbname=...`.
    let mut client = postgres::Client::connect(&server, postgres::NoTls).unwrap();
    client
        .batch_execute("DROP DATABASE IF EXISTS host_axum")
        .unwrap();
    client.batch_execute("CREATE DATABASE host_axum").unwrap();
    let of = |name: &str| {
        let mut words = server.split(' ').filter_map(|word| word.split_once('='));
        words
            .find(|(key, _)| *key == name)
            .map(|(_, value)| encoded(value))
    };
    let (host, user) = (of("host").unwrap(), of("user").unwrap_or_default());
    let service = Service::start(&format!("postgres://{user}@{host}/host_axum"));
    story(&service);
    let (status, said) = service.end();
    assert!(status.success(), "{status}: {said}");
}

/// Chromium, where it is installed.
fn browser() -> Option<PathBuf> {
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let path = std::env::var_os("PATH").unwrap_or_default();
    let places: Vec<_> = std::env::split_paths(&path).collect();
    let files = names
        .iter()
        .flat_map(|name| places.iter().map(move |place| place.join(name)));
    files.into_iter().find(|file| file.is_file())
}

/// What the browser makes of a page.
fn browse(browser: &Path, arguments: &[&str]) -> String {
    let profile = file("browser");
    let _ = std::fs::remove_dir_all(&profile);
    let profile = format!("--user-data-dir={}", profile.display());
    let output = Command::new(browser)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--hide-scrollbars",
            "--virtual-time-budget=5000",
            &profile,
        ])
        .args(arguments)
        .stderr(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", output.status);
    String::from_utf8(output.stdout).unwrap()
}

/// In a real browser: the pages show what they should, on a wide screen and on a phone; a text that looks like a script does
/// nothing; and a page of another site posts nothing.
#[test]
#[cfg(unix)]
fn a_real_browser_shows_the_pages() {
    let Some(browser) = browser() else {
        assert!(
            std::env::var_os("HELPDESK_CI").is_none(),
            "chromium is needed here"
        );
        eprintln!("skipped: no chromium is installed; the checks before a change lands install it");
        return;
    };
    let service = Service::start(file("browser.db").to_str().unwrap());
    let page = service.open(
        "Printer <script>document.title='owned'</script> on fire",
        "form 1",
    );
    for n in 2..6 {
        service.open(
            &format!("The coffee machine on floor {n} leaks again and nobody comes"),
            &format!("form {n}"),
        );
    }
    let note = [
        ("message", "Ask facilities"),
        ("then", "note"),
        ("key", "note"),
    ];
    assert_eq!(service.post("/tickets/1", &note, "").status, 303);
    let ask = [
        ("message", "Which floor?"),
        ("then", "wait"),
        ("key", "ask"),
    ];
    assert_eq!(service.post("/tickets/1", &ask, "").status, 303);
    let url = |path: &str| format!("http://{}{path}", service.address);

    let shown = browse(&browser, &["--dump-dom", &url("/tickets/1")]);
    for text in [
        "Which floor?",
        "Ask facilities",
        "first response",
        "on fire",
    ] {
        assert!(shown.contains(text), "{shown}");
    }
    assert!(!shown.contains("<title>owned"), "{shown}");
    for (name, path) in [
        ("list", "/"),
        ("ticket", "/tickets/1"),
        ("customer", &page),
        ("new", "/new"),
        ("figures", "/figures"),
    ] {
        for (width, height) in [(1200, 900), (390, 844)] {
            let picture = file(&format!("{name}-{width}.png"));
            let size = format!("--window-size={width},{height}");
            browse(
                &browser,
                &[
                    &format!("--screenshot={}", picture.display()),
                    &size,
                    &url(path),
                ],
            );
            let bytes = std::fs::read(&picture).unwrap();
            // A PNG tells its width and height after its signature; one of a single colour is a few kilobytes.
            assert_eq!(bytes[16..20], u32::to_be_bytes(width), "{name}");
            assert!(
                bytes.len() > 8_000,
                "{name} at {width} is empty: {} bytes",
                bytes.len()
            );
        }
    }

    // Another site's page that posts to the service by itself, in the victim's browser.
    let evil = file("evil.html");
    let form = format!(
        "<form method=post action=\"{}\"><input name=message value=from-elsewhere><input name=then value=reply>\
         <input name=key value=evil></form><script>document.forms[0].submit()</script>",
        url("/tickets/1")
    );
    std::fs::write(&evil, form).unwrap();
    let shown = browse(
        &browser,
        &["--dump-dom", &format!("file://{}", evil.display())],
    );
    assert!(shown.contains("Not from here"), "{shown}");
    service.get("/tickets/1").hides("from-elsewhere");
    assert!(service.end().0.success());
}
