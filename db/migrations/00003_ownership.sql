-- What apps report of their own accounts, what it means for the company, and what needs a decision (package ownership).

-- +goose Up

-- A company's name is unique in any letter case.
alter table companies add column name_folded text not null default '';
create unique index companies_name_folded on companies (name_folded) where name_folded <> '';

-- Since when the DNS record that proved a domain is gone; 0: it is there.
alter table domains add column missing bigint not null default 0;

-- Companies whose rules changed, up to which change their Users were asked about, and up to which they were not.
create table policy_marks (
    company_id text   not null primary key,
    generation bigint not null,
    settled    bigint not null
);

-- One row for each app whose account list was read, or was to be.
create table observed_apps (
    company_id text   not null,
    app_id     text   not null,
    name       text   not null,
    read_at    bigint not null, -- last complete read
    tried_at   bigint not null, -- last attempt
    error      text   not null, -- why it failed
    primary key (company_id, app_id),
    foreign key (company_id, app_id) references apps (company_id, id) on delete cascade
);

create table observed_accounts (
    company_id    text    not null,
    app_id        text    not null,
    remote_id     text    not null,
    user_name     text    not null,
    display_name  text    not null,
    emails        text    not null, -- JSON array
    logins        text    not null, -- JSON array
    active        boolean not null,
    roles         text    not null, -- JSON array
    administrator boolean not null,
    user_id       text    not null, -- matched User; '': none or several
    ambiguous     boolean not null, -- several
    verdict       text    not null,
    reasons       text    not null, -- JSON array
    primary key (company_id, app_id, remote_id),
    foreign key (company_id, app_id) references observed_apps (company_id, app_id) on delete cascade
);
create index observed_accounts_user on observed_accounts (company_id, user_id) where user_id <> '';
create index observed_accounts_ambiguous on observed_accounts (company_id, app_id) where ambiguous;
create index observed_accounts_administrator on observed_accounts (company_id, app_id) where administrator;

-- The addresses of observed accounts, in every folded form under which the directory may keep them.
create table observed_addresses (
    company_id text not null,
    folded     text not null,
    app_id     text not null,
    remote_id  text not null,
    primary key (company_id, folded, app_id, remote_id),
    foreign key (company_id, app_id, remote_id) references observed_accounts (company_id, app_id, remote_id) on delete cascade
);
create index observed_addresses_account on observed_addresses (company_id, app_id, remote_id);

create table findings (
    company_id  text   not null,
    id          text   not null,
    kind        text   not null,
    severity    text   not null,
    rank        bigint not null, -- of the severity, 0 the gravest
    app_id      text   not null, -- '': not about an app
    object_type text   not null,
    object_id   text   not null,
    object_name text   not null,
    owner       text   not null, -- address of who is to decide; '': nobody is named
    cure        text   not null, -- JSON array of steps
    opened      bigint not null,
    due         bigint not null,
    closed      bigint not null, -- 0: open
    primary key (company_id, id)
);
create unique index findings_open on findings (company_id, app_id, kind, object_type, object_id) where closed = 0;
create index findings_due on findings (company_id, rank, due) where closed = 0;

-- +goose Down

drop table findings;
drop table observed_addresses;
drop table observed_accounts;
drop table observed_apps;
drop table policy_marks;
alter table domains drop column missing;
drop index companies_name_folded;
alter table companies drop column name_folded;
