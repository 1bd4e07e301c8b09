package scim_test

import (
	"os"
	"strings"
	"testing"
)

const (
	deviceURN       = "urn:ietf:params:scim:schemas:core:2.0:Device"
	endpointAppURN  = "urn:ietf:params:scim:schemas:core:2.0:EndpointApp"
	bleURN          = "urn:ietf:params:scim:schemas:extension:ble:2.0:Device"
	dppURN          = "urn:ietf:params:scim:schemas:extension:dpp:2.0:Device"
	endpointAppsURN = "urn:ietf:params:scim:schemas:extension:endpointAppsExt:2.0:Device"
	passKeyURN      = "urn:ietf:params:scim:schemas:extension:pairingPassKey:2.0:Device"
)

// RFC 9944: the life of a Device with its extensions, and of the applications that it names.
func TestRFC9944_Device(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "")
		c.define("device", "endpoint-app")
		app := c.do("POST", "/EndpointApps", object{"schemas": []string{endpointAppURN}, "applicationType": "deviceControl",
			"applicationName": "Control", "certificateInfo": object{"rootCA": "MIIB", "subjectName": "control.example"}}).must(201).text("id")
		device := object{
			"schemas": []string{deviceURN, bleURN, dppURN, endpointAppsURN}, "displayName": "Heart monitor", "active": true,
			"mudUrl": "https://maker.example/mud.json",
			bleURN: object{"versionSupport": []string{"5.3", "5.4"}, "deviceMacAddress": "2C:54:91:88:C9:E2", "isRandom": false, "irk": "irk-value",
				"pairingMethods": []string{passKeyURN}, passKeyURN: object{"key": 123456},
				"urn:ietf:params:scim:schemas:extension:pairingNull:2.0:Device": nil},
			dppURN:          object{"dppVersion": 2, "bootstrapKey": "bootstrap-value", "classChannel": []string{"81/1"}},
			endpointAppsURN: object{"applications": []object{{"value": app, "$ref": "https://example.com/wrong"}}},
		}
		created := c.do("POST", "/Devices", device).must(201)
		id := created.text("id")
		if created.at(bleURN, passKeyURN, "key") != 123456.0 || created.text(endpointAppsURN, "applications", 0, "$ref") != base+"/EndpointApps/"+app {
			t.Errorf("created: %s", created.body)
		}
		for _, hidden := range []string{"irk-value", "bootstrap-value"} {
			if strings.Contains(created.body, hidden) {
				t.Errorf("%s is returned", hidden)
			}
		}
		twin := object{"schemas": []string{deviceURN}, "active": true, bleURN: object{"versionSupport": []string{"5.4"}, "deviceMacAddress": "2c:54:91:88:c9:e2",
			"pairingMethods": []string{passKeyURN}}}
		c.do("POST", "/Devices", twin).scimError(409, "uniqueness", "deviceMacAddress")
		c.do("POST", "/Devices", object{"schemas": []string{deviceURN}, "active": true, dppURN: object{"dppVersion": 2}}).scimError(400, "invalidValue", "bootstrapKey")
		c.do("POST", "/Devices", object{"schemas": []string{deviceURN}}).scimError(400, "invalidValue", "active")
		twin[bleURN] = object{"versionSupport": []string{"5.4"}, "deviceMacAddress": "nothing", "pairingMethods": []string{passKeyURN}}
		c.do("POST", "/Devices", twin).scimError(400, "invalidValue", "deviceMacAddress")
		c.do("PATCH", "/Devices/"+id, patch(op("replace", "active", false), op("replace", bleURN+":"+passKeyURN+".key", 654321))).must(200)
		for _, filter := range []string{`active eq false`, `displayName eq "heart MONITOR"`, bleURN + `:deviceMacAddress eq "2c:54:91:88:c9:e2"`,
			bleURN + `:versionSupport eq "5.4"`, endpointAppsURN + `:applications[value eq "` + app + `"]`, dppURN + `:dppVersion ge 2`} {
			if n := c.do("GET", "/Devices?filter="+filter, nil).must(200).at("totalResults"); n != 1.0 {
				t.Errorf("%s: %v found", filter, n)
			}
		}
		c.do("PATCH", "/EndpointApps/"+app, patch(op("replace", "applicationType", "telemetry"))).scimError(400, "mutability", "applicationType")
		c.do("DELETE", "/Devices/"+id, nil).must(204)
		c.do("POST", "/Devices", device).must(201) // the address is free again
	})
}

// draft-abbey-scim-agent-extension: Agents and the applications that host them.
func TestAgents_abbey(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "")
		c.define("agent-abbey", "agentic-application")
		owner := c.addUser("ada@example.com")
		const urn = "urn:ietf:params:scim:schemas:core:2.0:Agent"
		app := c.do("POST", "/AgenticApplications", object{"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:AgenticApplication"}, "name": "platform"}).must(201).text("id")
		agent := c.do("POST", "/Agents", object{"schemas": []string{urn}, "name": "helper", "externalId": "h-1", "owners": []object{{"value": owner}},
			"applications": []object{{"value": app}}, "protocols": []object{{"type": "A2A", "specificationUrl": "https://a.example/card"}}}).must(201).text("id")
		c.do("POST", "/Agents", object{"schemas": []string{urn}, "name": "HELPER"}).scimError(409, "uniqueness", "name")
		c.do("POST", "/Agents", object{"schemas": []string{urn}}).scimError(400, "invalidValue", "name")
		for _, filter := range []string{`name eq "Helper"`, `externalId eq "h-1"`, `owners.value eq "` + owner + `"`} {
			if got := c.do("GET", "/Agents?filter="+filter, nil).must(200).text("Resources", 0, "id"); got != agent {
				t.Errorf("%s: %q", filter, got)
			}
		}
		for types, want := range map[string]string{
			"agent-abbey,agentic-application": `{"agenticApplicationsSupported":true,"agentsSupported":true,"supported":true}`,
			"agentic-application":             `{"agenticApplicationsSupported":true,"agentsSupported":false,"supported":true}`,
			"agent":                           "null", // of another draft
			"device":                          "null",
		} {
			has := w.tenant(t.Name()+types, "")
			has.define(strings.Split(types, ",")...)
			if got := asJSON(t, has.do("GET", "/ServiceProviderConfig", nil).must(200).at("agentExtension")); got != want {
				t.Errorf("agentExtension with %s: %s, want %s", types, got, want)
			}
		}
	})
}

// A definition may add extensions to User: they are published, checked and unique like any others.
func TestOwnTypes_extensionOfUser(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "")
		const urn = "urn:example:scim:schemas:extension:badge:2.0:User"
		early := c.addUser("early@example.com")
		c.defineJSON(`{"resourceType": {"name": "User", "schemaExtensions": [{"schema": "` + urn + `", "required": true}]},
			"schemas": [{"id": "` + urn + `", "attributes": [{"name": "badge", "required": true}]}]}`).refused("may lack the extension")
		c.defineJSON(`{"resourceType": {"name": "User", "schemaExtensions": [{"schema": "` + urn + `"}]},
			"schemas": [{"id": "` + urn + `", "attributes": [{"name": "badge", "required": true, "uniqueness": "server", "pattern": "[0-9]+"}, {"name": "pin", "mutability": "writeOnly"}]}]}`).taken()
		if n := len(c.do("GET", "/ResourceTypes/User", nil).must(200).at("schemaExtensions").([]any)); n != 3 {
			t.Errorf("%d extensions", n)
		}
		a := c.do("POST", "/Users", user("ada@example.com", object{urn: object{"badge": "17", "pin": "1234"}})).must(201)
		if a.text(urn, "badge") != "17" || strings.Contains(a.body, "1234") {
			t.Errorf("created: %s", a.body)
		}
		c.do("POST", "/Users", user("bob@example.com", object{urn: object{"badge": "17"}})).scimError(409, "uniqueness", "badge")
		c.do("POST", "/Users", user("bob@example.com", object{urn: object{"badge": "x"}})).scimError(400, "invalidValue", "badge")
		c.do("PATCH", "/Users/"+early, patch(op("add", urn+":badge", "18"))).must(200)
		if got := c.do("GET", `/Users?filter=`+urn+`:badge eq "18"`, nil).must(200).text("Resources", 0, "id"); got != early {
			t.Errorf("found %q", got)
		}
		c.do("DELETE", "/Users/"+early, nil).must(204)
		c.do("PATCH", "/Users/"+a.text("id"), patch(op("replace", urn+":badge", "18"))).must(200)
	})
}

// The examples of docs/resource-types.md are right as they stand there.
func TestOwnTypes_docs(t *testing.T) {
	page, err := os.ReadFile("../docs/resource-types.md")
	if err != nil {
		t.Fatal(err)
	}
	examples := strings.Split(string(page), "```json\n")[1:]
	for i := range examples {
		examples[i], _, _ = strings.Cut(examples[i], "```")
	}
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "")
		c.defineJSON(examples[0]).taken()
		created := c.do("POST", "/Printers", examples[1]).must(201)
		c.do("POST", "/Printers", examples[1]).scimError(409, "uniqueness", "serial")
		keeper := c.addUser("ada@example.com")
		a := c.do("PATCH", "/Printers/"+created.text("id"), patch(op("add", "keeper", object{"value": keeper}), op("replace", "pages", 7))).must(200)
		if a.text("keeper", "$ref") != base+"/Users/"+keeper || strings.Contains(a.body, "4711") {
			t.Errorf("changed: %s", a.body)
		}
		c.defineJSON(examples[2]).taken()
		c.do("POST", "/Users", user("bob@example.com", object{"urn:example:scim:schemas:extension:badge:2.0:User": object{"number": "1"}})).must(201)
	})
}
