package filter

import parser "github.com/scim2/filter-parser/v2"

// The syntax tree is the one of scim2/filter-parser; only the parser is ours.
type (
	Expression          = parser.Expression
	AttributeExpression = parser.AttributeExpression
	LogicalExpression   = parser.LogicalExpression
	NotExpression       = parser.NotExpression
	ValuePath           = parser.ValuePath
	AttributePath       = parser.AttributePath
	Path                = parser.Path
)
