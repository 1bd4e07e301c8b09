-- What helps to tell whose an app's account is, as the app's list has it; and exports of apps' accounts that administrators gave,
-- one an app, for decisions about them (push.Export).

-- +goose Up

alter table observed_accounts add column external_id text not null default '';
alter table observed_accounts add column employee_number text not null default '';

create table account_exports (
    company_id text    not null,
    app_id     text    not null,
    at         bigint  not null, -- when it was given
    given_by   text    not null,
    by_address boolean not null, -- it has no ids
    notes      text    not null, -- JSON: how it was read
    accounts   text    not null, -- JSON
    primary key (company_id, app_id),
    foreign key (company_id, app_id) references apps (company_id, id) on delete cascade
);

-- +goose Down

drop table account_exports;
alter table observed_accounts drop column employee_number;
alter table observed_accounts drop column external_id;
