//! A language server, driven over its standard input and output.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// To load the crate, which includes checking its dependencies once.
const TO_LOAD: Duration = Duration::from_secs(1200);
const TO_ANSWER: Duration = Duration::from_secs(180);
/// `ContentModified`, `ServerCancelled`: to be asked again.
const AGAIN: [i64; 2] = [-32801, -32802];

/// The server, the text of its open files, and where they are.
pub(super) struct Server {
    child: Child,
    input: ChildStdin,
    messages: Receiver<Value>,
    next: i64,
    root: PathBuf,
    texts: HashMap<String, String>,
    settings: Value,
}

impl Server {
    /// Starts `rust-analyzer` on the crate at `root`, and waits until it has loaded it.
    pub(super) fn start(root: &Path, target: &Path, sysroot: &Path, sources: Option<&Path>) -> Server {
        let mut child = Command::new("rust-analyzer")
            .current_dir(root)
            .env("CARGO_TARGET_DIR", target)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("rust-analyzer starts");
        let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let (sender, messages) = channel();
        std::thread::spawn(move || {
            let mut output = BufReader::new(output);
            while let Some(message) = read(&mut output) {
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        let settings = json!({
            "checkOnSave": false,
            "cachePriming": { "enable": false },
            "procMacro": { "enable": true },
            // Said outright: a server that looks for it installs the sources of the standard library, too.
            "cargo": { "buildScripts": { "enable": true }, "sysroot": sysroot, "sysrootSrc": sources },
        });
        let root = root.to_owned();
        let mut server = Server { child, input, messages, next: 0, root, texts: HashMap::new(), settings };
        let folder = format!("file://{}", server.root.display());
        let capabilities = json!({
            "textDocument": {
                "hover": { "contentFormat": ["plaintext"] },
                "definition": { "linkSupport": true },
            },
            "workspace": { "configuration": true, "workspaceEdit": { "documentChanges": true } },
            "experimental": { "serverStatusNotification": true },
        });
        server.request(
            "initialize",
            json!({
                "processId": null,
                "rootUri": folder,
                "workspaceFolders": [{ "uri": folder, "name": "fixture" }],
                "capabilities": capabilities,
                "initializationOptions": server.settings.clone(),
            }),
        );
        server.notify("initialized", json!({}));
        server.loaded();
        server
    }

    fn loaded(&mut self) {
        let end = Instant::now() + TO_LOAD;
        loop {
            let message = self.message(end).expect("rust-analyzer loads the crate in time");
            if message["method"] == "experimental/serverStatus" && message["params"]["quiescent"] == true {
                assert_ne!(message["params"]["health"], "error", "{message}");
                return;
            }
        }
    }

    /// The text of a file from now on, whatever is on the disk.
    pub(super) fn write(&mut self, file: &str, text: &str) {
        let uri = self.uri(file);
        let version = self.next;
        self.next += 1;
        if self.texts.insert(file.to_owned(), text.to_owned()).is_none() {
            let document = json!({ "uri": uri, "languageId": "rust", "version": version, "text": text });
            self.notify("textDocument/didOpen", json!({ "textDocument": document }));
        } else {
            let changes = json!([{ "text": text }]);
            let document = json!({ "uri": uri, "version": version });
            self.notify("textDocument/didChange", json!({ "textDocument": document, "contentChanges": changes }));
        }
    }

    /// The places a name leads to: file, line, and what is written there.
    pub(super) fn definitions(&mut self, file: &str, marked: &str) -> Vec<String> {
        let found = self.at("textDocument/definition", file, marked, json!({}));
        let links = found.as_array().cloned().unwrap_or_default();
        links.iter().map(|link| self.place(&link["targetUri"], &link["targetSelectionRange"])).collect()
    }

    /// What the editor shows of a name.
    pub(super) fn hover(&mut self, file: &str, marked: &str) -> String {
        let found = self.at("textDocument/hover", file, marked, json!({}));
        found["contents"]["value"].as_str().unwrap_or_default().to_owned()
    }

    /// The names offered.
    pub(super) fn completions(&mut self, file: &str, marked: &str) -> Vec<String> {
        let found = self.at("textDocument/completion", file, marked, json!({}));
        let items = found["items"].as_array().or(found.as_array()).cloned().unwrap_or_default();
        let label =
            |item: &Value| item["label"].as_str().unwrap_or_default().split('(').next().unwrap().trim().to_owned();
        items.iter().map(label).collect()
    }

    /// The places that a new name changes, in order.
    pub(super) fn rename(&mut self, file: &str, marked: &str) -> Vec<String> {
        let found = self.at("textDocument/rename", file, marked, json!({ "newName": "renamed" }));
        let mut places = Vec::new();
        for document in found["documentChanges"].as_array().into_iter().flatten() {
            for edit in document["edits"].as_array().into_iter().flatten() {
                places.push(self.place(&document["textDocument"]["uri"], &edit["range"]));
            }
        }
        places.sort();
        places
    }

    /// Asks about the place of the `▮` in `marked`, which stands in the file without it.
    fn at(&mut self, method: &str, file: &str, marked: &str, mut params: Value) -> Value {
        let text = &self.texts[file];
        let plain = marked.replace('▮', "");
        let start = text.find(&plain).unwrap_or_else(|| panic!("`{plain}` is not in {file}"));
        let before = &text[..start + marked.find('▮').expect("a mark")];
        let column = before.len() - before.rfind('\n').map_or(0, |line| line + 1);
        params["textDocument"] = json!({ "uri": self.uri(file) });
        params["position"] = json!({ "line": before.matches('\n').count(), "character": column });
        self.request(method, params)
    }

    /// `file:line text`
    fn place(&self, uri: &Value, range: &Value) -> String {
        let path = uri.as_str().unwrap_or_default().trim_start_matches("file://");
        let file = Path::new(path).file_name().unwrap_or_default().to_string_lossy().into_owned();
        let text = match self.texts.get(&file) {
            Some(text) if path.starts_with(&*self.root.to_string_lossy()) => text.clone(),
            _ => std::fs::read_to_string(path).unwrap_or_default(),
        };
        let number = |value: &Value| value.as_u64().unwrap_or_default() as usize;
        let line = number(&range["start"]["line"]);
        let columns = number(&range["start"]["character"])..number(&range["end"]["character"]);
        let word = text.lines().nth(line).and_then(|line| line.get(columns)).unwrap_or_default();
        format!("{file}:{} {word}", line + 1)
    }

    fn uri(&self, file: &str) -> String {
        format!("file://{}/src/{file}", self.root.display())
    }

    /// The answer; what is out of date is asked again, and an error is no answer.
    fn request(&mut self, method: &str, params: Value) -> Value {
        let end = Instant::now() + TO_ANSWER;
        loop {
            self.next += 1;
            let id = self.next;
            self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
            let answer = loop {
                let Some(message) = self.message(end) else { panic!("no answer to {method} in time") };
                if message["id"] == id && message.get("method").is_none() {
                    break message;
                }
            };
            if !AGAIN.contains(&answer["error"]["code"].as_i64().unwrap_or_default()) {
                return answer["result"].clone();
            }
        }
    }

    fn notify(&mut self, method: &str, params: Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    /// The next message. What the server asks is answered on the way.
    fn message(&mut self, end: Instant) -> Option<Value> {
        let message = match self.messages.recv_timeout(end.saturating_duration_since(Instant::now())) {
            Ok(message) => message,
            Err(RecvTimeoutError::Timeout) => return None,
            Err(RecvTimeoutError::Disconnected) => panic!("rust-analyzer has ended"),
        };
        if let (Some(id), Some(method)) = (message.get("id"), message["method"].as_str()) {
            let items = message["params"]["items"].as_array().map_or(0, Vec::len);
            let result = if method == "workspace/configuration" {
                json!(vec![self.settings.clone(); items])
            } else {
                json!(null)
            };
            self.send(&json!({ "jsonrpc": "2.0", "id": id, "result": result }));
        }
        Some(message)
    }

    fn send(&mut self, message: &Value) {
        let text = message.to_string();
        write!(self.input, "Content-Length: {}\r\n\r\n{text}", text.len()).expect("rust-analyzer listens");
        self.input.flush().expect("rust-analyzer listens");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read(output: &mut impl BufRead) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if output.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim().split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => length = value.parse().ok()?,
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length];
    output.read_exact(&mut body).ok()?;
    serde_json::from_slice(&body).ok()
}
