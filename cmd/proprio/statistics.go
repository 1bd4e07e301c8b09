package main

import (
	"context"
	"time"
)

// statisticsLook is how often a replica looks for tables that have outgrown what the database's planner knows of them.
const statisticsLook = 2 * time.Second

// keepStatistics looks until ctx ends. It is no duty of the cluster: what it costs is one query, less than a lease.
func (i *instance) keepStatistics(ctx context.Context) {
	if !i.db.Postgres() {
		return
	}
	tick := time.NewTicker(statisticsLook)
	defer tick.Stop()
	for {
		if err := i.db.CountGrown(ctx); err != nil && ctx.Err() == nil {
			i.log.WarnContext(ctx, "statistics for the database's planner", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
