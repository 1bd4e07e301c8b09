-- How each app is to be treated, beyond what every app needs: push.Settings as JSON.

-- +goose Up

alter table apps add column settings text not null default '{}';

-- +goose Down

alter table apps drop column settings;
