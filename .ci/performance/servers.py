"""The servers that are measured, each in a fresh temporary folder, on loopback, stopped by its process id.

A server ends with its `with` block, with an interrupt, and with the script itself, however that ends.
"""
import ctypes, glob, os, pwd, re, shutil, signal, socket, subprocess, sys, tempfile, time, urllib.error, urllib.request

# What the identity provider's company must own for the users that scimload sends.
DOMAINS = ["example.com", "corp.example.com"]

# The same for every server that is measured: durable commits, memory as a small server has it.
POSTGRES_SETTINGS = {
    "fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "shared_buffers": "256MB",
    "max_connections": "100", "max_wal_size": "2GB", "checkpoint_timeout": "5min", "log_min_messages": "warning",
}


def interruptible():
    """Lets TERM end the script as an interrupt does: with its `with` blocks."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))


def dies_with(stop):
    """What a child process runs first: the kernel sends it the signal when this script is gone."""
    libc, parent = ctypes.CDLL(None), os.getpid()

    def before():
        libc.prctl(1, int(stop))  # PR_SET_PDEATHSIG
        if os.getppid() != parent:
            os._exit(1)
    return before


class Server:
    """A process in a temporary folder of its own."""
    stop_signal = signal.SIGTERM

    def __init__(self, owner=None):
        self.owner, self.process = owner, None
        self.folder = tempfile.mkdtemp(prefix="proprio-measure-")
        if owner:
            os.chown(self.folder, owner.pw_uid, owner.pw_gid)

    def run(self, *command, **options):
        self.log = os.path.join(self.folder, "log")
        account = {"user": self.owner.pw_uid, "group": self.owner.pw_gid, "extra_groups": []} if self.owner else {}
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(command, cwd=self.folder, stderr=log, start_new_session=True,
                                            preexec_fn=dies_with(self.stop_signal), **account, **options)

    def pids(self):
        return [self.process.pid]

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(self.stop_signal)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def said(self):
        with open(self.log, errors="replace") as log:
            return log.read()[-2000:]

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


class Postgres(Server):
    """A cluster of its own, run by an account without rights when the script runs as root, which Postgres refuses."""
    stop_signal = signal.SIGINT  # fast shutdown

    def __init__(self):
        super().__init__(pwd.getpwnam("postgres") if os.getuid() == 0 else None)

    def start(self):
        found = os.path.dirname(os.path.realpath(shutil.which("initdb") or ""))
        self.bin = found or next(iter(sorted(glob.glob("/usr/lib/postgresql/*/bin"), reverse=True)), None)
        if not self.bin:
            sys.exit("PostgreSQL's initdb is neither in PATH nor in /usr/lib/postgresql")
        data, port = os.path.join(self.folder, "data"), free_port()
        self.run(os.path.join(self.bin, "initdb"), "-D", data, "-U", "proprio", "-A", "trust", "-E", "UTF8", "--locale=C",
                 stdout=subprocess.DEVNULL)
        if self.process.wait():
            sys.exit("initdb: " + self.said())
        settings = dict(POSTGRES_SETTINGS, listen_addresses="127.0.0.1", port=str(port), unix_socket_directories=self.folder)
        self.run(os.path.join(self.bin, "postgres"), "-D", data, *["--%s=%s" % s for s in settings.items()])
        self.url = "postgres://proprio@127.0.0.1:%d/postgres?sslmode=disable" % port
        wait_for(self, lambda: not subprocess.run([os.path.join(self.bin, "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]).returncode)

    def query(self, sql):
        """The rows of a query, as lists of text."""
        out = subprocess.run([os.path.join(self.bin, "psql"), "-XAtq", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-c", sql, self.url],
                             check=True, text=True, capture_output=True).stdout
        return [line.split("\t") for line in out.splitlines()]


class Thin(Server):
    """The bare server that Proprio is measured by. It ends with its standard input."""
    name, token = "thin", ""

    def __init__(self, command, postgres):
        super().__init__()
        self.command, self.postgres = command, postgres

    def start(self):
        address = "127.0.0.1:%d" % free_port()
        if self.postgres:
            kind = ["-db", "postgres", "-events", "-dsn", self.postgres.url]
        else:
            kind = ["-db", "sqlite", "-file", os.path.join(self.folder, "thin.db")]
        self.run(self.command, "thin", "-addr", address, "-kept-count", *kind, stdin=subprocess.PIPE)
        self.base = "http://" + address
        wait_for(self, lambda: answers(self.base + "/ServiceProviderConfig"))


class Proprio(Server):
    """The server of this repository, with one company and one connection. After stop, start takes up the same data."""
    name = "proprio"

    def __init__(self, binary, postgres, *flags):
        super().__init__()
        self.binary, self.postgres, self.flags, self.token = os.path.abspath(binary), postgres, flags, None

    def where(self):
        database = ["--database", self.postgres.url] if self.postgres else []
        return ["--data", os.path.join(self.folder, "data"), *database]

    def admin(self, *command, **options):
        done = subprocess.run([self.binary, *command, *self.where()], text=True, capture_output=True, **options)
        if done.returncode:
            sys.exit("proprio %s: %s" % (" ".join(command), done.stderr))
        return done.stdout.strip()

    def start(self):
        if not self.token:
            domains = [f for d in DOMAINS for f in ("--domain", d)]
            self.admin("company", "create", "Measured", "--assume-verified", *domains)
            self.token = self.admin("token", "create", "--company", "Measured", "--connection", "measure", "--preset", "generic")
        began = time.monotonic()
        self.metrics = "http://127.0.0.1:%d" % free_port()
        self.run(self.binary, "serve", "--listen", "127.0.0.1:0", "--metrics-listen", self.metrics[len("http://"):], *self.flags,
                 *self.where(), stdout=subprocess.PIPE, text=True)
        for line in self.process.stdout:
            if line.startswith("listening on "):
                self.url = line.split()[-1]
                break
        else:
            sys.exit("proprio serve: " + self.said())
        self.base = self.url + "/scim/v2"
        wait_for(self, lambda: answers(self.url + "/readyz"), 0.002)
        self.ready_seconds = time.monotonic() - began


def wait_for(server, condition, pause=0.02, patience=60):
    until = time.monotonic() + patience
    while not condition():
        if server.process.poll() is not None or time.monotonic() > until:
            sys.exit("%s does not answer: %s" % (type(server).__name__, server.said()))
        time.sleep(pause)


def answers(url):
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status == 200
    except OSError:  # urllib's errors are of this kind
        return False


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def resident_mib(pid):
    """Resident memory of one process."""
    with open("/proc/%d/status" % pid) as status:
        return int(re.search(r"VmRSS:\s+(\d+)", status.read()).group(1)) / 1024
