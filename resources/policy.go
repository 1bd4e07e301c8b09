package resources

import "context"

// Policy is the company's rules for who may be in the directory. Package ownership implements it; Directory asks it on
// every path that writes a User, before the write.
type Policy interface {
	// Judge looks at a User about to be written. doc is the whole new document in the schema's form. It returns a reason
	// to hold the User (empty: none), or an error (ErrInvalidValue with the attribute's path) to refuse the write.
	Judge(ctx context.Context, company string, doc Document) (hold string, err error)
}
