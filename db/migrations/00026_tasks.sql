-- What a person has to do in an app without an interface (package push/manual).

-- +goose Up

create table tasks (
    company_id   text    not null,
    id           text    not null,
    app_id       text    not null,
    account_id   text    not null,
    number       bigint  not null, -- of the account's tasks
    object_type  text    not null,
    object_id    text    not null,
    object_name  text    not null,
    action       text    not null,
    lines        text    not null, -- JSON array of manual.Line
    why          text    not null,
    before_doc   text    not null, -- as accounts.written; '': no account
    wanted_doc   text    not null,
    revision     bigint  not null,
    applied      boolean not null,
    state        text    not null,
    opened       bigint  not null,
    since        bigint  not null,
    due          bigint  not null,
    closed       bigint  not null,
    closed_by    text    not null,
    proof        text    not null,
    reference    text    not null,
    noted        text    not null,
    confirmed_at bigint  not null,
    step         bigint  not null, -- of escalation
    step_at      bigint  not null,
    primary key (company_id, id),
    unique (company_id, account_id, number),
    foreign key (company_id, app_id) references apps (company_id, id) on delete cascade
);
-- At most one is open for an account.
create unique index tasks_open on tasks (company_id, account_id) where state = 'open';
create index tasks_due on tasks (due) where state = 'open';
create index tasks_app on tasks (company_id, app_id, state);

-- +goose Down

drop table tasks;
