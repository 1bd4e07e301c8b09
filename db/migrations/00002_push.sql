-- Downstream apps, what each object should be in them, and what was said to them (package push).

-- +goose Up

create table apps (
    company_id     text    not null,
    id             text    not null,
    name           text    not null,
    profile        text    not null,
    url            text    not null,
    responsible    text    not null,
    scope_groups   text    not null, -- JSON array of group ids
    link_existing  boolean not null,
    allow_private  boolean not null,
    paused         boolean not null,
    credential     bytea   not null, -- sealed
    blocked_until  bigint  not null,
    blocked_reason text    not null,
    failures       bigint  not null,
    lease_owner    text    not null,
    lease_until    bigint  not null,
    created        bigint  not null,
    primary key (company_id, id),
    unique (company_id, name)
);

-- One row per object and app. It is due while wanted_gen > done_gen, from next_attempt on.
create table accounts (
    company_id   text   not null,
    id           text   not null,
    app_id       text   not null,
    object_type  text   not null,
    object_id    text   not null,
    object_name  text   not null,
    wish         text   not null,
    rank         bigint not null,
    wanted_gen   bigint not null,
    done_gen     bigint not null,
    state        text   not null,
    remote_id    text   not null,
    origin       text   not null,
    moved        boolean not null, -- the app's address changed since remote_id was learnt
    begun        text   not null,
    manager      text   not null, -- object id of the User's manager
    epoch        bigint not null,
    written      text   not null, -- JSON; '' before the first write
    attempts     bigint not null,
    class        text   not null,
    error        text   not null,
    next_attempt bigint not null,
    confirmed_at bigint not null,
    primary key (company_id, id),
    unique (company_id, app_id, object_type, object_id),
    foreign key (company_id, app_id) references apps (company_id, id) on delete cascade
);
create index accounts_due on accounts (company_id, app_id, rank, attempts, next_attempt) where wanted_gen > done_gen;
create index accounts_object on accounts (company_id, object_type, object_id);
create index accounts_manager on accounts (company_id, app_id, manager) where manager <> '';
-- One row answers for one remote account.
create unique index accounts_remote on accounts (company_id, app_id, object_type, remote_id) where remote_id <> '';

create table attempts (
    company_id text   not null,
    app_id     text   not null,
    id         text   not null,
    account_id text   not null, -- '' for list reads
    at         bigint not null,
    action     text   not null,
    why        text   not null,
    method     text   not null,
    url        text   not null,
    status     bigint not null,
    request    bytea  not null,
    response   bytea  not null,
    duration   bigint not null, -- microseconds
    outcome    text   not null,
    primary key (company_id, app_id, id)
);
create index attempts_account on attempts (company_id, account_id, id);

create index dirty_oldest on dirty (marked_at);

-- +goose Down

drop index dirty_oldest;
drop table attempts;
drop table accounts;
drop table apps;
