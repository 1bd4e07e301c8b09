"""Where the bytes on disk go: per table, with its indexes and, on Postgres, its TOAST table."""
import os, sqlite3

# The same documents as raw rows with three unique indexes (id, userName, externalId), one load without updates.
RAW_ROW = {"postgres": 1784, "sqlite": 1501}


def of_postgres(postgres):
    """Rows of (table, index or "", bytes), and the total of all tables. Vacuumed first: dead rows are no one's bytes."""
    postgres.query("vacuum analyze")
    rows = postgres.query("""
        select t.relname, coalesce(i.relname, ''), pg_relation_size(coalesce(i.oid, t.oid))
               + case when i.oid is null then coalesce(pg_total_relation_size(nullif(t.reltoastrelid, 0)), 0) else 0 end
        from pg_class t join pg_namespace n on n.oid = t.relnamespace
        cross join lateral (select null::oid union all select indexrelid from pg_index where indrelid = t.oid) as x(oid)
        left join pg_class i on i.oid = x.oid
        where t.relkind = 'r' and n.nspname = 'public'""")
    parts = [(table, index, int(size)) for table, index, size in rows]
    return parts, sum(size for _, _, size in parts)


def of_sqlite(file):
    """The same of a SQLite file after a checkpoint, without its free pages, which the next writes use; needs a sqlite3
    with dbstat, else only the total."""
    with sqlite3.connect(file) as c:
        c.execute("pragma wal_checkpoint(truncate)")
        (free,), (page,) = c.execute("pragma freelist_count").fetchone(), c.execute("pragma page_size").fetchone()
        total = os.path.getsize(file) - free * page
        try:
            rows = c.execute("""select m.tbl_name, case when m.type = 'index' then m.name else '' end, sum(s.pgsize)
                from dbstat s join sqlite_schema m on m.name = s.name group by 1, 2""").fetchall()
        except sqlite3.OperationalError:
            rows = []
    return rows, total


def table(parts, total, users, at_least=1):
    """Markdown: a line a table or index that costs at least so many bytes a user, dearest table first."""
    tables = {}
    for name, index, size in parts:
        tables.setdefault(name, []).append((index, size))
    lines = ["| table | index | bytes a user |", "| --- | --- | --: |"]
    for name, own in sorted(tables.items(), key=lambda t: -sum(size for _, size in t[1])):
        for index, size in sorted(own, key=lambda p: (p[0] != "", -p[1])):
            if size / users >= at_least:
                lines.append("| %s | %s | %.0f |" % (name, index, size / users))
    lines.append("| **all** | | **%.0f** |" % (total / users))
    return "\n".join(lines)
