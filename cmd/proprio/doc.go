// Command proprio is the Proprio server and its administration.
//
// It only wires: flags become a configuration, the configuration becomes an instance whose parts are the packages of
// this module, and each command is a few calls on them. Whatever decides something lives in a package.
//
//   - main.go, root.go: the program and its commands; output.go: what they print for scripts
//   - config.go: its settings (flags, environment, file, defaults); logging.go, log_buffer.go: its log
//   - core.go: what every command and the server share; instance.go: every part of a server, and what runs beside requests
//   - duties.go: what one replica does for all, by leases; statistics.go: what each does for the planner of Postgres
//   - serve.go: the server; drain.go: how it starts while the database is away, and how it ends
//   - memory.go: how much memory is traded for speed
//   - limits.go, entrance.go, entrance_body.go: what the server takes on at once, and what becomes of the rest
//   - metrics.go, routes.go: what the second listener tells, and by which routes requests are counted;
//     collector.go, collector_state.go: and what the parts and the database tell of themselves
//   - traces.go, traces_parts.go, traces_send.go: what a share of the requests did, told to an OpenTelemetry receiver
//   - lock.go, lock_unix.go, lock_windows.go: one server on a SQLite folder
//   - company.go, domain.go, connection.go, token.go, client.go, app.go, admin.go, issuer.go, type.go: one noun each, for
//     administrators
//   - connection_set.go: a connection's preset, switches and what its requests show
//   - stream.go, events.go: event streams, for administrators and in the server
//   - grant.go: roles and entitlements
//   - import.go: users and groups of a file
//   - removed.go: what was deleted, and brought back
//   - app_actions.go: what commands and the console do to an app
//   - app_accounts.go: whose the accounts of an app may be; app_link.go: what becomes of them
//   - app_compare.go: how an app stands to the directory; repair
//   - app_provision.go: one person into an app, in five steps
//   - app_preview.go: what an app's settings make of one person
//   - app_settings.go: how an app is treated; app_removals.go: removals that wait for a decision
//   - task.go: what people do in apps without an interface; app_confirm.go: exports of their accounts, read back
//   - app_log.go: whether an app answers, what was exchanged with it, and what failed is tried again
//   - profile.go: what is known of the products that apps can be
//   - comparisons.go, console_drift.go, console_setup.go, console_scope.go, console_discovery.go, console_provision.go: apps
//     are compared and set up, their accounts decided about, one person brought in, from the console
//   - private_apps.go: where in private networks the console may put apps
//   - account_reader.go, console_apps.go, console_tasks.go, console_connected.go, console_signin.go: how packages meet that do not know each other
//   - backup.go, backup_key.go, restore.go: backups, made while the server runs, and databases made from them
//   - migrate.go: companies moved from SQLite to Postgres
//   - doctor.go, doctor_checks.go, doctor_apps.go, disk_unix.go, disk_other.go: whether all is well
//   - conformance.go: the suite that judges any SCIM server
//   - demo.go and package demo: the whole story on one command
//
// Exit status: 0 done, 1 it failed, 2 the command line was wrong (or the conformance suite could not run, or
// doctor found something wrong).
package main
