package main

import (
	"cmp"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"proprio/push/profiles"
)

func (p *program) profileCmd() *cobra.Command {
	return group("profile", "Profiles: what each product that apps can be takes, refuses and does", p.profileListCmd(), p.profileShowCmd())
}

func (p *program) profileListCmd() *cobra.Command {
	cmd := &cobra.Command{Use: "list", Short: "List the products", Args: names(), Example: "  proprio profile list --json"}
	asJSON := jsonFlag(cmd)
	cmd.RunE = func(*cobra.Command, []string) error {
		set, err := readProfiles(p.cfg.Profiles)
		if err != nil {
			return err
		}
		var all []profiles.Profile
		for _, name := range set.Names() {
			one, _ := set.Get(name)
			all = append(all, one)
		}
		same := func(one profiles.Profile) profiles.Profile { return one }
		return printList(p, *asJSON, all, same, func(one profiles.Profile) {
			fmt.Fprintf(p.stdout, "%s\t%s\t%s\n", one.Name, one.Title, cmp.Or(one.Plan, "-"))
		})
	}
	return cmd
}

func (p *program) profileShowCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "show NAME", Short: "Say what there is to know of a product before it is connected", Args: names("NAME"),
		Example: "  proprio profile show asana",
	}
	asJSON := jsonFlag(cmd)
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		set, err := readProfiles(p.cfg.Profiles)
		if err != nil {
			return err
		}
		one, ok := set.Get(args[0])
		if !ok {
			return fmt.Errorf("%w: there is no profile %q; known are %v", errUsage, args[0], set.Names())
		}
		if *asJSON {
			return p.printJSON(one)
		}
		_, err = fmt.Fprint(p.stdout, one.Page())
		return err
	}
	return cmd
}

// readProfiles reads the profiles that come with the program and those of a folder; an empty name is no folder.
func readProfiles(folder string) (*profiles.Set, error) {
	var files fs.FS
	if folder != "" {
		if _, err := os.ReadDir(folder); err != nil {
			return nil, fmt.Errorf("--profiles: %w", err)
		}
		files = os.DirFS(folder)
	}
	set, err := profiles.Load(files)
	if err != nil {
		return nil, fmt.Errorf("--profiles %s: %w", folder, err)
	}
	return set, nil
}
