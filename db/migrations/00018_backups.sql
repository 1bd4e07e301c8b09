-- Backups that were made of this database. They are of all companies at once: of no company.

-- +goose Up

create table backups (
    id        text    not null primary key,
    taken     bigint  not null, -- the moment that it shows
    finished  bigint  not null, -- written, read back and found equal
    file      text    not null, -- its name, without folders
    size      bigint  not null, -- bytes
    position  bigint  not null, -- the highest place in audit_entries at that moment
    counts    text    not null, -- JSON: rows of each table
    encrypted boolean not null,
    keyset    boolean not null  -- the keyset is in it
);
create index backups_taken on backups (taken);

-- +goose Down

drop table backups;
