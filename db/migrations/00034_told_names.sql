-- Under which name of a Group its members were last looked at by apps whose expressions read the names of Groups (push.ToldName).

-- +goose Up

create table told_names (
    company_id text    not null,
    group_id   text    not null,
    name       text    not null,
    after      text    not null, -- id of the last member that was looked at; '': none was
    done       boolean not null, -- all were
    primary key (company_id, group_id)
);

-- +goose Down

drop table told_names;
