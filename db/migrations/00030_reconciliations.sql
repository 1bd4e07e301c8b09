-- How each app last stood to the directory (push.Reconciliation).

-- +goose Up

create table reconciliations (
    company_id text   not null,
    app_id     text   not null,
    begun      bigint not null,
    finished   bigint not null, -- 0: not yet, or never
    error      text   not null, -- why it could not be finished; '': it was
    repaired   bigint not null, -- accounts that were sent again
    tally      text   not null, -- JSON
    lines      text   not null, -- JSON: what is not as it should be, as far as it is kept
    primary key (company_id, app_id),
    foreign key (company_id, app_id) references apps (company_id, id) on delete cascade
);

-- +goose Down

drop table reconciliations;
