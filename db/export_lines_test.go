package db

// InLine is how many changes are under way that others may wait for, and how many wait for them.
func InLine(d *DB) int {
	d.lines.mu.Lock()
	defer d.lines.mu.Unlock()
	n := len(d.lines.of)
	for _, waiting := range d.lines.of {
		n += len(waiting)
	}
	return n
}
