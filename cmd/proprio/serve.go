package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"
)

// writeTime is how long a request may take from its headers to the end of its answer.
const writeTime = 2 * time.Minute

func (p *program) serveCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "serve",
		Short:   "Run the server",
		Example: "  proprio serve --data /var/lib/proprio --listen 127.0.0.1:8080 --public-url https://proprio.example.fr",
		Args:    names(),
		RunE:    func(cmd *cobra.Command, _ []string) error { return p.serve(cmd.Context(), "", nil) },
	}
	p.cfg.serveFlags(cmd.Flags())
	return cmd
}

// serve runs the server until ctx ends. The banner stands on every page. ready, when given, runs once the server accepts
// requests; its error ends the server.
func (p *program) serve(ctx context.Context, banner string, ready func(*instance) error) error {
	if err := p.cfg.check(); err != nil {
		return err
	}
	if p.cfg.Database == "" {
		free, err := claimData(p.cfg.Data)
		if err != nil {
			return err
		}
		defer free()
	}
	traces, err := newTraces(p.cfg, p.getenv, p.log)
	if err != nil {
		return err
	}
	defer func() { _ = traces.close(ctx) }() // what is lost of traces at the very end is no fault of the server's
	p.traces, p.log = traces, traces.log(p.log)
	c, err := p.openPatiently(ctx)
	if err != nil {
		return err
	}
	defer c.close()
	if err := c.db.ForgetLeases(ctx); err != nil {
		return fmt.Errorf("leases of a former server: %w", err)
	}
	listener, err := net.Listen("tcp", p.cfg.Listen)
	if err != nil {
		return fmt.Errorf("--listen %s: %w", p.cfg.Listen, err)
	}
	i, err := newInstance(c, publicURL(p.cfg.PublicURL, listener.Addr()), banner)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	return p.run(ctx, i, listener, ready)
}

// run serves until ctx ends, and then for --drain-delay, during which it only says that it will stop. After that the
// requests under way finish and the leases are given back; at last the exchanges that were recorded are written.
func (p *program) run(ctx context.Context, i *instance, listener net.Listener, ready func(*instance) error) error {
	work, stop := lingering(ctx, p.cfg.DrainDelay)
	defer stop()
	rest, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	var last errgroup.Group // ends when all else has
	if p.cfg.MetricsListen != "" {
		metrics, err := net.Listen("tcp", p.cfg.MetricsListen)
		if err != nil {
			return errors.Join(fmt.Errorf("--metrics-listen %s: %w", p.cfg.MetricsListen, err), listener.Close())
		}
		if at, ok := metrics.Addr().(*net.TCPAddr); ok && !at.IP.IsLoopback() {
			p.log.Warn("metrics and profiles are open to whoever reaches their listener: let a firewall guard it", "address", at.String())
		}
		last.Go(func() error { defer stop(); return listenAndDrain(rest, metrics, i.metrics.handler()) })
	}
	last.Go(func() error { i.recorder.Run(rest); return nil })
	g, work := errgroup.WithContext(work)
	i.stopWith(work)
	g.Go(func() error { return listenAndDrain(work, listener, announcing(ctx.Done(), i.handler())) })
	i.background(work, g)
	fmt.Fprintf(p.stdout, "listening on http://%s\n", listener.Addr())
	p.log.Info("started", "version", version, "public_url", i.url, "postgres", i.db.Postgres(), "data", p.cfg.Data)
	if ready != nil {
		g.Go(func() error { return ready(i) })
	}
	err := g.Wait()
	if errors.Is(err, context.Canceled) {
		err = nil
	}
	end()
	return errors.Join(err, last.Wait())
}

// publicURL is the configured one, or the listening address; an unspecified address is reached as localhost.
func publicURL(configured string, listening net.Addr) string {
	if configured != "" {
		return configured
	}
	if a, ok := listening.(*net.TCPAddr); ok && a.IP.IsUnspecified() {
		return fmt.Sprintf("http://localhost:%d", a.Port)
	}
	return "http://" + listening.String()
}

func (p *program) healthcheckCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "healthcheck",
		Short:   "Ask a running server whether it is ready; for container health checks",
		Example: "  proprio healthcheck --listen 127.0.0.1:8080",
		Args:    names(),
		RunE:    func(cmd *cobra.Command, _ []string) error { return askReady(cmd.Context(), p.cfg.Listen) },
	}
	p.cfg.serveFlags(cmd.Flags())
	return cmd
}

// askReady asks the server that listens on an address; on all of them it is reached over loopback.
func askReady(ctx context.Context, listen string) error {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return fmt.Errorf("%w: --listen %q: %w", errUsage, listen, err)
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(host, port)+"/readyz", nil)
	if err != nil {
		return err
	}
	client := &http.Client{Timeout: 5 * time.Second}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the server answers %s", resp.Status)
	}
	return nil
}
