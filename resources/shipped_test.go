package resources_test

import (
	"testing"

	"proprio/resources"
)

// Every shipped definition is a definition, and goes together with those that it refers to.
func TestShippedDefinitions(t *testing.T) {
	t.Parallel()
	var all []*resources.Definition
	for _, name := range resources.ShippedDefinitions() {
		d, err := resources.ShippedDefinition(name)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		again, err := resources.ParseDefinition(d.JSON())
		if err != nil || string(again.JSON()) != string(d.JSON()) {
			t.Errorf("%s: read back from its JSON it differs: %v", name, err)
		}
		if err := resources.Compatible(d, d); err != nil {
			t.Errorf("%s is not compatible with itself: %v", name, err)
		}
		if name != "agent" { // both drafts of agents have the endpoint /Agents
			all = append(all, d)
		}
	}
	r, err := resources.CompileRegistry(all...)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"User", "Group", "Device", "EndpointApp", "Agent", "AgenticApplication"} {
		if r.Type(name) == nil {
			t.Errorf("no %s", name)
		}
	}
	agent, err := resources.ShippedDefinition("agent")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := resources.CompileRegistry(append(all, agent)...); err == nil {
		t.Error("two definitions of /Agents go together")
	}
}
