package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"proprio/resources"
	"proprio/scim/events"
)

func (p *program) streamCmd() *cobra.Command {
	return group("stream", "Event streams: what receivers are told of changes, as signed security events",
		p.streamCreateCmd(), p.streamListCmd(), p.streamRemoveCmd(), p.streamKeyCmd(),
		p.streamStatusCmd("pause", "Send nothing for now; what happens meanwhile is sent later", events.Paused),
		p.streamStatusCmd("disable", "Send nothing, and nothing of what happens meanwhile later", events.Disabled),
		p.streamStatusCmd("enable", "Send again", events.Enabled))
}

func (p *program) streamCreateCmd() *cobra.Command {
	var connection, headerFile string
	var groups []string
	s := events.Stream{Status: events.Enabled}
	cmd := &cobra.Command{
		Use:   "create",
		Short: "Create the stream of a connection, and the connection when there is none of that name; prints the stream's id",
		Example: `  proprio stream create --company "Atelier Brémond" --connection "Badge system" \
      --push-url https://badges.example/events --authorization-file header.txt --group "Paris site" --snapshot`,
		Args: names(),
	}
	f := cmd.Flags()
	f.StringVar(&connection, "connection", "", "the receiver's connection")
	f.StringVar(&s.Delivery.Endpoint, "push-url", "", "where to post the events; none: the receiver polls")
	f.StringVar(&headerFile, "authorization-file", "", "file with the Authorization header to send along, - for standard input")
	f.BoolVar(&s.Delivery.AllowPrivate, "allow-private", false, "let the receiver be on this machine or in a private network, over http")
	f.StringArrayVar(&s.Requested, "event", nil, "event type (URI); may be repeated; none: all in the form of notices")
	f.StringArrayVar(&s.Feed.Types, "resource-type", nil, "only resources of this type; may be repeated")
	f.StringArrayVar(&groups, "group", nil, "only members of this group (by displayName); may be repeated")
	f.BoolVar(&s.Feed.Snapshot, "snapshot", false, "begin with everything that is there (feed:add)")
	f.StringVar(&s.Description, "description", "", "for whoever reads the list")
	return required(p.inCompany(cmd, func(ctx context.Context, c *core, caller resources.Caller, _ []string) error {
		s.Delivery.Method = events.Poll
		if s.Delivery.Endpoint != "" {
			s.Delivery.Method = events.Push
		}
		if headerFile != "" {
			header, err := p.readSecret(headerFile)
			if err != nil {
				return fmt.Errorf("--authorization-file: %w", err)
			}
			s.Delivery.Authorization = header
		}
		made, err := c.createStream(ctx, caller, connection, groups, s)
		if err == nil {
			fmt.Fprintln(p.stdout, made.ID)
		}
		return err
	}), "connection")
}

func (c *core) createStream(ctx context.Context, caller resources.Caller, connection string, groups []string, s events.Stream) (events.Stream, error) {
	var err error
	if s.Feed.Groups, err = c.groupsByName(ctx, caller, groups); err != nil {
		return s, err
	}
	s.Company, s.ID = caller.Company, newID()
	if len(s.Requested) == 0 {
		s.Requested = events.Usual()
	}
	for _, event := range s.Requested {
		if !slices.Contains(events.Supported(), event) {
			return s, fmt.Errorf("%w: --event %q: use one of %s", errUsage, event, strings.Join(events.Supported(), ", "))
		}
	}
	publisher := c.publisher("", nil)
	if err := publisher.Check(ctx, s); err != nil {
		return s, err // before there is a connection for it
	}
	found, err := c.ensureConnection(ctx, caller, connection, "")
	if err != nil {
		return s, err
	}
	s.Connection = found.ID
	return publisher.Create(ctx, caller.Actor, s)
}

func (p *program) streamListCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "list", Short: "List a company's streams, and how they fare", Args: names(),
		Example: `  proprio stream list --company "Atelier Brémond" --json`,
	}
	asJSON := jsonFlag(cmd)
	return p.inCompany(cmd, func(ctx context.Context, c *core, caller resources.Caller, _ []string) error {
		streams, err := c.db.ListStreams(ctx, caller.Company)
		if err != nil {
			return err
		}
		waiting := map[string]int{}
		for _, s := range streams {
			if waiting[s.ID], err = c.db.CountQueued(ctx, caller.Company, s.ID); err != nil {
				return err
			}
		}
		named, err := c.connectionNames(ctx, caller.Company)
		if err != nil {
			return err
		}
		out := func(s events.Stream) streamJSON { return streamOut(s, waiting[s.ID]) }
		return printList(p, *asJSON, streams, out, func(s events.Stream) {
			fmt.Fprintf(p.stdout, "%s\t%s\t%s\t%s\twaiting=%d\tfailures=%d\t%s\n", s.ID, named[s.Connection], out(s).Method, s.Status, waiting[s.ID], s.Failures, s.Error)
		})
	})
}

func (p *program) streamRemoveCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "remove ID", Short: "Remove a stream; its receiver is told nothing more", Args: names("ID"),
		Example: `  proprio stream remove 01a20032-d3c7-79b4-992e-6bedaf7408f9 --company "Atelier Brémond"`,
	}
	return p.inCompany(cmd, func(ctx context.Context, c *core, caller resources.Caller, args []string) error {
		if err := c.db.RemoveStream(ctx, caller.Actor, caller.Company, args[0]); err != nil {
			return fmt.Errorf("stream %q: %w (see proprio stream list)", args[0], err)
		}
		return nil
	})
}

func (p *program) streamStatusCmd(verb, short string, status events.Status) *cobra.Command {
	cmd := &cobra.Command{
		Use: verb + " ID", Short: short, Args: names("ID"),
		Example: "  proprio stream " + verb + ` 01a20032-d3c7-79b4-992e-6bedaf7408f9 --company "Atelier Brémond"`,
	}
	return p.inCompany(cmd, func(ctx context.Context, c *core, caller resources.Caller, args []string) error {
		s, err := c.db.Stream(ctx, caller.Company, args[0])
		if err != nil {
			return fmt.Errorf("stream %q: %w (see proprio stream list)", args[0], err)
		}
		return c.publisher("", nil).SetStatus(ctx, caller.Actor, s, status, "set by an administrator")
	})
}

func (p *program) streamKeyCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "rotate-key", Short: "Sign a company's events with a new key; the old one stays published for 30 days", Args: names(),
		Example: `  proprio stream rotate-key --company "Atelier Brémond"`,
	}
	return p.inCompany(cmd, func(ctx context.Context, c *core, caller resources.Caller, _ []string) error {
		k, err := c.publisher("", nil).Signer.Rotate(ctx, caller.Company)
		if err == nil {
			fmt.Fprintln(p.stdout, k.ID)
		}
		return err
	})
}
