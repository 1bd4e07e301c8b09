package main_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"

	"proprio/db"
	"proprio/db/dbtest"
)

// TestImport brings a table of a French spreadsheet in beside a running server, which then shows the people; the second
// time nothing is made twice.
func TestImport(t *testing.T) {
	t.Parallel()
	dbtest.EachConfig(t, func(t *testing.T, c db.Config) {
		t.Parallel()
		i := newInstallation(t, c.URL)
		i.command("company", "create", "Import", "--domain", "import.example", "--assume-verified")
		token := i.command("token", "create", "--company", "Import", "--connection", "idp")
		i.serve()
		windows, err := charmap.Windows1252.NewEncoder().String("userName;externalId;displayName;emails.work;manager;active\r\n" +
			"anne@import.example;1;Anne Brémond;anne@import.example;hélène@import.example;VRAI\r\n" +
			"hélène@import.example;2;Hélène;;;FAUX\r\n" +
			"eve@elsewhere.example;3;Ève;;;VRAI\r\n")
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "people.csv")
		if err := os.WriteFile(file, []byte(windows), 0o600); err != nil {
			t.Fatal(err)
		}
		args := []string{"import", file, "--company", "Import", "--connection", "idp"}
		out, err := i.try(append(args, "--dry-run")...)
		if !refused(err) || !strings.Contains(out, "line 2\tcreated\tanne@import.example") || !strings.Contains(out, "nothing was changed") {
			t.Errorf("a dry run: %v\n%s", err, out)
		}
		scim := newCaller(i.url+"/scim/v2", token)
		if n := totalUsers(t, scim); n != 0 {
			t.Errorf("a dry run made %d Users", n)
		}
		out, err = i.try(args...)
		if !refused(err) || !strings.Contains(out, "line 4\trefused\teve@elsewhere.example\tuserName: ") || !strings.Contains(err.Error(), "Windows-1252") {
			t.Errorf("%v\n%s", err, out)
		}
		found := scim.must(t, "GET", "/Users?filter=externalId+eq+%221%22", nil, 200)
		if text := fmt.Sprint(found); !strings.Contains(text, "Anne Brémond") || !strings.Contains(text, "manager:map[") {
			t.Errorf("the server shows %s", text)
		}
		out, err = i.try(append(args, "--json")...)
		lines := strings.Split(strings.TrimSpace(out), "\n")
		var last struct {
			Totals struct{ Created, There, Refused int }
		}
		if err := json.Unmarshal([]byte(lines[len(lines)-1]), &last); err != nil || last.Totals.Created != 0 || last.Totals.There != 2 || last.Totals.Refused != 1 {
			t.Errorf("again: %+v\n%s", last, out)
		}
		if !refused(err) || totalUsers(t, scim) != 2 {
			t.Errorf("%v; %d Users", err, totalUsers(t, scim))
		}
	})
}

// refused says whether a command ended with exit status 1.
func refused(err error) bool {
	var exit *exec.ExitError
	return errors.As(err, &exit) && exit.ExitCode() == 1
}

func totalUsers(t *testing.T, c *caller) int {
	t.Helper()
	n, _ := c.must(t, "GET", "/Users?count=0", nil, 200)["totalResults"].(float64)
	return int(n)
}

// TestImportThatIsBrokenOff, by the system or by its administrator: what was told stays, and the same import again makes the
// rest, nobody twice. Who stops it is told so.
func TestImportThatIsBrokenOff(t *testing.T) {
	t.Parallel()
	for _, how := range []os.Signal{os.Kill, os.Interrupt} {
		dbtest.EachConfig(t, func(t *testing.T, c db.Config) {
			t.Parallel()
			i := newInstallation(t, c.URL)
			i.command("company", "create", "Broken", "--domain", "broken.example", "--assume-verified")
			const people = 3000
			row := func(n int) string { return fmt.Sprintf("p%d@broken.example,P %[1]d\n", n) }
			cmd := exec.CommandContext(t.Context(), i.path(), append([]string{"import", "-", "--company", "Broken"}, i.where...)...)
			in, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			progress, err := cmd.StderrPipe()
			if err == nil {
				err = cmd.Start()
			}
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.WriteString(in, "userName,displayName\n")
			for n := range people / 2 { // it waits for the rest when the signal comes
				_, _ = io.WriteString(in, row(n))
			}
			lines := bufio.NewScanner(progress)
			for lines.Scan() && !strings.Contains(lines.Text(), "rows read") {
				t.Log(lines.Text())
			}
			if err := cmd.Process.Signal(how); err != nil {
				t.Fatal(err)
			}
			for err == nil { // till nobody reads: it is not the file that ends
				_, err = io.WriteString(in, row(0))
			}
			said := ""
			for lines.Scan() {
				said = lines.Text()
			}
			err = cmd.Wait()
			if how == os.Interrupt && (!refused(err) || !strings.Contains(said, "is kept; run the same import again to go on")) {
				t.Errorf("stopped with Ctrl-C: %v, %s", err, said)
			}

			file := filepath.Join(t.TempDir(), "people.csv")
			var all strings.Builder
			all.WriteString("userName,displayName\n")
			for n := range people {
				all.WriteString(row(n))
			}
			if err := os.WriteFile(file, []byte(all.String()), 0o600); err != nil {
				t.Fatal(err)
			}
			var last struct {
				Totals struct{ Created, There int }
			}
			out := i.command("import", file, "--company", "Broken", "--json")
			if err := json.Unmarshal([]byte(out), &last); err != nil || last.Totals.There < 500 || last.Totals.Created+last.Totals.There != people {
				t.Errorf("the second time: %s", out)
			}
			token := i.command("token", "create", "--company", "Broken", "--connection", "idp")
			i.serve()
			scim := newCaller(i.url+"/scim/v2", token)
			if n := totalUsers(t, scim); n != people {
				t.Errorf("%d Users", n)
			}
		})
	}
}
