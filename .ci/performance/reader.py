"""A client that only reads, from all of a directory that is too large to be created by POST again and again."""
import multiprocessing, os, random, socket, statistics, time, urllib.parse

PREFIX = "filled"


def user_name(n):
    return "%s.u%07d@example.com" % (PREFIX, n)


def external_id(n):
    return "%s-ext-%07d" % (PREFIX, n)


def user(n):
    """The user as scimload makes it, about 1.2 KB."""
    return {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
        "externalId": external_id(n), "userName": user_name(n), "displayName": "Babs Jensen %07d" % n, "nickName": "Babs",
        "name": {"formatted": "Ms. Barbara J Jensen%07d, III" % n, "familyName": "Jensen%07d" % n, "givenName": "Barbara",
                 "middleName": "Jane", "honorificPrefix": "Ms.", "honorificSuffix": "III"},
        "title": "Senior Tour Guide", "userType": "Employee", "preferredLanguage": "en-US", "locale": "en-US",
        "timezone": "America/Los_Angeles", "active": True,
        "emails": [{"value": "u%07d.%s@corp.example.com" % (n, PREFIX), "type": "work", "primary": True},
                   {"value": "u%07d.%s@home.example.org" % (n, PREFIX), "type": "home"}],
        "phoneNumbers": [{"value": "+1-555-%07d" % n, "type": "work"}, {"value": "+1-556-%07d" % n, "type": "mobile"}],
        "addresses": [{"type": "work", "streetAddress": "100 Universal City Plaza", "locality": "Hollywood", "region": "CA",
                       "postalCode": "91608", "country": "US", "primary": True}],
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {
            "employeeNumber": "E%07d" % n, "costCenter": "CC-%03d" % (n % 200), "organization": "Universal Studios",
            "division": "Theme Park", "department": "Tour Operations %02d" % (n % 50)},
    }


def equals(attribute, value):
    return "/Users?filter=" + urllib.parse.quote('%s eq "%s"' % (attribute, value))


# What is asked of a directory of so many users, and what the answer must hold.
LOOKUPS = {
    "lookup_username": lambda n: (equals("userName", user_name(n)), b'"totalResults":1,', user_name(n).encode()),
    "lookup_username_upper": lambda n: (equals("userName", user_name(n).upper()), b'"totalResults":1,', user_name(n).encode()),
    "lookup_username_miss": lambda n: (equals("userName", "nobody." + user_name(n)), b'"totalResults":0,', b""),
    "lookup_external": lambda n: (equals("externalId", external_id(n)), b'"totalResults":1,', external_id(n).encode()),
}


class Client:
    """One connection that is kept. http.client would cost several times what the server does."""

    def __init__(self, base, token):
        at = urllib.parse.urlsplit(base)
        self.socket = socket.create_connection((at.hostname, at.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.head = "GET %s%%s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nAccept: application/scim+json\r\n\r\n" % (at.path, at.netloc, token)

    def get(self, path):
        """The body, b"" unless the status is 200."""
        self.socket.sendall((self.head % path).encode())
        got = self.more(b"")
        while b"\r\n\r\n" not in got:
            got = self.more(got)
        head, body = got.split(b"\r\n\r\n", 1)
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        if b"content-length" in fields:
            while len(body) < int(fields[b"content-length"]):
                body = self.more(body)
        else:  # chunked: a body of ours holds no line break of its own
            while not body.endswith(b"\r\n0\r\n\r\n"):
                body = self.more(body)
            body = b"".join(body.split(b"\r\n")[1::2])
        return body if head.startswith(b"HTTP/1.1 200") else b""

    def more(self, got):
        part = self.socket.recv(1 << 18)
        if not part:
            raise OSError("the server closed the connection")
        return got + part


def worker(base, token, questions, seconds, seed):
    """Latencies in seconds and the number of wrong answers of one connection; questions are (path, parts of the answer)."""
    rng, client, took, wrong = random.Random(seed), Client(base, token), [], 0
    until = time.monotonic() + seconds
    while True:
        path, *parts = questions(rng)
        began = time.monotonic()
        if began > until:
            return took, wrong
        body = client.get(path)
        took.append(time.monotonic() - began)
        wrong += not body or not all(p in body for p in parts)


def ask(server, name, questions, seconds, connections):
    """One phase on so many connections, each a process, in the form that scimload reports."""
    fork = multiprocessing.get_context("fork")
    results = fork.SimpleQueue()
    before = cpu_seconds(server)
    askers = [fork.Process(target=lambda seed=seed: results.put(worker(server.base, server.token, questions, seconds, seed)), daemon=True)
              for seed in range(connections)]
    for p in askers:
        p.start()
    done = [results.get() for _ in askers]
    cpu = cpu_seconds(server) - before
    took = sorted(t for times, _ in done for t in times)
    wrong = sum(w for _, w in done)
    return {"phase": name, "per_s": len(took) / seconds, "p50_ms": 1000 * statistics.median(took), "p99_ms": 1000 * took[int(len(took) * 0.99)],
            "server_cpu_ms_per_op": 1000 * cpu / len(took), "errors": wrong, "wrong": wrong}


def cpu_seconds(server):
    """What the server and its database have used, with the database's processes for each connection."""
    roots = server.pids() + (server.postgres.pids() if server.postgres else [])
    ticks = 0
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/stat" % pid) as stat:
                fields = stat.read().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(pid) in roots or int(fields[1]) in roots:
            ticks += sum(map(int, fields[11:15] if int(pid) in roots else fields[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")
