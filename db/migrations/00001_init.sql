-- One text for SQLite and Postgres. JSONDOC and ROWSEQ are spelled for each when the file is loaded (db/dialect.go).
-- Ids are UUIDs in text, times microseconds since 1970 (0: none).

-- +goose Up

create table companies (
    id             text    not null primary key,
    name           text    not null unique,
    outside_domain text    not null,
    suspended      boolean not null,
    created        bigint  not null
);

create table domains (
    company_id text   not null,
    name       text   not null,
    proof      text   not null,
    verified   bigint not null,
    primary key (company_id, name)
);
-- A name is in force for one company at most.
create unique index domains_verified on domains (name) where verified > 0;

create table connections (
    company_id text    not null,
    id         text    not null,
    name       text    not null,
    preset     text    not null,
    switches   text    not null,
    disabled   boolean not null,
    created    bigint  not null,
    primary key (company_id, id),
    unique (company_id, name)
);

create table tokens (
    company_id    text   not null,
    id            text   not null,
    connection_id text   not null,
    hash          bytea  not null unique,
    scopes        text   not null,
    created       bigint not null,
    expires       bigint not null,
    last_used     bigint not null,
    revoked       bigint not null,
    primary key (company_id, id)
);
create index tokens_connection on tokens (company_id, connection_id);

create table exchanges (
    company_id    text   not null,
    connection_id text   not null,
    id            text   not null,
    at            bigint not null,
    method        text   not null,
    path          text   not null,
    user_agent    text   not null,
    status        bigint not null,
    duration      bigint not null,
    request       bytea  not null,
    response      bytea  not null,
    primary key (company_id, connection_id, id)
);

-- Users and Groups. body holds the attributes; the columns after it are derived from it for look-ups.
create table resources (
    company_id       text    not null,
    id               text    not null,
    type             text    not null,
    version          bigint  not null,
    created          bigint  not null,
    modified         bigint  not null,
    body             JSONDOC not null,
    user_name        text    not null,
    user_name_folded text, -- null for a Group, so that the index only binds Users
    display_name     text    not null,
    name_folded      text    not null,
    active           boolean not null,
    hold             text    not null,
    post_folded      text, -- null for who holds no post
    manager          text, -- id of the User's manager; null when there is none
    primary key (company_id, id)
);
create unique index resources_user_name on resources (company_id, user_name_folded);
create unique index resources_post on resources (company_id, post_folded) where post_folded is not null;
create index resources_order on resources (company_id, type, created, id);
create index resources_name on resources (company_id, type, name_folded);
create index resources_manager on resources (company_id, manager) where manager is not null;

create table members (
    company_id  text not null,
    group_id    text not null,
    member_id   text not null,
    member_type text not null,
    primary key (company_id, group_id, member_id),
    foreign key (company_id, member_id) references resources (company_id, id) on delete cascade
);
create index members_member on members (company_id, member_id, group_id);

create table emails (
    company_id text    not null,
    user_id    text    not null,
    position   bigint  not null,
    value      text    not null,
    folded     text    not null,
    type       text    not null,
    is_primary boolean not null,
    primary key (company_id, user_id, position)
);
create index emails_folded on emails (company_id, folded, user_id);

-- externalId in the space of each connection ('' is the space of console, import and command line).
create table external_ids (
    company_id    text not null,
    connection_id text not null,
    type          text not null,
    resource_id   text not null,
    external_id   text not null,
    primary key (company_id, resource_id, connection_id)
);
create index external_ids_value on external_ids (company_id, connection_id, type, external_id, resource_id);

-- Objects that apps may have to hear of. A further mark raises seq, which never returns to an earlier value.
create table dirty (
    company_id  text   not null,
    object_type text   not null,
    object_id   text   not null,
    seq         bigint not null,
    marked_at   bigint not null,
    primary key (company_id, object_type, object_id)
);

create table audit_entries (
    seq         ROWSEQ,
    company_id  text   not null,
    at          bigint not null,
    actor_kind  text   not null,
    actor_id    text   not null,
    actor_name  text   not null,
    action      text   not null,
    object_type text   not null,
    object_id   text   not null,
    object_name text   not null,
    changed     text   not null,
    reason      text   not null
);
create index audit_entries_company on audit_entries (company_id, seq);
create index audit_entries_object on audit_entries (company_id, object_type, object_id, seq);

create table sessions (
    id_hash    bytea  not null primary key,
    company_id text   not null,
    admin_id   text   not null,
    user_id    text   not null,
    created    bigint not null,
    seen       bigint not null,
    expires    bigint not null,
    user_agent text   not null,
    address    text   not null
);
create index sessions_user on sessions (company_id, user_id);

-- +goose Down

drop table sessions;
drop table audit_entries;
drop table dirty;
drop table external_ids;
drop table emails;
drop table members;
drop table resources;
drop table exchanges;
drop table tokens;
drop table connections;
drop table domains;
drop table companies;
