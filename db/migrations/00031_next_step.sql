-- What follows an exchange with an app: the class of the failure that it ended in, and when it is tried or looked at again.

-- +goose Up

alter table attempts add column class text not null default ''; -- '': it did not fail
alter table attempts add column next_attempt bigint not null default 0; -- 0: nothing is planned

-- +goose Down

alter table attempts drop column next_attempt;
alter table attempts drop column class;
