-- The audit entries of resources are the event log; event streams, their feeds, what they have to deliver, signing keys.

-- +goose Up

alter table audit_entries add column version bigint not null default 0; -- of a resource, after the change
alter table audit_entries add column txn text not null default '';
alter table audit_entries add column in_force boolean not null default false;
alter table audit_entries add column external_ids text not null default ''; -- JSON object by connection

create table streams (
    company_id      text    not null,
    id              text    not null,
    connection_id   text    not null,
    description     text    not null,
    requested       text    not null, -- JSON array
    method          text    not null,
    endpoint        text    not null,
    credential      bytea   not null, -- sealed
    allow_private   boolean not null,
    feed_types      text    not null, -- JSON array
    feed_groups     text    not null, -- JSON array of ids
    feed_snapshot   boolean not null,
    status          text    not null,
    reason          text    not null,
    created         bigint  not null,
    verified        bigint  not null,
    revision        bigint  not null,
    position        bigint  not null, -- of audit_entries
    stage           text    not null,
    walked          text    not null,
    stale           boolean not null,
    failures        bigint  not null,
    next_attempt    bigint  not null,
    error           text    not null,
    lease_owner     text    not null,
    lease_until     bigint  not null,
    primary key (company_id, id),
    unique (company_id, connection_id)
);

-- Resources that stand otherwise with a stream's feed than all others.
create table stream_standings (
    company_id  text not null,
    stream_id   text not null,
    resource_id text not null,
    standing    text not null,
    primary key (company_id, stream_id, resource_id)
);

-- Security event tokens that wait for their receiver.
create table stream_sets (
    seq        ROWSEQ,
    company_id text    not null,
    stream_id  text    not null,
    jti        text    not null,
    at         bigint  not null,
    txn        text    not null,
    subject    text    not null, -- JSON
    event      text    not null,
    payload    text    not null, -- JSON
    own        boolean not null, -- about the stream itself
    unique (company_id, stream_id, jti)
);
create index stream_sets_order on stream_sets (company_id, stream_id, seq);

create table signing_keys (
    company_id text   not null,
    id         text   not null,
    private    bytea  not null, -- sealed
    created    bigint not null,
    primary key (company_id, id)
);

-- +goose Down

drop table signing_keys;
drop table stream_sets;
drop table stream_standings;
drop table streams;

alter table audit_entries drop column external_ids;
alter table audit_entries drop column in_force;
alter table audit_entries drop column txn;
alter table audit_entries drop column version;
