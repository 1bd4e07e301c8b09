-- What administrators decided about accounts that apps hold and that did not come from here (push.Decision).

-- +goose Up

create table account_decisions (
    company_id  text    not null,
    app_id      text    not null,
    account     text    not null, -- remote id; of a list without ids the address, folded
    by_address  boolean not null,
    address     text    not null, -- folded; '': the account has none
    name        text    not null,
    verb        text    not null,
    user_id     text    not null, -- of the person it was linked to; '': none
    user_name   text    not null,
    until       bigint  not null, -- of an exception
    responsible text    not null,
    reason      text    not null,
    at          bigint  not null,
    decided_by  text    not null,
    primary key (company_id, app_id, by_address, account),
    foreign key (company_id, app_id) references apps (company_id, id) on delete cascade
);

-- +goose Down

drop table account_decisions;
