package resources

// Document is a resource's attributes as decoded JSON in the schema's form: canonical attribute names; map[string]any,
// []any, string, bool and json.Number as values; extensions under their URN; no null, no empty array, no empty object.
// `schemas` is present; id, externalId, meta, groups and members are not.
type Document map[string]any
