package db

import "proprio/resources"

// CompileCondition is compileCondition.
func CompileCondition(d *DB, c resources.Caller, typ string, cond resources.Condition) (string, []any, error) {
	return d.compileCondition(c, typ, cond)
}
