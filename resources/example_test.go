package resources_test

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/google/uuid"

	"proprio/audit"
	"proprio/db"
	"proprio/ownership"
	"proprio/resources"
	"proprio/resources/filter"
)

// An import and a console form go through the same door as SCIM: a column or a field is named like an attribute, and a
// line that breaks a rule is told by its path and changes nothing.
func ExampleDirectory() {
	directory, caller, done := openExample()
	defer done()
	file := csv.NewReader(strings.NewReader("userName,name.familyName,active,\"emails[type eq \"\"work\"\"].value\"\n" +
		"anna@corp.fr,Durand,true,anna@corp.fr\n" +
		"ben@corp.fr,Petit,perhaps,ben@corp.fr\n" +
		"ANNA@corp.fr,Durand,true,anna.durand@corp.fr\n"))
	columns, err := file.Read()
	if err != nil {
		panic(err)
	}
	var anna string
	for line := 2; ; line++ {
		cells, err := file.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			panic(err)
		}
		in := resources.Input{}
		for i, column := range columns {
			in[column] = cells[i]
		}
		result, err := directory.Create(context.Background(), caller, resources.TypeUser, in)
		var fault *resources.Error
		switch {
		case errors.As(err, &fault):
			fmt.Printf("line %d: %s: %s\n", line, fault.Path, fault.Detail)
		case err != nil:
			panic(err)
		default:
			anna = result.Resource.ID
			fmt.Printf("line %d: %s\n", line, result.Resource.Index.UserName)
		}
	}

	active, err := filter.ParsePath("active")
	if err != nil {
		panic(err)
	}
	result, err := directory.Modify(context.Background(), caller, resources.TypeUser, anna, resources.Precondition{},
		[]resources.Operation{{Op: resources.OpReplace, Path: active, Value: false}})
	if err != nil {
		panic(err)
	}
	fmt.Printf("%s active: %v\n", result.Resource.Index.UserName, result.Resource.Index.Active)
	// Output:
	// line 2: anna@corp.fr
	// line 3: active: active takes true or false, not "perhaps".
	// line 4: userName: The userName "ANNA@corp.fr" is already in use by another User.
	// anna@corp.fr active: false
}

// openExample makes a directory over a throw-away database.
func openExample() (*resources.Directory, resources.Caller, func()) {
	ctx := context.Background()
	folder, err := os.MkdirTemp("", "proprio-example")
	if err != nil {
		panic(err)
	}
	d, err := db.Open(ctx, db.Config{Data: folder})
	if err != nil {
		panic(err)
	}
	newID := func() string { return uuid.Must(uuid.NewV7()).String() }
	actor := audit.Actor{Kind: audit.ActorAdmin, Name: "admin@corp.fr"}
	company, err := d.CreateCompany(ctx, actor, ownership.Company{ID: newID(), Name: "Corp"})
	if err != nil {
		panic(err)
	}
	directory := &resources.Directory{Registry: resources.NewRegistry(), Store: d, Policy: corpOnly{"corp.fr"}, Now: time.Now, NewID: newID}
	return directory, resources.Caller{Company: company.ID, Actor: actor}, func() {
		_ = d.Close()
		_ = os.RemoveAll(folder)
	}
}
