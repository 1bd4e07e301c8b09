package resources

import "github.com/elimity-com/scim/schema"

func userSchema() schema.Schema                { return schema.CoreUserSchema() }
func groupSchema() schema.Schema               { return schema.CoreGroupSchema() }
func enterpriseSchema() schema.Schema          { return schema.ExtensionEnterpriseUser() }
func ownershipSchema() schema.Schema           { return schema.Schema{ID: SchemaOwnership} }
func commonAttributes() []schema.CoreAttribute { return schema.CommonAttributes() }
