-- Sign-in with OpenID Connect: issuers, admins, sign-ins under way. The table sessions is in 00001.

-- +goose Up

create table issuers (
    company_id    text    not null,
    id            text    not null unique, -- a sign-in starts with the issuer's id alone
    name          text    not null,
    url           text    not null,
    client_id     text    not null,
    secret        bytea   not null, -- sealed
    trust         text    not null,
    tenant        text    not null,
    text_booleans boolean not null,
    private       boolean not null,
    max_age       bigint  not null, -- seconds
    methods       text    not null, -- JSON array
    disabled      boolean not null,
    created       bigint  not null,
    primary key (company_id, id),
    unique (company_id, url)
);

create table admins (
    company_id     text    not null,
    id             text    not null,
    address        text    not null,
    address_folded text    not null,
    domain         text    not null, -- of address_folded
    role           text    not null,
    issuer         text    not null, -- '': not bound
    subject        text    not null,
    bound_at       bigint  not null,
    user_id        text    not null,
    disabled       boolean not null,
    created        bigint  not null,
    primary key (company_id, id),
    unique (company_id, address_folded)
);
create unique index admins_identity on admins (company_id, issuer, subject) where subject <> '';

create table sign_in_attempts (
    company_id text   not null,
    state      bytea  not null, -- hash
    issuer_id  text   not null,
    browser    bytea  not null, -- hash
    nonce      text   not null,
    verifier   text   not null,
    return_to  text   not null,
    expires    bigint not null,
    primary key (company_id, state)
);
create index sign_in_attempts_expires on sign_in_attempts (company_id, expires);

alter table sessions add column issuer_id text not null default '';
create index sessions_admin on sessions (company_id, admin_id);

-- +goose Down

drop index sessions_admin;
alter table sessions drop column issuer_id;
drop table sign_in_attempts;
drop table admins;
drop table issuers;
