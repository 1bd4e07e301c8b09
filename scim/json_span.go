package scim

import "bytes"

// space passes over white space.
func (c *copier) space() {
	for c.at < len(c.in) {
		switch c.in[c.at] {
		case ' ', '\t', '\n', '\r':
			c.at++
		default:
			return
		}
	}
}

// token passes over white space and a character, if that is next.
func (c *copier) token(want byte) bool {
	c.space()
	if c.at >= len(c.in) || c.in[c.at] != want {
		return false
	}
	c.at++
	return true
}

// span passes over the value that begins here and returns its bytes.
func (c *copier) span() ([]byte, error) {
	c.space()
	start, depth := c.at, 0
	for c.at < len(c.in) {
		switch c.in[c.at] {
		case '"':
			if !c.text() {
				return nil, errStored
			}
		case '{', '[':
			depth++
			c.at++
			continue
		case '}', ']':
			depth--
			c.at++
		case ',', ':':
			if depth == 0 {
				return nil, errStored
			}
			c.at++
			continue
		case ' ', '\t', '\n', '\r':
			c.at++
			continue
		default:
			c.word()
		}
		if depth <= 0 {
			break
		}
	}
	if depth != 0 || c.at == start {
		return nil, errStored
	}
	return c.in[start:c.at], nil
}

// text passes over a string.
func (c *copier) text() bool {
	for c.at++; ; c.at++ {
		n := bytes.IndexByte(c.in[c.at:], '"')
		if n < 0 {
			return false
		}
		c.at += n
		escapes := 0
		for c.in[c.at-1-escapes] == '\\' {
			escapes++
		}
		if escapes%2 == 0 { // else the quotation mark is escaped
			c.at++
			return true
		}
	}
}

// word passes over a number, true, false or null.
func (c *copier) word() {
	for c.at < len(c.in) {
		switch c.in[c.at] {
		case ',', ':', '}', ']', ' ', '\t', '\n', '\r', '"', '{', '[':
			return
		}
		c.at++
	}
}
