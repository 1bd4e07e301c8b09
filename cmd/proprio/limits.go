package main

import (
	"cmp"
	"fmt"

	"github.com/spf13/pflag"

	"proprio/scim"
	"proprio/scim/gate"
)

// limits bound what the server takes on (docs/monitoring.md). Zero: the default.
type limits struct {
	Rate          uint16 // requests per second of one connection before it is 429; 0: any number
	Requests      uint16 // SCIM requests that work at once; default 64
	OfConnection  uint16 // of them, those of one connection; default half
	Body          uint32 // bytes of a request body; default 1 MiB
	Bulk          uint16 // operations of a bulk request; default 1000
	PageSize      uint16 // resources of a list that names no count; default 100
	LargestPage   uint16 // resources of a list at most; default 1000
	CursorTimeout uint32 // seconds for which a cursor is good at least; default 3600
}

func (l *limits) flags(f *pflag.FlagSet) {
	f.Uint16Var(&l.Rate, "rate-limit", 0, "SCIM requests per second of one connection before it is 429; 0: any number")
	f.Uint16Var(&l.Requests, "concurrent-requests", 0, "SCIM requests that work at once; more wait for their turn, and are 503 when that would be long; 0: 64")
	f.Uint16Var(&l.OfConnection, "connection-requests", 0, "of --concurrent-requests, those of one connection at most; 0: half")
	f.Uint32Var(&l.Body, "largest-body", 0, "bytes of a SCIM request body before it is 413; 0: 1048576")
	f.Uint16Var(&l.Bulk, "largest-bulk", 0, "operations of a bulk request before it is 413; 0: 1000")
	f.Uint16Var(&l.PageSize, "page-size", 0, "resources of a list that names no count; 0: 100")
	f.Uint16Var(&l.LargestPage, "largest-page", 0, "resources of a list at most, whatever count it names; 0: 1000")
	f.Uint32Var(&l.CursorTimeout, "cursor-timeout", 0, "seconds for which a cursor is good at least; 0: 3600")
}

// check refuses a part that is larger than the whole.
func (l *limits) check() error {
	if most := cmp.Or(l.LargestPage, scim.DefaultMaxPage); l.PageSize > most {
		return fmt.Errorf("%w: --page-size %d is more than --largest-page (%d)", errUsage, l.PageSize, most)
	}
	if most := cmp.Or(l.Requests, gate.DefaultSlots); l.OfConnection > most {
		return fmt.Errorf("%w: --connection-requests %d is more than --concurrent-requests (%d)", errUsage, l.OfConnection, most)
	}
	return nil
}

// scim are the limits of one SCIM request.
func (l limits) scim() scim.Limits {
	return scim.Limits{
		Rate: int(l.Rate), Body: int64(l.Body), Bulk: int(l.Bulk), PageSize: int(l.PageSize), MaxPage: int(l.LargestPage),
		CursorTimeout: int(l.CursorTimeout),
	}
}

// gate is for the SCIM requests of all connections together.
func (l limits) gate() *gate.Gate {
	return gate.New(gate.Config{Slots: int(l.Requests), Share: int(l.OfConnection)})
}
