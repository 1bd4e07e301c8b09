package main

import (
	"bufio"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Config is every setting of the program. Each is a flag; each flag can also be given as an environment variable
// (PROPRIO_ and the flag's name in capitals, hyphens as underscores; with _FILE appended the value is read from a
// file) or as a line `name = value` in the file that --config names. Flags win over the environment, the environment
// over the file, the file over the defaults.
type Config struct {
	Data           string        // folder of the SQLite database and the keys; made with mode 0700. Default "data"
	Database       string        // postgres://… ; empty: SQLite in Data
	Connections    uint16        // to the database, at most. Default 16
	Listen         string        // address of the server. Default "127.0.0.1:8080"; port 0 picks a free one
	PublicURL      string        // how clients reach the server, without a path's trailing slash; empty: http:// and Listen
	MetricsListen  string        // address of the metrics listener; empty: none
	DrainDelay     time.Duration // how long the server goes on after it was told to stop, saying that it is not ready
	TracesEndpoint string        // of an OTLP receiver; empty: no traces
	TracesShare    float64       // of requests and background work that is traced, from 0 to 1. Default 0.1
	Profiles       string        // folder of profiles beside those that come with the program; empty: none
	PrivateApps    privateApps
	Limits         limits
	LogFormat      string // "text" or "json". Default "text"
	LogLevel       string // "debug", "info", "warn" or "error". Default "info"
}

func (c *Config) flags(f *pflag.FlagSet) {
	f.StringVar(&c.Data, "data", "data", "folder of the SQLite database and of the keys")
	f.StringVar(&c.Database, "database", "", "postgres:// address; empty: SQLite in the data folder")
	f.Uint16Var(&c.Connections, "database-connections", 16, "connections to the database, at most, of this process")
	f.StringVar(&c.Profiles, "profiles", "", "folder of `NAME.json` profiles of apps, beside or in the place of those that come with the program")
	f.StringSliceVar((*[]string)(&c.PrivateApps), "private-apps", nil, "`hosts` in private networks where administrators may put apps in the console, such as crm.internal,10.0.0.5:8443; any: all; empty: none")
	f.StringVar(&c.LogFormat, "log-format", "text", "text or json")
	f.StringVar(&c.LogLevel, "log-level", "info", "debug, info, warn or error")
	f.String("config", "", "`file` with lines \"name = value\", name being a flag's")
}

func (c *Config) serveFlags(f *pflag.FlagSet) {
	f.StringVar(&c.Listen, "listen", "127.0.0.1:8080", "address to serve; port 0 picks a free one")
	c.publicURLFlag(f)
	f.StringVar(&c.MetricsListen, "metrics-listen", "", "address of the metrics listener; empty: none")
	f.DurationVar(&c.DrainDelay, "drain-delay", 0, "how long to go on serving, as not ready, after being told to stop; for load balancers")
	f.StringVar(&c.TracesEndpoint, "traces-endpoint", "", "http:// or https:// address of an OTLP receiver of traces; empty: OTEL_EXPORTER_OTLP_ENDPOINT, or none")
	f.Float64Var(&c.TracesShare, "traces-share", 0.1, "share of requests and background work that is traced, from 0 to 1")
	c.Limits.flags(f)
}

// check refuses settings of the server that contradict each other, or mean nothing.
func (c *Config) check() error {
	if !(c.TracesShare >= 0 && c.TracesShare <= 1) { // NaN is neither
		return fmt.Errorf("%w: --traces-share %g: it is from 0 to 1", errUsage, c.TracesShare)
	}
	if c.DrainDelay < 0 {
		return fmt.Errorf("%w: --drain-delay %s must not be negative", errUsage, c.DrainDelay)
	}
	return errors.Join(c.PrivateApps.check(), c.Limits.check())
}

// publicURLFlag is for the server and for commands that print an address of it.
func (c *Config) publicURLFlag(f *pflag.FlagSet) {
	f.StringVar(&c.PublicURL, "public-url", "", "how clients reach the server (https://…); empty: the listening address")
}

// fill gives every flag that was not set on the command line its value from the environment or the file.
func fill(cmd *cobra.Command, getenv func(string) string) error {
	file, err := configFile(cmd, getenv)
	if err != nil {
		return err
	}
	var mistakes []error
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Changed || f.Name == "help" {
			return
		}
		value, source, err := lookup(f.Name, getenv, file)
		if err == nil && source != "" {
			err = cmd.Flags().Set(f.Name, value)
		}
		if err != nil {
			mistakes = append(mistakes, fmt.Errorf("%s: %w", source, err))
		}
	})
	return errors.Join(append(mistakes, unknown(file)...)...)
}

// unknown names what the file sets and no command has.
func unknown(file map[string]string) (mistakes []error) {
	known := pflag.NewFlagSet("", pflag.ContinueOnError)
	var all Config
	all.flags(known)
	all.serveFlags(known)
	for _, name := range slices.Sorted(maps.Keys(file)) {
		if known.Lookup(name) == nil {
			mistakes = append(mistakes, fmt.Errorf("the configuration file sets %q, which is no setting", name))
		}
	}
	return mistakes
}

func lookup(name string, getenv func(string) string, file map[string]string) (value, source string, err error) {
	variable := "PROPRIO_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
	if v := getenv(variable); v != "" {
		return v, variable, nil
	}
	if path := getenv(variable + "_FILE"); path != "" {
		b, err := os.ReadFile(path)
		return strings.TrimSpace(string(b)), variable + "_FILE", err
	}
	if v, ok := file[name]; ok {
		return v, "the configuration file, " + name, nil
	}
	return "", "", nil
}

func configFile(cmd *cobra.Command, getenv func(string) string) (map[string]string, error) {
	path := cmd.Flag("config").Value.String()
	if path == "" {
		path = getenv("PROPRIO_CONFIG")
	}
	if path == "" {
		return map[string]string{}, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("configuration file: %w", err)
	}
	defer f.Close()
	return parseConfig(bufio.NewScanner(f), path)
}

func parseConfig(lines *bufio.Scanner, path string) (map[string]string, error) {
	values := map[string]string{}
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		if !ok {
			return nil, fmt.Errorf("%s, line %d: %q is not `name = value`", path, n, line)
		}
		values[strings.TrimSpace(name)] = strings.Trim(strings.TrimSpace(value), `"`)
	}
	return values, lines.Err()
}

// secretFromEnvironment reads a secret from a variable, or from the file that the variable with _FILE names.
func secretFromEnvironment(getenv func(string) string, variable string) ([]byte, error) {
	if v := getenv(variable); v != "" {
		return []byte(v), nil
	}
	path := getenv(variable + "_FILE")
	if path == "" {
		return nil, nil
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("%s_FILE: %w", variable, err)
	}
	return b, nil
}
