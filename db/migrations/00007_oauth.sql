-- OAuth clients of connections: how identity providers get access tokens (package scim/oauth).

-- +goose Up

create table oauth_clients (
    company_id    text    not null,
    id            text    not null unique, -- client_id: it says whose it is
    connection_id text    not null,
    name          text    not null,
    method        text    not null,
    scopes        text    not null, -- separated by spaces
    key_set       text    not null, -- a JWK Set of public keys
    keys_url      text    not null,
    private       boolean not null,
    issuer        text    not null,
    audience      text    not null,
    subject       text    not null,
    tenant        text    not null,
    created       bigint  not null,
    last_used     bigint  not null,
    primary key (company_id, id),
    unique (company_id, name)
);

create table oauth_secrets (
    company_id text   not null,
    id         text   not null,
    client_id  text   not null,
    hash       bytea  not null,
    created    bigint not null,
    last_used  bigint not null,
    primary key (company_id, id)
);
create index oauth_secrets_client on oauth_secrets (company_id, client_id);

-- Assertions that were used, until they expire.
create table oauth_assertions (
    company_id text   not null,
    client_id  text   not null,
    hash       bytea  not null,
    expires    bigint not null,
    primary key (company_id, client_id, hash)
);

-- An access token has the client that got it, and the secret that it showed; a static token has neither.
alter table tokens add column client_id text not null default '';
alter table tokens add column secret_id text not null default '';
create index tokens_client on tokens (company_id, client_id, expires) where client_id <> '';

-- +goose Down

drop index tokens_client;
delete from tokens where client_id <> '';
alter table tokens drop column secret_id;
alter table tokens drop column client_id;
drop table oauth_assertions;
drop table oauth_secrets;
drop table oauth_clients;
