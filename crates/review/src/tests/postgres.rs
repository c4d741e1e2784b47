//! A PostgreSQL server of this process: in a temporary folder, on a Unix socket, gone when the process is.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use sqlx::{AssertSqlSafe, Connection, Executor};

/// Runs until its standard input ends, which it does however the tests end.
const SCRIPT: &str = r#"
set -eu
server=
folder=$(mktemp -d /tmp/dmv-redact-postgres.XXXXXX)
stop() {
    if [ "$server" ]; then
        kill -QUIT "$server" || true
        wait "$server" || true
    fi
    rm -rf "$folder"
}
trap stop EXIT
trap 'exit 1' HUP INT TERM
"$1/initdb" -D "$folder/data" -U postgres -A trust -E UTF8 --locale=C --no-sync > "$folder/log" 2>&1
"$1/postgres" -D "$folder/data" -k "$folder" -c listen_addresses= -c fsync=off >> "$folder/log" 2>&1 < /dev/null &
server=$!
echo "$folder"
exec > /dev/null 2>&1
read -r line || true
"#;

struct Server {
    socket: String,
    /// Its standard input ends with this process.
    _script: Child,
}

static SERVER: OnceLock<Option<Server>> = OnceLock::new();

/// The URL of a new, empty database. None where no server is installed.
pub(super) fn new_database() -> Option<String> {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let server = SERVER.get_or_init(start).as_ref()?;
    let name = format!("reviews_{}", COUNT.fetch_add(1, Ordering::Relaxed));
    server.execute(&format!("CREATE DATABASE {name}")).unwrap();
    Some(server.url(&name))
}

fn start() -> Option<Server> {
    let Some(bin) = programs() else {
        println!("PostgreSQL is not installed: the queue is NOT checked on it");
        return None;
    };
    let user = Command::new("id").arg("-u").output().unwrap().stdout;
    // The server refuses to run as root.
    let mut command = if user == b"0\n" { Command::new("runuser") } else { Command::new("sh") };
    if user == b"0\n" {
        command.args(["-u", "postgres", "--", "sh"]);
    }
    command.args(["-c", SCRIPT, "sh", &bin]).current_dir("/").stdin(Stdio::piped()).stdout(Stdio::piped());
    // A signal to the tests' group, as of an interrupt, would kill the script before it has tidied up.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let mut script = command.stderr(Stdio::null()).spawn().unwrap();
    let mut socket = String::new();
    BufReader::new(script.stdout.take().unwrap()).read_line(&mut socket).unwrap();
    let server = Server { socket: socket.trim_end().to_owned(), _script: script };
    let begun = Instant::now();
    while let Err(error) = server.execute("SELECT 1") {
        assert!(begun.elapsed() < Duration::from_secs(30), "{error}");
        thread::sleep(Duration::from_millis(50));
    }
    Some(server)
}

/// The folder of the server's programs: of the latest version installed.
fn programs() -> Option<String> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let folders = versions.filter_map(|version| Some(version.ok()?.path().join("bin")));
    let folder = folders.filter(|folder| folder.join("initdb").exists()).max()?;
    folder.to_str().map(str::to_owned)
}

impl Server {
    fn url(&self, database: &str) -> String {
        format!("postgres://postgres@localhost/{database}?host={}", self.socket)
    }

    fn execute(&self, statement: &str) -> Result<(), sqlx::Error> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let _ = sqlx::any::install_drivers(&[sqlx::postgres::any::DRIVER, sqlx::sqlite::any::DRIVER]);
            let mut connection = sqlx::AnyConnection::connect(&self.url("postgres")).await?;
            connection.execute(AssertSqlSafe(statement)).await?;
            connection.close().await
        })
    }
}
